# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import contextlib
import math
import threading
import time
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emo_music_ros.errors import InputError
from emo_music_ros.io.audio import AudioReader
from emo_music_ros.playback import items
from emo_music_ros.playback.backends import NullBackend
from emo_music_ros.playback.calibration import Calibration
from emo_music_ros.playback.exposure import Exposure, SoundOptions
from emo_music_ros.playback.ledger import Ledger
from emo_music_ros.playback.level import SILENCE, STEP
from emo_music_ros.playback.loudness import TARGET, UNKNOWN
from emo_music_ros.playback.player import Player
from emo_music_ros.streams import Track

RATE = 44100
DEADLINE = 20.0


class HandBackend:
    """A device whose clock the test turns."""

    name = "hand"
    rate = RATE

    def __init__(self):
        self.underruns = 0
        self.error = ""
        self.render = None
        self.clock = 1_000_000.0
        self.heard = []

    def start(self, render):
        self.render = render

    def stop(self):
        self.render = None

    def turn(self, seconds):
        """Let time pass, at most 20 ms between two looks of the decoding thread."""
        for _ in range(max(round(seconds * RATE / 512), 1)):
            self.heard.append(self.render(512, 0.0))
            self.clock += 512 / RATE

    def sound(self):
        return np.concatenate(self.heard)


class Rig:
    """A player, its device, and what it reported."""

    def __init__(self, clock=None, exposure=None, **options):
        self.backend = HandBackend()
        self.events, self.errors, self.blocks = [], [], []
        self.player = Player(
            self.backend,
            Player.Options(**{"volume": 1.0, "max_volume": 1.0, "prefetch": 30.0, **options}),
            on_event=self.events.append,
            on_error=self.errors.append,
            on_audio=self.blocks.append,
            person_id="anna",
            exposure=exposure,
            clock=clock or (lambda: self.backend.clock),
        )
        self.player.start()

    def until(self, condition, turn=0.02):
        """Let time pass until something is so."""
        deadline = time.monotonic() + DEADLINE
        while not condition():
            assert time.monotonic() < deadline, self.player.status()
            if turn:
                self.backend.turn(turn)
            time.sleep(0.001)

    def starts(self, track, **more):
        before = self.player.status().tracks_started
        self.player.play(track, **more)
        self.until(lambda: self.player.status().tracks_started > before)

    def decoded(self):
        """Wait until everything that sounds is decoded to its end."""
        self.until(lambda: all(item.prefetch.complete for item in self.player._items), turn=0)

    def actions(self):
        return [(event.action, event.track_id) for event in self.events]


@pytest.fixture
def rig():
    made = []

    def make(**options):
        made.append(Rig(**options))
        return made[-1]

    yield make
    for each in made:
        each.backend.stop = lambda: None
        if each.player._decoding:
            pump(each.backend, each.player.close)


def pump(backend, call):
    """Call something that waits for the device while the device runs."""
    done = threading.Event()

    def run():
        call()
        done.set()

    threading.Thread(target=run).start()
    while not done.is_set():
        backend.turn(0.02)
        time.sleep(0.001)


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("music")
    tracks = []
    for index, (name, seconds) in enumerate(
        [("one", 10.0), ("two", 10.0), ("three", 10.0), ("short", 1.0)]
    ):
        path = folder / f"{name}.wav"
        wave = 0.4 * np.sin(2 * np.pi * (220 + 110 * index) * np.arange(seconds * RATE) / RATE)
        soundfile.write(path, np.stack([wave, wave], 1).astype(np.float32), RATE, subtype="FLOAT")
        tracks.append(
            Track(
                name, str(path), title=name, duration=seconds,
                loudness=TARGET, loudest=TARGET + 3, peak=-8.0,
            )
        )  # fmt: skip
    return tracks


def frequency(samples):
    return np.abs(np.fft.rfft(samples[:, 0])).argmax() * RATE / len(samples)


def test_nothing_to_play_is_stopped(rig):
    made = rig()
    made.backend.turn(0.1)
    status = made.player.status()
    assert status.status == "stopped"
    assert status.track is None
    assert math.isnan(status.started)
    assert not made.backend.sound().any()


