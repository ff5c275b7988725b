# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A house of many people: each is read once; when a track was heard last is known again."""

from __future__ import annotations

import math

from emo_music_ros.recommendation.memory.store import Memory
from emo_music_ros.recommendation.memory.tables import Rows


def test_taking_up_somebody_reads_nobody_else(tmp_path, heard, monkeypatch):
    with_all = Memory(tmp_path / "memory.sqlite")
    for number in range(20):
        with_all.update(heard(person=f"p{number}"))
    with_all.close()
    read: list[str] = []
    original = Rows.read
    monkeypatch.setattr(
        Rows, "read", lambda self, where, who: read.append(who) or original(self, where, who)
    )
    memory = Memory(tmp_path / "memory.sqlite")
    for _ in range(2):
        for number in range(20):
            assert memory.person(f"p{number}").history("t1") == (1.0, 1)
    assert sorted(read) == sorted(f"p{number}" for number in range(20))
    read.clear()
    other = Memory(tmp_path / "memory.sqlite")
    other.update(heard(person="p3", reward=-1.0))
    other.close()
    read.clear()
    assert memory.person("p3").history("t1") == (0.0, 2)  # what others learned is read by all
    assert len(read) == 20
    memory.close()


def test_when_a_track_was_heard_last_is_known_again(tmp_path, heard):
    memory = Memory(tmp_path / "memory.sqlite")
    for number, track in enumerate(("a", "b", "a", "c")):
        memory.update(heard(track, time=100.0 + number, listen_id=number + 1))
    memory.close()
    again = Memory(tmp_path / "memory.sqlite")
    person = again.person("anna")
    assert [person.since(track) for track in "cabd"] == [0, 1, 2, math.inf]
    again.update(heard("d", time=200.0, listen_id=5))
    assert [person.since(track) for track in "dca"] == [0, 1, 2]
    again.close()
