# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What was entered is on disk, whole, for its owner only, and gone when somebody is forgotten."""

from __future__ import annotations

import sqlite3
import threading

import pytest

from emo_music_ros.care.notes import LONGEST_NOTE, Note
from emo_music_ros.care.plans import Held, Plan
from emo_music_ros.care.profile import NOBODY, Profile, Song
from emo_music_ros.care.store import CareStore, default_store
from emo_music_ros.errors import InputError, StorageError


@pytest.fixture
def store(tmp_path):
    return CareStore(tmp_path / "care.sqlite", own=True)


def test_what_reads_makes_no_file(store, tmp_path):
    assert store.profile("anna") == NOBODY
    assert store.plans("anna") == store.held("anna") == store.notes("anna") == []
    assert store.persons() == store.stops("anna") == []
    assert store.forget("anna") == 0
    assert not list(tmp_path.iterdir())


def test_fields_are_changed_each_for_itself_and_each_for_one_person(store, tmp_path):
    store.change("anna", own=(Song("Aria"),), risk="low")
    assert store.change("anna", risk="high") == Profile(own=(Song("Aria"),), risk="high")
    assert store.profile("bert") == NOBODY
    again = CareStore(tmp_path / "care.sqlite")
    assert again.profile("anna").own == (Song("Aria"),)
    assert (tmp_path / "care.sqlite").stat().st_mode & 0o077 == 0


def test_what_cannot_be_changes_nothing(store):
    store.change("anna", risk="low")
    for wrong in ({"risk": "low", "birth_year": 3}, {"sessions": 4}, {"age": 80}):
        with pytest.raises(InputError):
            store.change("anna", **wrong)
    assert store.profile("anna") == Profile(risk="low")


def test_never_again_is_entered_once(store):
    for _ in range(2):
        profile = store.never("anna", Song("War", "Band"))
    assert profile.never == (Song("War", "Band"),)


def test_writers_at_once_lose_nothing(store, tmp_path):
    def write(number):
        CareStore(tmp_path / "care.sqlite").never("anna", Song(f"Song {number}"))

    store.change("anna", risk="low")
    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {song.title for song in store.profile("anna").never} == {f"Song {n}" for n in range(8)}


def test_sessions_are_counted_for_whom_something_was_entered(store):
    store.count_session("anna")
    assert store.profile("anna") == NOBODY
    store.change("anna", risk="low")
    store.count_session("anna")
    store.change("anna", risk="")
    assert store.profile("anna").sessions == 1


def test_plans_are_stored_changed_and_removed(store):
    plan = store.set_plan("anna", Plan("washing", tracks=("a", "b"), locked=True, author="Thea"))
    assert store.plans("anna") == [plan]
    assert store.profile("anna").planned
    assert not store.profile("anna").scheduled
    store.set_plan("anna", Plan("dance", starts=(600,), goal="positive", plan_id=plan.plan_id))
    assert [each.name for each in store.plans("anna")] == ["dance"]
    assert store.profile("anna").scheduled
    for person, wrong in (("bert", plan.plan_id), ("anna", "x")):
        with pytest.raises(InputError, match="no such plan"):
            store.remove_plan(person, wrong)
        with pytest.raises(InputError, match="no such plan"):
            store.set_plan(person, Plan("x", goal="calm", plan_id=wrong))
    store.remove_plan("anna", plan.plan_id)
    assert store.plans("anna") == []


def test_what_was_held_is_counted_and_ends(store):
    plan = store.set_plan("anna", Plan("washing", goal="calm"))
    store.hold("anna", Held(100.0, 1900.0, "washing", plan.plan_id))
    store.end("anna", 100.0, 400.0)
    assert store.held("anna") == [Held(100.0, 400.0, "washing", plan.plan_id)]
    assert store.plans("anna")[0].held == 1
    store.hold("anna", Held(1e9, 1e9 + 60, "washing"))
    assert len(store.held("anna")) == 1  # the old one is nobody's business any more


def test_stops_count_until_a_carer_looked(store):
    store.stopped("anna", 100.0)
    store.stopped("anna", 200.0)
    assert store.stops("anna") == [100.0, 200.0]
    store.looked("anna")
    assert store.stops("anna") == []
    assert store.stops("anna", looked=True) == [100.0, 200.0]


def test_notes_are_kept_as_written_and_taken_away_by_their_author_only(store):
    text = "<b>smiled</b> \u202e '; DROP TABLE note; --"
    with pytest.raises(InputError, match="printable"):
        store.add_note("anna", Note(5.0, "carer", "Cara", text))
    note = store.add_note("anna", Note(5.0, "carer", "Cara", text.replace("\u202e", "")))
    newer = store.add_note("anna", Note(6.0, "therapist", "Thea", "hummed", "123.000000001"))
    assert store.notes("anna") == [newer, note]
    assert store.notes("anna", 1) == [newer]
    with pytest.raises(InputError, match="of yours"):
        store.remove_note("anna", note.note_id, "Thea")
    store.remove_note("anna", note.note_id, "Cara")
    assert store.notes("anna") == [newer]


@pytest.mark.parametrize(
    "note",
    [
        Note(5.0, "resident", "Rosa", "x"),
        Note(5.0, "", "Rosa", "x"),
        Note(5.0, "carer", "Cara", " "),
        Note(5.0, "carer", "Cara", "x" * (LONGEST_NOTE + 1)),
        Note(float("nan"), "carer", "Cara", "x"),
        Note(5.0, "carer", "a\nb", "x"),
    ],
)
def test_what_is_no_note_is_refused(store, note):
    with pytest.raises(InputError):
        store.add_note("anna", note)


def test_forget_removes_everything_of_a_person_and_nothing_else(store, tmp_path):
    for person in ("anna", "bert"):
        store.change(person, risk="low", own=(Song("Unforgettable"),))
        store.set_plan(person, Plan("washing", goal="calm"))
        store.hold(person, Held(1e9, 1e9 + 1, "washing"))
        store.stopped(person, 1e9)
        store.add_note(person, Note(5.0, "carer", "Cara", "hummed"))
    assert store.persons() == ["anna", "bert"]
    assert store.forget("anna") == 5
    assert store.persons() == ["bert"]
    assert store.profile("anna") == NOBODY
    store.forget("bert")
    assert b"Unforgettable" not in (tmp_path / "care.sqlite").read_bytes()


def test_a_damaged_file_is_moved_aside_and_one_of_another_program_left_alone(store, tmp_path):
    (tmp_path / "care.sqlite").write_bytes(b"x" * 5000)
    assert store.profile("anna") == NOBODY
    assert list(tmp_path.glob("care.sqlite.corrupt-*"))
    other = tmp_path / "other.sqlite"
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE letters (text TEXT)")
    connection.commit()
    connection.close()
    with pytest.raises(StorageError, match="another program"):
        CareStore(other).change("anna", risk="low")


def test_each_namespace_has_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("EMO_MUSIC_DATA", str(tmp_path))
    default_store("/kitchen").change("anna", risk="low")
    assert default_store("/hall").profile("anna") == NOBODY
    assert default_store("/kitchen").profile("anna").risk == "low"
