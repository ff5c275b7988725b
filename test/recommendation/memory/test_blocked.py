# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Tracks that are kept back until a human clears them."""

from __future__ import annotations

import os

from emo_music_ros.recommendation.memory.store import Memory


def test_it_survives_a_restart_until_it_is_cleared(tmp_path, rows):
    path = tmp_path / "memory.sqlite"
    memory = Memory(path)
    memory.block("anna", "t1", 123.0, "distress")
    memory.block("anna", "t1", 124.0, "distress again")
    memory.block("anna", "t2", 125.0, "distress")
    memory.close()
    assert rows(path, table="blocked") == [
        ("anna", "t1", 124.0, "distress again"),
        ("anna", "t2", 125.0, "distress"),
    ]
    memory = Memory(path)
    assert memory.person("anna").blocked == {"t1", "t2"}
    assert memory.person("bert").blocked == set()
    memory.unblock("anna", "t1")
    memory.unblock("anna", "never blocked")
    memory.close()
    assert Memory(path).person("anna").blocked == {"t2"}


def test_blocking_says_nothing_of_taste(tmp_path):
    memory = Memory(tmp_path / "memory.sqlite")
    memory.block("anna", "t1", 123.0, "distress")
    person = memory.person("anna")
    assert (person.updates, person.listens, person.history("t1")) == (0, 0, (0.0, 0))
    assert memory.persons() == ["anna"]


def test_it_is_forgotten_with_the_person(tmp_path, rows):
    path = tmp_path / "memory.sqlite"
    memory = Memory(path)
    memory.block("anna", "t1", 123.0, "distress")
    assert memory.forget("anna") == 1
    assert memory.person("anna").blocked == set()
    memory.close()
    assert rows(path, table="blocked") == []
    assert b"anna" not in path.read_bytes()


def test_what_cannot_be_written_now_is_written_later(tmp_path, heard, rows):
    (tmp_path / "file").write_text("in the way")
    reports = []
    memory = Memory(tmp_path / "file" / "memory.sqlite", on_error=reports.append)
    memory.block("anna", "t1", 123.0, "distress")
    memory.block("anna", "t2", 124.0, "distress")
    memory.unblock("anna", "t2")
    assert memory.person("anna").blocked == {"t1"}
    assert len(reports) == 1
    (tmp_path / "file").unlink()
    assert memory.update(heard())
    assert rows(tmp_path / "file" / "memory.sqlite", table="blocked") == [
        ("anna", "t1", 123.0, "distress")
    ]


def test_damage_while_running_clears_no_track(tmp_path, heard):
    path = tmp_path / "memory.sqlite"
    memory = Memory(path)
    memory.block("anna", "t1", 123.0, "distress")
    for index in range(50):
        memory.update(heard(track=f"t{index}"))
    memory._storage.database.connect().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(path.stat().st_size - 4096))
    memory._storage.database.connect().execute("PRAGMA cache_size = 0")
    assert memory.update(heard(track="after"))
    assert len(list(tmp_path.glob("*.corrupt-*"))) == 1
    memory.close()
    assert Memory(path).person("anna").blocked == {"t1"}
