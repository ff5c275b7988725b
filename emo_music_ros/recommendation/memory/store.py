"""What is remembered about each person, in SQLite.

The state in memory leads and the database follows: when it cannot be written, learning goes on
and everything is written once it can be. An update is on disk when :meth:`Memory.update` has
returned True (write-ahead log, synchronous=FULL).
"""

from __future__ import annotations

import logging
import math
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from emo_music_ros.errors import StorageError
from emo_music_ros.recommendation.base import RankedTrack
from emo_music_ros.streams import FloatArray, Outcome

log = logging.getLogger(__name__)

#: Scripts that bring a database from one ``user_version`` to the next.
MIGRATIONS = (
    """
    CREATE TABLE person (
        person_id TEXT PRIMARY KEY,
        preference BLOB NOT NULL,   -- s_u of Eq. 10, float64
        updates INTEGER NOT NULL,
        changed REAL NOT NULL       -- unix seconds
    );
    CREATE TABLE history (
        person_id TEXT NOT NULL,
        track_id TEXT NOT NULL,
        heard INTEGER NOT NULL,
        judged INTEGER NOT NULL,    -- times there was anything to judge by
        mean REAL NOT NULL,         -- of the rewards, -1..1
        PRIMARY KEY (person_id, track_id)
    );
    CREATE TABLE outcome (
        id INTEGER PRIMARY KEY,
        person_id TEXT NOT NULL, time REAL NOT NULL, recommendation_id TEXT NOT NULL,
        track_id TEXT NOT NULL, learned INTEGER NOT NULL, dwell REAL, skipped INTEGER,
        interrupted INTEGER, repeats INTEGER, rating REAL,
        before_valence REAL, before_arousal REAL, before_dominance REAL, before_confidence REAL,
        after_valence REAL, after_arousal REAL, after_dominance REAL, after_confidence REAL,
        heart_rate_before REAL, heart_rate_after REAL, reward REAL,
        score REAL, emotion_match REAL, preference_match REAL, history_match REAL,
        attention REAL, propensity REAL
    );
    CREATE INDEX outcome_person ON outcome (person_id, time);
    """,
)
TABLES = ("person", "history", "outcome")

#: Outcomes kept for a database that cannot be written; the oldest are lost beyond that.
MOST_PENDING = 1000


def retain(state: FloatArray, increment: FloatArray, retention: float) -> FloatArray:
    """Return Eq. 10, s <- lambda s + (1 - lambda) Delta y."""
    return retention * state + (1.0 - retention) * increment


class LearnedPerson:
    """Preference vector p_u and history h_u of paper A for one person.

    Attributes
    ----------
    preference : ndarray
        float64 [features of a track], the memory of Eq. 10; empty = nothing learned.
    updates : int
        How many outcomes it rests on.
    """

    def __init__(self, person_id: str) -> None:
        self.person_id = person_id
        self.preference: FloatArray = np.zeros(0)
        self.updates = 0
        self.tracks: dict[str, tuple[int, int, float]] = {}  # heard, judged, mean reward

    def history(self, track_id: str) -> tuple[float, int]:
        """Return (mean reward -1..1, times it was heard and could be judged) of one track."""
        _, judged, mean = self.tracks.get(track_id, (0, 0, 0.0))
        return mean, judged


class _Broken(Exception):
    """The file is no database, or a damaged one."""


