# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The memory in a SQLite file and on a real PostgreSQL server: the same tests on both."""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from outcomes import go, heard, together, writer
from postgres_server import Server, programs

from emo_music_ros.errors import StorageError
from emo_music_ros.recommendation.memory import migrating, postgres
from emo_music_ros.recommendation.memory.schema import metadata
from emo_music_ros.recommendation.memory.store import Memory

CONTENT = np.array([1.0, 0.0], np.float32)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'psycopg[binary]'")
    folder = programs()
    if folder is None:
        pytest.skip("there is no PostgreSQL server: apt install postgresql")
    made = Server(folder)
    yield made
    made.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def new_place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], str]:
    """Return what makes an empty database and returns its place."""
    if request.param == "postgresql":
        found: Server = request.getfixturevalue("server")
        return found.database
    return lambda: str(tmp_path_factory.mktemp("memory") / "memory.sqlite")


@pytest.fixture
def place(new_place: Callable[[], str]) -> str:
    return new_place()


def same(one: Any, other: Any) -> None:
    assert one.taste == pytest.approx(other.taste, abs=1e-6)
    assert one.weight == pytest.approx(other.weight)
    assert (one.listens, one.updates) == (other.listens, other.updates)
    assert one.tracks.keys() == other.tracks.keys()
    for track, history in one.tracks.items():
        assert history.mean == pytest.approx(other.tracks[track].mean)
    assert one.blocked == other.blocked
    assert one.usual_dwell == other.usual_dwell


def test_what_was_learned_is_there_for_the_next_program(place: str) -> None:
    memory = Memory(place)
    assert memory.error == ""
    assert memory.update(heard(signals={"rating": 1.0}, listen_id=3))
    assert memory.update(heard(track="t2", reward=float("nan")))
    memory.block("anna", "t9", 5.0, "distress")
    assert memory.rate("anna", "t1", -1.0, CONTENT) == (3, -1.0, {"rating": -1.0})
    memory.close()
    again = Memory(place)
    same(again.person("anna"), memory._people["anna"])
    assert again.person("anna").blocked == {"t9"}
    assert again.persons() == ["anna"]
    again.unblock("anna", "t9")
    assert Memory(place).person("anna").blocked == set()


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 3), st.floats(-1, 1)), max_size=8))
def test_two_robots_are_as_good_as_one(
    new_place: Callable[[], str], acts: list[tuple[int, int, float]]
) -> None:
    shared = new_place()
    two = [Memory(shared, 3.0) for _ in range(2)]
    one = Memory(new_place(), 3.0)
    for which, track, reward in acts:
        content = np.array([np.cos(1.0 + track), np.sin(1.0 + track)])
        for memory in (two[which], one):
            if track == 3:
                memory.rate("anna", "t0", reward, content)
                memory.block("anna", f"b{reward > 0}", 1.0, "distress")
            else:
                signals = {"rating": reward}
                memory.update(heard(f"t{track}", reward, features=content, signals=signals))
    expected = one.person("anna")
    for memory in two:
        same(memory.person("anna"), expected)
        memory.close()
    one.close()


def test_two_robots_writing_at_once_lose_nothing(place: str) -> None:
    count = 100
    writers = [writer(place, name, count) for name in "ab"]
    assert together(writers) == [0, 0]
    person = Memory(place).person("anna")
    assert (person.listens, person.updates) == (2 * count, 2 * count)
    assert sum(track.heard for track in person.tracks.values()) == 2 * count
    assert person.taste == pytest.approx([0.25, 0.25])


def test_a_robot_that_is_killed_has_lost_nothing_it_acknowledged(place: str) -> None:
    acknowledged = 0
    for number in range(4):
        process = writer(place, f"k{number}", 10_000)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        go(process)
        for _ in range(random.Random(number).randint(1, 30)):
            assert process.stdout.readline()
            acknowledged += 1
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read()  # (`communicate` passes over what is buffered)
        process.wait(60)
        acknowledged += rest.count("\n")
    person = Memory(place).person("anna")
    # One more each may have been written before it could be told.
    assert acknowledged <= person.listens <= acknowledged + 4
    assert person.listens == person.updates
    assert sum(track.heard for track in person.tracks.values()) == person.listens


def test_who_is_forgotten_by_one_is_forgotten_by_all(place: str) -> None:
    first, second = Memory(place), Memory(place)
    first.update(heard())
    first.update(heard(person="bert"))
    second.person("anna")
    second.block("anna", "t9", 1.0, "distress")
    assert first.forget("anna") == 4  # a listen, a track, a block and the person
    assert second.person("anna").tracks == {}
    assert second.person("anna").blocked == set()
    assert second.update(heard(track="new"))
    assert set(first.person("anna").tracks) == {"new"}
    assert set(Memory(place).person("bert").tracks) == {"t1"}


def test_the_steps_lead_to_the_schema(place: str) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    for through in ("create", "steps"):
        connection, close = opened(place)
        if through == "create":
            migrating.create(connection)
        else:
            metadata.drop_all(connection)
            connection.exec_driver_sql("DROP TABLE alembic_version")
            for number in range(migrating.FORMAT):
                migrating.upgrade(connection, number, number + 1)
        assert migrating.format_of(connection) == migrating.FORMAT
        context = MigrationContext.configure(connection)
        differences = compare_metadata(context, metadata)
        kinds = {entry[0] if isinstance(entry, tuple) else entry[0][0] for entry in differences}
        assert kinds <= {"modify_comment"}, (through, differences)
        close()
    memory = Memory(place)
    assert memory.update(heard())
    assert memory.error == ""


