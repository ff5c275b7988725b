# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Which calls of people are pushed to carers, what is escalated, and what carers said of them."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from pathlib import Path

from emo_music_ros.errors import InputError, OptionError
from emo_music_ros.io.shared_file import SharedFile
from emo_music_ros.notifying.base import CALL, ESCALATED, OVER

#: Why somebody is called, the most urgent first.
HELP, DISTRESS = "help", "distress"
KINDS = (HELP, DISTRESS)
#: Marks a file of ours.
APPLICATION = 0x656D6F0C

MIGRATIONS = (
    """
    CREATE TABLE call (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        person_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        count INTEGER NOT NULL,     -- how many joined
        began REAL NOT NULL,        -- unix seconds, as all times
        latest REAL NOT NULL,
        pushed INTEGER NOT NULL,
        escalated INTEGER NOT NULL,
        seen REAL NOT NULL,         -- 0 = not acknowledged
        seen_by TEXT NOT NULL,
        false_alarm INTEGER NOT NULL
    );
    -- What has not arrived yet, by notifier.
    CREATE TABLE outbox (
        call INTEGER NOT NULL,
        notifier TEXT NOT NULL,
        what TEXT NOT NULL,
        time REAL NOT NULL,
        PRIMARY KEY (call, notifier, what)
    );
    """,
)


@dataclass(frozen=True)
class Call:
    """One call; times are unix seconds, `seen` 0 = not acknowledged."""

    number: int
    person_id: str
    kind: str
    count: int
    began: float
    latest: float
    pushed: bool = False
    escalated: bool = False
    seen: float = 0.0
    seen_by: str = ""
    false_alarm: bool = False


@dataclass(frozen=True)
class Waiting:
    """A notice that has not arrived: of which call, to be sent by what, and what it says."""

    call: int
    person_id: str
    notifier: str
    what: str
    time: float


def shift_began(moment: float, hours: Sequence[str]) -> float:
    """Return when the shift of a moment began, in local time.

    Parameters
    ----------
    moment : float
        Unix time [s].
    hours : sequence of str
        When shifts begin, such as ``"06:00"``; none = at midnight.

    Raises
    ------
    OptionError
        If one is no time of day.
    """
    try:
        times = [datetime.strptime(each, "%H:%M").time() for each in hours or ["00:00"]]
    except ValueError as error:
        raise OptionError("shifts cannot be read", 'Give times such as "06:00"') from error
    today = datetime.fromtimestamp(moment)
    starts = [
        datetime.combine(day, each).timestamp()
        for day in (today.date(), today.date() - timedelta(days=1))
        for each in times
    ]
    return max(start for start in starts if start <= moment)


