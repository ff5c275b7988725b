# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Several programs on one file: nothing is lost, nobody comes back."""

from __future__ import annotations

import sqlite3

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from outcomes import together, writer

from emo_music_ros.errors import StorageError
from emo_music_ros.recommendation.memory.store import Memory


def test_two_processes_lose_no_update(tmp_path, rows):
    path, count = tmp_path / "memory.sqlite", 200
    writers = [writer(str(path), name, count) for name in "ab"]
    assert together(writers) == [0, 0]
    person = Memory(path).person("anna")
    assert (person.listens, person.updates) == (2 * count, 2 * count)
    assert sum(track.heard for track in person.tracks.values()) == 2 * count
    assert len(person.tracks) == 14
    assert person.weight == pytest.approx(2 * count)
    assert person.taste == pytest.approx([0.25, 0.25])  # that of any order
    sequence = [row[0] for row in rows(path, "sequence")]
    assert sequence == list(range(1, 2 * count + 1))


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 3), st.floats(-1, 1)), max_size=8))
def test_two_are_as_good_as_one(tmp_path_factory, heard, acts):
    folder = tmp_path_factory.mktemp("memory")
    two = [Memory(folder / "two.sqlite", 3.0) for _ in range(2)]
    one = Memory(folder / "one.sqlite", 3.0)
    for which, track, reward in acts:
        angle = 1.0 + track
        content = np.array([np.cos(angle), np.sin(angle)])
        for memory in (two[which], one):
            if track == 3:
                memory.rate("anna", "t0", reward, content)
                memory.block("anna", f"b{reward > 0}", 1.0, "distress")
            else:
                memory.update(
                    heard(
                        track=f"t{track}",
                        reward=reward,
                        features=content,
                        signals={"rating": reward},
                    )
                )
    expected = one.person("anna")
    for memory in two:
        person = memory.person("anna")
        assert person.taste == pytest.approx(expected.taste, abs=1e-6)
        assert person.weight == pytest.approx(expected.weight)
        assert (person.listens, person.updates) == (expected.listens, expected.updates)
        assert person.tracks.keys() == expected.tracks.keys()
        assert person.blocked == expected.blocked
        assert person.usual_dwell == expected.usual_dwell


def test_a_person_shows_what_others_learned(tmp_path, heard):
    first, second = (Memory(tmp_path / "m.sqlite") for _ in range(2))
    held = first.person("anna")
    second.update(heard(track="t1", reward=0.5))
    second.block("anna", "t9", 1.0, "distress")
    assert first.person("anna") is held
    assert held.history("t1") == (0.5, 1)
    assert held.blocked == {"t9"}
    second.update(heard(track="t2", reward=-0.5))
    first.update(heard(track="t3"))
    assert set(held.tracks) == {"t1", "t2", "t3"}
    assert held.updates == 3


def test_a_rating_corrects_the_listen_of_another(tmp_path, heard):
    first, second = (Memory(tmp_path / "m.sqlite") for _ in range(2))
    first.update(heard(reward=-1.0, signals={"skip": -1.0}))
    second.update(heard(track="t2", reward=1.0, features=(0.0, 1.0)))
    assert second.rate("anna", "t1", 1.0, np.array([1.0, 0.0]))[1] == 0.5
    assert first.person("anna").history("t1") == (pytest.approx(0.5), 1)
    assert first.rate("anna", "t1", -1.0, np.array([1.0, 0.0]))[1] == -1.0
    assert second.person("anna").history("t1") == (pytest.approx(-1.0), 1)


def test_who_is_forgotten_does_not_come_back(tmp_path, heard, rows):
    path = tmp_path / "m.sqlite"
    first, second = Memory(path), Memory(path)
    for number in range(5):
        second.update(heard(track=f"old{number}"))
        second.update(heard(track=f"b{number}", person="bert"))
    second.block("anna", "old1", 1.0, "distress")
    held = second.person("anna")
    first.forget("anna")
    second.update(heard(track="b", person="bert"))  # writes, and must not write her
    assert second.persons() == first.persons() == ["bert"]
    assert (held.updates, held.listens, held.tracks, held.blocked) == (0, 0, {}, set())
    assert second.update(heard(track="new", reward=0.5))
    for memory in (first, second, Memory(path)):
        person = memory.person("anna")
        assert (person.listens, set(person.tracks), person.blocked) == (1, {"new"}, set())
        assert person.taste == pytest.approx([0.5, 0.0])
        assert memory.person("bert").listens == 6
    second.close()
    first.close()
    assert [row[0] for row in rows(path, "track_id") if row[0].startswith("old")] == []


def test_who_is_forgotten_and_listens_again_is_new_to_all(tmp_path, heard):
    first, second = (Memory(tmp_path / "m.sqlite") for _ in range(2))
    second.update(heard(track="old"))
    first.forget("anna")
    first.update(heard(track="new"))
    assert second.update(heard(track="newer"))
    assert set(second.person("anna").tracks) == set(first.person("anna").tracks) == {"new", "newer"}
    second.forget("anna")
    second.block("anna", "kept back", 1.0, "distress")
    assert first.person("anna").tracks == {}
    assert first.person("anna").blocked == {"kept back"}


