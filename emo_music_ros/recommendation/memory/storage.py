# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Where the memory is kept: what differs between a SQLite file and a PostgreSQL server."""

from __future__ import annotations

import glob
import logging
import sqlite3
from collections.abc import Hashable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from emo_music_ros.errors import StorageError
from emo_music_ros.io.database import Database, erase_traces, is_broken, transaction
from emo_music_ros.recommendation.memory import migrating

log = logging.getLogger(__name__)

#: Marks a SQLite file as a memory of this program.
APPLICATION = 0x656D6F01
#: What a database that fails raises.
FAILURES = (SQLAlchemyError, sqlite3.Error, OSError, StorageError)


class Storage(Protocol):
    """A database of the memory; opened on demand, one thread at a time."""

    @property
    def place(self) -> str:
        """Return where it is, as people may read it."""
        ...

    @property
    def remedy(self) -> str:
        """Return what to do when it cannot be written."""
        ...

    def connect(self) -> Connection:
        """Return a connection to tables of the newest format, not within a transaction.

        Raises
        ------
        SQLAlchemyError, sqlite3.Error, OSError, StorageError
            If there can be none.
        """
        ...

    def identity(self) -> Hashable:
        """Return what changes when the database is another one than before."""
        ...

    def version(self) -> Hashable:
        """Return what changes whenever others wrote."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """Write everything inside at once, while no other program writes, or nothing."""
        ...

    def mend(self, error: Exception) -> bool:
        """Begin a new database if the error says that this one is damaged; return whether."""
        ...

    def drop_copies(self) -> None:
        """Delete databases that were moved aside: nobody can tell what they hold."""
        ...

    def erase_traces(self) -> None:
        """Make sure that what was deleted is not kept anywhere in the database."""
        ...

    def close(self) -> None:
        """Close the connection; :meth:`connect` opens it again."""
        ...


def reason(error: Exception) -> str:
    """Return what a database said, in one line, without statement and parameters."""
    return str(getattr(error, "orig", None) or error).strip()


def _step(number: int, raw: sqlite3.Connection) -> None:
    migrating.upgrade(migrating.wrap(raw), number - 1, number)


class SqliteStorage:
    """A SQLite file (see :class:`emo_music_ros.io.database.Database`).

    Parameters
    ----------
    path : str or Path
        The file.
    durable, own : bool
        As for :class:`emo_music_ros.io.database.Database`.
    """

    def __init__(self, path: str | Path, *, durable: bool, own: bool) -> None:
        self.database = Database(
            path,
            [partial(_step, number) for number in range(1, migrating.FORMAT + 1)],
            application=APPLICATION,
            what="memory",
            own=own,
            durable=durable,
            create=lambda raw: migrating.create(migrating.wrap(raw)),
        )
        self._raw: sqlite3.Connection | None = None
        self._connection: Connection | None = None

    @property
    def place(self) -> str:
        """Return the file."""
        return str(self.database.path)

    @property
    def remedy(self) -> str:
        """Return what to do when it cannot be written."""
        return "Free disk space and check the rights of the folder"

    def connect(self) -> Connection:
        """Return a connection; another one when the file was replaced."""
        raw = self.database.connect()
        if self._connection is None or raw is not self._raw:
            self._raw, self._connection = raw, migrating.wrap(raw)
        return self._connection

    def identity(self) -> Hashable:
        """Return the connection to this file: no other file has the same."""
        return self.database.connect()

    def version(self) -> Hashable:
        """Return how often other programs wrote."""
        return self.database.connect().execute("PRAGMA data_version").fetchone()[0]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Write everything inside at once, while no other program writes, or nothing."""
        with transaction(self.database.connect()):
            yield

    def mend(self, error: Exception) -> bool:
        """Move a damaged file aside; return whether it was one."""
        cause = getattr(error, "orig", None) or error
        if not isinstance(cause, sqlite3.DatabaseError) or not is_broken(cause):
            return False
        self.database.set_aside(cause)
        return True

    def drop_copies(self) -> None:
        """Delete files that were moved aside."""
        path = self.database.path
        for copy in path.parent.glob(f"{glob.escape(path.name)}.corrupt-*"):
            copy.unlink()
            log.info("'%s' was deleted to forget a person", copy)

    def erase_traces(self) -> None:
        """Make sure that neither the log nor unused pages keep what was deleted.

        Raises
        ------
        sqlite3.OperationalError
            If another program reads, or there is no space.
        """
        erase_traces(self.database.connect())

    def close(self) -> None:
        """Close the file."""
        self._raw = self._connection = None
        self.database.close()


def open_storage(place: str | Path, *, durable: bool, own: bool) -> Storage:
    """Return where a memory is kept; nothing is opened yet.

    Parameters
    ----------
    place : str or Path
        A file, or the URL of a PostgreSQL database.
    durable, own : bool
        As for :class:`SqliteStorage`.
    """
    if str(place).startswith(("postgresql:", "postgres:", "postgresql+psycopg:")):
        from emo_music_ros.recommendation.memory.postgres import PostgresStorage

        return PostgresStorage(str(place), durable=durable)
    return SqliteStorage(place, durable=durable, own=own)
