# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Files of older formats."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from emo_music_ros.recommendation.memory import rows as module
from emo_music_ros.recommendation.memory.migrating import FORMAT
from emo_music_ros.recommendation.memory.person import PRIOR_LISTENS
from emo_music_ros.recommendation.memory.schema import metadata
from emo_music_ros.recommendation.memory.store import Memory

#: What programs made before there was Alembic, format by format.
FIRST = """
    CREATE TABLE person (
        person_id TEXT PRIMARY KEY,
        preference BLOB NOT NULL,   -- taste, float64
        updates INTEGER NOT NULL,
        changed REAL NOT NULL       -- unix seconds
    );
    CREATE TABLE history (
        person_id TEXT NOT NULL,
        track_id TEXT NOT NULL,
        heard INTEGER NOT NULL,
        judged INTEGER NOT NULL,    -- times there was anything to judge by
        mean REAL NOT NULL,         -- of the rewards, -1..1
        PRIMARY KEY (person_id, track_id)
    );
    CREATE TABLE outcome (
        id INTEGER PRIMARY KEY,
        person_id TEXT NOT NULL, time REAL NOT NULL, recommendation_id TEXT NOT NULL,
        track_id TEXT NOT NULL, learned INTEGER NOT NULL, dwell REAL, skipped INTEGER,
        interrupted INTEGER, repeats INTEGER, rating REAL,
        before_valence REAL, before_arousal REAL, before_dominance REAL, before_confidence REAL,
        after_valence REAL, after_arousal REAL, after_dominance REAL, after_confidence REAL,
        heart_rate_before REAL, heart_rate_after REAL, reward REAL,
        score REAL, emotion_match REAL, preference_match REAL, history_match REAL,
        attention REAL, propensity REAL
    );
    CREATE INDEX outcome_person ON outcome (person_id, time);
"""
SECOND = """
    ALTER TABLE person ADD COLUMN weight REAL NOT NULL DEFAULT 0;
    ALTER TABLE person ADD COLUMN listens INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE person ADD COLUMN dwell REAL NOT NULL DEFAULT 0;
    ALTER TABLE person ADD COLUMN dwells INTEGER NOT NULL DEFAULT 0;
    UPDATE person SET weight = min(updates, 5), listens = updates;
    ALTER TABLE outcome ADD COLUMN listen INTEGER;
    ALTER TABLE outcome ADD COLUMN sequence INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE outcome ADD COLUMN signals TEXT;
    ALTER TABLE outcome ADD COLUMN attended REAL;
    ALTER TABLE outcome ADD COLUMN state TEXT;
    ALTER TABLE outcome ADD COLUMN rationality REAL;
    ALTER TABLE outcome ADD COLUMN variation REAL;
    CREATE TABLE blocked (
        person_id TEXT NOT NULL,
        track_id TEXT NOT NULL,
        time REAL NOT NULL,         -- unix seconds
        reason TEXT NOT NULL,
        PRIMARY KEY (person_id, track_id)
    );
"""
THIRD = """
    ALTER TABLE person ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;
    CREATE TABLE forgotten (bucket INTEGER PRIMARY KEY, times INTEGER NOT NULL);
"""
TASTE = np.array([0.3, -0.4])


@pytest.fixture
def first_format(tmp_path):
    """Return a file made by the first script, with a person of twelve listens."""
    path = tmp_path / "memory.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript(FIRST + "; PRAGMA user_version = 1")
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
    assert connection.execute("PRAGMA user_version").fetchone() == (FORMAT,)
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


def test_every_column_exists_and_every_table_of_people_knows_whom_it_is_about(tmp_path, heard):
    path = tmp_path / "memory.sqlite"
    Memory(path).close()
    connection = sqlite3.connect(path)
    outcome = {row[1] for row in connection.execute("PRAGMA table_info(outcome)")}
    assert outcome == {"id", *module.outcome_row(heard(), None, 0)}
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    columns = {
        name: {row[1] for row in connection.execute(f"PRAGMA table_info({name})")}
        for (name,) in tables
    }
    without = {name for name in columns if "person_id" not in columns[name]}
    assert without == {"forgotten", "alembic_version"}
    connection.close()


@pytest.mark.parametrize("mark", [0, 0x656D6F01])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_files_of_every_format_open_without_loss(tmp_path, heard, number, mark):
    path = tmp_path / "memory.sqlite"
    connection = sqlite3.connect(path)
    for script in (FIRST, SECOND, THIRD)[:number]:
        connection.executescript(script)
    connection.execute(f"PRAGMA user_version = {number}")
    connection.execute(f"PRAGMA application_id = {mark}")
    connection.execute(
        "INSERT INTO person (person_id, preference, updates, changed) VALUES ('anna', ?, 3, 99.0)",
        (TASTE.tobytes(),),
    )
    connection.execute("INSERT INTO history VALUES ('anna', 't1', 3, 2, 0.5)")
    if number > 1:
        connection.execute("UPDATE person SET weight = 2.5, listens = 7, dwell = 1.5, dwells = 2")
        connection.execute("INSERT INTO blocked VALUES ('anna', 't9', 5.0, 'distress')")
    if number > 2:
        connection.execute("UPDATE person SET generation = 1")
        connection.execute("INSERT INTO forgotten VALUES (7, 1)")
    connection.execute(
        "INSERT INTO outcome (person_id, time, recommendation_id, track_id, learned, reward)"
        " VALUES ('anna', 99.0, 'r1', 't1', 1, 0.5)"
    )
    connection.commit()
    names = [row[1] for row in connection.execute("PRAGMA table_info(outcome)")]
    before = connection.execute("SELECT * FROM outcome").fetchall()
    connection.close()
    memory = Memory(path)
    person = memory.person("anna")
    assert memory.error == ""
    assert person.taste == pytest.approx(TASTE)
    assert person.updates == 3
    assert (person.listens, person.weight) == ((3, 3.0) if number == 1 else (7, 2.5))
    assert person.blocked == ({"t9"} if number > 1 else set())
    assert memory.update(heard(track="t2"))
    memory.close()
    connection = sqlite3.connect(path)
    kept = connection.execute(f"SELECT {', '.join(names)} FROM outcome WHERE id = 1").fetchall()
    assert kept == before
    assert connection.execute("PRAGMA user_version").fetchone() == (FORMAT,)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    for name, table in metadata.tables.items():
        columns = {row[1] for row in connection.execute(f"PRAGMA table_info({name})")}
        assert columns == set(table.columns.keys()), name
    connection.close()


def test_a_file_of_this_format_is_opened_without_the_tool_that_changes_formats(tmp_path):
    path = tmp_path / "memory.sqlite"
    code = (
        "import sys; from emo_music_ros.recommendation.memory.store import Memory;"
        f"Memory({str(path)!r}).close(); Memory({str(path)!r}).close();"
        "print(sorted({'alembic', 'psycopg', 'sqlalchemy.orm'} & set(sys.modules)))"
    )
    root = str(Path(module.__file__).parents[3])
    environment = {**os.environ, "PYTHONPATH": root}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    assert done.stdout == "[]\n"
