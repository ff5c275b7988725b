# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A rating that comes after its listen corrects it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emo_music_ros.recommendation.memory.store import Memory

CONTENT = np.array([1.0, 0.0])


def test_it_corrects_its_row_instead_of_adding_one(tmp_path, heard, rows):
    path = tmp_path / "memory.sqlite"
    memory = Memory(path)
    memory.update(heard(reward=-1.0, signals={"skip": -1.0}, skipped=True, listen_id=1))
    memory.update(heard(track="t2", reward=0.5, signals={"emotion": 0.5}, listen_id=2))
    # skip -1 x 1 and rating 1 x 3
    found = memory.rate("anna", "t1", 1.0, CONTENT)
    assert found == (1, pytest.approx(0.5), {"skip": -1.0, "rating": 1.0})
    person = memory.person("anna")
    assert person.history("t1") == (pytest.approx(0.5), 1)
    assert (person.updates, person.listens) == (2, 2)
    memory.close()
    (first, second) = rows(path, "track_id, rating, reward, learned, signals")
    assert first[:4] == ("t1", 1.0, 0.5, 1)
    assert json.loads(first[4]) == {"skip": -1.0, "rating": 1.0}
    assert second[0] == "t2"
    again = Memory(path).person("anna")
    assert again.history("t1") == (pytest.approx(0.5), 1)
    assert again.taste == pytest.approx(person.taste)


def test_a_second_rating_replaces_the_first(tmp_path, heard, rows):
    memory = Memory(tmp_path / "memory.sqlite")
    memory.update(heard(reward=1.0, signals={"rating": 1.0}))
    memory.rate("anna", "t1", 5.0, CONTENT)
    assert memory.rate("anna", "t1", -5.0, CONTENT)[1] == -1.0
    assert memory.person("anna").history("t1") == (pytest.approx(-1.0), 1)
    assert len(rows(tmp_path / "memory.sqlite")) == 1


def test_a_listen_that_could_not_be_judged_is_learned_by_its_rating(tmp_path, heard, rows):
    path = tmp_path / "memory.sqlite"
    memory = Memory(path)
    memory.update(heard(reward=float("nan"), listen_id=1))
    memory.update(heard(track="t2", reward=0.5))
    assert memory.rate("anna", "t1", 0.5, CONTENT) == (1, 0.5, {"rating": 0.5})
    person = memory.person("anna")
    assert person.history("t1") == (0.5, 1)
    assert (person.tracks["t1"].heard, person.listens) == (1, 2)
    memory.rate("anna", "t1", -0.5, CONTENT)  # and then that is corrected
    assert person.history("t1") == (pytest.approx(-0.5), 1)
    assert len(rows(path)) == 2


def test_of_several_listens_the_last_is_meant(tmp_path, heard, rows):
    path = tmp_path / "memory.sqlite"
    memory = Memory(path)
    for listen in (1, 2):
        memory.update(heard(reward=0.0, signals={"emotion": 0.0}, listen_id=listen))
    assert memory.rate("anna", "t1", 1.0, CONTENT)[0] == 2
    assert [row[0] for row in rows(path, "rating")] == [None, 1.0]


def test_a_track_never_heard_is_for_the_caller_to_learn(tmp_path, heard):
    memory = Memory(tmp_path / "memory.sqlite")
    memory.update(heard(person="bert"))
    assert memory.rate("anna", "t1", 1.0, CONTENT) is None
    assert memory.person("anna").updates == 0


def test_a_listen_that_could_not_be_written_yet_is_corrected_too(tmp_path, heard, rows):
    (tmp_path / "file").write_text("in the way")
    memory = Memory(tmp_path / "file" / "memory.sqlite")
    assert not memory.update(heard(reward=-1.0, signals={"skip": -1.0}, listen_id=1))
    assert memory.rate("anna", "t1", 1.0, CONTENT)[:2] == (1, pytest.approx(0.5))
    assert memory.person("anna").history("t1") == (pytest.approx(0.5), 1)
    (tmp_path / "file").unlink()
    assert memory.update(heard(track="t2"))
    found = rows(tmp_path / "file" / "memory.sqlite", "track_id, rating, reward")
    assert found == [("t1", 1.0, 0.5), ("t2", None, 1.0)]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.floats(-1, 1), min_size=1, max_size=6),
    st.integers(0, 5),
    st.floats(-1, 1),
    st.booleans(),
)
def test_it_equals_having_had_that_reward_at_once(
    tmp_path_factory, heard, rewards, which, late, restarted
):
    folder = tmp_path_factory.mktemp("memory")
    which %= len(rewards)

    def run(name, values):
        memory = Memory(folder / name, half_life=3.0)
        for number, value in enumerate(values):
            angle = 1.0 + number
            memory.update(
                heard(
                    track=f"t{number}",
                    reward=value,
                    features=(np.cos(angle), np.sin(angle)),
                    signals={"rating": value},
                )
            )
        return memory

    memory = run("late.sqlite", rewards)
    if restarted:
        memory.close()
        memory = Memory(folder / "late.sqlite", half_life=3.0)
    angle = 1.0 + which
    memory.rate("anna", f"t{which}", late, np.array([np.cos(angle), np.sin(angle)], np.float32))
    rewards[which] = late
    at_once = run("at_once.sqlite", rewards).person("anna")
    corrected = memory.person("anna")
    assert corrected.taste == pytest.approx(at_once.taste, abs=1e-6)
    assert corrected.weight == pytest.approx(at_once.weight)
    for track in at_once.tracks:
        assert corrected.history(track) == (
            pytest.approx(at_once.history(track)[0], abs=1e-9),
            at_once.history(track)[1],
        )
