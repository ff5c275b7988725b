from __future__ import annotations

import logging
import os
import sqlite3
import threading
from pathlib import Path

import pytest

from emo_music_ros.errors import StorageError
from emo_music_ros.io.database import Database, is_broken, transaction

FIRST = """
CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL);  -- one; or more
CREATE INDEX note_text ON note (text);
"""
SECOND = "ALTER TABLE note ADD COLUMN mood TEXT DEFAULT 'calm; or so'"


def write(database: Database, text: str) -> None:
    with transaction(database.connect()):
        database.connect().execute("INSERT INTO note (text) VALUES (?)", (text,))


def texts(database: Database) -> list[str]:
    return [row[0] for row in database.connect().execute("SELECT text FROM note ORDER BY id")]


def pragma(database: Database, name: str) -> object:
    return database.connect().execute(f"PRAGMA {name}").fetchone()[0]


def filled(path: Path, count: int = 300) -> Database:
    database = Database(path, [FIRST])
    for number in range(count):
        write(database, f"note number {number} " * 5)
    return database


def test_it_is_made_with_its_folder_and_opened_once(tmp_path: Path) -> None:
    database = Database(tmp_path / "a" / "b" / "notes.sqlite", [FIRST, SECOND])
    assert not database.path.exists()
    write(database, "hello")
    assert database.connect() is database.connect()
    assert pragma(database, "user_version") == 2
    database.close()
    database.close()
    assert texts(database) == ["hello"]  # opened again


def test_deleted_rows_are_overwritten_and_writes_are_durable(tmp_path: Path) -> None:
    database = Database(tmp_path / "notes.sqlite", [FIRST])
    assert pragma(database, "secure_delete") == 1
    assert pragma(database, "synchronous") == 2
    assert pragma(database, "journal_mode") == "wal"
    assert pragma(Database(tmp_path / "quick.sqlite", [FIRST], durable=False), "synchronous") == 1


def test_an_old_format_is_brought_up_to_date(tmp_path: Path) -> None:
    old = Database(tmp_path / "notes.sqlite", [FIRST])
    write(old, "kept")
    old.close()
    new = Database(tmp_path / "notes.sqlite", [FIRST, SECOND])
    rows = new.connect().execute("SELECT text, mood FROM note").fetchall()
    assert rows == [("kept", "calm; or so")]
    assert pragma(new, "user_version") == 2


def test_a_migration_that_fails_leaves_the_format_before(tmp_path: Path) -> None:
    Database(tmp_path / "notes.sqlite", [FIRST]).connect().close()
    wrong = "CREATE TABLE more (id INTEGER); CREATE TABLE note (id INTEGER)"
    with pytest.raises(sqlite3.OperationalError, match="already exists"):
        Database(tmp_path / "notes.sqlite", [FIRST, wrong]).connect()
    old = Database(tmp_path / "notes.sqlite", [FIRST])
    assert pragma(old, "user_version") == 1
    names = {row[0] for row in old.connect().execute("SELECT name FROM sqlite_master")}
    assert "more" not in names


