# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A small database that many processes share: every use opens and closes it."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from emo_music_ros.errors import StorageError
from emo_music_ros.io.database import Database, transaction


class SharedFile:
    """The file.

    Parameters
    ----------
    path : str or Path
        Made on demand by what writes, never by what reads.
    migrations : sequence of str
        Of :class:`~emo_music_ros.io.database.Database`, as `application`.
    what : str
        What it is called in messages.
    remedy : str
        What to do where it cannot be read or written.
    own : bool
        Whether the path is the program's own choice.
    """

    def __init__(
        self,
        path: str | Path,
        migrations: Sequence[str],
        *,
        application: int,
        what: str,
        remedy: str,
        own: bool,
    ) -> None:
        self.path = Path(path)
        self._remedy = remedy
        self._database = Database(
            self.path, migrations, application=application, what=what, own=own
        )

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection | None]:
        """Give a connection, None if there is no file.

        Raises
        ------
        StorageError
            If it cannot be read.
        """
        if not self.path.exists():
            yield None
            return
        with self._open("read") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Give a connection within a transaction: everything inside is written, or nothing.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        with self._open("written") as connection, transaction(connection):
            yield connection

    @contextmanager
    def _open(self, verb: str) -> Iterator[sqlite3.Connection]:
        with contextlib.closing(self._database):
            try:
                yield self._database.connect()
            except (sqlite3.Error, OSError) as error:
                raise StorageError(
                    f"the {self._database.what} '{self.path}' cannot be {verb} ({error})",
                    self._remedy,
                ) from error
