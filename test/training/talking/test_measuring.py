# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What the figures of spoken commands are made of; nothing is synthesised or recognised here."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.errors import InputError
from emo_music_ros.streams import AudioBlock
from emo_music_ros.talking.base import RATE, Transcript
from emo_music_ros.talking.commands import OTHER, phrases, understand
from emo_music_ros.talking.ear import Ear, Heard
from emo_music_ros.training.talking import measuring, sounds, voices
from emo_music_ros.training.talking.measuring import Mistaken
from emo_music_ros.training.talking.voices import HELD_OUT, TRAINED, Speaker, mixed, sentences


class Says(Ear):
    """Understands a command at seconds of the stream."""

    def __init__(self, events: dict[float, str]) -> None:
        self.events = events

    def reset(self) -> None:
        self.left = dict(self.events)

    def push(self, block):
        due = [at for at in self.left if at <= block.time + block.duration]
        return [
            Heard(Transcript(text, "en", 1.0), at, understand(text, "en"))
            for at in due
            for text in [self.left.pop(at)]
        ]


@given(st.floats(-20, 40))
def test_speech_is_as_much_louder_than_its_background_as_was_asked(ratio):
    random = np.random.default_rng(0)
    speech = random.normal(0, 0.01, RATE).astype(np.float32)
    background = random.normal(0, 0.3, 2 * RATE).astype(np.float32)
    lead = 0.5
    together = mixed(speech, background, ratio, lead, 0.5)
    alone = together[: int(lead * RATE)]
    both = together[int(lead * RATE) : int(lead * RATE) + RATE]
    noise = float(np.mean(alone**2))
    heard = 10 * math.log10(max(float(np.mean(both**2)) - noise, 1e-12) / noise)
    assert np.abs(together).max() <= 1.0
    if ratio > -5:  # below, what is left of the difference is chance
        assert heard == pytest.approx(ratio, abs=1.0)


def test_no_mistake_in_three_hours_means_at_most_one_an_hour():
    assert Mistaken((), 3.0).bound(0) == pytest.approx(1.0, abs=0.002)
    assert math.isnan(Mistaken((), 0.0).bound(0))
    assert Mistaken(("help", "like", "stop"), 1.0).urgent == 2


def test_a_command_is_right_only_as_itself_and_alone(monkeypatch):
    monkeypatch.setattr(measuring, "speak", lambda text, speaker: np.full(RATE, 0.1, np.float32))
    monkeypatch.setattr(measuring, "SAID", {"en": (("stop", "stop"),)})
    quiet = [np.full(RATE, 0.001, np.float32)]
    for events, right, wrong in (
        ({1.0: "stop"}, 1.0, 0.0),
        ({}, 0.0, 0.0),
        ({1.0: "louder"}, 0.0, 1.0),
        ({1.0: "stop", 2.0: "louder"}, 0.0, 1.0),
    ):
        one = measuring.understood(Says(events), "en", [Speaker("x")] * 6, quiet, 20.0)
        assert (one.share, one.wrong, one.count) == (right, wrong, 6)
        assert one.low == one.high == right


def test_a_delay_counts_from_the_last_sound(monkeypatch):
    speech = np.concatenate([np.full(RATE // 2, 0.3), np.zeros(RATE // 2)]).astype(np.float32)
    monkeypatch.setattr(measuring, "speak", lambda text, speaker: speech)
    (delay,) = measuring.delays(Says({1.4: "stop"}), {"stop": [Speaker("x")]})
    assert delay == pytest.approx(1.4 - 0.6 - 0.5, abs=0.06)
    assert measuring.delays(Says({}), {"stop": [Speaker("x")]}) == []


def test_tracks_that_are_kept_apart_are_never_taken(tmp_path: Path):
    folder = tmp_path / "music" / "emotify" / "snippets10s"
    folder.mkdir(parents=True)
    for number in (4, 5, 10, 11, 12):
        samples = np.full(8000, number / 100)
        soundfile.write(folder / f"{number:03}.ogg", samples, 8000)
        (folder / f"{number:03}.ogg").rename(folder / f"{number:03}.opus")
    found = [round(float(np.median(each)) * 100) for each in sounds.recordings(tmp_path)]
    assert found == [4, 12]


def test_unheard_voices_are_others_and_other_talk_asks_for_nothing():
    assert not set(TRAINED) & set(HELD_OUT)
    for language in ("en", "zh"):
        talk = sentences(language)
        assert len(talk) >= 20
        assert not [text for text in talk if understand(text, language)]
    for language, text in sounds.SONGS:
        assert understand(text, language) == ""
    for language, said in measuring.SAID.items():
        assert {command for _, command in said} == set(phrases(language).values()) - {OTHER}
        assert all(understand(text, language) == command for text, command in said)


def test_without_its_program_a_voice_names_the_remedy(monkeypatch):
    monkeypatch.setenv("PATH", "")
    for voice, package in (("en-gb", "espeak-ng"), ("flite:slt", "flite")):
        with pytest.raises(InputError, match=f"apt install {package}"):
            voices.speak("hello", Speaker(voice))


def test_a_room_delays_what_is_played():
    played = np.zeros(RATE, np.float32)
    played[0] = 1.0
    heard = measuring.in_room(played)
    assert int(np.argmax(np.abs(heard))) == int(0.03 * RATE)


def test_with_somebody_enrolled_only_their_commands_and_calls_for_help_count(monkeypatch):
    from emo_music_ros.training.talking import enrolled

    class Loudness:
        """Takes how loud somebody is for their voice."""

        same, strange, apart, command = 0.95, 0.9, 0.9, 0.9

        def __call__(self, samples):
            angle = 1.5 * float(np.abs(samples).max(initial=0.0))
            return np.array([[math.cos(angle), math.sin(angle)]], np.float32)

    class Asks:
        """Understands a command in every sound, by its length."""

        def reset(self):
            pass

        def push(self, block):
            if block.first_sample:
                return []
            level = float(np.abs(block.samples).max())
            command = "help" if level > 0.85 else "stop"
            self.admits(np.full(RATE, level, np.float32), command, 1.0)
            return []

    levels = {"low": 0.1, "high": 0.5}
    monkeypatch.setattr(enrolled, "Voiceprint", Loudness)
    monkeypatch.setattr(
        enrolled, "speak", lambda text, speaker: np.full(RATE, levels[speaker.voice], np.float32)
    )
    monkeypatch.setattr(enrolled, "mixed", lambda speech, background, ratio: speech)
    monkeypatch.setattr(enrolled, "hear", lambda ear, sound, first=0: ear.push(
        AudioBlock(0.0, sound, RATE, 0)
    ))  # fmt: skip
    ear = Asks()
    ear.admits = kept = lambda *said: True
    television = [np.full(RATE, level, np.float32) for level in (0.1, 0.1, 0.5, 0.9)]
    found = enrolled.measure(ear, [Speaker("low"), Speaker("high")], television)
    assert (found.before, found.before_urgent) == (4, 4)
    assert found.commands == [3, 2]
    assert found.hours == pytest.approx(4 / 3600)
    assert found.kept == 1.0
    assert ear.admits is kept
