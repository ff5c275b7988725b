"""Files of older formats."""

from __future__ import annotations

import sqlite3

import numpy as np
import pytest

from emo_music_ros.recommendation.memory import rows as module
from emo_music_ros.recommendation.memory.person import PRIOR_LISTENS
from emo_music_ros.recommendation.memory.store import Memory

TASTE = np.array([0.3, -0.4])


@pytest.fixture
def first_format(tmp_path):
    """Return a file made by the first script, with a person of twelve listens."""
    path = tmp_path / "memory.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript(module.MIGRATIONS[0] + "; PRAGMA user_version = 1")
    connection.execute("INSERT INTO person VALUES ('anna', ?, 12, 99.0)", (TASTE.tobytes(),))
    connection.execute("INSERT INTO history VALUES ('anna', 't1', 3, 2, 0.5)")
    connection.execute(
        "INSERT INTO outcome (person_id, time, recommendation_id, track_id, learned, dwell, reward)"
        " VALUES ('anna', 99.0, 'r1', 't1', 1, 1.0, 0.5)"
    )
    connection.commit()
    connection.close()
    return path


def test_a_file_of_the_first_format_is_brought_up_to_date(first_format, rows):
    memory = Memory(first_format)
    person = memory.person("anna")
    assert memory.error == ""
    assert person.taste == pytest.approx(TASTE)
    assert (person.updates, person.listens, person.weight) == (12, 12, 5.0)
    assert np.linalg.norm(person.preference) == pytest.approx(0.5 * 5 / (5 + PRIOR_LISTENS))
    assert person.history("t1") == (0.5, 2)
    assert person.tracks["t1"].heard == 3
    assert person.usual_dwell == (1.0, 0)
    assert person.blocked == set()
    memory.close()
    connection = sqlite3.connect(first_format)
    assert connection.execute("PRAGMA user_version").fetchone() == (len(module.MIGRATIONS),)
    connection.close()
    assert not list(first_format.parent.glob("*corrupt*"))


def test_it_learns_on_from_there(first_format, heard, rows):
    memory = Memory(first_format)
    assert memory.update(heard(track="t2", signals={"rating": 1.0}, listen_id=13))
    assert memory.rate("anna", "t1", 1.0, np.array([1.0, 0.0]))[1] == 1.0
    memory.block("anna", "t2", 5.0, "distress")
    memory.close()
    assert rows(first_format, "track_id, reward, listen") == [("t1", 1.0, None), ("t2", 1.0, 13)]
    person = Memory(first_format).person("anna")
    assert (person.updates, person.listens, person.blocked) == (13, 13, {"t2"})
    assert person.history("t1") == (pytest.approx(0.75), 2)


def test_every_column_exists_and_every_table_but_one_knows_whom_it_is_about(tmp_path):
    path = tmp_path / "memory.sqlite"
    Memory(path).close()
    connection = sqlite3.connect(path)
    outcome = {row[1] for row in connection.execute("PRAGMA table_info(outcome)")}
    assert outcome == {"id", *module.COLUMNS}
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    columns = {
        name: {row[1] for row in connection.execute(f"PRAGMA table_info({name})")}
        for (name,) in tables
    }
    assert {name for name in columns if "person_id" not in columns[name]} == {"forgotten"}
    connection.close()
