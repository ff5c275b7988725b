# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import logging
import os
import socket
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from emo_music_ros.errors import StorageError
from emo_music_ros.io.database import Database, is_broken, transaction

FIRST = """
CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL);  -- one; or more
CREATE INDEX note_text ON note (text);
"""
MARK = 0x12345678
SECOND = "ALTER TABLE note ADD COLUMN mood TEXT DEFAULT 'calm; or so'"


def opened(path: Path, migrations: Sequence[str] = (FIRST,), **options: Any) -> Database:
    return Database(path, migrations, application=MARK, **options)


def write(database: Database, text: str) -> None:
    with transaction(database.connect()):
        database.connect().execute("INSERT INTO note (text) VALUES (?)", (text,))


def texts(database: Database) -> list[str]:
    return [row[0] for row in database.connect().execute("SELECT text FROM note ORDER BY id")]


def pragma(database: Database, name: str) -> object:
    return database.connect().execute(f"PRAGMA {name}").fetchone()[0]


def filled(path: Path, count: int = 300) -> Database:
    database = opened(path, [FIRST])
    for number in range(count):
        write(database, f"note number {number} " * 5)
    return database


def test_it_is_made_with_its_folder_and_opened_once(tmp_path: Path) -> None:
    database = opened(tmp_path / "a" / "b" / "notes.sqlite", [FIRST, SECOND])
    assert not database.path.exists()
    write(database, "hello")
    assert database.connect() is database.connect()
    assert pragma(database, "user_version") == 2
    database.close()
    database.close()
    assert texts(database) == ["hello"]  # opened again


def test_deleted_rows_are_overwritten_and_writes_are_durable(tmp_path: Path) -> None:
    database = opened(tmp_path / "notes.sqlite", [FIRST])
    assert pragma(database, "secure_delete") == 1
    assert pragma(database, "synchronous") == 2
    assert pragma(database, "journal_mode") == "wal"
    assert pragma(opened(tmp_path / "quick.sqlite", [FIRST], durable=False), "synchronous") == 1


def test_an_old_format_is_brought_up_to_date(tmp_path: Path) -> None:
    old = opened(tmp_path / "notes.sqlite", [FIRST])
    write(old, "kept")
    old.close()
    new = opened(tmp_path / "notes.sqlite", [FIRST, SECOND])
    rows = new.connect().execute("SELECT text, mood FROM note").fetchall()
    assert rows == [("kept", "calm; or so")]
    assert pragma(new, "user_version") == 2


def test_a_migration_that_fails_leaves_the_format_before(tmp_path: Path) -> None:
    opened(tmp_path / "notes.sqlite", [FIRST]).connect().close()
    wrong = "CREATE TABLE more (id INTEGER); CREATE TABLE note (id INTEGER)"
    with pytest.raises(sqlite3.OperationalError, match="already exists"):
        opened(tmp_path / "notes.sqlite", [FIRST, wrong]).connect()
    old = opened(tmp_path / "notes.sqlite", [FIRST])
    assert pragma(old, "user_version") == 1
    names = {row[0] for row in old.connect().execute("SELECT name FROM sqlite_master")}
    assert "more" not in names


def test_programs_that_start_together_make_it_once(tmp_path: Path) -> None:
    databases = [opened(tmp_path / "n.sqlite", [FIRST, SECOND], timeout=30.0) for _ in range(6)]
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
    database = opened(path, [FIRST], what="memory", rebuildable=rebuildable)
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
    database = opened(path, [FIRST], what="memory", own=damage != "middle")
    with caplog.at_level(logging.WARNING):
        assert texts(database) == []
    write(database, "new")
    (aside,) = tmp_path.glob("*.corrupt-*")
    assert aside.name.startswith("notes.sqlite.corrupt-")
    assert aside.read_bytes() == bytes(data)
    assert f"memory '{path}' is not usable" in caplog.text
    assert f"moved to '{aside}'" in caplog.text
    database.close()
    assert texts(opened(path, [FIRST])) == ["new"]


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
    database = opened(path, [FIRST])
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
    write(opened(path, [FIRST]), "kept")
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    busy = opened(path, [FIRST], timeout=0.05)
    with pytest.raises(sqlite3.OperationalError, match="locked") as error:
        write(busy, "too soon")
    assert not is_broken(error.value)
    holder.execute("ROLLBACK")
    with pytest.raises(OSError, match="notes"):
        opened(path / "below.sqlite", [FIRST]).connect()
    assert texts(busy) == ["kept"]
    assert not list(tmp_path.glob("*.corrupt-*"))