def opened(place: str) -> tuple[Any, Callable[[], None]]:
    """Return a connection to a database as it is, and what closes it."""
    if place.startswith("postgresql:"):
        connection = postgres.PostgresStorage(place, durable=True)._made().connect()
        return connection, connection.close
    raw = sqlite3.connect(place, isolation_level=None)
    # as a file of the program has: whose it is, and the number of its format
    raw.execute("PRAGMA application_id = 1701670657")
    raw.execute(f"PRAGMA user_version = {migrating.FORMAT}")
    return migrating.wrap(raw), raw.close


def test_a_database_of_the_first_format_is_brought_up_to_date_without_loss(place: str) -> None:
    connection, close = opened(place)
    migrating.upgrade(connection, 0, 1)
    taste = np.array([0.3, -0.4]).tobytes()
    from sqlalchemy import text

    connection.execute(
        text("INSERT INTO person VALUES ('anna', :taste, 12, 99.0)"), {"taste": taste}
    )
    connection.execute(text("INSERT INTO history VALUES ('anna', 't1', 3, 2, 0.5)"))
    connection.execute(
        text(
            "INSERT INTO outcome (person_id, time, recommendation_id, track_id, learned, dwell,"
            " reward) VALUES ('anna', 99.0, 'r1', 't1', 1, 1.0, 0.5)"
        )
    )
    if not place.startswith("postgresql:"):
        connection.exec_driver_sql("PRAGMA user_version = 1")
    close()
    memory = Memory(place)
    person = memory.person("anna")
    assert memory.error == ""
    assert person.taste == pytest.approx([0.3, -0.4])
    assert (person.updates, person.listens, person.weight) == (12, 12, 5.0)
    assert person.history("t1") == (0.5, 2)
    assert memory.rate("anna", "t1", 1.0, CONTENT) is not None
    assert memory.update(heard(track="t2"))


def test_a_server_that_goes_away_loses_nothing_acknowledged_and_gets_the_rest_later(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "FIRST_PAUSE", 0.0)
    place = server.database()
    told: list[str] = []
    memory = Memory(place, on_error=lambda error: told.append(str(error)))
    assert memory.update(heard(track="before"))
    server.kill()
    try:
        assert not memory.update(heard(track="meanwhile"))
        memory.block("anna", "t9", 1.0, "distress")
        assert set(memory.person("anna").tracks) == {"before", "meanwhile"}
        assert len(told) == 1
        assert "Start the server" in told[0]
    finally:
        server.start()
    assert memory.update(heard(track="after"))
    assert memory.error == ""
    person = Memory(place).person("anna")
    assert set(person.tracks) == {"before", "meanwhile", "after"}
    assert person.blocked == {"t9"}
    assert person.listens == 3


def test_a_server_that_is_away_is_not_waited_for_again_and_again(server: Server) -> None:
    memory = Memory("postgresql://robot@127.0.0.1:1/house")
    assert "cannot be written" in memory.error
    assert not memory.update(heard())
    assert "asked again in" in memory.error
    memory.close()


def test_another_robot_that_keeps_the_lock_is_not_waited_for_for_ever(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "OTHERS", 0.1)
    place = server.database()
    memory, other = Memory(place), Memory(place)
    with other._storage.transaction():
        assert not memory.update(heard())
        assert "lock timeout" in memory.error
    assert memory.update(heard(track="t2"))
    assert Memory(place).person("anna").listens == 2


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE alembic_version SET version_num = '99'", "format 99"),
        ("DROP TABLE alembic_version", "of another program"),
    ],
)
def test_a_database_that_is_not_ours_or_newer_is_left_as_it_is(
    server: Server, statement: str, told: str
) -> None:
    place = server.database()
    Memory(place).update(heard())
    connection, close = opened(place)
    connection.exec_driver_sql(statement)
    memory = Memory(place)
    assert told in memory.error
    assert not memory.update(heard())
    assert connection.exec_driver_sql("SELECT count(*) FROM outcome").scalar() == 1
    close()


def test_an_error_names_no_password_and_nobody(server: Server) -> None:
    memory = Memory("postgresql://robot:secret@127.0.0.1:1/house")
    memory.update(heard())
    assert "secret" not in memory.error + memory.place
    assert "anna" not in memory.error


def test_what_is_no_url_or_lacks_the_package_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "cannot be read" in Memory("postgresql://robot@server:port/house").error
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert "pip install 'psycopg[binary]'" in Memory("postgresql://robot@server/house").error


def test_forgetting_while_the_server_is_away_is_told(server: Server) -> None:
    memory = Memory("postgresql://robot@127.0.0.1:1/house")
    with pytest.raises(StorageError, match="could not be removed"):
        memory.forget("anna")


def test_numbers_of_listens_are_apart(place: str) -> None:
    memory = Memory(place)
    for number in range(3):
        memory.update(heard(track=f"t{number}", listen_id=number, signals={"rating": 0.5}))
    found = memory.rate("anna", "t1", 1.0, CONTENT)
    assert found is not None
    assert found[0] == 1
    assert json.loads(json.dumps(found[2])) == {"rating": 1.0}
