# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What waits for a database that cannot be written, when one of several people is forgotten."""

from __future__ import annotations

import numpy as np
import pytest

from emo_music_ros.errors import StorageError
from emo_music_ros.recommendation.memory.store import Memory

CONTENT = np.array([1.0, 0.0])


@pytest.mark.parametrize("gone", ["anna", "mia", "zoe"])
def test_nothing_of_who_is_forgotten_is_written_later_and_all_of_the_others(
    tmp_path, heard, rows, gone
):
    (tmp_path / "file").write_text("in the way")
    path = tmp_path / "file" / "memory.sqlite"
    memory = Memory(path)
    people = ("anna", "mia", "zoe")
    for person in people:
        assert not memory.update(heard(person=person))
        memory.block(person, "t9", 1.0, "distress")
    with pytest.raises(StorageError):
        memory.forget(gone)
    assert memory.person(gone).tracks == {}
    (tmp_path / "file").unlink()
    assert memory.update(heard(track="t2", person="somebody else"))
    memory.close()
    left = [person for person in people if person != gone]
    for table in ("outcome", "history", "person", "blocked"):
        named = {row[0] for row in rows(path, "person_id", table)}
        assert named - {"somebody else"} == set(left), table


def test_forgetting_counts_what_was_waiting(tmp_path, heard):
    memory = Memory(tmp_path / "memory.sqlite")
    memory.update(heard(person="anna"))
    memory.update(heard(person="anna", track="t2"))
    memory.update(heard(person="bert"))
    # two outcomes, two tracks and the person
    assert memory.forget("anna") == 5
    assert memory.person("bert").history("t1") == (1.0, 1)


@pytest.mark.parametrize(("rating", "counted"), [(-3.0, -1.0), (3.0, 1.0), (0.25, 0.25)])
def test_a_late_rating_counts_within_its_range(tmp_path, heard, rating, counted):
    memory = Memory(tmp_path / "memory.sqlite")
    memory.update(heard(reward=np.nan, listen_id=1))
    assert memory.updates == 0
    listen, value, signals = memory.rate("anna", "t1", rating, CONTENT)
    assert (listen, value, signals) == (1, counted, {"rating": counted})
    assert memory.updates == 1
    assert memory.person("anna").history("t1") == (counted, 1)