def test_a_lock_that_sqlite_does_not_wait_for_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused: list[Path] = []
    open_once = Database._open

    def busy(database: Database) -> sqlite3.Connection:
        if len(refused) < 3:
            refused.append(database.path)
            raise sqlite3.OperationalError("database is locked")
        return open_once(database)

    monkeypatch.setattr(Database, "_open", busy)
    database = opened(tmp_path / "notes.sqlite", timeout=60.0)
    write(database, "kept")
    assert texts(database) == ["kept"]
    assert len(refused) == 3
    database.close()
    refused.clear()
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        opened(tmp_path / "notes.sqlite", timeout=0.0).connect()


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
    database = opened(tmp_path / "notes.sqlite", [FIRST])
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


def snapshot(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def other_program(path: Path, mark: int = 0, close: bool = True) -> sqlite3.Connection:
    """Make the database of another program, in the same journal mode."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA application_id = {mark}")
    connection.execute("CREATE TABLE letters (text TEXT)")
    connection.execute("INSERT INTO letters VALUES ('dear Ada')")
    connection.execute("PRAGMA user_version = 1")
    if close:
        connection.close()
    return connection


@pytest.mark.parametrize("rebuildable", [False, True])
@pytest.mark.parametrize("content", [b"dear Ada\n", b"\n", b"a letter\n" * 900, bytes(5000)])
def test_what_is_no_database_is_refused_and_left_alone(
    tmp_path: Path, content: bytes, rebuildable: bool
) -> None:
    path = tmp_path / "letter.txt"
    path.write_bytes(content)
    path.chmod(0o644)
    with pytest.raises(StorageError) as error:
        opened(path, what="memory", rebuildable=rebuildable).connect()
    assert f"memory '{path}' is no database of this program" in error.value.cause
    assert "Name another path" in error.value.remedy
    assert snapshot(tmp_path) == {"letter.txt": content}
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


@pytest.mark.parametrize("rebuildable", [False, True])
@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("mark", [0, MARK + 1])
@pytest.mark.parametrize("version", [1, 99])
def test_the_database_of_another_program_is_refused_and_left_alone(
    tmp_path: Path, own: bool, rebuildable: bool, mark: int, version: int
) -> None:
    path = tmp_path / "mail.sqlite"
    other_program(path, mark)
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {version}")
    connection.close()
    before = snapshot(tmp_path)
    with pytest.raises(StorageError, match="of another program"):
        opened(path, own=own, rebuildable=rebuildable).connect()
    assert snapshot(tmp_path) == before


def test_another_program_at_work_is_not_disturbed(tmp_path: Path) -> None:
    path = tmp_path / "mail.sqlite"
    connection = other_program(path, close=False)
    before = snapshot(tmp_path)
    assert len(before["mail.sqlite-wal"]) > 0
    with pytest.raises(StorageError, match="of another program"):
        opened(path).connect()
    assert snapshot(tmp_path) == before
    assert connection.execute("SELECT text FROM letters").fetchone() == ("dear Ada",)
    connection.close()


@pytest.mark.parametrize("logged", [False, True])
def test_an_older_file_of_ours_has_no_mark_and_gets_one(tmp_path: Path, logged: bool) -> None:
    path = tmp_path / "notes.sqlite"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.executescript(f"{FIRST}; PRAGMA user_version = 1")
    connection.execute("INSERT INTO note (text) VALUES ('kept')")
    if logged:  # as after a crash: everything is in the log
        crashed = tmp_path / "crashed.sqlite"
        for ending in ("", "-wal"):
            Path(f"{crashed}{ending}").write_bytes(Path(f"{path}{ending}").read_bytes())
        path = crashed
    connection.close()
    database = opened(path, [FIRST, SECOND])
    assert texts(database) == ["kept"]
    assert pragma(database, "application_id") == MARK
    database.close()
    assert texts(opened(path, [FIRST, SECOND])) == ["kept"]


def test_a_damaged_file_without_a_mark_is_moved_aside_at_our_own_path_only(
    tmp_path: Path,
) -> None:
    path = tmp_path / "notes.sqlite"
    filled(path).close()
    data = bytearray(path.read_bytes())
    data[:100] = os.urandom(100)
    path.write_bytes(data)
    with pytest.raises(StorageError, match="is no database of this program"):
        opened(path).connect()
    assert snapshot(tmp_path) == {"notes.sqlite": bytes(data)}
    assert texts(opened(path, own=True)) == []
    assert len(list(tmp_path.glob("*.corrupt-*"))) == 1


@pytest.mark.parametrize("kept", [100, 600, 5000])
def test_a_truncated_file_of_ours_is_moved_aside(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "notes.sqlite"
    filled(path).close()
    with path.open("r+b") as file:
        file.truncate(kept)
    database = opened(path)
    assert texts(database) == []
    (aside,) = tmp_path.glob("*.corrupt-*")
    assert aside.stat().st_size == kept


def test_an_empty_file_is_filled(tmp_path: Path) -> None:
    (tmp_path / "notes.sqlite").touch()
    write(opened(tmp_path / "notes.sqlite"), "hello")
    assert not list(tmp_path.glob("*.corrupt-*"))


def test_what_is_no_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
    for name, cause in {
        "folder": "is a folder",
        "pipe": "is a pipe",
        "socket": "is a socket",
        "x" * 300: "too long",
        "a\0b": "NUL",
        "~nobody-like-this/x": "not known",
    }.items():
        with pytest.raises(StorageError, match=cause) as error:
            opened(Path(name), own=True).connect()
        assert error.value.remedy
    assert sorted(os.listdir(tmp_path)) == ["folder", "pipe", "socket"]


def modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o777])
def test_only_the_owner_may_read_it(tmp_path: Path, mask: int) -> None:
    folder = tmp_path / "made"
    before = os.umask(mask)
    try:
        database = opened(folder / "notes.sqlite")
        write(database, "secret")
    finally:
        os.umask(before)
    names = ("notes.sqlite", "notes.sqlite-wal", "notes.sqlite-shm")
    assert modes(folder) == dict.fromkeys(names, 0o600)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in folder.iterdir():
        path.chmod(0o666)
    again = opened(folder / "notes.sqlite")
    assert texts(again) == ["secret"]
    assert modes(folder) == dict.fromkeys(names, 0o600)


@pytest.mark.parametrize("older", [False, True])
def test_a_file_that_cannot_be_written_is_read(tmp_path: Path, older: bool, mortal: None) -> None:
    folder = tmp_path / "image"
    database = opened(folder / "notes.sqlite", [FIRST] if older else [FIRST, SECOND])
    write(database, "kept")
    database.close()
    before = snapshot(folder)
    (folder / "notes.sqlite").chmod(0o400)
    folder.chmod(0o500)
    reader = opened(folder / "notes.sqlite", [FIRST, SECOND])
    assert texts(reader) == ["kept"]
    with pytest.raises(sqlite3.OperationalError, match="readonly") as error:
        write(reader, "new")
    assert not is_broken(error.value)
    reader.close()
    assert snapshot(folder) == before


def test_a_file_that_can_neither_be_written_nor_read_says_so(tmp_path: Path, mortal: None) -> None:
    folder = tmp_path / "image"
    filled(folder / "notes.sqlite").close()
    with (folder / "notes.sqlite").open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(8192))
    folder.chmod(0o500)
    with pytest.raises(StorageError, match="cannot be written and not be read either"):
        opened(folder / "notes.sqlite").connect()
    assert len(list(folder.iterdir())) == 1


def test_a_file_that_was_replaced_is_opened_anew(tmp_path: Path) -> None:
    first, second = opened(tmp_path / "notes.sqlite"), opened(tmp_path / "notes.sqlite")
    write(first, "before")
    assert texts(second) == ["before"]
    first.set_aside(sqlite3.DatabaseError("damaged"))
    write(first, "after")
    assert not second.set_aside(sqlite3.DatabaseError("damaged")).exists()  # that was done
    assert texts(second) == ["after"]
    write(second, "too")
    (tmp_path / "notes.sqlite").unlink()
    write(first, "again")
    assert texts(second) == texts(first) == ["again"]


def test_opening_it_again_keeps_the_locks_of_this_process(tmp_path: Path) -> None:
    """Closing a file ends the locks of a process; a log others think unused is deleted."""
    path = tmp_path / "notes.sqlite"
    first = filled(path, 3)
    opened(path).connect()  # looks at the file once more
    script = (
        "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('SELECT * FROM note').close()"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=True)
    assert path.with_name("notes.sqlite-wal").exists()
    write(first, "after")
    assert len(texts(opened(path))) == 4
