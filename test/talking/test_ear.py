# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""From sound to what was said, with the cutter and the recognisers in the hands of the test."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emo_music_ros.streams import AudioBlock
from emo_music_ros.talking import ear as ears
from emo_music_ros.talking.base import RATE, NoRecogniser, Transcript
from emo_music_ros.talking.ear import Ear, complaint, ready

BLOCK = 800


class Loud:
    """Takes for speech whatever is loud, and ends an utterance after 0.5 s of silence."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._kept, self._begin, self._last = np.zeros(0, np.float32), -1, 0

    @property
    def quiet(self) -> float:
        return (len(self._kept) - self._last) / RATE if self._begin >= 0 else 0.0

    def push(self, samples):
        before = len(self._kept)
        self._kept = np.concatenate([self._kept, samples])
        loud = np.flatnonzero(np.abs(samples) > 0.01)
        if loud.size:
            self._begin = self._begin if self._begin >= 0 else before + int(loud[0])
            self._last = before + int(loud[-1]) + 1
        if self._begin < 0 or self.quiet < 0.5:
            return []
        begin, self._begin = self._begin, -1
        return [SimpleNamespace(samples=self._kept[begin : self._last], start=begin)]

    def current(self):
        return (self._begin, self._kept[self._begin :]) if self._begin >= 0 else None


class Says:
    """Hears a text in every utterance, or by its length [s] rounded to tenths."""

    def __init__(self, said: dict[float, str] | str, confidence: float = 0.9, language="en"):
        self.said, self.confidence, self.language, self.asked = said, confidence, language, 0

    def prepare(self, phrases):
        assert "stop" in phrases["en"]
        assert "停" in phrases["zh"]

    def __call__(self, samples):
        self.asked += 1
        spoken = np.flatnonzero(np.abs(samples) > 0.01)
        length = round(float(spoken[-1] - spoken[0] + 1) / RATE, 1)
        text = self.said if isinstance(self.said, str) else self.said.get(length, "")
        return Transcript(text, self.language, self.confidence) if text else None


def sound(*parts: float, level: float = 0.3) -> np.ndarray:
    """Return seconds of silence and speech in turn."""
    return np.concatenate(
        [
            np.full(int(part * RATE), level * (index % 2), np.float32)
            for index, part in enumerate(parts)
        ]
    )


def hear(ear: Ear, samples: np.ndarray, rate: int = RATE, begin: float = 100.0):
    """Return what is understood, with the second in which it was."""
    step, found = rate // 20, []
    for at in range(0, len(samples), step):
        block = AudioBlock(begin + at / rate, samples[at : at + step], rate, at)
        found += [(round((at + step) / rate, 2), heard) for heard in ear.push(block)]
    return found


def test_a_command_is_understood_when_it_is_over():
    ((when, heard),) = hear(Ear(Loud(), [Says("louder")]), sound(0.5, 0.6, 1.0))
    assert (heard.command, heard.said.text) == ("louder", "louder")
    assert when == pytest.approx(1.6, abs=0.06)
    assert heard.time == pytest.approx(101.1, abs=0.06)


def test_what_is_urgent_is_understood_in_its_first_pause_and_once():
    recogniser = Says("stop")
    ((when, heard),) = hear(Ear(Loud(), [recogniser]), sound(0.5, 0.6, 1.0))
    assert heard.command == "stop"
    assert when <= 1.1 + ears.URGENT_PAUSE + 0.051
    assert recogniser.asked == 1


def test_a_sentence_that_begins_like_a_command_is_judged_as_a_whole():
    ear = Ear(Loud(), [Says({0.4: "i like", 1.2: "i like tea"})])
    assert [heard.command for _, heard in hear(ear, sound(0.5, 0.4, 0.3, 0.5, 1.0))] == [""]


def test_long_speech_is_no_command_and_costs_nothing():
    recogniser = Says("stop")
    assert hear(Ear(Loud(), [recogniser]), sound(0.2, ears.LONGEST + 1, 1.0)) == []
    assert recogniser.asked == 0


def test_nobody_is_obeyed_who_is_not_understood_well():
    ((_, heard),) = hear(Ear(Loud(), [Says("louder", 0.4)]), sound(0.5, 0.6, 1.0))
    assert heard.command == ""
    assert hear(Ear(Loud(), [Says("stop", 0.4)]), sound(0.5, 0.6, 1.0))[0][1].command == ""
    assert hear(Ear(Loud(), [Says("stop", float("nan"))]), sound(0.5, 0.6, 1.0))[0][1].command == ""


def test_the_surest_command_of_several_recognisers_counts():
    ear = Ear(Loud(), [Says("hello there", 0.99), Says("louder", 0.6), Says("停下来吧", 0.7, "zh")])
    ((_, heard),) = hear(ear, sound(0.5, 0.6, 1.0))
    assert (heard.command, heard.said.language) == ("stop", "zh")


def test_while_the_robot_speaks_only_what_is_urgent_counts():
    for text, commands in (("louder", []), ("i like tea", []), ("stop", ["stop"])):
        ear = Ear(Loud(), [Says(text)])
        ear.robot_speaks(True)
        assert [heard.command for _, heard in hear(ear, sound(0.5, 0.6, 1.0))] == commands
        ear.robot_speaks(False)
        assert len(hear(ear, sound(0.5, 0.6, 1.0))) == 1


def test_what_began_in_the_voice_of_the_robot_is_dropped():
    ear = Ear(Loud(), [Says("louder")])
    ear.robot_speaks(True)
    samples = sound(0.5, 0.6, 1.0)
    cut = int(0.8 * RATE)
    first = [
        AudioBlock(at / RATE, samples[at : at + BLOCK], RATE, at) for at in range(0, cut, BLOCK)
    ]
    for block in first:
        assert ear.push(block) == []
    ear.robot_speaks(False)
    rest = samples.copy()
    rest[cut:] = 0.0
    for at in range(cut, len(rest), BLOCK):
        assert ear.push(AudioBlock(at / RATE, rest[at : at + BLOCK], RATE, at)) == []


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 48000])
def test_any_rate_is_heard(rate):
    import soxr

    samples = soxr.resample(sound(0.5, 0.6, 1.0), RATE, rate)
    ((_, heard),) = hear(Ear(Loud(), [Says("softer")]), samples, rate)
    assert heard.command == "softer"
    assert heard.time == pytest.approx(101.1, abs=0.1)


def test_a_long_gap_begins_anew_and_a_short_one_is_silence():
    for gap, count in ((0.1, 1), (1.0, 0)):
        ear = Ear(Loud(), [Says("louder")])
        samples = sound(0.5, 0.3)
        assert hear(ear, samples) == []
        first = len(samples) + int(gap * RATE)
        found = []
        for at in range(0, RATE, BLOCK):
            block = AudioBlock(0.0, np.zeros(BLOCK, np.float32), RATE, first + at)
            found += ear.push(block)
        assert len(found) == count


def test_a_voice_in_the_music_of_a_radio_asks_for_nothing():
    song = np.random.default_rng(0).normal(0, 0.009, 3 * RATE).clip(-0.0099, 0.0099)
    for level, count in ((0.012, 0), (0.1, 1)):
        samples = song.astype(np.float32)
        samples[RATE : RATE + RATE // 2] = level
        assert len(hear(Ear(Loud(), [Says("help me")]), samples)) == count


def test_what_is_wrong_with_the_sound_is_named():
    ear = Ear(Loud(), [Says("stop")])
    assert complaint(ear, 0.0) == ""
    assert "comes" in complaint(ear, 2 * ears.PATIENCE)
    hear(ear, np.zeros(3 * RATE, np.float32))
    assert "silence" in complaint(ear, 0.0)
    hear(ear, np.full(3 * RATE, 1.0, np.float32))
    assert "gain" in complaint(ear, 0.0)
    hear(ear, np.random.default_rng(0).normal(0, 0.01, 5 * RATE).astype(np.float32))
    assert complaint(ear, 0.0) == ""


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([0, 7999, 8000, 16000, 48000, 10**7]),
            st.integers(-5, 10**6),
            st.integers(0, 900),
            st.sampled_from([0.0, 0.3, 5.0, float("nan"), float("inf")]),
        ),
        max_size=12,
    )
)
def test_no_block_breaks_it(blocks):
    ear = Ear(Loud(), [Says("louder")])
    for rate, first, count, level in blocks:
        ear.push(AudioBlock(0.0, np.full(count, level, np.float32), rate, first))
        assert 0.0 <= ear.clipped <= 1.0


def test_only_what_hears_is_asked():
    assert not ready(NoRecogniser())
    assert NoRecogniser()(np.zeros(10, np.float32)) is None
    assert ready(Says("stop"))


def test_a_command_that_is_not_admitted_asks_for_nothing_and_silence_before_it_is_told():
    ear, asked = Ear(Loud(), [Says("louder")]), []

    def admits(samples, command, alone):
        asked.append((command, alone))
        return len(samples) > 0.7 * RATE

    ear.admits = admits
    found = hear(ear, sound(0.5, 0.6, 2.0, 0.8, 1.0))
    assert [heard.command for _, heard in found] == ["louder"]
    assert [command for command, _ in asked] == ["louder", "louder"]
    assert np.isinf(asked[0][1])
    assert asked[1][1] == pytest.approx(2.0, abs=0.06)


def test_talk_that_is_no_command_needs_no_admission():
    ear = Ear(Loud(), [Says("nice weather")])
    ear.admits = lambda *said: False
    assert [heard.said.text for _, heard in hear(ear, sound(0.5, 0.6, 1.0))] == ["nice weather"]
