# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Everything that is kept of one person, and nothing of anybody else."""

from __future__ import annotations

import csv
import io
import json
import zipfile

import numpy as np
import pytest

from emo_music_ros.care.notes import Note
from emo_music_ros.care.profile import Song
from emo_music_ros.care.store import default_store
from emo_music_ros.cli import main
from emo_music_ros.consent.keeper import Keeper
from emo_music_ros.consent.register import default_register
from emo_music_ros.consent.rules import Terms
from emo_music_ros.consent.traces import folder_of, recordings_folder, summary_folder
from emo_music_ros.consent.voices import Enrolled, Voices
from emo_music_ros.emotion import STATES
from emo_music_ros.fusion.adaptation.head import Answer, Moment
from emo_music_ros.fusion.adaptation.learner import Adaptation
from emo_music_ros.fusion.adaptation.learner import default_path as adaptation_path
from emo_music_ros.notifying.calls import HELP, Calls
from emo_music_ros.recommendation.memory.store import Memory, default_path
from emo_music_ros.resources import data_of


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("EMO_MUSIC_DATA", str(tmp_path / "data"))
    return tmp_path


def rows(archive, name):
    return list(csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig"))))


def test_what_is_kept_of_a_person_is_in_the_zip_and_of_nobody_else(data):
    keeper = Keeper(default_register("/robot"))
    keeper.decide("anna", "", True, "=cmd|x", Terms("proxy", "order", "health"))
    keeper.decide("bert", "", True, "himself")
    keeper.save()
    calls = Calls(data_of("/robot", "carer-calls.sqlite"))
    calls.add("anna", HELP)
    calls.add("bert", HELP)
    memory = Memory(default_path("/robot"), own=True)
    memory.block("anna", "waltz", 5.0, "distress")
    memory.block("bert", "march", 5.0, "distress")
    memory.close()
    store = default_store("/robot")
    for name, text in (("anna", "she sang"), ("bert", "he of the march")):
        store.never(name, Song("Song of " + name))
        store.add_note(name, Note(5.0, "carer", "eve", text))
        Voices("/robot").store(Enrolled(name, "1", (1.0,), 9.0, 5.0))
        adaptation = Adaptation(adaptation_path("/robot"), "logpool", own=True)
        adaptation.confirm(name, Moment(Answer(np.zeros(4)), STATES.index("anxiety"), 6.0))
        adaptation.close()
    for folder in (
        summary_folder("/robot", "anna"),
        folder_of(recordings_folder("/robot"), "anna"),
    ):
        folder.mkdir(parents=True)
    (summary_folder("/robot", "anna") / "s.json").write_text("{}")
    sessions = folder_of(recordings_folder("/robot"), "anna")
    (sessions / "1.000000000.csv").write_text("a,b\n")
    (sessions / "1.000000000.mcap").write_bytes(b"x" * 10)

    out = data / "anna.zip"
    assert main(["own-data", "anna", "--out", str(out), "--namespace", "/robot"]) == 0
    assert out.stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(out) as archive:
        consents = rows(archive, "consent.csv")
        assert {each["purpose"] for each in consents} == {"sensing", "learning"}
        assert consents[0]["decided_by"] == "proxy"
        assert consents[0]["source"] == "'=cmd|x"  # is no formula
        assert [each["kind"] for each in rows(archive, "calls.csv")] == ["help"]
        (kept_back,) = rows(archive, "music.csv")
        assert (kept_back["track_id"], kept_back["kept_back"]) == ("waltz", "True")
        assert json.loads(archive.read("taste.json")) == {"taste": [], "listens": 0}
        assert archive.read("summaries/s.json") == b"{}"
        assert archive.read("sessions/1.000000000.csv") == b"a,b\n"
        entered = json.loads(archive.read("entered.json"))
        assert entered["profile"]["never"] == [{"title": "Song of anna", "artist": ""}]
        assert [each["text"] for each in entered["notes"]] == ["she sang"]
        assert json.loads(archive.read("voice.json"))["seconds"] == 9.0
        assert [each["state"] for each in rows(archive, "confirmed.csv")] == ["anxiety"]
        (left,) = rows(archive, "left-out.csv")
        assert left["file"].endswith("1.000000000.mcap")
        everything = b"".join(archive.read(name) for name in archive.namelist())
    assert b"bert" not in everything
    assert b"march" not in everything


def test_of_whom_nothing_is_kept_there_is_a_zip_that_says_so(data):
    out = data / "nobody.zip"
    assert main(["own-data", "nobody", "--out", str(out)]) == 0
    with zipfile.ZipFile(out) as archive:
        assert not rows(archive, "consent.csv")
        assert "README.txt" in archive.namelist()


def test_a_name_that_is_none_of_a_zip_is_refused(data):
    assert main(["own-data", "anna", "--out", str(data / "anna.html")]) == 2
