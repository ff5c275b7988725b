# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""``emo-music enrol voice``, with the network and the cutter in the hands of the test."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from emo_music_ros import cli
from emo_music_ros.consent.register import default_register
from emo_music_ros.consent.rules import VOICE, Consent
from emo_music_ros.consent.voices import Voices
from emo_music_ros.encoding.speech import voice_activity, voiceprint
from emo_music_ros.sensing import microphone
from emo_music_ros.streams import AudioBlock

RATE = 16000


class Angles:
    """Makes one print of an utterance: how loud it is, as an angle."""

    same, strange, apart, command, version = 0.9, 0.8, 0.7, 0.75, "1"

    def __call__(self, samples):
        angle = np.float32(1.5 * np.abs(samples).max())
        return np.array([[np.cos(angle), np.sin(angle)]], np.float32)


class Whole:
    """Takes whatever is not silence for an utterance."""

    def push(self, samples):
        return [SimpleNamespace(samples=samples)] if np.abs(samples).max() > 0.01 else []

    def flush(self):
        return []


@pytest.fixture(autouse=True)
def _made(tmp_path, monkeypatch):
    monkeypatch.setenv("EMO_MUSIC_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(voiceprint, "Voiceprint", Angles)
    monkeypatch.setattr(voice_activity, "Endpointer", Whole)


def recording(tmp_path, name, seconds, level=0.1):
    path = tmp_path / name
    soundfile.write(path, np.full(int(seconds * RATE), level), RATE)
    return str(path)


def test_a_voice_is_learnt_from_recordings_and_forgotten(tmp_path, capsys):
    files = [recording(tmp_path, f"{number}.wav", 6) for number in (1, 2)]
    asked = ["enrol", "voice", "--person", "anna", "--seconds", "10", "--from", *files]
    assert cli.main([*asked, "--consent", "herself"]) == 0
    assert "12.0 s of speech were heard" in capsys.readouterr().out
    assert Voices("").enrolled()["anna"].seconds == pytest.approx(12.0)
    agreed = {each.purpose: each for each in default_register("").consents()}
    assert (agreed[VOICE].given, agreed[VOICE].source) == (True, "herself")
    assert cli.main(["enrol", "voice", "--person", "anna", "--forget"]) == 0
    assert Voices("").enrolled() == {}


def test_without_consent_or_with_one_withdrawn_nothing_is_learnt(tmp_path, capsys):
    asked = ["enrol", "voice", "--person", "anna", "--from", recording(tmp_path, "a.wav", 30)]
    assert cli.main(asked) == 2
    assert "no consent of 'anna' to voice" in capsys.readouterr().err
    default_register("").store([Consent("anna", VOICE, False)])
    assert cli.main(asked) == 2
    assert "--consent 'herself'" in capsys.readouterr().err
    assert Voices("").enrolled() == {}


def test_too_little_speech_two_voices_and_files_that_are_none_are_named(tmp_path, capsys):
    common = ["enrol", "voice", "--person", "anna", "--consent", "herself", "--seconds", "10"]
    assert cli.main([*common, "--from", recording(tmp_path, "a.wav", 4)]) == 2
    assert "4.0 s of speech are too few, 10 are needed" in capsys.readouterr().err
    two = [recording(tmp_path, "b.wav", 6, 0.1), recording(tmp_path, "c.wav", 6, 0.95)]
    assert cli.main([*common, "--from", *two]) == 2
    assert "more than one voice" in capsys.readouterr().err
    (tmp_path / "d.wav").write_text("no sound")
    assert cli.main([*common, "--from", str(tmp_path / "d.wav")]) == 2
    assert "d.wav" in capsys.readouterr().err
    assert cli.main([*common[:-1], "3", "--from", two[0]]) == 2
    assert "Give at least 10" in capsys.readouterr().err
    assert Voices("").enrolled() == {}


def test_from_a_microphone_it_is_said_what_to_do_and_the_device_is_closed(monkeypatch, capsys):
    closed = []

    class Device:
        detail = "microphone x"

        def __init__(self, options):
            assert options.device == "usb"

        def read(self, stop):
            return [AudioBlock(0.0, np.full(RATE, 0.1, np.float32), RATE)]

        def close(self):
            closed.append(True)

    monkeypatch.setattr(microphone, "LiveMicrophone", Device)
    asked = ["enrol", "voice", "--person", "anna", "--device", "usb", "--consent", "herself"]
    assert cli.main(asked) == 0
    assert "'anna' should speak for 20 s now" in capsys.readouterr().out
    assert closed == [True]
    assert set(Voices("").enrolled()) == {"anna"}
