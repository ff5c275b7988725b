# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import emo_music_ros
from emo_music_ros.emotion import unknown
from emo_music_ros.errors import StorageError
from emo_music_ros.recommendation.base import RankedTrack
from emo_music_ros.recommendation.memory.person import TrackHistory
from emo_music_ros.recommendation.memory.store import Memory, default_path
from emo_music_ros.streams import Outcome, Track

NAN = float("nan")
ROOT = str(Path(emo_music_ros.__file__).parents[1])


def rows_of(path, columns, table="outcome"):
    connection = sqlite3.connect(path)
    try:
        return connection.execute(f"SELECT {columns} FROM {table} ORDER BY rowid").fetchall()
    finally:
        connection.close()


def heard(track="t1", reward=1.0, person="anna", features=(1.0, 0.0), time=100.0, **more):
    nothing = unknown()
    return Outcome(
        time,
        person,
        Track(track, "", features=np.array(features, np.float32)),
        **{
            "dwell": 1.0,
            "skipped": False,
            "interrupted": False,
            "repeats": 0,
            "rating": NAN,
            "before": nothing,
            "after": nothing,
            "heart_rate_before": NAN,
            "heart_rate_after": NAN,
            "reward": reward,
            "recommendation_id": "r1",
            **more,
        },
    )


def test_it_learns_by_the_half_life_in_listens(tmp_path):
    memory = Memory(tmp_path / "memory.sqlite", half_life=2.0)
    assert memory.update(heard(reward=0.5, features=(3.0, 4.0)))
    person = memory.person("anna")
    assert person.taste == pytest.approx([0.3, 0.4])
    assert memory.update(heard(reward=-1.0, features=(0.0, 2.0)))
    kept = 0.5**0.5
    assert person.taste == pytest.approx([0.3 * kept / (kept + 1), (0.4 * kept - 1) / (kept + 1)])
    assert person.history("t1") == (pytest.approx(-0.25), 2)
    assert person.history("never") == (0.0, 0)
    assert memory.updates == person.updates == 2


def test_it_survives_a_restart(tmp_path):
    path = tmp_path / "folder" / "memory.sqlite"
    memory = Memory(path)
    for index in range(5):
        memory.update(heard(track=f"t{index % 2}", reward=0.1 * index))
    before = memory.person("anna")
    memory.close()
    memory.close()
    after = Memory(path).person("anna")
    assert np.array_equal(after.preference, before.preference)
    assert after.updates == after.listens == 5
    assert after.weight == before.weight
    assert after.usual_dwell == before.usual_dwell
    assert after.history("t0") == before.history("t0")


def test_what_says_nothing_is_logged_and_not_learned(tmp_path):
    memory = Memory(tmp_path / "memory.sqlite")
    memory.update(heard(reward=1.0))
    preference = memory.person("anna").preference.copy()
    memory.update(heard(reward=NAN))
    memory.update(heard(reward=NAN))
    person = memory.person("anna")
    assert np.array_equal(person.preference, preference)
    assert person.history("t1") == (1.0, 1)
    assert person.tracks["t1"] == TrackHistory(3, 1, 1.0)
    assert memory.updates == 1


def test_a_habit_is_learned_only_from_who_was_there_to_the_end(tmp_path):
    memory = Memory(tmp_path / "memory.sqlite")
    memory.update(heard(dwell=0.4, attended=1.0))
    memory.update(heard(dwell=1.0, attended=0.0))
    memory.update(heard(dwell=0.1, attended=1.0, interrupted=True))
    assert memory.person("anna").usual_dwell == (pytest.approx(0.4), 1)
    assert memory.person("anna").listens == 3


