# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Prints of voices on disk: for their owner only, and forgotten with the person."""

import json
import stat

import numpy as np
import pytest

from emo_music_ros.consent.keeper import Keeper
from emo_music_ros.consent.register import Register
from emo_music_ros.consent.rules import PURPOSES, VOICE, Consent, Consents
from emo_music_ros.consent.traces import folder_of, remove_traces, voices_folder
from emo_music_ros.consent.voices import FILE, LARGEST, Enrolled, Voices
from emo_music_ros.errors import StorageError


@pytest.fixture(autouse=True)
def _data(tmp_path, monkeypatch):
    monkeypatch.setenv("EMO_MUSIC_DATA", str(tmp_path))


def voice(person="anna", angle=0.3):
    return Enrolled(person, "1.0.0", (float(np.cos(angle)), float(np.sin(angle))), 20.5, 1000.0)


def path_of(person, namespace=""):
    return folder_of(voices_folder(namespace), person) / FILE


@pytest.mark.parametrize("person", ["anna", "Änne Müller", "../../etc", "a/b"])
def test_a_voice_comes_back_as_it_was_and_is_its_owners_only(person):
    voices = Voices("/kitchen")
    path = voices.store(voice(person))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert Voices("/kitchen").enrolled() == {person: voice(person)}
    assert Voices("").enrolled() == {}  # each namespace has its own
    assert (voices.problem, list(path.parent.iterdir())) == ("", [path])


def test_a_voice_that_another_process_learns_or_forgets_is_noticed():
    reader, writer = Voices(""), Voices("")
    assert reader.enrolled() == {}
    writer.store(voice())
    assert set(reader.enrolled()) == {"anna"}
    writer.store(Enrolled("anna", "1.0.0", (1.0, 0.0), 30.25, 2000.0))
    assert reader.enrolled()["anna"].seconds == 30.25
    assert writer.forget("anna") == [str(path_of("anna"))]
    assert reader.enrolled() == {}
    assert writer.forget("anna") == []


def test_who_is_forgotten_has_no_voice_left():
    voices = Voices("")
    for person in ("anna", "bert"):
        voices.store(voice(person))
    assert remove_traces("", "anna") == [str(path_of("anna"))]
    assert set(voices.enrolled()) == {"bert"}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        json.dumps({"person_id": "anna", "version": "1", "voice": [1.0], "seconds": 1}),
        json.dumps(voice().__dict__ | {"voice": [3.0, 4.0]}),
        json.dumps(voice().__dict__ | {"voice": [float("nan"), 1.0]}),
        json.dumps(voice().__dict__ | {"voice": "loud"}),
        json.dumps(voice().__dict__ | {"person_id": "bert"}),  # whose folder is another
        " " * (LARGEST + 1),
    ],
)
def test_a_file_that_makes_no_sense_is_named_and_the_others_are_known(content):
    voices = Voices("")
    voices.store(voice("bert"))
    path = voices.store(voice("anna"))
    path.write_text(content)
    assert set(voices.enrolled()) == {"bert"}
    assert str(path) in voices.problem
    assert "Enrol the voice again" in voices.problem
    voices.store(voice("anna"))
    assert set(voices.enrolled()) == {"anna", "bert"}
    assert voices.problem == ""


def test_a_file_that_is_no_text_or_no_file_is_named():
    voices = Voices("")
    voices.store(voice("anna")).write_bytes(b"\xff\xfe\x00")
    path_of("bert").mkdir(parents=True)
    assert voices.enrolled() == {}
    assert "cannot be read" in voices.problem


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "voice-prints").write_text("in the way")
    with pytest.raises(StorageError, match="cannot be kept"):
        Voices("").store(voice())


@pytest.mark.parametrize("required", [False, True])
def test_nobody_agreed_to_a_print_of_the_voice_who_was_not_asked_for_that(required, tmp_path):
    consents = Consents(required, [Consent("anna", each, True) for each in PURPOSES])
    assert not consents.allows("anna", VOICE)
    consents.replace([Consent("anna", VOICE, True)])
    assert consents.allows("anna", VOICE)
    keeper = Keeper(Register(tmp_path / "consent.sqlite"))
    keeper.decide("anna", "", True, "")
    assert VOICE not in {each.purpose for each in keeper.consents()}
    keeper.decide("anna", VOICE, True, "")
    keeper.decide("anna", "", False, "")  # all is withdrawn, this with it
    assert not any(each.given for each in keeper.consents())
