# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Whose voice a node hears: followed as consent and files change, learnt on request."""

from __future__ import annotations

import math
import time
from types import SimpleNamespace

import numpy as np
import pytest

from emo_music_ros.consent.rules import DEMONSTRATION, VOICE, Consent, Consents
from emo_music_ros.consent.voices import Enrolled, Voices
from emo_music_ros.encoding.speech.attribution import QUIET
from emo_music_ros.errors import InputError, ModelError
from emo_music_ros.ros import voices as heard
from emo_music_ros.ros.voices import LONGEST, PATIENCE, HeardVoices

RATE = 16000
ADA, CARER = 0.0, 1.4


class Angles:
    """Makes a print of every second of sound, whose value is the angle."""

    same, strange, apart, command, version = 0.9, 0.8, 0.7, 0.75, "1"

    def __call__(self, samples):
        angles = samples[::RATE] if len(samples) >= RATE else samples[:0]
        return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


class Node:
    """What is needed of a node."""

    def __init__(self, person="ada", **decided):
        self.person_id, self.faults, self.now = person, {}, 0.0
        known = [Consent(name, VOICE, given) for name, given in decided.items()]
        self.subject = SimpleNamespace(consents=Consents(known=known))

    def get_namespace(self):
        return "/"

    def fault(self, part, text, level="error"):
        self.faults[part] = text

    def every(self, period, callback):
        self.look = callback

    def steady(self):
        return self.now

    def allows(self, purpose, person):
        return self.subject.consents.allows(person, purpose)


@pytest.fixture(autouse=True)
def _made(tmp_path, monkeypatch):
    monkeypatch.setenv("EMO_MUSIC_DATA", str(tmp_path))
    monkeypatch.setattr(heard, "Voiceprint", Angles)


def says(angle, seconds=2):
    return np.full(seconds * RATE, angle, np.float32)


def keep(person="ada", angle=ADA, version="1"):
    voice = (math.cos(angle), math.sin(angle))
    Voices("/").store(Enrolled(person, version, voice, 20.0, 0.0))


def request(person="", seconds=0.0, forget=False):
    return SimpleNamespace(person_id=person, seconds=seconds, forget=forget)


def answer():
    return SimpleNamespace(success=False, message="")


def test_two_speakers_the_carer_angry_and_nothing_of_the_carer_is_heard():
    keep()
    voices = HeardVoices(Node(ada=True))
    assert voices.admits(says(ADA), 1.0)
    assert not voices.admits(says(CARER), 3.0)
    assert voices.details() == {"voices": "'ada' is told from others", "speech of others": 1}


def test_two_speakers_and_nobody_enrolled_nothing_is_heard_and_it_is_said():
    voices = HeardVoices(Node())
    assert "voices are not told apart" in voices.details()["voices"]
    assert voices.admits(says(ADA), 1.0)  # one voice, as ever
    assert not voices.admits(says(CARER), 3.0)
    assert not voices.admits(says(ADA), 5.0)
    assert "more than one voice, nobody enrolled" in voices.details()["voices"]


def test_strict_hears_nobody_until_the_person_is_enrolled():
    node = Node(ada=True)
    voices = HeardVoices(node, strict=True)
    assert not voices.admits(says(ADA), 1.0)
    assert "require_attribution is set" in node.faults["voices"]
    keep()
    node.look()
    assert voices.admits(says(ADA), 2.0)
    assert node.faults["voices"] == ""


def test_a_print_without_consent_is_not_used_and_withdrawn_it_is_removed():
    keep()
    node = Node()
    assert "not told apart" in HeardVoices(node).details()["voices"]
    assert set(Voices("/").enrolled()) == {"ada"}  # nobody decided anything
    node.subject.consents.replace([Consent("ada", VOICE, False)])
    node.look()
    assert Voices("/").enrolled() == {}


def test_the_demonstration_is_labelled():
    voices = HeardVoices(Node(DEMONSTRATION), strict=True)
    for angle in (ADA, CARER, 0.8):
        assert voices.admits(says(angle), 1.0)
        assert voices.commands(says(angle), "stop", 0.0)
    assert voices.details() == {
        "voices": "labelled by the demonstration",
        "speech of others": 0,
    }


