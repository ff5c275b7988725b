# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A row that makes no sense costs that row."""

from __future__ import annotations

import logging
import sqlite3

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emo_music_ros.recommendation.memory.store import Memory

NAN, INF = float("nan"), float("inf")


def change(path, statement, *values):
    connection = sqlite3.connect(path, isolation_level=None)
    assert connection.execute(statement, values).rowcount >= 1
    connection.close()


@pytest.fixture
def path(tmp_path, heard):
    path = tmp_path / "memory.sqlite"
    memory = Memory(path)
    for person in ("anna", "bert"):
        for track in ("t1", "t2"):
            memory.update(heard(track=track, person=person, reward=0.5, signals={"rating": 0.5}))
    memory.block("anna", "t2", 1.0, "distress")
    memory.close()
    return path


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("preference", b"odd"),
        ("preference", np.array([NAN, 1.0]).tobytes()),
        ("preference", np.array([INF, 1.0]).tobytes()),
        ("preference", np.array([1e300, 1.0]).tobytes()),
        ("preference", "a text"),
        ("updates", 2**63 - 1),
        ("updates", "many"),
        ("updates", -1),
        ("updates", 1.5),
        ("listens", b"\x00"),
        ("weight", "heavy"),
        ("weight", INF),
        ("weight", -1.0),
        ("dwell", -2.0),
        ("dwells", -2),
    ],
)
def test_a_person_whose_row_makes_no_sense(path, heard, caplog, column, value):
    change(path, f"UPDATE person SET {column} = ? WHERE person_id = 'anna'", value)
    memory = Memory(path)
    with caplog.at_level(logging.WARNING):
        person = memory.person("anna")
        assert memory.person("bert").updates == 2
    assert (person.updates, person.listens, person.taste.size) == (0, 0, 0)
    assert person.history("t1") == (0.5, 1)  # the rest is used
    assert person.blocked == {"t2"}
    (record,) = caplog.records
    assert "table person" in record.getMessage()
    assert "'anna'" in record.getMessage()
    assert memory.update(heard(reward=0.25))  # and the row is written anew
    assert memory.error == ""
    again = Memory(path).person("anna")
    assert (again.updates, again.taste) == (1, pytest.approx([0.25, 0.0]))


def test_a_track_that_is_kept_back_and_makes_no_sense_is_told(path, caplog):
    change(path, "UPDATE blocked SET track_id = ?", b"\xff")
    with caplog.at_level(logging.WARNING):
        assert Memory(path).person("anna").blocked == set()
    assert "table blocked" in caplog.text


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("heard", "often"),
        ("heard", 2**63 - 1),
        ("judged", 2**63 - 1),
        ("heard", -1),
        ("judged", -3),
        ("judged", b"x"),
        ("mean", "good"),
        ("mean", 7.0),
        ("mean", -INF),
    ],
)
def test_a_track_whose_row_makes_no_sense(path, heard, caplog, column, value):
    change(path, f"UPDATE history SET {column} = ? WHERE track_id = 't1'", value)
    memory = Memory(path)
    for _ in range(2):
        person = memory.person("anna")
        assert set(person.tracks) == {"t2"}
        assert person.updates == 2
        Memory(path).update(heard(person="bert", track="t3"))  # read again
    told = [text for text in caplog.messages if "history" in text and "'anna', 't1'" in text]
    assert len(told) == 1
    assert memory.update(heard(track="t1", reward=-1.0))
    assert Memory(path).person("anna").history("t1") == (-1.0, 1)


def test_a_name_that_is_none(path, caplog):
    change(path, "UPDATE history SET track_id = x'ff' WHERE track_id = 't1'")
    change(path, "UPDATE blocked SET track_id = 5")
    change(
        path, "INSERT INTO person SELECT x'ff', preference, 1, 1, 1, 1, 1, 1, 0 FROM person LIMIT 1"
    )
    change(path, "UPDATE person SET person_id = CAST(x'ff' AS TEXT) WHERE person_id = 'bert'")
    memory = Memory(path)
    assert set(memory.person("anna").tracks) == {"t2"}
    assert "anna" in memory.persons()
    assert memory.error == ""


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("signals", "{no json"),
        ("signals", "[1]"),
        ("signals", '{"unheard of": 1.0}'),
        ("signals", '{"skip": "yes"}'),
        ("signals", '{"skip": NaN}'),
        ("signals", b"\xff"),
        ("reward", "good"),
        ("reward", INF),
        ("learned", "yes"),
        ("sequence", -1),
        ("sequence", "last"),
    ],
)
def test_a_listen_whose_row_makes_no_sense_is_not_corrected(path, caplog, column, value):
    change(path, f"UPDATE outcome SET {column} = ? WHERE track_id = 't1'", value)
    memory = Memory(path)
    assert memory.rate("anna", "t1", 1.0, np.array([1.0, 0.0])) is None
    assert memory.error == ""
    assert "table outcome" in caplog.text
    assert memory.person("anna").history("t1") == (0.5, 1)
    assert memory.rate("anna", "t2", 1.0, np.array([1.0, 0.0]))[1] == 1.0


anything = st.none() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text() | st.binary()


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.sampled_from(
        [("person", name) for name in ("preference", "updates", "weight", "listens", "dwell")]
        + [("person", "generation"), ("history", "heard"), ("history", "mean")]
        + [("outcome", "signals"), ("outcome", "reward"), ("outcome", "listen")]
        + [("forgotten", "times"), ("blocked", "track_id")]
    ),
    anything,
)
def test_whatever_is_in_a_cell_nothing_raises(tmp_path_factory, heard, cell, value):
    table, column = cell
    path = tmp_path_factory.mktemp("memory") / "memory.sqlite"
    memory = Memory(path, durable=False)
    memory.update(heard(track="t1", signals={"rating": 1.0}))
    memory.block("anna", "t2", 1.0, "distress")
    memory.forget("bert")
    memory.close()
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute(f"UPDATE {table} SET {column} = ?", (value,))
    except (sqlite3.IntegrityError, UnicodeEncodeError):
        return  # the table does not take it
    finally:
        connection.close()
    memory = Memory(path, durable=False)
    person = memory.person("anna")
    assert np.isfinite(person.preference).all()
    memory.rate("anna", "t1", 0.5, np.array([1.0, 0.0]))
    assert memory.update(heard(track="t3"))
    assert memory.forget("anna") > 0
    assert memory.error == ""
