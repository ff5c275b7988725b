# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The memory on a PostgreSQL server: one for a house with many robots."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from emo_music_ros.errors import StorageError
from emo_music_ros.recommendation.memory import migrating, schema

log = logging.getLogger(__name__)

#: Who writes holds this lock of the database: what it reads is the newest, and stays it.
LOCK = 0x656D6F01
#: Longest wait for a connection, for others that write, and for any answer [s].
CONNECT, OTHERS, ANSWER = 2, 2, 5
#: First and longest pause after a server could not be reached [s].
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 60.0


class PostgresStorage:
    """A database of a PostgreSQL server; its tables are made, or brought up to date, on demand.

    While the server is away it is asked again after a pause, so that nobody waits for it again
    and again.

    Parameters
    ----------
    url : str
        ``postgresql://user:password@host:port/database``; a password is better in ``~/.pgpass``.
    durable : bool
        Whether an update outlives a power cut of the server.
    """

    def __init__(self, url: str, *, durable: bool) -> None:
        self._url, self._durable = url, durable
        self._engine: Engine | None = None
        self._connection: Connection | None = None
        self._asked = -math.inf
        self._pause = 0.0

    @property
    def place(self) -> str:
        """Return the URL without the password."""
        try:
            return make_url(self._url).render_as_string(hide_password=True)
        except ArgumentError:
            return "postgresql://"

    @property
    def remedy(self) -> str:
        """Return what to do when it cannot be written."""
        return "Start the server, or correct the URL and the rights of its user"

    def connect(self) -> Connection:
        """Return the connection, made if there is none or it broke.

        Raises
        ------
        SQLAlchemyError
            If the server is away or refuses.
        StorageError
            If it is not asked now, the URL is none, the package psycopg is missing, or the tables
            are of a newer program.
        """
        if self._connection is not None and not self._connection.invalidated:
            return self._connection
        self._drop()
        left = self._asked + self._pause - time.monotonic()
        if left > 0:
            raise StorageError(
                f"the server of '{self.place}' is away", f"It is asked again in {left:.0f} s"
            )
        try:
            self._connection = self._made().connect()
            self._bring_up_to_date(self._connection)
        except BaseException:
            self._asked = time.monotonic()
            self._pause = min(max(2 * self._pause, FIRST_PAUSE), LONGEST_PAUSE)
            self._drop()
            raise
        self._pause = 0.0
        return self._connection

    def _made(self) -> Engine:
        if self._engine is None:
            try:
                url = make_url(self._url).set(drivername="postgresql+psycopg")
                self._engine = create_engine(
                    url,
                    poolclass=NullPool,
                    isolation_level="AUTOCOMMIT",  # transactions are begun by hand
                    hide_parameters=True,  # they tell who heard what
                    connect_args=_arguments(self._durable),
                )
            except (ArgumentError, ValueError) as error:
                raise StorageError(
                    f"the memory is to be on a server, but its URL cannot be read ({error})",
                    "Give one such as postgresql://robot@server/house",
                ) from error
            except ImportError as error:
                raise StorageError(
                    "psycopg is not installed, and PostgreSQL is spoken to by it",
                    "Install it: pip install 'psycopg[binary]'",
                ) from error
        return self._engine

    def _bring_up_to_date(self, connection: Connection) -> None:
        if migrating.format_of(connection) == migrating.FORMAT:
            return
        with self._writing(connection):
            found = migrating.format_of(connection)  # another robot may have been faster
            if found > migrating.FORMAT:
                raise StorageError(
                    f"memory '{self.place}' has format {found}, this program knows"
                    f" {migrating.FORMAT}",
                    "Update the program, or name another database; until then nothing is stored",
                )
            if found == 0:
                foreign = set(schema.metadata.tables) & set(inspect(connection).get_table_names())
                if foreign:
                    raise StorageError(
                        f"'{self.place}' holds the tables {', '.join(sorted(foreign))} of another"
                        " program",
                        "Name another database; until then nothing is stored",
                    )
                migrating.create(connection)
            elif found < migrating.FORMAT:
                migrating.upgrade(connection, found, migrating.FORMAT)

    def identity(self) -> Hashable:
        """Return the URL: a server that was away is the same when it is back."""
        return self._url

    def version(self) -> Hashable:
        """Return which transactions can be seen: those of everybody."""
        return self.connect().execute(text("SELECT pg_current_snapshot()::text")).scalar()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Write everything inside at once, while no other program writes, or nothing."""
        with self._writing(self.connect()):
            yield

    @contextmanager
    def _writing(self, connection: Connection) -> Iterator[None]:
        connection.exec_driver_sql("BEGIN")
        try:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
            yield
            connection.exec_driver_sql("COMMIT")
        except BaseException:
            try:
                connection.exec_driver_sql("ROLLBACK")
            except SQLAlchemyError as error:
                log.debug("the server ends it: %s", error)
                self._drop()
            raise

    def mend(self, error: Exception) -> bool:
        """Leave it to the server: nothing is mended."""
        return False

    def drop_copies(self) -> None:
        """There are none."""

    def erase_traces(self) -> None:
        """Free what was deleted for the server to write over; its backups are its owner's."""
        for name in schema.metadata.tables:
            self.connect().exec_driver_sql(f'VACUUM "{name}"')

    def close(self) -> None:
        """End the connection, and ask at once when it is needed again."""
        self._drop()
        self._pause = 0.0

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except SQLAlchemyError as error:
                log.debug("leaving the server: %s", error)


def _arguments(durable: bool) -> dict[str, Any]:
    """Return what bounds every wait for the server."""
    settings = {
        "statement_timeout": 1000 * ANSWER,
        "lock_timeout": 1000 * OTHERS,
        "idle_in_transaction_session_timeout": 2000 * ANSWER,
        "synchronous_commit": "on" if durable else "off",
    }
    return {
        "connect_timeout": CONNECT,
        "tcp_user_timeout": 1000 * ANSWER,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 2,
        "application_name": "emo_music_ros",
        "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
        "prepare_threshold": None,  # poolers between cannot keep statements
    }
