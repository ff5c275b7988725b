# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""SQLite files that other programs may share and that a power cut or a bad disk may damage."""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from emo_music_ros.errors import InputError, StorageError
from emo_music_ros.io.sqlite_owner import Step, belongs, has_log, number_of, take
from emo_music_ros.paths import expand, kind
from emo_music_ros.resources import private_folder, writable

log = logging.getLogger(__name__)

#: What SQLite says of a file that is sound but lacks what our format promises.
_FOREIGN = ("malformed", "no such table", "no such column", "has no column")
#: What SQLite keeps beside a file.
_LOGS = ("-wal", "-shm")
#: Before a file that another program keeps is tried again [s].
PAUSE = 0.02


class Database:
    """A SQLite file of one format: opened on demand, checked, brought up to date, made anew.

    A path that holds anything else, such as a letter or the database of another program, is
    refused and left as it is. A damaged file of ours is moved aside to
    ``<name>.corrupt-<time>`` together with its log, and a new one is started. Only the owner may
    read it. Rows that are deleted are overwritten (secure_delete), the log is written ahead
    (WAL). A file that cannot be written is read as it was when it was opened. Whoever uses it
    from several threads lets one in at a time.

    Parameters
    ----------
    path : str or Path
        The file; its folder is made, too.
    migrations : sequence of str or callable
        Scripts, or what works on a connection within a transaction, each of which brings the
        format (``user_version``) one further, from nothing.
    application : int
        Number that marks a file of this format (``application_id``), 32 bits, not 0.
    what : str
        What people call it, such as ``memory``.
    own : bool
        Whether nobody else chose the path. Then a file there that cannot be recognised is taken
        for a damaged one of ours.
    durable : bool
        Whether a transaction that ended outlives a power cut (synchronous=FULL). Otherwise the
        last ones may be lost, but never the file.
    rebuildable : bool
        Whether what it holds can be made again. Then a file of a newer format is moved aside,
        too, instead of being refused.
    timeout : float
        How long to wait for another program that writes [s].
    create : callable, optional
        Makes the newest format at once in a file without anything; otherwise all migrations run.
    """

    def __init__(
        self,
        path: str | Path,
        migrations: Sequence[Step],
        *,
        application: int,
        what: str = "database",
        own: bool = False,
        durable: bool = True,
        rebuildable: bool = False,
        timeout: float = 2.0,
        create: Callable[[sqlite3.Connection], None] | None = None,
    ) -> None:
        self.path = Path(path)
        self.what = what
        self._migrations = tuple(migrations)
        self._application = application
        self._own = own
        self._durable = durable
        self._rebuildable = rebuildable
        self._timeout = timeout
        self._create = create
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None  # that was opened last: device, inode

    def connect(self) -> sqlite3.Connection:
        """Return the connection, opened if there is none, in autocommit mode.

        It is another one than before when the file was replaced, by whomever.

        Raises
        ------
        sqlite3.Error, OSError
            If there can be none: no space, no right, another program that keeps it.
        StorageError
            If the path is none for a database or holds something else, or its format is newer
            than the migrations know. What is there is left as it is.
        """
        if self._connection is not None and self._identity() != self._file:
            log.warning("%s '%s' was replaced or removed by another program", self.what, self.path)
            self.close()
        end = time.monotonic() + self._timeout
        while self._connection is None:
            try:
                self._connection = self._opened()
            except sqlite3.OperationalError as error:
                # SQLite waits for others, but not when two start a log at the same time.
                if "locked" not in str(error) or time.monotonic() >= end:
                    raise
                time.sleep(PAUSE)
        return self._connection

    def _opened(self) -> sqlite3.Connection:
        """Return a connection to the file, or to a new one if it is damaged."""
        self._prepare()
        try:
            return self._open()
        except sqlite3.DatabaseError as error:
            if not is_broken(error) or not self.path.is_file():
                raise
            self.set_aside(error)
            self._prepare()
            return self._open()

    def close(self) -> None:
        """Close the connection. May be called twice; :meth:`connect` opens it again."""
        if self._connection is not None:
            try:
                self._connection.close()
            except sqlite3.Error as error:
                log.debug("closing '%s': %s", self.path, error)
            self._connection = None

    def set_aside(self, error: Exception) -> Path:
        """Move the file and its log out of the way and return where to; `error` says why.

        Raises
        ------
        OSError
            If it cannot be moved.
        """
        self.close()
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        aside = self.path.with_name(f"{self.path.name}.corrupt-{stamp}")
        number = 1
        while aside.exists():
            number += 1
            aside = self.path.with_name(f"{self.path.name}.corrupt-{stamp}-{number}")
        if self._file is not None and self._identity() != self._file:
            return aside  # another program was faster: what is there now is a new file
        self.path.rename(aside)
        # A log that stayed would be played into the new file.
        for ending in _LOGS:
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

    def _identity(self) -> tuple[int, int] | None:
        try:
            status = os.stat(self.path)
        except OSError:
            return None
        return status.st_dev, status.st_ino

    def _prepare(self) -> None:
        """Make sure that there is a file and that it is ours."""
        try:
            self.path = expand(self.path, self.what)
        except InputError as error:
            raise StorageError(error.cause, error.remedy) from error
        found = kind(self.path)
        if found not in ("", "file"):
            raise StorageError(
                f"{self.what} '{self.path}' is a {found}, not a file", "Name another path"
            )
        if not found:
            private_folder(self.path.parent)
            with contextlib.suppress(FileExistsError):  # another program was faster
                # SQLite gives its log the rights of the file.
                made = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
                os.fchmod(made, 0o600)
                os.close(made)
        self._file = self._identity()
        try:
            ours = belongs(self.path, self._application, self._migrations)
        except sqlite3.DatabaseError as error:
            if not is_broken(error):
                raise
            if not self._own:
                raise StorageError(
                    f"{self.what} '{self.path}' is no database of this program ({error})",
                    "Name another path, or move the file away if it is a damaged one; until then"
                    " nothing is stored",
                ) from error
            self.set_aside(error)
            return self._prepare()
        if not ours:
            raise StorageError(
                f"{self.what} '{self.path}' is a database of another program",
                "Name another path; until then nothing is stored",
            )
        for ending in ("", *_LOGS):
            path = Path(f"{self.path}{ending}")
            try:
                if stat.S_IMODE(path.stat().st_mode) & 0o077:
                    path.chmod(0o600)
            except FileNotFoundError:
                continue
            except OSError as error:
                log.warning("'%s' can be read by others (%s). Change its rights", path, error)
        return None

    def _open(self) -> sqlite3.Connection:
        if not (os.access(self.path, os.W_OK, effective_ids=True) and writable(self.path.parent)):
            return self._open_copy()
        connection = sqlite3.connect(
            self.path, timeout=self._timeout, isolation_level=None, check_same_thread=False
        )
        try:
            _configure(connection)
            connection.execute(f"PRAGMA synchronous = {'FULL' if self._durable else 'NORMAL'}")
            _check(connection)
            if number_of(connection, "application_id") != self._application:
                # In the file itself before there is a log, so that it is known at once.
                with transaction(connection):
                    connection.execute(f"PRAGMA application_id = {self._application}")
            connection.execute("PRAGMA journal_mode = WAL")
            self._migrate(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _open_copy(self) -> sqlite3.Connection:
        """Return a copy in memory that refuses to be written: a log could not be made."""
        # Without a log nothing is missing when it is not looked for; with one it has to be read.
        how = "mode=ro" if has_log(self.path) else "immutable=1"
        connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        try:
            with contextlib.closing(
                sqlite3.connect(f"{self.path.resolve().as_uri()}?{how}", uri=True)
            ) as file:
                file.backup(connection)
            _configure(connection)
            _check(connection)
            self._migrate(connection)
            connection.execute("PRAGMA query_only = ON")
        except sqlite3.DatabaseError as error:
            connection.close()
            raise StorageError(
                f"{self.what} '{self.path}' cannot be written and not be read either ({error})",
                "Check the file and the rights of its folder; until then nothing is stored",
            ) from error
        except BaseException:
            connection.close()
            raise
        return connection

    def _migrate(self, connection: sqlite3.Connection) -> None:
        known = len(self._migrations)
        version = number_of(connection, "user_version")
        if version > known and self._rebuildable:
            raise sqlite3.DatabaseError(f"format {version}, this program knows {known}")
        if version > known:
            raise StorageError(
                f"{self.what} '{self.path}' has format {version}, this program knows {known}",
                "Update the program or name another file; until then nothing is stored",
            )
        if version == 0 and known and self._create is not None:
            with transaction(connection):
                if number_of(connection, "user_version") == 0:  # no other program was faster
                    self._create(connection)
                    connection.execute(f"PRAGMA user_version = {known}")
        version = number_of(connection, "user_version")
        for number, step in enumerate(self._migrations[version:], version + 1):
            with transaction(connection):
                if number_of(connection, "user_version") >= number:
                    continue  # another program was faster
                take(step, connection)
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


def erase_traces(connection: sqlite3.Connection) -> None:
    """Make sure that neither the log nor unused pages keep what was deleted.

    Raises
    ------
    sqlite3.OperationalError
        If another program reads, or there is no space.
    """
    emptying = "PRAGMA wal_checkpoint(TRUNCATE)"
    for statement in (emptying, "VACUUM", emptying):
        answer = connection.execute(statement).fetchone()
        if answer is not None and answer[0]:
            raise sqlite3.OperationalError("its log is in use by another program")


def _configure(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA secure_delete = ON")
    # Text that is none costs its row (see what reads it), not the whole query.
    connection.text_factory = lambda text: text.decode("utf-8", "replace")


def _check(connection: sqlite3.Connection) -> None:
    verdict = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict[0] != "ok":
        raise sqlite3.DatabaseError(str(verdict[0]))


def is_broken(error: sqlite3.Error) -> bool:
    """Tell a file that is damaged or foreign from one that is busy, full or not writable."""
    # What goes wrong around the file (locks, rights, space) is an OperationalError.
    return type(error) is sqlite3.DatabaseError or any(word in str(error) for word in _FOREIGN)