def test_every_outcome_is_logged_with_its_scores_and_the_parts_of_its_reward(tmp_path):
    memory = Memory(tmp_path / "memory.sqlite")
    ranked = RankedTrack(Track("t1", ""), 0.6, 0.7, 0.5, 0.4, 0.1, 0.25)
    memory.update(
        heard(
            reward=0.5,
            dwell=0.75,
            skipped=True,
            rating=0.5,
            time=123.0,
            signals={"rating": 0.5, "skip": -1.0},
            attended=0.8,
            state="calm",
            rationality=0.2,
            variation=NAN,
            listen_id=7,
        ),
        ranked,
    )
    memory.close()
    rows = rows_of(
        tmp_path / "memory.sqlite",
        "person_id, time, recommendation_id, track_id, learned, dwell, skipped, rating,"
        " before_valence, reward, score, emotion_match, preference_match, history_match,"
        " attention, propensity, listen, sequence, attended, state, rationality, variation",
    )
    assert rows == [
        ("anna", 123.0, "r1", "t1", 1, 0.75, 1, 0.5, None, 0.5, 0.6, 0.7, 0.5, 0.4, 0.1, 0.25)
        + (7, 1, 0.8, "calm", 0.2, None)
    ]
    ((text,),) = rows_of(tmp_path / "memory.sqlite", "signals")
    assert json.loads(text) == {"rating": 0.5, "skip": -1.0}


def test_people_are_separate(tmp_path):
    memory = Memory(tmp_path / "memory.sqlite")
    memory.update(heard(person="anna", reward=1.0))
    memory.update(heard(person="bert", reward=-1.0))
    assert memory.person("anna").preference[0] == -memory.person("bert").preference[0] > 0
    assert memory.person("cleo").preference.size == 0
    assert memory.persons() == ["anna", "bert"]


WRITERS = """
import json, os, random, signal, sys, time
import numpy as np
from emo_music_ros.emotion import unknown
from emo_music_ros.streams import Outcome, Track
from emo_music_ros.recommendation.memory.store import Memory

nothing, nan = unknown(), float("nan")

def write(name, out):
    memory = Memory(sys.argv[1])
    number = 0
    while True:
        track = Track(f"{name}-{number}", "", features=np.ones(31, np.float32))
        if memory.update(Outcome(float(number), "anna", track, 1.0, False, False, 0, nan, nothing,
                                 nothing, nan, nan, 0.5)):
            os.write(out, b"%d\\n" % number)
        number += 1

moments = random.Random(5)
acknowledged = []
for name in range(int(sys.argv[2])):
    read, out = os.pipe()
    child = os.fork()
    if not child:
        os.close(read)
        write(name, out)
    os.close(out)
    with open(read) as lines:
        last = int(lines.readline())  # it is at work
        time.sleep(moments.uniform(0.0, 0.1))
        os.kill(child, signal.SIGKILL)
        for line in lines:
            last = int(line)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    acknowledged.append(last + 1)
print(json.dumps(acknowledged))
"""


def environment():
    return {**os.environ, "PYTHONPATH": ROOT}


def test_killed_at_twenty_moments_it_has_every_acknowledged_update(tmp_path):
    path = tmp_path / "memory.sqlite"
    done = subprocess.run(
        [sys.executable, "-c", WRITERS, str(path), "20"],
        capture_output=True,
        text=True,
        env=environment(),
        check=False,
    )
    assert done.returncode == 0, done.stderr
    acknowledged = json.loads(done.stdout)
    assert len(acknowledged) == 20
    memory = Memory(path)
    person = memory.person("anna")
    logged = [row[0] for row in rows_of(path, "track_id")]
    for name, count in enumerate(acknowledged):
        expected = [f"{name}-{number}" for number in range(count)]
        found = [track for track in logged if track.startswith(f"{name}-")]
        assert found[:count] == expected
        assert len(found) in (count, count + 1)  # killed between writing and saying so
        assert all(person.tracks[track] == TrackHistory(1, 1, 0.5) for track in found)
    assert person.updates == person.listens == len(person.tracks) == len(logged)
    assert person.taste == pytest.approx(np.full(31, 0.5 / np.sqrt(31)))
    weight = (1 - memory.retention**person.updates) / (1 - memory.retention)
    assert person.weight == pytest.approx(weight)
    assert memory.error == ""
    assert not list(tmp_path.glob("*.corrupt-*"))