@pytest.mark.parametrize("stored_before", [False, True])
def test_what_waits_for_the_disk_is_dropped_with_the_person(
    tmp_path, heard, rows, stored_before, monkeypatch
):
    path = tmp_path / "m.sqlite"
    first, second = Memory(path), Memory(path)
    if stored_before:
        second.update(heard(track="old"))
    second.person("anna")

    def fail(*values):
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr("emo_music_ros.recommendation.memory.storage.transaction", fail)
        assert not second.update(heard(track="waits"))
        second.block("anna", "waits too", 1.0, "distress")
        assert not second.update(heard(track="bert's", person="bert"))
    first.forget("anna")
    assert second.update(heard(track="new"))
    assert set(second.person("anna").tracks) == {"new"}
    assert second.person("anna").blocked == set()
    assert set(second.person("bert").tracks) == {"bert's"}
    assert {row[0] for row in rows(path, "track_id")} == {"new", "bert's"}
    assert rows(path, table="blocked") == []


def test_nobody_can_be_told_from_what_is_kept_of_forgetting(tmp_path, heard, rows):
    memory = Memory(tmp_path / "m.sqlite")
    memory.update(heard(person="anna"))
    memory.forget("anna")
    memory.close()
    ((bucket, times),) = rows(tmp_path / "m.sqlite", table="forgotten")
    assert 0 <= bucket < 256
    assert times == 1


def test_every_table_that_knows_persons_is_emptied(tmp_path, heard, rows):
    path = tmp_path / "m.sqlite"
    memory = Memory(path)
    memory.update(heard())
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute('CREATE TABLE "of ""tomorrow" (person_id TEXT, text TEXT)')
    for person in ("anna", "bert"):
        connection.execute('INSERT INTO "of ""tomorrow" VALUES (?, ?)', (person, f"{person}-text"))
    connection.close()
    copies = [tmp_path / f"m.sqlite.corrupt-20240101T000000Z{end}" for end in ("", "-wal", "-shm")]
    for copy in copies:
        copy.write_text("anna")
    assert memory.forget("anna") == 4
    memory.close()
    assert rows(path, table='"of ""tomorrow"') == [("bert", "bert-text")]
    assert b"anna" not in path.read_bytes()
    assert not any(copy.exists() for copy in copies)


def test_only_copies_of_this_file_are_deleted(tmp_path, heard):
    memory = Memory(tmp_path / "m[1].sqlite")
    memory.update(heard())
    (tmp_path / "m[1].sqlite.corrupt-1").touch()
    (tmp_path / "m1.sqlite.corrupt-1").touch()
    memory.forget("anna")
    assert not (tmp_path / "m[1].sqlite.corrupt-1").exists()
    assert (tmp_path / "m1.sqlite.corrupt-1").exists()


def test_a_damaged_file_that_another_replaced(tmp_path, heard):
    path = tmp_path / "m.sqlite"
    first, second = Memory(path), Memory(path)
    first.update(heard(track="a"))
    second.update(heard(track="b", person="bert"))
    second.block("bert", "c", 1.0, "distress")
    first._storage.database.set_aside(sqlite3.DatabaseError("damaged"))
    assert first.update(heard(track="a2"))
    assert second.person("anna").listens == 2
    assert second.update(heard(track="b2", person="bert"))
    third = Memory(path)
    assert set(third.person("anna").tracks) == {"a", "a2"}
    assert set(third.person("bert").tracks) == {"b", "b2"}
    assert third.person("bert").blocked == {"c"}
    assert len(list(tmp_path.glob("*.corrupt-*"))) >= 1


def test_what_was_there_before_the_file_could_be_opened_is_kept(tmp_path, heard, monkeypatch):
    path = tmp_path / "m.sqlite"
    Memory(path).update(heard(track="before"))

    def fail(*values):
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr("emo_music_ros.io.database.Database.connect", fail)
        memory = Memory(path)
        assert not memory.update(heard(track="meanwhile"))
    assert memory.update(heard(track="after"))
    assert set(Memory(path).person("anna").tracks) == {"before", "meanwhile", "after"}
    assert Memory(path).person("anna").listens == 3


def test_a_log_that_keeps_what_was_forgotten_is_told(tmp_path, heard):
    path = tmp_path / "m.sqlite"
    memory = Memory(path)
    memory._storage.database._timeout = 0.05
    memory._storage.database.close()
    memory.update(heard())
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM outcome").fetchone() == (1,)
    with pytest.raises(StorageError, match="could not be removed"):
        memory.forget("anna")
    reader.close()
    memory.forget("anna")
    memory.close()
    assert b"anna" not in path.read_bytes()