def test_commands_of_others_count_in_a_quiet_room_and_calls_for_help_always():
    keep()
    voices = HeardVoices(Node(ada=True))
    assert voices.commands(says(ADA), "stop", 0.0)
    assert not voices.commands(says(CARER), "stop", 1.0)
    assert voices.commands(says(CARER), "stop", QUIET)
    assert voices.commands(says(CARER), "help", 0.0)
    assert HeardVoices(Node()).commands(says(CARER), "stop", 0.0)


def test_a_voice_is_learnt_on_request_and_heard_from_then_on():
    node = Node(ada=True)
    voices = HeardVoices(node)
    told = voices._on_enrol(request(seconds=10.0), answer())
    assert told.success
    assert "should speak for 10 s" in told.message
    for _ in range(5):
        assert "learning 'ada'" in voices.details()["voices"]
        assert not voices.admits(says(ADA), 1.0)  # what is learnt from is no evidence
    node.look()
    assert "'ada' was learnt" in voices.details()["voices"]
    assert not voices.admits(says(CARER), 20.0)
    kept = Voices("/").enrolled()["ada"]
    assert (kept.version, kept.seconds) == ("1", 10.0)
    assert abs(kept.time - time.time()) < 3600
    told = voices._on_enrol(request(forget=True), answer())
    assert told.success
    assert Voices("/").enrolled() == {}


def test_no_voice_is_learnt_without_consent_or_from_two_people_or_from_nothing():
    node = Node()
    voices = HeardVoices(node)
    with pytest.raises(InputError, match="no consent of 'ada' to voice"):
        voices._on_enrol(request(), answer())
    node.subject.consents.replace([Consent("ada", VOICE, True)])
    for seconds in (1.0, LONGEST + 1, math.nan, -3.0):
        with pytest.raises(InputError, match="is not learnt from"):
            voices._on_enrol(request(seconds=seconds), answer())
    voices._on_enrol(request(seconds=10.0), answer())
    for angle in (ADA, CARER, ADA, CARER, ADA):
        voices.admits(says(angle), 1.0)
    assert "more than one voice" in voices.details()["voices"]
    voices._on_enrol(request(), answer())
    node.now += PATIENCE + 1
    node.look()
    assert "'ada' was not learnt: 0 of 20 s" in voices.details()["voices"]
    voices._on_enrol(request(), answer())
    node.subject.consents.replace([Consent("ada", VOICE, False)])
    node.look()
    assert "has withdrawn consent to voice" in voices.details()["voices"]
    assert Voices("/").enrolled() == {}


def test_who_is_forgotten_is_learnt_no_further():
    voices = HeardVoices(Node(ada=True))
    voices._on_enrol(request(), answer())
    voices.forgotten("bob")
    assert "learning" in voices.details()["voices"]
    voices.forgotten("ada")
    assert "learning" not in voices.details()["voices"]


def test_another_person_begins_with_nobody_heard():
    node = Node()
    voices = HeardVoices(node)
    voices.admits(says(ADA), 1.0)
    node.person_id = "bob"
    node.look()
    assert voices.admits(says(CARER), 2.0)


def test_a_damaged_print_is_named_and_the_loop_goes_on(tmp_path):
    keep()
    node = Node(ada=True)
    (tmp_path / "voice-prints" / "ada" / "voice.json").write_text("{")
    voices = HeardVoices(node)
    assert "cannot be read" in node.faults["voices"]
    assert voices.admits(says(ADA), 1.0)


def test_a_print_of_another_network_is_named_and_not_used():
    keep(version="0")
    node = Node(ada=True)
    voices = HeardVoices(node)
    assert "of another network" in node.faults["voices"]
    assert "not told apart" in voices.details()["voices"]


def test_without_its_network_everything_is_heard_but_under_the_strict_rule(monkeypatch):
    def missing():
        raise ModelError("voice.onnx is missing", "Restore it")

    monkeypatch.setattr(heard, "Voiceprint", missing)
    node = Node(ada=True)
    voices = HeardVoices(node)
    assert "voices are not told apart: voice.onnx is missing" in node.faults["voices"]
    assert voices.admits(says(CARER), 1.0)
    assert voices.commands(says(CARER), "stop", 0.0)
    with pytest.raises(InputError, match="no network"):
        voices._on_enrol(request(), answer())
    assert not HeardVoices(Node(ada=True), strict=True).admits(says(ADA), 1.0)