@pytest.mark.parametrize("damage", ["text", "header", "middle"])
def test_a_corrupt_database_is_moved_aside(tmp_path, damage, caplog):
    path = tmp_path / "memory.sqlite"
    memory = Memory(path)
    for index in range(300):
        memory.update(heard(track=f"track number {index}"))
    memory.close()
    data = bytearray(path.read_bytes())
    if damage == "text":
        data = bytearray(b"this is not a database\n" * 500)
    elif damage == "header":
        data[:100] = bytes(100)
    else:
        data[4096 : len(data) - 4096] = os.urandom(len(data) - 8192)
    path.write_bytes(data)
    reports = []
    memory = Memory(path, on_error=reports.append, own=damage != "middle")
    assert memory.person("anna").updates == 0
    assert memory.update(heard())
    assert reports == []
    aside = [file for file in tmp_path.iterdir() if ".corrupt-" in file.name]
    assert len(aside) == 1
    assert aside[0].read_bytes() == bytes(data)
    assert "moved to" in caplog.text
    memory.close()
    assert Memory(path).person("anna").updates == 1


def test_damage_while_running_loses_nothing_that_is_in_memory(tmp_path):
    path = tmp_path / "memory.sqlite"
    memory = Memory(path)
    for index in range(50):
        memory.update(heard(track=f"t{index}"))
    memory._storage.database.connect().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(path.stat().st_size - 4096))
    memory._storage.database.connect().execute("PRAGMA cache_size = 0")
    assert memory.update(heard(track="after"))
    assert memory.error == ""
    assert len(list(tmp_path.glob("*.corrupt-*"))) == 1
    memory.close()
    person = Memory(path).person("anna")
    assert person.updates == 51
    assert all(person.history(f"t{i}")[1] == 1 for i in range(50))


FULL = """
import resource, sys
import numpy as np
from emo_music_ros.emotion import unknown
from emo_music_ros.streams import Outcome, Track
from emo_music_ros.recommendation.memory.store import Memory

reports = []
memory = Memory(sys.argv[1], on_error=reports.append)
nothing, nan = unknown(), float("nan")

def learn(number):
    track = Track(f"t{number}", "", features=np.ones(31, np.float32))
    return memory.update(Outcome(float(number), "anna", track, 1.0, False, False, 0, nan, nothing,
                                 nothing, nan, nan, 0.5))

assert learn(0)
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (40000, hard))
stored = [learn(number) for number in range(1, 101)]
assert not stored[-1], "the disk did not fill up"
assert len(reports) == 1, reports
assert "disk space" in reports[0].remedy
assert memory.error
assert memory.updates == 101
assert memory.person("anna").history("t100") == (0.5, 1)
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
assert learn(101)
assert memory.error == ""
memory.close()
assert Memory(sys.argv[1]).person("anna").updates == 102
assert all(Memory(sys.argv[1]).person("anna").history(f"t{i}")[1] == 1 for i in range(102))
print("done")
"""


def test_a_full_disk_is_reported_once_and_learning_goes_on(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / "memory.sqlite")],
        capture_output=True,
        text=True,
        env=environment(),
        check=False,
    )
    assert done.stdout == "done\n", done.stderr


def test_a_place_that_cannot_be_written_is_reported_once(tmp_path):
    (tmp_path / "file").write_text("in the way")
    reports = []
    memory = Memory(tmp_path / "file" / "memory.sqlite", on_error=reports.append)
    assert not memory.update(heard(reward=0.5))
    assert not memory.update(heard(reward=0.5))
    assert len(reports) == 1
    assert isinstance(reports[0], StorageError)
    assert "memory.sqlite" in reports[0].cause
    assert memory.person("anna").history("t1") == (0.5, 2)
    assert memory.persons() == ["anna"]
    with pytest.raises(StorageError, match="anna"):
        memory.forget("anna")
    assert memory.person("anna").updates == 0
    memory.close()


def test_forgetting_removes_every_trace_from_the_file(tmp_path):
    path = tmp_path / "memory.sqlite"
    memory = Memory(path)
    (tmp_path / "memory.sqlite.corrupt-20240101T000000Z").write_text("may hold anna-marker")
    for index in range(30):
        memory.update(heard(person="anna-marker", track=f"secret-track-{index}"))
        memory.update(heard(person="bert", track=f"other-{index}"))
    held = memory.person("anna-marker")
    assert memory.forget("anna-marker") == 1 + 30 + 30
    assert held.updates == 0
    assert held.preference.size == 0
    for file in tmp_path.iterdir():
        data = file.read_bytes()
        assert b"anna-marker" not in data, file
        assert b"secret-track" not in data, file
    assert memory.persons() == ["bert"]
    assert memory.person("bert").updates == 30
    assert memory.forget("nobody") == 0
    memory.close()
    assert Memory(path).person("anna-marker").updates == 0
    assert Memory(path).person("bert").history("other-3") == (1.0, 1)


