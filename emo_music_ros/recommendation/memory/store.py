"""What is remembered about each person, in SQLite.

The state in memory leads and the database follows: when it cannot be written, learning goes on
and everything is written once it can be. An update is on disk when :meth:`Memory.update` has
returned True (write-ahead log, synchronous=FULL).
"""

from __future__ import annotations

import json
import logging
import math
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from emo_music_ros.errors import StorageError
from emo_music_ros.io.database import Database, is_broken, transaction
from emo_music_ros.recommendation.base import RankedTrack
from emo_music_ros.recommendation.memory.person import LearnedPerson, TrackHistory, retention_of
from emo_music_ros.recommendation.memory.reward import LEAST_ATTENDED, combine
from emo_music_ros.recommendation.memory.rows import COLUMNS, MIGRATIONS, TABLES, outcome_row
from emo_music_ros.streams import FloatArray, Outcome

log = logging.getLogger(__name__)

#: Outcomes kept for a database that cannot be written; the oldest are lost beyond that.
MOST_PENDING = 1000
#: Default half-life of taste [listens].
HALF_LIFE = 50.0


class _Broken(Exception):
    """The file is no database, or a damaged one."""


class Memory:
    """The memory of all persons. Never raises because of a disk or database that fails.

    Parameters
    ----------
    path : str or Path
        Database file, made on demand. A corrupt one is moved aside to
        ``<name>.corrupt-<time>``.
    half_life : float
        Listens after which what was learned from one counts half; gives lambda of Eq. 10.
    on_error : callable, optional
        Told once when the database cannot be written, until it can again.
    durable : bool
        Whether an update outlives a power cut; False for a memory nobody will miss.

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
        half_life: float = HALF_LIFE,
        on_error: Callable[[StorageError], None] | None = None,
        *,
        durable: bool = True,
    ) -> None:
        self.path = Path(path)
        self.retention = retention_of(half_life)
        self.updates = 0
        self.error = ""
        self._on_error = on_error
        self._lock = threading.RLock()
        self._database = Database(path, MIGRATIONS, what="memory", durable=durable)
        self._people: dict[str, LearnedPerson] = {}
        self._unsaved: set[tuple[str, str]] = set()  # (person, track) whose rows changed
        self._pending: deque[dict[str, Any]] = deque(maxlen=MOST_PENDING)
        # (person, track) -> (time, reason) of a track blocked since, None if unblocked
        self._blocks: dict[tuple[str, str], tuple[float, str] | None] = {}
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
            known = {
                name for name, person in self._people.items() if person.tracks or person.blocked
            }
            with self._reporting():
                rows = (
                    self._connect()
                    .execute("SELECT person_id FROM person UNION SELECT person_id FROM blocked")
                    .fetchall()
                )
                known.update(row[0] for row in rows)
            return sorted(known)

    def update(
        self,
        outcome: Outcome,
        ranked: RankedTrack | None = None,
        content: FloatArray | None = None,
    ) -> bool:
        """Learn from one listen by Eq. 10 and log it with its reward, its parts and propensity.

        Parameters
        ----------
        outcome : Outcome
            What happened; its reward is Delta y. NaN = nothing to judge by: it is logged and
            counted as heard only.
        ranked : RankedTrack, optional
            The scores and the propensity the track was chosen with.
        content : ndarray, optional
            The content vector to learn towards; the track's own features if not given.

        Returns
        -------
        bool
            Whether it is on disk now.
        """
        track_id = outcome.track.track_id
        with self._lock:
            person = self.person(outcome.person_id)
            counts = outcome.attended >= LEAST_ATTENDED and not outcome.interrupted
            person.heard(track_id, outcome.dwell if counts else None)
            learned = math.isfinite(outcome.reward)
            if learned:
                vector = outcome.track.features if content is None else content
                person.learn(track_id, outcome.reward, vector, self.retention)
                self.updates += 1
            outcome = replace(outcome, learned=learned)
            self._unsaved.add((outcome.person_id, track_id))
            self._pending.append(outcome_row(outcome, ranked, person.updates))
            return self._save()

    def rate(
        self, person_id: str, track_id: str, rating: float, content: FloatArray
    ) -> tuple[int, float, dict[str, float]] | None:
        """Correct the last listen of a track by a rating that came late.

        Returns
        -------
        tuple or None
            (listen id, reward, signals) as corrected; None if the person never heard the track.
        """
        with self._lock:
            person = self.person(person_id)
            self._save()
            row = self._last_listen(person_id, track_id)
            if row is None:
                return None
            signals = {
                **json.loads(row["signals"] or "{}"),
                "rating": min(max(rating, -1.0), 1.0),
            }
            value, sequence = combine(signals), row["sequence"]
            if row["learned"]:
                ago = max(person.updates - sequence, 0)
                person.correct(track_id, value - row["reward"], content, self.retention, ago)
            else:
                person.learn(track_id, value, content, self.retention)
                sequence = person.updates
                self.updates += 1
            self._unsaved.add((person_id, track_id))
            change = {
                "rating": signals["rating"],
                "reward": value,
                "learned": 1,
                "signals": json.dumps(signals),
                "sequence": sequence,
            }
            if "id" not in row:  # not written yet
                row.update(change)
            else:
                with self._reporting():
                    self._connect().execute(
                        "UPDATE outcome SET rating = :rating, reward = :reward, learned = 1,"
                        " signals = :signals, sequence = :sequence WHERE id = :id",
                        {**change, "id": row["id"]},
                    )
            self._save()
            return int(row["listen"] or 0), value, signals

    def _last_listen(self, person_id: str, track_id: str) -> dict[str, Any] | None:
        """Return the row of the last listen of a track; it has no id while it is not written."""
        for row in reversed(self._pending):
            if (row["person_id"], row["track_id"]) == (person_id, track_id):
                return row
        names = ("id", "listen", "learned", "reward", "signals", "sequence")
        with self._reporting():
            found = self._connect().execute(
                f"SELECT {', '.join(names)} FROM outcome WHERE person_id = ? AND track_id = ?"
                " ORDER BY id DESC LIMIT 1",
                (person_id, track_id),
            )
            values = found.fetchone()
            return dict(zip(names, values)) if values is not None else None
        return None

    def block(self, person_id: str, track_id: str, time: float, reason: str) -> None:
        """Keep a track from being chosen for a person until :meth:`unblock`."""
        with self._lock:
            self.person(person_id).blocked.add(track_id)
            self._blocks[person_id, track_id] = (time, reason)
            self._save()

    def unblock(self, person_id: str, track_id: str) -> None:
        """Clear a track: a human decided that it may be played again."""
        with self._lock:
            self.person(person_id).blocked.discard(track_id)
            self._blocks[person_id, track_id] = None
            self._save()

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
                person.clear()
            self._unsaved = {entry for entry in self._unsaved if entry[0] != person_id}
            self._blocks = {
                key: value for key, value in self._blocks.items() if key[0] != person_id
            }
            waiting = len(self._pending)
            kept = [row for row in self._pending if row["person_id"] != person_id]
            self._pending = deque(kept, maxlen=MOST_PENDING)
            removed = waiting - len(kept)
            try:
                for copy in self.path.parent.glob(f"{self.path.name}.corrupt-*"):
                    copy.unlink()
                    log.info("'%s' was deleted to forget a person", copy)
                connection = self._connect()
                with transaction(connection):
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
            if not self._closed and (self._pending or self._unsaved or self._blocks):
                self._save()
            self._closed = True
            self._database.close()

    # -- database --------------------------------------------------------------------------

    def _load(self, person: LearnedPerson) -> None:
        try:
            self._read(person)
        except sqlite3.DatabaseError as error:
            if not is_broken(error):
                raise
            self._database.set_aside(error)

    def _read(self, person: LearnedPerson) -> None:
        connection = self._connect()
        who = (person.person_id,)
        blocked = connection.execute("SELECT track_id FROM blocked WHERE person_id = ?", who)
        person.blocked = {row[0] for row in blocked.fetchall()}
        row = connection.execute(
            "SELECT preference, updates, weight, listens, dwell, dwells FROM person"
            " WHERE person_id = ?",
            who,
        ).fetchone()
        if row is None:
            return
        tracks = connection.execute(
            "SELECT track_id, heard, judged, mean FROM history WHERE person_id = ?", who
        ).fetchall()
        person.taste = np.nan_to_num(np.frombuffer(row[0], np.float64).copy())
        person.updates, person.weight, person.listens = row[1], row[2], row[3]
        person.habit(row[4], row[5])
        person.tracks = {track: TrackHistory(*values) for track, *values in tracks}

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
                for name, person in self._people.items():
                    for track in person.blocked:
                        self._blocks.setdefault((name, track), (0.0, "kept from a damaged file"))
                self._write()
            self._unsaved.clear()
            self._blocks.clear()
            self._pending.clear()
            if self.error:
                log.info("memory '%s' is stored again", self.path)
            self.error = ""
            return True
        return False

    def _write(self) -> None:
        connection = self._connect()
        changed = self._pending[-1]["time"] if self._pending else 0.0
        try:
            with transaction(connection):
                for name in {entry[0] for entry in self._unsaved}:
                    person = self._people[name]
                    mean, count = person.usual_dwell
                    connection.execute(
                        "INSERT OR REPLACE INTO person (person_id, preference, updates, changed,"
                        " weight, listens, dwell, dwells) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                        (
                            name,
                            np.asarray(person.taste, np.float64).tobytes(),
                            person.updates,
                            changed,
                            person.weight,
                            person.listens,
                            mean * count,
                            count,
                        ),
                    )
                for name, track in self._unsaved:
                    known = self._people[name].tracks[track]
                    connection.execute(
                        "INSERT OR REPLACE INTO history VALUES (?, ?, ?, ?, ?)",
                        (name, track, known.heard, known.judged, known.mean),
                    )
                for (name, track), entry in self._blocks.items():
                    connection.execute(
                        "DELETE FROM blocked WHERE person_id = ? AND track_id = ?", (name, track)
                    )
                    if entry is not None:
                        connection.execute(
                            "INSERT INTO blocked VALUES (?, ?, ?, ?)", (name, track, *entry)
                        )
                names = ", ".join(COLUMNS)
                places = ", ".join(f":{name}" for name in COLUMNS)
                connection.executemany(
                    f"INSERT INTO outcome ({names}) VALUES ({places})", list(self._pending)
                )
        except sqlite3.DatabaseError as error:
            if is_broken(error):
                self._database.set_aside(error)
                raise _Broken(str(error)) from error
            raise

    def _connect(self) -> sqlite3.Connection:
        if self._closed:
            raise StorageError(f"memory '{self.path}' is closed", "Open it again")
        return self._database.connect()

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