class Memory:
    """The memory of all persons. Never raises because of a disk or database that fails.

    Parameters
    ----------
    path : str or Path
        Database file, made on demand. A corrupt one is moved aside to
        ``<name>.corrupt-<time>``.
    retention : float
        lambda of Eq. 10, 0..1: share of the memory kept at each update.
    on_error : callable, optional
        Told once when the database cannot be written, until it can again.

    Attributes
    ----------
    updates : int
        Outcomes learned from since this object was made.
    error : str
        Why nothing is stored now; empty = all is stored.
    """

    def __init__(
        self,
        path: str | Path,
        retention: float = 0.8,
        on_error: Callable[[StorageError], None] | None = None,
    ) -> None:
        self.path = Path(path)
        self.retention = retention
        self.updates = 0
        self.error = ""
        self._on_error = on_error
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._people: dict[str, LearnedPerson] = {}
        self._unsaved: set[tuple[str, str]] = set()  # (person, track) whose rows changed
        self._pending: deque[tuple[Any, ...]] = deque(maxlen=MOST_PENDING)
        self._closed = False
        with self._lock, self._reporting():
            self._connect()

    def person(self, person_id: str) -> LearnedPerson:
        """Return what is known about a person; nothing if unknown."""
        with self._lock:
            if person_id not in self._people:
                person = LearnedPerson(person_id)
                with self._reporting():
                    self._load(person)
                self._people[person_id] = person
            return self._people[person_id]

    def persons(self) -> list[str]:
        """Return the ids of all persons something is known about."""
        with self._lock:
            known = {name for name, person in self._people.items() if person.tracks}
            with self._reporting():
                rows = self._connect().execute("SELECT person_id FROM person").fetchall()
                known.update(row[0] for row in rows)
            return sorted(known)

    def update(
        self,
        outcome: Outcome,
        ranked: RankedTrack | None = None,
        learn: bool = True,
        taste: FloatArray | None = None,
    ) -> bool:
        """Learn from one listen by Eq. 10 and log it.

        Parameters
        ----------
        outcome : Outcome
            What happened; its reward is Delta y.
        ranked : RankedTrack, optional
            The scores and the propensity the track was chosen with.
        learn : bool
            False if there was nothing to judge by: it is logged and counted as heard only.
        taste : ndarray, optional
            The content vector to learn towards; the track's own features if not given.

        Returns
        -------
        bool
            Whether it is on disk now.
        """
        learn = learn and math.isfinite(outcome.reward)
        with self._lock:
            person = self.person(outcome.person_id)
            heard, judged, mean = person.tracks.get(outcome.track.track_id, (0, 0, 0.0))
            if learn:
                judged += 1
                mean += (outcome.reward - mean) / judged
                self._learn(person, outcome, outcome.track.features if taste is None else taste)
            person.tracks[outcome.track.track_id] = (heard + 1, judged, mean)
            self._unsaved.add((outcome.person_id, outcome.track.track_id))
            self._pending.append(_row(outcome, ranked, learn))
            return self._save()

    def forget(self, person_id: str) -> int:
        """Remove everything about a person, from memory and from the file.

        Databases that were moved aside as corrupt are deleted, too, since nobody can tell what
        they hold.

        Returns
        -------
        int
            How many records were removed.

        Raises
        ------
        StorageError
            If the database cannot be written; the person may come back with the next start.
        """
        with self._lock:
            person = self._people.pop(person_id, None)
            if person is not None:  # others may still hold it
                person.preference, person.updates = np.zeros(0), 0
                person.tracks.clear()
            self._unsaved = {entry for entry in self._unsaved if entry[0] != person_id}
            waiting = len(self._pending)
            kept = [row for row in self._pending if row[0] != person_id]
            self._pending = deque(kept, maxlen=MOST_PENDING)
            removed = waiting - len(kept)
            try:
                for copy in self.path.parent.glob(f"{self.path.name}.corrupt-*"):
                    copy.unlink()
                    log.info("'%s' was deleted to forget a person", copy)
                connection = self._connect()
                with _transaction(connection):
                    for table in TABLES:
                        removed += connection.execute(
                            f"DELETE FROM {table} WHERE person_id = ?", (person_id,)
                        ).rowcount
                # Neither the log nor unused pages may keep what was deleted.
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                connection.execute("VACUUM")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            except (sqlite3.Error, OSError, StorageError, _Broken) as error:
                raise StorageError(
                    f"person '{person_id}' could not be removed from '{self.path}' ({error})",
                    "Free disk space and repeat it, or delete the file",
                ) from error
            return removed

    def close(self) -> None:
        """Write what is left and close the database. May be called twice."""
        with self._lock:
            if not self._closed and (self._pending or self._unsaved):
                self._save()
            self._closed = True
            self._disconnect()

    # -- learning --------------------------------------------------------------------------

    def _learn(self, person: LearnedPerson, outcome: Outcome, taste: FloatArray) -> None:
        features = np.nan_to_num(np.asarray(taste, float))
        size = float(np.linalg.norm(features))
        direction = features / size if size > 1e-9 else np.zeros_like(features)
        if len(features) and len(features) != len(person.preference):
            # Another library model: its features mean something else, the history still holds.
            person.preference = np.zeros(len(features))
        if len(features):
            person.preference = retain(
                person.preference, outcome.reward * direction, self.retention
            )
        person.updates += 1
        self.updates += 1

    # -- database --------------------------------------------------------------------------

    def _load(self, person: LearnedPerson) -> None:
        try:
            self._read(person)
        except sqlite3.DatabaseError as error:
            if not _is_broken(error):
                raise
            self._set_aside(error)

    def _read(self, person: LearnedPerson) -> None:
        connection = self._connect()
        row = connection.execute(
            "SELECT preference, updates FROM person WHERE person_id = ?", (person.person_id,)
        ).fetchone()
        if row is None:
            return
        rows = connection.execute(
            "SELECT track_id, heard, judged, mean FROM history WHERE person_id = ?",
            (person.person_id,),
        ).fetchall()
        person.preference = np.nan_to_num(np.frombuffer(row[0], np.float64).copy())
        person.updates = row[1]
        person.tracks = {track: (heard, judged, mean) for track, heard, judged, mean in rows}

    def _save(self) -> bool:
        """Write everything that is not on disk yet, in one transaction."""
        with self._reporting():
            try:
                self._write()
            except _Broken:
                self._unsaved = {
                    (name, track)
                    for name, person in self._people.items()
                    for track in person.tracks
                }
                self._write()
            self._unsaved.clear()
            self._pending.clear()
            if self.error:
                log.info("memory '%s' is stored again", self.path)
            self.error = ""
            return True
        return False

    def _write(self) -> None:
        connection = self._connect()
        try:
            with _transaction(connection):
                for name in {entry[0] for entry in self._unsaved}:
                    person = self._people[name]
                    connection.execute(
                        "INSERT OR REPLACE INTO person VALUES (?, ?, ?, ?)",
                        (
                            name,
                            np.asarray(person.preference, np.float64).tobytes(),
                            person.updates,
                            self._pending[-1][1] if self._pending else 0.0,
                        ),
                    )
                connection.executemany(
                    "INSERT OR REPLACE INTO history VALUES (?, ?, ?, ?, ?)",
                    [
                        (name, track, *self._people[name].tracks[track])
                        for name, track in self._unsaved
                    ],
                )
                places = ", ".join("?" * (len(self._pending[0]) if self._pending else 0))
                connection.executemany(
                    f"INSERT INTO outcome VALUES (NULL, {places})", list(self._pending)
                )
        except sqlite3.DatabaseError as error:
            if _is_broken(error):
                self._set_aside(error)
                raise _Broken(str(error)) from error
            raise

    def _connect(self) -> sqlite3.Connection:
        if self._closed:
            raise StorageError(f"memory '{self.path}' is closed", "Open it again")
        if self._connection is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._connection = self._open()
            except sqlite3.DatabaseError as error:
                if not _is_broken(error):
                    raise
                self._set_aside(error)
                self._connection = self._open()
        return self._connection

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=2.0, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("PRAGMA synchronous = FULL")
            verdict = connection.execute("PRAGMA quick_check(1)").fetchone()
            if verdict[0] != "ok":
                raise sqlite3.DatabaseError(str(verdict[0]))
            connection.execute("PRAGMA journal_mode = WAL")
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version > len(MIGRATIONS):
                raise StorageError(
                    f"memory '{self.path}' has format {version}, this program knows"
                    f" {len(MIGRATIONS)}",
                    "Update the program or name another file; until then nothing is stored",
                )
            for number, script in enumerate(MIGRATIONS[version:], version + 1):
                with _transaction(connection):
                    for statement in script.split(";"):
                        connection.execute(statement)
                    connection.execute(f"PRAGMA user_version = {number}")
        except BaseException:
            connection.close()
            raise
        return connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            try:
                self._connection.close()
            except sqlite3.Error as error:
                log.debug("closing '%s': %s", self.path, error)
            self._connection = None

    def _set_aside(self, error: Exception) -> None:
        self._disconnect()
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        aside = self.path.with_name(f"{self.path.name}.corrupt-{stamp}")
        number = 1
        while aside.exists():
            number += 1
            aside = self.path.with_name(f"{self.path.name}.corrupt-{stamp}-{number}")
        self.path.rename(aside)
        for ending in ("-wal", "-shm"):
            rest = self.path.with_name(self.path.name + ending)
            if rest.exists():
                rest.rename(aside.with_name(aside.name + ending))
        log.warning(
            "memory '%s' is damaged (%s) and was moved to '%s'; a new one is started. Restore a"
            " backup if there is one",
            self.path,
            error,
            aside,
        )

    @contextmanager
    def _reporting(self) -> Iterator[None]:
        """Turn a failing database into a report, once until it works again."""
        try:
            yield
        except (sqlite3.Error, OSError, StorageError, _Broken) as problem:
            error = (
                problem
                if isinstance(problem, StorageError)
                else StorageError(
                    f"memory '{self.path}' cannot be written ({problem})",
                    "Free disk space and check the rights of the folder; until then learning"
                    " goes on and is lost when the program ends",
                )
            )
            first = not self.error
            self.error = str(error)
            if first:
                log.error("%s", error)
                if self._on_error is not None:
                    self._on_error(error)


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # A full disk may have rolled back already.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _is_broken(error: sqlite3.Error) -> bool:
    # What goes wrong around the file (locks, rights, space) is an OperationalError.
    return type(error) is sqlite3.DatabaseError


def _row(outcome: Outcome, ranked: RankedTrack | None, learned: bool) -> tuple[Any, ...]:
    before, after = outcome.before, outcome.after
    scores = (
        (
            ranked.score,
            ranked.emotion_match,
            ranked.preference_match,
            ranked.history_match,
            ranked.attention,
            ranked.propensity,
        )
        if ranked is not None
        else (None,) * 6
    )
    return (
        outcome.person_id,
        outcome.time if math.isfinite(outcome.time) else 0.0,
        outcome.recommendation_id,
        outcome.track.track_id,
        int(learned),
        outcome.dwell,
        int(outcome.skipped),
        int(outcome.interrupted),
        outcome.repeats,
        outcome.rating,
        before.valence,
        before.arousal,
        before.dominance,
        before.confidence,
        after.valence,
        after.arousal,
        after.dominance,
        after.confidence,
        outcome.heart_rate_before,
        outcome.heart_rate_after,
        outcome.reward,
        *scores,
    )