class Calls:
    """All calls, on disk before anybody is told; may be used from several threads.

    A call that comes before the one before is acknowledged, in the same shift, joins it. Of each
    person `most` calls are pushed a shift; further ones are on the page only. Of what is pushed
    everything is escalated once that nobody acknowledges in time (numbers of docs/dashboard.md).

    Parameters
    ----------
    path : str or Path
        The file; only its owner may read it.
    shifts : sequence of str
        When shifts begin, see `shift_began`.
    most : int
        Pushes of a person and shift.
    patience : float
        Time until a call is escalated [s].
    days : float
        Calls are removed after this long [days].
    clock : callable
        Unix seconds.
    steady : callable
        Seconds of a clock that nobody sets.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        shifts: Sequence[str] = (),
        most: int = 2,
        patience: float = 60.0,
        days: float = 90.0,
        clock: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shifts = tuple(shifts)
        self._most = most
        self._patience = patience
        self._days = days
        self._clock = clock
        self._steady = steady
        self._lock = threading.RLock()
        self._since: dict[int, float] = {}  # call -> when it was first seen open here [steady s]
        self._file = SharedFile(
            path,
            MIGRATIONS,
            application=APPLICATION,
            what="file of calls",
            remedy="Free disk space and check the rights of its folder",
            own=True,
        )
        shift_began(clock(), shifts)

    def add(self, person_id: str, kind: str, notifiers: Sequence[str] = ()) -> Call:
        """Take a call of a person; what is to be pushed is put into the outbox.

        Raises
        ------
        StorageError
            If it cannot be stored.
        """
        now = self._clock()
        began = shift_began(now, self._shifts)
        with self._lock, self._file.writing() as connection:
            connection.execute("DELETE FROM call WHERE latest < ?", (now - self._days * 86400,))
            connection.execute("DELETE FROM outbox WHERE call NOT IN (SELECT number FROM call)")
            shift = [
                each
                for each in _calls(connection, "latest >= ? AND person_id = ?", began, person_id)
                if each.began >= began
            ]
            joined = next((each for each in shift if not each.seen), None)
            if joined is not None:
                kind = min(kind, joined.kind, key=KINDS.index)
                connection.execute(
                    "UPDATE call SET kind = ?, count = count + 1, latest = ? WHERE number = ?",
                    (kind, now, joined.number),
                )
                return _call(connection, joined.number)
            pushed = sum(each.pushed for each in shift) < self._most
            number = connection.execute(
                "INSERT INTO call (person_id, kind, count, began, latest, pushed, escalated, seen,"
                " seen_by, false_alarm) VALUES (?, ?, 1, ?, ?, ?, 0, 0, '', 0)",
                (person_id, kind, now, now, int(pushed)),
            ).lastrowid
            assert number is not None
            if pushed:
                _put(connection, number, CALL, now, notifiers)
            self._since[number] = self._steady()
            return _call(connection, number)

    def escalate(self, notifiers: Sequence[str] = ()) -> list[Call]:
        """Escalate what nobody acknowledged in time, and return it.

        Raises
        ------
        StorageError
            If it cannot be stored.
        """
        now = self._steady()
        with self._lock:
            with self._file.reading() as connection:
                opened = (
                    _calls(connection, "seen = 0 AND pushed = 1 AND escalated = 0")
                    if connection is not None
                    else []
                )
            due = [
                each
                for each in opened
                if now - self._since.setdefault(each.number, now) >= self._patience
            ]
            if due:
                with self._file.writing() as connection:
                    for each in due:
                        connection.execute(
                            "UPDATE call SET escalated = 1 WHERE number = ?", (each.number,)
                        )
                        _put(connection, each.number, ESCALATED, self._clock(), notifiers)
                for each in due:
                    self._since.pop(each.number, None)
        return due

    def acknowledge(
        self, number: int, by: str, false_alarm: bool, notifiers: Sequence[str] = ()
    ) -> Call:
        """Note that somebody looked in, or afterwards whether there was a need.

        Parameters
        ----------
        number : int
            Of the call.
        by : str
            Account of who says so; who was first stays.
        false_alarm : bool
            Whether there was no need.
        notifiers : sequence of str
            Those that also tell that it is over.

        Raises
        ------
        InputError
            If there is no such call.
        StorageError
            If it cannot be stored.
        """
        now = self._clock()
        with self._lock, self._file.writing() as connection:
            before = _call(connection, number)
            connection.execute(
                "UPDATE call SET false_alarm = ? WHERE number = ?", (int(false_alarm), number)
            )
            if not before.seen:
                connection.execute(
                    "UPDATE call SET seen = ?, seen_by = ? WHERE number = ?", (now, by, number)
                )
                # what has not arrived by now would only send somebody again
                connection.execute("DELETE FROM outbox WHERE call = ?", (number,))
                if before.pushed:
                    _put(connection, number, OVER, now, notifiers)
                self._since.pop(number, None)
            return _call(connection, number)

    def latest(self, days: float = 7.0, most: int = 100) -> list[Call]:
        """Return the calls of the last days, the newest first.

        Raises
        ------
        StorageError
            If they cannot be read.
        """
        with self._lock, self._file.reading() as connection:
            if connection is None:
                return []
            return _calls(connection, "latest >= ?", self._clock() - days * 86400)[:most]

    def waiting(self, notifier: str) -> list[Waiting]:
        """Return what has not arrived by a notifier, the oldest first.

        Raises
        ------
        StorageError
            If it cannot be read.
        """
        with self._lock, self._file.reading() as connection:
            if connection is None:
                return []
            rows = connection.execute(
                "SELECT call, person_id, notifier, what, time FROM outbox JOIN call"
                " ON call.number = outbox.call WHERE notifier = ? ORDER BY time, call",
                (notifier,),
            ).fetchall()
        return [Waiting(*row) for row in rows]

    def arrived(self, notice: Waiting) -> None:
        """Take a notice that arrived off the outbox.

        Raises
        ------
        StorageError
            If it cannot be stored.
        """
        with self._lock, self._file.writing() as connection:
            connection.execute(
                "DELETE FROM outbox WHERE call = ? AND notifier = ? AND what = ?",
                (notice.call, notice.notifier, notice.what),
            )

    def forget(self, person_id: str) -> int:
        """Remove the calls of a person and return how many that were.

        Raises
        ------
        StorageError
            If they cannot be removed.
        """
        with self._lock:
            if not self._file.path.exists():
                return 0
            with self._file.writing() as connection:
                own = "SELECT number FROM call WHERE person_id = ?"
                connection.execute(f"DELETE FROM outbox WHERE call IN ({own})", (person_id,))
                return connection.execute(
                    "DELETE FROM call WHERE person_id = ?", (person_id,)
                ).rowcount


_COLUMNS = ", ".join(each.name for each in fields(Call))


def _put(
    connection: sqlite3.Connection, number: int, what: str, now: float, notifiers: Sequence[str]
) -> None:
    connection.executemany(
        "INSERT OR REPLACE INTO outbox VALUES (?, ?, ?, ?)",
        [(number, each, what, now) for each in notifiers],
    )


def _calls(connection: sqlite3.Connection, where: str, *values: float | str) -> list[Call]:
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM call WHERE {where} ORDER BY latest DESC, number DESC", values
    )
    return [
        Call(
            number=row[0],
            person_id=row[1],
            kind=row[2],
            count=row[3],
            began=row[4],
            latest=row[5],
            pushed=bool(row[6]),
            escalated=bool(row[7]),
            seen=row[8],
            seen_by=row[9],
            false_alarm=bool(row[10]),
        )
        for row in rows
    ]


def _call(connection: sqlite3.Connection, number: int) -> Call:
    found = _calls(connection, "number = ?", number)
    if not found:
        raise InputError(f"there is no call {number}", "Choose one of the page")
    return found[0]