def test_a_track_is_played_from_its_start_to_its_end(rig, library):
    made = rig(fade_in=0.5)
    before = made.backend.clock
    made.starts(library[0], recommendation_id="r1", recommended=123.0)
    status = made.player.status()
    assert status.status == "playing"
    assert (status.track, status.recommendation_id, status.recommended) == (
        library[0],
        "r1",
        123.0,
    )
    assert before <= status.started <= made.backend.clock
    assert status.duration == pytest.approx(10.0)
    made.decoded()
    made.backend.turn(5.0)
    assert made.player.status().position == pytest.approx(5.0, abs=0.1)
    made.backend.turn(5.5)
    status = made.player.status()
    assert status.status == "stopped"
    assert (status.tracks_started, status.tracks_finished, status.tracks_skipped) == (1, 1, 0)
    assert status.underruns == 0
    made.until(lambda: len(made.events) == 2, turn=0)
    assert made.actions() == [("track_started", "one"), ("track_finished", "one")]
    assert made.events[1].position == pytest.approx(10.0, abs=0.01)
    assert all(event.source == "live:player" and event.person_id == "anna" for event in made.events)
    sound = made.backend.sound()
    begin = np.flatnonzero(sound.any(axis=1))[0]
    wave, _ = soundfile.read(library[0].path, dtype="float32")
    middle = slice(RATE, 9 * RATE)
    assert np.allclose(sound[begin - 1 :][middle], wave[middle], atol=1e-6)