def test_programs_that_start_together_make_it_once(tmp_path: Path) -> None:
    databases = [Database(tmp_path / "n.sqlite", [FIRST, SECOND], timeout=30.0) for _ in range(6)]
    gate = threading.Barrier(len(databases))
    failures: list[Exception] = []

    def start(database: Database) -> None:
        gate.wait()
        try:
            write(database, "one")
        except sqlite3.Error as error:
            failures.append(error)

    threads = [threading.Thread(target=start, args=(database,)) for database in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert texts(databases[0]) == ["one"] * len(databases)
    assert not list(tmp_path.glob("*.corrupt-*"))


@pytest.mark.parametrize("rebuildable", [False, True])
def test_a_newer_format_is_refused_unless_it_can_be_made_again(
    tmp_path: Path, rebuildable: bool
) -> None:
    path = tmp_path / "notes.sqlite"
    database = Database(path, [FIRST], what="memory", rebuildable=rebuildable)
    write(database, "from tomorrow")
    database.connect().execute("PRAGMA user_version = 99")
    database.close()
    before = path.read_bytes()
    if rebuildable:
        assert texts(database) == []
        assert len(list(tmp_path.glob("*.corrupt-*"))) == 1
        return
    with pytest.raises(StorageError) as error:
        database.connect()
    assert error.value.cause == f"memory '{path}' has format 99, this program knows 1"
    assert "Update the program" in error.value.remedy
    assert path.read_bytes() == before
    assert not list(tmp_path.glob("*.corrupt-*"))


@pytest.mark.parametrize("damage", ["text", "header", "middle"])
def test_a_damaged_file_is_moved_aside(
    tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "notes.sqlite"
    filled(path).close()
    data = bytearray(path.read_bytes())
    if damage == "text":
        data = bytearray(b"this is no database\n" * 500)
    elif damage == "header":
        data[:100] = bytes(100)
    else:
        data[4096 : len(data) - 4096] = os.urandom(len(data) - 8192)
    path.write_bytes(data)
    database = Database(path, [FIRST], what="memory")
    with caplog.at_level(logging.WARNING):
        assert texts(database) == []
    write(database, "new")
    (aside,) = tmp_path.glob("*.corrupt-*")
    assert aside.name.startswith("notes.sqlite.corrupt-")
    assert aside.read_bytes() == bytes(data)
    assert f"memory '{path}' is not usable" in caplog.text
    assert f"moved to '{aside}'" in caplog.text
    database.close()
    assert texts(Database(path, [FIRST])) == ["new"]


def test_damage_found_while_it_is_open(tmp_path: Path) -> None:
    path = tmp_path / "notes.sqlite"
    database = filled(path)
    database.connect().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.connect().execute("PRAGMA cache_size = 0")
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(path.stat().st_size - 4096))
    with pytest.raises(sqlite3.DatabaseError) as error:
        write(database, "after")
    assert is_broken(error.value)
    assert database.set_aside(error.value).exists()
    write(database, "after")
    assert texts(database) == ["after"]


def test_the_log_goes_along_and_nothing_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "notes.sqlite"
    database = Database(path, [FIRST])
    for number in range(3):  # within one second
        path.write_text(f"{number}")
        path.with_name("notes.sqlite-wal").write_text(f"log {number}")
        path.with_name("notes.sqlite-shm").write_text("shared")
        aside = database.set_aside(sqlite3.DatabaseError("damaged"))
        assert aside.read_text() == f"{number}"
        assert aside.with_name(aside.name + "-wal").read_text() == f"log {number}"
        assert aside.with_name(aside.name + "-shm").exists()
    assert len(list(tmp_path.iterdir())) == 9


def test_what_is_not_damage_moves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "notes.sqlite"
    write(Database(path, [FIRST]), "kept")
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    busy = Database(path, [FIRST], timeout=0.05)
    with pytest.raises(sqlite3.OperationalError, match="locked") as error:
        write(busy, "too soon")
    assert not is_broken(error.value)
    holder.execute("ROLLBACK")
    (tmp_path / "folder").mkdir()
    with pytest.raises(sqlite3.OperationalError):
        Database(tmp_path / "folder", [FIRST]).connect()
    with pytest.raises(OSError, match="notes"):
        Database(path / "below.sqlite", [FIRST]).connect()
    assert texts(busy) == ["kept"]
    assert not list(tmp_path.glob("*.corrupt-*"))


@pytest.mark.parametrize(
    ("error", "broken"),
    [
        (sqlite3.DatabaseError("file is not a database"), True),
        (sqlite3.OperationalError("no such table: note"), True),
        (sqlite3.OperationalError("database disk image is malformed"), True),
        (sqlite3.OperationalError("database is locked"), False),
        (sqlite3.OperationalError("database or disk is full"), False),
        (sqlite3.IntegrityError("UNIQUE constraint failed"), False),
    ],
)
def test_damage_is_told_from_trouble_around_the_file(error: sqlite3.Error, broken: bool) -> None:
    assert is_broken(error) is broken


def test_a_transaction_is_all_or_nothing(tmp_path: Path) -> None:
    database = Database(tmp_path / "notes.sqlite", [FIRST])
    write(database, "before")
    connection = database.connect()

    def interrupted() -> None:
        with transaction(connection):
            connection.execute("DELETE FROM note")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not connection.in_transaction
    assert texts(database) == ["before"]
