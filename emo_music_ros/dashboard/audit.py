# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Who did what, when, in a file that is only ever added to."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from emo_music_ros.errors import CompanionError
from emo_music_ros.io.database import Database
from emo_music_ros.names import printable

log = logging.getLogger(__name__)

#: Marks a file of ours.
APPLICATION = 0x656D6F06

MIGRATIONS = (
    """
    CREATE TABLE audit (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        time REAL NOT NULL,         -- unix seconds
        account TEXT NOT NULL,      -- empty = nobody signed in
        role TEXT NOT NULL,
        act TEXT NOT NULL,
        outcome TEXT NOT NULL       -- "done" or why not
    );
    CREATE TRIGGER audit_stays BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
    CREATE TRIGGER audit_keeps BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
    """,
)


@dataclass(frozen=True)
class Entry:
    """One act; `time` in unix seconds."""

    time: float
    account: str
    role: str
    act: str
    outcome: str


class Audit:
    """The log of acts; may be used from several threads.

    What cannot be written holds nobody up (somebody may be pressing stop), but it is told.

    Parameters
    ----------
    path : str or Path
        The file; only its owner may read it.
    on_trouble : callable
        Told why it cannot be written, and with an empty text that it can.
    clock : callable
        Unix seconds.
    """

    def __init__(
        self,
        path: str | Path,
        on_trouble: Callable[[str], None] = lambda text: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._path = Path(path)
        self._on_trouble = on_trouble
        self._clock = clock
        self._lock = threading.Lock()
        self._database = Database(
            self._path, MIGRATIONS, application=APPLICATION, what="audit log", own=True
        )

    def note(self, account: str, role: str, act: str, outcome: str = "done") -> None:
        """Add an entry. Nothing of it may be a secret or say how somebody feels."""
        row = (self._clock(), printable(account, 60), role, printable(act), printable(outcome))
        with self._lock:
            try:
                self._database.connect().execute(
                    "INSERT INTO audit (time, account, role, act, outcome) VALUES (?, ?, ?, ?, ?)",
                    row,
                )
            except (sqlite3.Error, OSError, CompanionError) as error:
                log.error("audit log '%s' cannot be written: %s; lost: %s", self._path, error, row)
                self._on_trouble(
                    f"'{self._path}' cannot be written ({error}). Free disk space and check the"
                    " rights of its folder"
                )
                return
        self._on_trouble("")

    def latest(self, count: int = 200) -> list[Entry]:
        """Return the newest entries, newest first; none where it cannot be read."""
        with self._lock:
            try:
                rows = (
                    self._database.connect()
                    .execute(
                        "SELECT time, account, role, act, outcome FROM audit"
                        " ORDER BY number DESC LIMIT ?",
                        (count,),
                    )
                    .fetchall()
                )
            except (sqlite3.Error, OSError, CompanionError) as error:
                self._on_trouble(f"'{self._path}' cannot be read ({error})")
                return []
        return [Entry(*row) for row in rows]

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()