def test_the_next_track_is_cross_faded(rig, library):
    made = rig(fade_in=0.1, crossfade=2.0)
    made.starts(library[0])
    made.decoded()
    made.backend.turn(3.0)
    made.starts(library[1])
    assert made.player.status().status == "fading"
    assert made.player.status().track == library[1]
    made.decoded()
    made.backend.turn(3.0)
    status = made.player.status()
    assert status.status == "playing"
    assert (status.tracks_started, status.tracks_finished, status.tracks_skipped) == (2, 0, 1)
    assert frequency(made.backend.sound()[-RATE // 2 :]) == pytest.approx(330, abs=2)
    sound = made.backend.sound()
    assert np.abs(np.diff(sound, n=2, axis=0)).max() < 0.01  # no click: 440 Hz at 0.4 has 0.0016


def test_a_cross_fade_at_the_end_counts_as_finished(rig, library):
    made = rig(fade_in=0.1, crossfade=4.0)
    made.starts(library[0])
    made.decoded()
    made.backend.turn(6.2)
    made.starts(library[1])
    made.until(lambda: len(made.events) == 3, turn=0)
    assert made.actions() == [
        ("track_started", "one"),
        ("track_finished", "one"),
        ("track_started", "two"),
    ]
    assert made.player.status().tracks_finished == 1
    made.decoded()
    made.backend.turn(5.0)
    assert made.player.status().tracks_finished == 1
    assert made.player.status().tracks_skipped == 0


def test_pause_resume_and_their_events(rig, library):
    made = rig(fade_in=0.1)
    made.starts(library[0])
    made.decoded()
    made.backend.turn(2.0)
    made.player.pause(by="live:dashboard")
    made.backend.turn(SILENCE + 0.1)
    position = made.player.status().position
    assert position == pytest.approx(2.0 + SILENCE, abs=0.1)
    made.backend.turn(1.0)
    assert made.player.status().status == "paused"
    assert made.player.status().position == position
    assert not made.backend.heard[-1].any()
    made.player.resume(by="live:dashboard")
    made.backend.turn(1.0)
    assert made.player.status().status == "playing"
    assert made.player.status().position == pytest.approx(position + 1.0, abs=0.05)
    made.until(lambda: len(made.events) == 3, turn=0)
    pause, resume = made.events[1:]
    assert (pause.action, pause.source, pause.track_id) == ("pause", "live:dashboard", "one")
    assert pause.position == pytest.approx(2.0, abs=0.1)
    assert resume.action == "resume"


def test_the_system_steers_without_events(rig, library):
    made = rig(fade_in=0.1)
    made.starts(library[0])
    for command in ("pause", "resume", "next", "stop"):
        getattr(made.player, command)()
    made.player.volume(0.5)
    made.player.seek(3.0)
    made.backend.turn(0.1)
    assert {event.action for event in made.events} <= {"track_started"}


@pytest.mark.parametrize("command", ["pause", "stop", "next"])
def test_a_command_takes_effect_in_the_next_block(rig, library, command):
    made = rig(fade_in=0.0)
    made.starts(library[0])
    made.decoded()
    made.backend.turn(1.0)
    loud = np.abs(made.backend.sound()[-2048:]).max()
    getattr(made.player, command)()
    for _ in range(3):
        made.backend.turn(512 / RATE)
    assert np.abs(made.backend.heard[-1]).max() < 0.95 * loud


def test_stop_is_silent_within_two_seconds(rig, library):
    made = rig(fade_in=0.1)
    made.starts(library[0])
    made.decoded()
    made.backend.turn(2.0)
    made.player.stop(by="live:dashboard")
    made.backend.turn(0.5)
    assert made.player.status().status == "fading"
    made.backend.turn(1.5)
    assert not made.backend.heard[-1].any()
    status = made.player.status()
    assert status.status == "stopped"
    assert (status.tracks_finished, status.tracks_skipped) == (0, 1)


def test_what_was_recommended_before_a_persons_stop_is_not_played(rig, library):
    made = rig()
    made.player.stop(by="live:dashboard")
    made.player.play(library[0], recommendation_id="on its way")
    made.backend.turn(0.5)
    assert made.player.status().status == "stopped"
    made.starts(library[0])  # a person's own choice has no recommendation


def test_a_stop_while_a_track_is_opened_counts(rig, library, monkeypatch):
    opening, go_on, readers = threading.Event(), threading.Event(), []

    class Slow(AudioReader):
        def __init__(self, *arguments):
            opening.set()
            go_on.wait(DEADLINE)
            super().__init__(*arguments)
            readers.append(self)

    monkeypatch.setattr(items, "AudioReader", Slow)
    made = rig()
    made.player.play(library[0])
    assert opening.wait(DEADLINE)
    made.player.stop()
    go_on.set()
    made.until(lambda: readers and readers[0]._file.closed)
    with pytest.raises(InputError, match="nothing is playing"):
        made.player.seek(1.0)
    made.backend.turn(0.5)
    assert made.player.status().tracks_started == 0
    made.starts(library[1])
    assert made.player.status().track == library[1]


def test_next_fades_out_even_if_nobody_answers(rig, library):
    made = rig(fade_in=0.1, crossfade=1.0)
    made.starts(library[0])
    made.decoded()
    made.backend.turn(2.0)
    made.player.next(by="live:dashboard")
    made.backend.turn(1.7)
    status = made.player.status()
    assert status.status == "stopped"
    assert status.tracks_skipped == 1
    made.until(lambda: ("next", "one") in made.actions(), turn=0)


def test_seek_goes_there_without_a_click_and_is_no_new_track(rig, library):
    made = rig(fade_in=0.1)
    made.starts(library[0], recommendation_id="r1")
    made.decoded()
    made.backend.turn(1.0)
    made.player.seek(7.0, by="live:dashboard")
    made.until(lambda: made.player.status().position >= 7.0)
    made.decoded()
    made.backend.turn(0.5)
    status = made.player.status()
    assert 7.4 < status.position < 8.5
    assert (status.status, status.tracks_started, status.tracks_skipped) == ("playing", 1, 0)
    assert status.recommendation_id == "r1"
    made.backend.turn(3.5)
    status = made.player.status()
    assert (status.status, status.tracks_finished) == ("stopped", 1)
    assert np.abs(np.diff(made.backend.sound(), n=2, axis=0)).max() < 0.01
    assert ("seek", "one") in made.actions()


def test_seek_while_paused_stays_paused(rig, library):
    made = rig(fade_in=0.1)
    made.starts(library[0])
    made.decoded()
    made.backend.turn(1.0)
    made.player.pause()
    made.backend.turn(2.0)
    made.player.seek(5.0)
    made.until(lambda: made.player.status().position == pytest.approx(5.0, abs=0.01))
    assert made.player.status().status == "paused"
    assert not made.backend.heard[-1].any()
    made.decoded()
    made.player.resume()
    made.backend.turn(0.5)
    assert made.player.status().position == pytest.approx(5.5, abs=0.05)


def test_volume_is_capped_and_reported(rig, library):
    made = rig(volume=1.0, max_volume=0.5, fade_in=0.0)
    assert made.player.status().volume == 0.5
    made.player.volume(0.3, by="live:dashboard")
    assert made.player.status().volume == 0.3
    made.until(lambda: bool(made.events), turn=0)
    assert made.events[0].value == 0.3
    made.player.volume(0.5)
    made.player.reconfigure(replace(made.player.options, max_volume=0.2))
    assert made.player.status().volume == 0.2


@pytest.mark.parametrize(
    ("volume", "reason"),
    [
        (1.4, r"volume 1\.4 is above the highest allowed, 0\.80\. Give a volume from 0 to 0\.80"),
        (-0.1, r"volume -0\.1 is below 0"),
        (math.nan, "volume nan is not a number"),
        (math.inf, "volume inf is not a number"),
    ],
)
def test_a_volume_out_of_range_is_refused_with_the_reason_and_changes_nothing(rig, volume, reason):
    made = rig(volume=0.4, max_volume=0.8)
    with pytest.raises(InputError, match=reason):
        made.player.volume(volume, by="live:service")
    assert made.player.status().volume == 0.4
    made.player.volume(float(np.float32(0.8)), by="live:service")  # as a message carries it
    assert made.player.status().volume == 0.8
    made.until(lambda: bool(made.events), turn=0)
    assert [event.value for event in made.events] == [0.8]


@pytest.mark.parametrize(
    ("position", "reason"),
    [
        (500.0, "seek 500 s: the track is 10 s long. Give seconds from 0 to 10"),
        (-1.0, "seek -1 s is before the beginning of the track"),
        (math.nan, "seek nan is not a number"),
        (math.inf, "seek inf is not a number"),
    ],
)
def test_a_position_outside_the_track_is_refused_and_it_plays_on(rig, library, position, reason):
    made = rig(fade_in=0.1)
    made.starts(library[0])
    made.decoded()
    with pytest.raises(InputError, match=reason):
        made.player.seek(position, by="live:service")
    before = made.player.status().position
    made.backend.turn(0.5)
    assert made.player.status().position == pytest.approx(before + 0.5, abs=0.05)
    assert "seek" not in [event.action for event in made.events]


def test_nothing_can_be_sought_after_the_music_was_stopped(rig, library):
    made = rig(fade_in=0.1, stop_fade=0.1)
    made.starts(library[0])
    made.player.stop()
    made.backend.turn(0.5)
    with pytest.raises(InputError, match="nothing is playing"):
        made.player.seek(1.0)


@pytest.mark.parametrize(
    "clock",
    [lambda turns: 0.0, lambda turns: 1e9 + (3600.0 if turns % 2 else -3600.0)],
    ids=["stands still", "steps by an hour"],
)
def test_a_clock_that_stands_still_or_steps_changes_stamps_and_nothing_else(rig, library, clock):
    asked = []

    def now():
        asked.append(clock(len(asked)))
        return asked[-1]

    made = rig(clock=now, fade_in=0.1, crossfade=1.0, stop_fade=0.5)
    made.starts(library[0])
    made.decoded()
    made.backend.turn(2.0)
    made.player.pause(by="live:dashboard")
    made.backend.turn(0.1)
    made.player.resume(by="live:dashboard")
    made.starts(library[1])
    made.decoded()
    made.backend.turn(1.5)
    assert made.player.status().started in asked
    made.player.stop(by="live:dashboard")
    made.backend.turn(1.0)
    assert made.player.status().status == "stopped"
    expected = ["track_started", "pause", "resume", "track_started", "stop"]
    made.until(lambda: len(made.events) == len(expected), turn=0)
    assert [event.action for event in made.events] == expected
    assert {event.time for event in made.events} <= set(asked)
    made.until(lambda: sum(len(block.samples) for block in made.blocks) > 3 * 22050, turn=0.02)
    for block in made.blocks:
        # of 0.1 s; counted from the stamp of the block of the device that completed it
        assert min(abs(block.time - stamp) for stamp in asked) < 0.2


@pytest.mark.parametrize("content", [None, b"", b"not music" * 1000])
def test_a_file_that_cannot_be_played_changes_nothing_else(rig, library, tmp_path, content):
    made = rig(fade_in=0.1)
    made.starts(library[0])
    path = tmp_path / "broken.mp3"
    if content is not None:
        path.write_bytes(content)
    made.player.play(Track("broken", str(path)))
    made.until(lambda: bool(made.errors))
    status = made.player.status()
    assert (status.status, status.track) == ("playing", library[0])
    assert "broken.mp3" in status.error
    assert "broken.mp3" in made.errors[0].cause
    assert made.errors[0].remedy
    made.starts(library[1])
    assert made.player.status().error == ""


def test_a_truncated_file_plays_and_is_reported_once(rig, library, tmp_path):
    data = open(library[0].path, "rb").read()
    path = tmp_path / "cut.wav"
    path.write_bytes(data[: len(data) // 3])
    made = rig(fade_in=0.1)
    made.starts(Track("cut", str(path)))
    made.decoded()
    made.backend.turn(4.0)
    made.until(lambda: bool(made.errors))
    assert made.player.status().tracks_finished == 1
    made.backend.turn(0.5)
    assert len(made.errors) == 1
    assert "cut.wav" in made.errors[0].cause


def test_listeners_hear_what_is_played_before_the_volume(rig, library):
    made = rig(fade_in=0.1, volume=0.1)
    made.starts(library[0])
    made.decoded()
    made.backend.turn(10.5)
    made.until(lambda: sum(len(block.samples) for block in made.blocks) > 219000, turn=0.02)
    samples = np.concatenate([block.samples for block in made.blocks])
    assert made.blocks[0].sample_rate == 22050
    assert made.blocks[0].source.startswith("recorded:")
    assert len(samples) == pytest.approx(10 * 22050, abs=1200)
    assert abs(samples[22050:]).max() == pytest.approx(0.4, abs=0.01)
    assert np.abs(np.fft.rfft(samples[22050:44100])).argmax() == pytest.approx(220, abs=1)
    assert made.blocks[0].time == pytest.approx(1_000_000, abs=20)


def test_a_listener_that_fails_does_not_stop_the_player(library):
    heard = threading.Event()

    def fail(_):
        heard.set()
        raise ValueError("listener")

    player = Player(NullBackend(), on_event=fail, on_audio=fail)
    player.start()
    try:
        player.play(library[3])
        assert heard.wait(DEADLINE)
        deadline = time.monotonic() + DEADLINE
        while player.status().tracks_finished == 0:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        player.close()
    assert player.status().underruns == 0


def test_it_can_be_closed_and_started_again(rig, library):
    made = rig(fade_in=0.0)
    made.starts(library[0])
    made.decoded()
    made.backend.turn(1.0)
    render = made.backend.render
    made.backend.stop = lambda: None
    pump(made.backend, made.player.close)
    made.player.close()
    assert not render(512, 0.0).any()
    assert made.player.status().status == "stopped"
    assert np.abs(np.diff(made.backend.sound(), n=2, axis=0)).max() < 0.01
    made.player.start()
    made.starts(library[1])
    assert made.player.status().track == library[1]


COMMANDS = st.sampled_from(
    ["one", "two", "short", "broken", "pause", "resume", "stop", "next", "seek", "volume"]
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(COMMANDS, st.floats(0.01, 1.5)), min_size=1, max_size=12))
def test_any_sequence_of_commands_ends_well(rig, library, commands):
    made = rig(fade_in=0.1, crossfade=0.3)
    names = {track.track_id: track for track in library}
    names["broken"] = Track("broken", "/nowhere/broken.mp3")
    for command, pause in commands:
        if command in names:
            made.player.play(names[command])
        elif command in ("seek", "volume"):
            with contextlib.suppress(InputError):  # out of range, or nothing to seek in
                getattr(made.player, command)(pause)
        else:
            getattr(made.player, command)(by="live:test")
        made.backend.turn(pause)
        status = made.player.status()
        assert status.status in ("stopped", "playing", "paused", "fading")
        assert 0 <= status.position <= max(status.duration, 0)
    made.player.stop()
    made.until(lambda: made.player.status().status == "stopped")
    made.until(lambda: made.player._request is None)
    made.backend.turn(0.05)
    status = made.player.status()
    assert status.tracks_finished + status.tracks_skipped == status.tracks_started
    sound = made.backend.sound()
    assert np.isfinite(sound).all()
    assert abs(sound).max() <= 1.0
    made.starts(library[1])


def test_the_music_ducks_and_the_volume_that_was_asked_for_stays(rig, library):
    made = rig(volume=0.8, fade_in=0.0, duck=0.25)
    made.player.duck(True)
    assert made.player.status().volume == 0.8
    made.starts(library[0])
    made.decoded()
    made.backend.turn(1.0)
    assert made.player._mixer.level == pytest.approx(0.2)
    made.player.duck(False)
    made.backend.turn(3.0)
    assert made.player._mixer.level == pytest.approx(0.8)


def test_tracks_are_equally_loud_and_one_that_was_not_measured_is_soft(rig, library):
    for track, expected in [
        (replace(library[0], loudness=TARGET + 10, loudest=TARGET + 12), 0.4 * 10**-0.5),
        (replace(library[0], loudness=TARGET - 5, peak=-8.0), 0.4 * 10**0.25),
        (replace(library[0], loudness=math.nan), 0.4 * 10 ** ((TARGET - UNKNOWN) / 20)),
    ]:
        made = rig(fade_in=0.1)
        made.starts(track)
        made.decoded()
        made.backend.turn(1.0)
        assert abs(made.backend.sound()[-4096:]).max() == pytest.approx(expected, rel=0.01)


@pytest.fixture(scope="module")
def album(tmp_path_factory):
    """Three parts of one tone, cut where it is loud."""
    folder = tmp_path_factory.mktemp("album")
    wave = 0.4 * np.sin(2 * np.pi * 220 * np.arange(18 * RATE) / RATE + 1.0).astype(np.float32)
    parts = []
    for index, part in enumerate(np.split(np.stack([wave, wave], 1), 3)):
        path = folder / f"{index}.wav"
        soundfile.write(path, part, RATE, subtype="FLOAT")
        parts.append(
            Track(
                f"part{index}", str(path), duration=6.0, album="Suite", number=index + 1,
                loudness=TARGET, loudest=TARGET + 3, peak=-8.0,
            )
        )  # fmt: skip
    return wave, parts


def queued(made, track):
    return made.player._items[-1].track == track


def heard(made, track):
    return made.player.status().track == track


def test_neighbours_of_an_album_play_without_a_gap_or_a_fade(rig, album):
    wave, parts = album
    made = rig()
    made.starts(parts[0])
    made.decoded()
    for following in parts[1:]:
        made.until(lambda: made.player.status().position > 3.0, turn=0.02)
        made.player.play(following, recommendation_id=following.track_id)
        made.until(partial(queued, made, following), turn=0)
        assert made.player.status().track != following  # that is not what is heard yet
        made.decoded()
        made.until(partial(heard, made, following))
    made.backend.turn(6.1)
    sound = made.backend.sound()[:, 0]
    begin = int(np.flatnonzero(sound)[0])
    whole = sound[begin : begin + len(wave)]
    steady = slice(4 * RATE, 18 * RATE - 500)
    assert np.allclose(whole[steady], wave[steady], atol=1e-6)
    status = made.player.status()
    assert (status.tracks_started, status.tracks_finished, status.tracks_skipped) == (3, 3, 0)


@pytest.mark.parametrize(
    "change", [{"number": 3}, {"album": "Other"}, {"number": 0}, {"number": 1}, {"album": ""}]
)
def test_what_is_no_neighbour_is_cross_faded(rig, album, change):
    _, parts = album
    made = rig()
    made.starts(parts[0])
    made.decoded()
    made.backend.turn(4.0)
    made.starts(replace(parts[1], track_id="other", **change))
    assert made.player.status().status == "fading"


def test_a_neighbour_chosen_in_the_middle_is_a_jump(rig, album):
    _, parts = album
    made = rig()
    made.starts(parts[0])
    made.decoded()
    made.starts(parts[1])
    assert made.player.status().status == "fading"


def test_the_end_of_a_track_that_nothing_follows_is_faded_out(rig, album):
    _, parts = album
    made = rig(fade_in=0.1)
    made.starts(parts[0])
    made.decoded()
    made.backend.turn(7.0)
    assert np.abs(np.diff(made.backend.sound(), n=2, axis=0)).max() < 0.01


def test_a_device_that_was_away_comes_back_slowly_and_what_was_not_heard_is_no_dose(rig, library):
    made = rig()
    made.starts(library[0])
    made.decoded()
    made.backend.turn(4.0)
    before = made.player.exposure.share
    made.backend.error = "the sound device 'bluez' stopped working. Plug it in"
    made.backend.turn(2.0)
    assert made.player.status().error == made.backend.error
    assert made.player.status().position > 5.5  # the loop goes on
    assert made.player.exposure.share == pytest.approx(before, rel=0.1)
    made.backend.error = ""
    heard = len(made.backend.heard)
    made.backend.turn(0.1)
    assert abs(np.concatenate(made.backend.heard[heard:])).max() < 0.01
    made.backend.turn(3.0)
    assert abs(made.backend.heard[-1]).max() > 0.3


def test_the_level_at_the_listener_is_said_and_that_it_is_not_calibrated(rig, library):
    made = rig()
    assert math.isnan(made.player.status().level)
    made.starts(library[0])
    made.decoded()
    made.backend.turn(5.0)
    status = made.player.status()
    # a tone of 0.4 in both channels at 220 Hz (A-weighting -10.1 dB), at 95 dBA for full scale
    assert status.level == pytest.approx(95 + 20 * math.log10(0.4) - 10.1, abs=0.4)
    assert not status.calibrated
    assert "not calibrated" in status.advice
    assert 0 < status.dose < 1e-3


def test_distress_is_over_within_two_seconds_whatever_else_is_asked(rig, library):
    made = rig()
    made.starts(library[0])
    made.decoded()
    made.backend.turn(4.0)
    made.player.stop()
    heard = len(made.backend.heard)
    made.player.volume(1.0)
    made.player.duck(False)
    made.player.resume()
    made.player.seek(5.0)
    made.backend.turn(SILENCE + 0.05)
    made.backend.turn(0.5)
    sound = np.concatenate(made.backend.heard[heard:])
    assert not sound[2 * RATE - 1024 :].any()
    level = [20 * math.log10(abs(block).max() + 0.004) for block in made.backend.heard[heard:]]
    assert max(np.diff(level)) < 0.1  # never up again
    assert max(level[k] - level[k + 8] for k in range(len(level) - 8)) <= STEP


def test_a_calibrated_device_starts_at_its_level_and_never_exceeds_the_cap(rig, library, tmp_path):
    ledger = Ledger(tmp_path / "sound.sqlite")
    ledger.calibrate(Calibration("hand", 100.0))
    exposure = Exposure(RATE, SoundOptions(), ledger)
    made = rig(exposure=exposure)
    made.until(lambda: made.player.status().calibrated)
    made.until(lambda: made.player.status().volume < 0.2, turn=0)
    # a tone of 220 Hz whose level is 12 dB above that of the track as a whole
    made.starts(replace(library[0], loudness=TARGET, loudest=TARGET + 12))
    made.decoded()
    made.backend.turn(3.5)
    status = made.player.status()
    assert status.volume == pytest.approx(10 ** ((57.5 - (100 + TARGET)) / 20), rel=0.01)
    assert not status.limited
    made.player.volume(1.0)
    made.until(lambda: made.player.status().limited, turn=0.02)
    made.backend.turn(4.0)
    gain = made.player._mixer.level
    assert 100 + TARGET + 12 + 20 * math.log10(gain) <= 70.0
    assert "not calibrated" not in made.player.status().advice


def test_the_dose_survives_the_player(rig, library, tmp_path):
    ledger = Ledger(tmp_path / "sound.sqlite")
    made = rig(exposure=Exposure(RATE, SoundOptions(), ledger), fade_in=0.1)
    made.starts(library[0])
    made.decoded()
    made.backend.turn(3.0)
    share = made.player.status().dose
    assert share > 0
    made.backend.stop = lambda: None
    pump(made.backend, made.player.close)
    again = rig(exposure=Exposure(RATE, SoundOptions(), ledger))
    assert again.player.status().dose >= share
    again.player.person_id = "ben"
    again.until(lambda: again.player.status().dose == 0.0, turn=0)
