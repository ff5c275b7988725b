# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros import clock as clocks
from emo_music_ros.errors import InputError
from emo_music_ros.sensing import recording
from emo_music_ros.sensing.device import EndOfRecording
from emo_music_ros.sensing.recording import Lane, Playback, end_of, in_sequence, repeated, shifted
from emo_music_ros.streams import AudioBlock, BiosignalBlock, ImageFrame, Sample, Utterance

BLACK = np.zeros((2, 2), np.uint8)


def frames(count: int, period: float) -> Lane:
    return Lane("frames", lambda: (ImageFrame(i * period, BLACK) for i in range(count)), period)


def sound(blocks: int) -> Lane:
    zeros = np.zeros(800, np.float32)
    return Lane(
        "sound",
        lambda: (AudioBlock(i * 0.05, zeros, 16000, i * 800) for i in range(blocks)),
    )


class VirtualTime(threading.Event):
    """A clock that moves only when somebody waits, and a stop event that waits on it."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 100.0
        self.set_by = 0.0  # what the system clock was set by
        self.module = SimpleNamespace(
            monotonic=lambda: self.now, time=lambda: self.now + 1e9 + self.set_by
        )

    def wait(self, timeout: float | None = None) -> bool:
        self.now += timeout or 0.0
        return False


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> VirtualTime:
    clock = VirtualTime()
    for module in (recording, clocks):
        monkeypatch.setattr(module, "time", clock.module)
    return clock


def played(playback: Playback, clock: VirtualTime, seconds: float) -> list[tuple[float, Sample]]:
    """Return (time handed over, sample), both counted from the start."""
    begin, got = clock.now, []
    try:
        while clock.now < begin + seconds:
            got += [(clock.now - begin, sample) for sample in playback.read(clock)]
    except EndOfRecording:
        pass
    return got


def test_samples_come_when_they_are_complete_from_one_common_start(clock):
    begin = clock.module.time()
    playback = Playback("test", [frames(10, 0.1), sound(20)], loop=False)
    got = played(playback, clock, 10.0)
    assert len(got) == 30
    for when, sample in got:
        assert when == pytest.approx(end_of(sample) - begin, abs=1e-6)
    audio = [sample for _, sample in got if isinstance(sample, AudioBlock)]
    assert audio[0].time == pytest.approx(begin)
    times = [when for when, _ in got]
    assert times == sorted(times)


def test_all_lanes_start_again_when_the_longest_ends(clock):
    begin = clock.module.time()
    playback = Playback("test", [frames(10, 0.1), sound(10)], loop=True)
    got = played(playback, clock, 2.9)
    pictures = [sample.time - begin for _, sample in got if isinstance(sample, ImageFrame)]
    assert pictures == pytest.approx([0.1 * i for i in range(len(pictures))], abs=1e-6)
    audio = [sample for _, sample in got if isinstance(sample, AudioBlock)]
    # Half a second of sound, half a second of nothing: the index jumps and nothing was dropped.
    assert [block.first_sample for block in audio[8:12]] == [6400, 7200, 16000, 16800]
    assert audio[10].time - begin == pytest.approx(1.0)
    assert playback.dropped == 0


@pytest.mark.parametrize("step", [3600.0, -3600.0])
def test_a_step_of_the_system_clock_neither_freezes_nor_ages_a_recording(clock, step):
    playback = Playback("test", [frames(40, 0.1), sound(80)], loop=True)
    count = 0
    for by in (0.0, step, 0.0):
        clock.set_by = by
        begin = clock.now
        while clock.now < begin + 2.0:
            for sample in playback.read(clock):
                assert end_of(sample) == pytest.approx(clock.module.time(), abs=1e-5)
                count += 1
    assert count == pytest.approx(3 * (20 + 40), abs=3)
    assert playback.dropped == 0


def test_end_without_loop(clock):
    playback = Playback("test", [sound(2)], loop=False)
    assert len(played(playback, clock, 1.0)) == 2
    with pytest.raises(EndOfRecording, match="played to its end"):
        playback.read(clock)


def test_late_pictures_are_skipped_and_sound_is_not(clock):
    playback = Playback("test", [frames(20, 0.1), sound(40)], loop=False)
    playback.read(clock)
    clock.now += 1.0  # the receiver was busy
    got = played(playback, clock, 5.0)
    assert playback.dropped == 7  # those of 0.1 to 0.7 s
    assert sum(isinstance(sample, AudioBlock) for _, sample in got) == 40


def test_after_a_long_stall_the_rest_is_played_from_now(clock):
    playback = Playback("test", [sound(40)], loop=False)
    playback.read(clock)
    clock.now += 3600.0
    got = played(playback, clock, 10.0)
    assert got[-1][0] == pytest.approx(39 * 0.05, abs=0.1)


def test_a_broken_lane_is_named_and_the_others_go_on(clock):
    def broken() -> Iterator[Sample]:
        yield Utterance(0.0, "first")
        raise InputError("text is damaged", "Copy it again")

    def buggy() -> Iterator[Sample]:
        raise ZeroDivisionError
        yield

    lanes = [Lane("text", broken), Lane("bug", buggy), sound(4)]
    playback = Playback("test", lanes, loop=True, problems=["no video"])
    got = played(playback, clock, 1.0)
    assert sum(isinstance(sample, Utterance) for _, sample in got) == 5
    assert sum(isinstance(sample, AudioBlock) for _, sample in got) == pytest.approx(20, abs=1)
    for words in ("no video", "text is damaged", "Copy it again", "bug broke"):
        assert playback.detail.count(words) == 1


def test_nothing_playable_is_an_error(clock):
    with pytest.raises(InputError, match="nothing in it can be played"):
        Playback("test", [frames(0, 0.1)], loop=True).read(clock)


@given(st.floats(0, 1000), st.integers(1, 200), st.sampled_from([4.0, 64.0, 128.0]))
def test_moving_a_block_moves_its_index(offset, count, rate):
    block = BiosignalBlock(0.0, "ppg", np.zeros((count, 1)), rate, ("ppg",), first_index=7)
    moved = shifted(block, offset)
    assert end_of(moved) == pytest.approx(end_of(block) + offset)
    assert abs((moved.first_index - 7) / rate - offset) <= 0.5 / rate


def test_repeated_and_in_sequence():
    twice = in_sequence("both", [frames(2, 0.5), frames(2, 0.5)])
    assert [sample.time for sample in twice.samples()] == [0.0, 0.5, 1.0, 1.5]
    forever = repeated(replace(sound(2), hold=0.1)).samples()
    got = [next(forever) for _ in range(4)]
    assert [round(block.time, 3) for block in got] == [0.0, 0.05, 0.2, 0.25]
    assert [block.first_sample for block in got] == [0, 800, 3200, 4000]
    assert not list(repeated(frames(0, 0.1)).samples())