def test_a_newer_format_is_left_alone(tmp_path):
    path = tmp_path / "memory.sqlite"
    Memory(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = path.read_bytes()
    reports = []
    memory = Memory(path, on_error=reports.append)
    assert not memory.update(heard())
    memory.close()
    assert "format 99" in str(reports[0])
    assert path.read_bytes() == before
    assert len(list(tmp_path.glob("*corrupt*"))) == 0


def test_two_programs_share_one_memory(tmp_path):
    first, second = Memory(tmp_path / "m.sqlite"), Memory(tmp_path / "m.sqlite")
    for index in range(5):
        assert first.update(heard(person="anna", track=f"a{index}"))
        assert second.update(heard(person="bert", track=f"b{index}"))
    first.close()
    second.close()
    assert Memory(tmp_path / "m.sqlite").persons() == ["anna", "bert"]


def test_a_file_that_is_not_ours_is_left_alone_and_reported(tmp_path):
    path = tmp_path / "letter.txt"
    path.write_text("dear Ada")
    reports = []
    memory = Memory(path, on_error=reports.append)
    assert not memory.update(heard(reward=0.5))
    assert memory.person("anna").history("t1") == (0.5, 1)
    memory.close()
    (report,) = reports
    assert f"'{path}' is no database of this program" in report.cause
    assert path.read_text() == "dear Ada"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("path", ["~nobody-like-this/m.sqlite", "a\0b", "x" * 300])
def test_a_path_that_is_none_is_reported(path):
    reports = []
    memory = Memory(path, on_error=reports.append)
    assert not memory.update(heard())
    assert memory.error == str(reports[0])
    assert len(reports) == 1
    memory.close()


def test_a_read_only_memory_is_read_and_learning_goes_on(tmp_path, mortal):
    path = tmp_path / "image" / "memory.sqlite"
    memory = Memory(path)
    memory.update(heard(reward=0.5))
    memory.block("anna", "t9", 1.0, "distress")
    memory.close()
    path.parent.chmod(0o500)
    reports = []
    memory = Memory(path, on_error=reports.append)
    person = memory.person("anna")
    assert person.history("t1") == (0.5, 1)
    assert person.blocked == {"t9"}
    assert memory.persons() == ["anna"]
    assert reports == []
    for _ in range(3):
        assert not memory.update(heard(reward=-0.5, track="t2"))
    assert person.history("t2") == (-0.5, 3)
    assert person.history("t1") == (0.5, 1)
    assert len(reports) == 1
    memory.close()
    path.parent.chmod(0o700)
    assert [entry.name for entry in path.parent.iterdir()] == ["memory.sqlite"]


def test_listens_that_wait_too_long_are_told(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("emo_music_ros.recommendation.memory.waiting.MOST_PENDING", 3)
    (tmp_path / "file").write_text("in the way")
    memory = Memory(tmp_path / "file" / "memory.sqlite")
    for number in range(5):
        assert not memory.update(heard(track=f"t{number}"))
    assert memory.person("anna").listens == 5
    (tmp_path / "file").unlink()
    assert memory.update(heard(track="last"))
    assert "more than 3 listens wait" in caplog.text
    assert "3 listens were lost" in caplog.text
    assert memory.person("anna").history("last") == (1.0, 1)
    assert memory.error == ""


def test_where_the_memory_is(tmp_path, monkeypatch):
    monkeypatch.delenv("EMO_MUSIC_CACHE", raising=False)
    monkeypatch.setenv("EMO_MUSIC_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    data, former = tmp_path / "data", tmp_path / "cache" / "emo_music_ros" / "memory.sqlite"
    assert default_path("") == default_path("/") == data / "memory.sqlite"
    assert default_path("/ward/kitchen") == data / "ward" / "kitchen" / "memory.sqlite"
    assert default_path("/kitchen", "second") == data / "kitchen" / "second.sqlite"
    Memory(former).update(heard())
    assert default_path("") == former  # of an earlier version
    assert default_path("", "second") == data / "second.sqlite"
    assert default_path("/kitchen") == data / "kitchen" / "memory.sqlite"
    Memory(data / "memory.sqlite").close()
    assert default_path("") == data / "memory.sqlite"
