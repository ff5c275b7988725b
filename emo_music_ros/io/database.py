"""SQLite files that other programs may share and that a power cut or a bad disk may damage."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from emo_music_ros.errors import StorageError

log = logging.getLogger(__name__)

#: What SQLite says of a file that is sound but lacks what our format promises.
_FOREIGN = ("malformed", "no such table", "no such column", "has no column")


class Database:
    """A SQLite file of one format: opened on demand, checked, brought up to date, made anew.

    A damaged file is moved aside to ``<name>.corrupt-<time>`` together with its log, and a new
    one is started. Rows that are deleted are overwritten (secure_delete), the log is written
    ahead (WAL). Whoever uses it from several threads lets one in at a time.

    Parameters
    ----------
    path : str or Path
        The file; its folder is made, too.
    migrations : sequence of str
        Scripts, each of which brings the format (``user_version``) one further, from nothing.
    what : str
        What people call it, such as ``memory``.
    durable : bool
        Whether a transaction that ended outlives a power cut (synchronous=FULL). Otherwise the
        last ones may be lost, but never the file.
    rebuildable : bool
        Whether what it holds can be made again. Then a file of a newer format is moved aside,
        too, instead of being refused.
    timeout : float
        How long to wait for another program that writes [s].
    """

    def __init__(
        self,
        path: str | Path,
        migrations: Sequence[str],
        *,
        what: str = "database",
        durable: bool = True,
        rebuildable: bool = False,
        timeout: float = 2.0,
    ) -> None:
        self.path = Path(path)
        self.what = what
        self._migrations = tuple(migrations)
        self._durable = durable
        self._rebuildable = rebuildable
        self._timeout = timeout
        self._connection: sqlite3.Connection | None = None

    def connect(self) -> sqlite3.Connection:
        """Return the connection, opened if there is none, in autocommit mode.

        Raises
        ------
        sqlite3.Error, OSError
            If there can be none: no space, no right, another program that keeps it.
        StorageError
            If its format is newer than the migrations know. The file is left as it is.
        """
        if self._connection is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._connection = self._open()
            except sqlite3.DatabaseError as error:
                if not is_broken(error) or not self.path.is_file():
                    raise
                self.set_aside(error)
                self._connection = self._open()
        return self._connection

    def close(self) -> None:
        """Close the connection. May be called twice; :meth:`connect` opens it again."""
        if self._connection is not None:
            try:
                self._connection.close()
            except sqlite3.Error as error:
                log.debug("closing '%s': %s", self.path, error)
            self._connection = None

    def set_aside(self, error: Exception) -> Path:
        """Move the file and its log out of the way and return where to; `error` says why."""
        self.close()
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        aside = self.path.with_name(f"{self.path.name}.corrupt-{stamp}")
        number = 1
        while aside.exists():
            number += 1
            aside = self.path.with_name(f"{self.path.name}.corrupt-{stamp}-{number}")
        self.path.rename(aside)
        # A log that stayed would be played into the new file.
        for ending in ("-wal", "-shm"):
            rest = self.path.with_name(self.path.name + ending)
            if rest.exists():
                rest.rename(aside.with_name(aside.name + ending))
        log.warning(
            "%s '%s' is not usable (%s) and was moved to '%s'; a new one is started. %s",
            self.what,
            self.path,
            error,
            aside,
            "What it held is made again"
            if self._rebuildable
            else "Restore a backup if there is one",
        )
        return aside

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=self._timeout, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute(f"PRAGMA synchronous = {'FULL' if self._durable else 'NORMAL'}")
            verdict = connection.execute("PRAGMA quick_check(1)").fetchone()
            if verdict[0] != "ok":
                raise sqlite3.DatabaseError(str(verdict[0]))
            connection.execute("PRAGMA journal_mode = WAL")
            self._migrate(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _migrate(self, connection: sqlite3.Connection) -> None:
        known = len(self._migrations)
        version = _version(connection)
        if version > known and self._rebuildable:
            raise sqlite3.DatabaseError(f"format {version}, this program knows {known}")
        if version > known:
            raise StorageError(
                f"{self.what} '{self.path}' has format {version}, this program knows {known}",
                "Update the program or name another file; until then nothing is stored",
            )
        for number, script in enumerate(self._migrations[version:], version + 1):
            with transaction(connection):
                if _version(connection) >= number:
                    continue  # another program was faster
                for statement in _statements(script):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {number}")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Write everything inside at once, or nothing if it raises."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # A full disk may have rolled back already.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def is_broken(error: sqlite3.Error) -> bool:
    """Tell a file that is damaged or foreign from one that is busy, full or not writable."""
    # What goes wrong around the file (locks, rights, space) is an OperationalError.
    return type(error) is sqlite3.DatabaseError or any(word in str(error) for word in _FOREIGN)


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _statements(script: str) -> Iterator[str]:
    """Yield the statements of a script. (`executescript` would end the transaction.)"""
    statement = ""
    for part in script.split(";"):
        statement += f"{part};"
        if sqlite3.complete_statement(statement):  # not within a string or comment
            yield statement
            statement = ""
