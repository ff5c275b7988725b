# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Whose SQLite file it is, told without a lock and without writing anything beside it."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

#: What brings a format one further: a script, or what works on a connection.
Step = str | Callable[[sqlite3.Connection], None]
#: Length of what every SQLite file begins with [bytes].
_HEADER = 100


def belongs(path: Path, application: int, migrations: Sequence[Step]) -> bool:
    """Return whether a file is empty or a database that these migrations made.

    Parameters
    ----------
    path : pathlib.Path
        A file.
    application : int
        The mark of ours (``application_id``). Older ones carry none (0) and are recognised by
        their tables.
    migrations : sequence of str or callable
        Steps from each ``user_version`` to the next.

    Raises
    ------
    OSError, sqlite3.Error
        If it cannot be read, is no SQLite file, or so damaged that it cannot be told.
    """
    if 0 < path.stat().st_size < _HEADER:
        raise sqlite3.DatabaseError("file is not a database")  # SQLite takes it for an empty one
    # Only SQLite may open it: closing it otherwise would end the locks of this process.
    with closing(_open_unlocked(path)) as connection:
        mark = number_of(connection, "application_id")
        if mark:
            return mark == application
        try:
            version, tables = _content(connection)
        except sqlite3.DatabaseError:
            if not has_log(path):
                raise
            version, tables = 0, set()
    if not tables and has_log(path):
        # Reading the log would change the file, so that of a copy is read. No connection of
        # this program can be open to it: that would have marked it.
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "copy"
            shutil.copyfile(path, copy)
            shutil.copyfile(f"{path}-wal", f"{copy}-wal")
            with closing(sqlite3.connect(copy)) as connection:
                version, tables = _content(connection)
    return tables == _made_by(migrations[: max(version, 0)])


def has_log(path: Path) -> bool:
    """Return whether part of a database may still be in the log beside it."""
    log = Path(f"{path}-wal")
    return log.exists() and log.stat().st_size > 0


def number_of(connection: sqlite3.Connection, pragma: str) -> int:
    """Return a pragma that is a number, such as ``user_version``."""
    return int(connection.execute(f"PRAGMA {pragma}").fetchone()[0])


def _open_unlocked(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?immutable=1", uri=True)
    connection.execute("PRAGMA writable_schema = ON")  # the mark of a truncated file is read, too
    return connection


def _content(connection: sqlite3.Connection) -> tuple[int, set[str]]:
    """Return the version of the format and the names of the tables."""
    rows = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        " AND name <> 'alembic_version'"  # came later than files without a mark
    )
    return number_of(connection, "user_version"), {str(row[0]) for row in rows.fetchall()}


def _made_by(migrations: Sequence[Step]) -> set[str]:
    with closing(sqlite3.connect(":memory:")) as connection:
        for step in migrations:
            take(step, connection)
        return _content(connection)[1]


def take(step: Step, connection: sqlite3.Connection) -> None:
    """Take a step within the transaction there is."""
    if not isinstance(step, str):
        step(connection)
        return
    statement = ""
    for part in step.split(";"):  # (`executescript` would end the transaction)
        statement += f"{part};"
        if sqlite3.complete_statement(statement):  # not within a string or comment
            connection.execute(statement)
            statement = ""
