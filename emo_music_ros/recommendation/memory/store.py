# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What is remembered about each person, in a SQLite file or on a PostgreSQL server.

The database leads: every change is made to the newest rows within one transaction, so that
programs that share it lose nothing of each other. What cannot be written is kept, learned from,
and written once it can be. An update is on disk when :meth:`Memory.update` has returned True
(SQLite: write-ahead log, synchronous=FULL; PostgreSQL: synchronous_commit).
"""

from __future__ import annotations

import json
import logging
import math
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection

from emo_music_ros.errors import StorageError
from emo_music_ros.recommendation.base import RankedTrack
from emo_music_ros.recommendation.memory import tables
from emo_music_ros.recommendation.memory.person import LearnedPerson, retention_of
from emo_music_ros.recommendation.memory.reward import LEAST_ATTENDED, combine
from emo_music_ros.recommendation.memory.rows import outcome_row
from emo_music_ros.recommendation.memory.storage import FAILURES, open_storage, reason
from emo_music_ros.recommendation.memory.waiting import Key, Listen, Waiting
from emo_music_ros.resources import cache, data, data_of
from emo_music_ros.streams import FloatArray, Outcome

log = logging.getLogger(__name__)

_T = TypeVar("_T")
#: Default half-life of taste [listens].
HALF_LIFE = 50.0


def default_path(namespace: str, name: str = "memory") -> Path:
    """Return where the memory is if nobody says otherwise.

    Parameters
    ----------
    namespace : str
        That of the robot, such as ``/kitchen``: each has a memory of its own. Empty = none.
    name : str
        Of the file, without ending.
    """
    path = data_of(namespace, f"{name}.sqlite")
    if path == data("memory.sqlite") and not path.exists():
        former = cache("memory.sqlite")
        if former.exists():
            return former
    return path


class Memory:
    """The memory of all persons. Never raises because of a disk or database that fails.

    Parameters
    ----------
    place : str or Path
        SQLite file, made on demand: a corrupt one is moved aside to ``<name>.corrupt-<time>``,
        anything else that is there is left as it is. Or the URL of a PostgreSQL database, such as
        ``postgresql://robot@server/house``, whose tables are made on demand.
    half_life : float
        Listens after which what was learned from one counts half; gives lambda of Eq. 10.
    on_error : callable, optional
        Told once when the database cannot be written, until it can again.
    durable : bool
        Whether an update outlives a power cut; False for a memory nobody will miss.
    own : bool
        Whether the path is that of :func:`default_path`: what is there then is taken for ours,
        however damaged.

    Attributes
    ----------
    updates : int
        Outcomes learned from since this object was made.
    error : str
        Why nothing is stored now; empty = all is stored.
    """

    def __init__(
        self,
        place: str | Path,
        half_life: float = HALF_LIFE,
        on_error: Callable[[StorageError], None] | None = None,
        *,
        durable: bool = True,
        own: bool = False,
    ) -> None:
        self.retention = retention_of(half_life)
        self.updates = 0
        self.error = ""
        self._on_error = on_error
        self._lock = threading.RLock()
        self._storage = open_storage(place, durable=durable, own=own)
        self._rows = tables.Rows()
        self._people: dict[str, LearnedPerson] = {}
        self._waiting = Waiting()
        # What was read last: from which database, and how many changes others had made.
        self._source: Hashable = None
        self._version: Hashable = None
        self._unread: set[str] = set()
        self._closed = False
        with self._lock, self._reporting():
            self._connect()

    @property
    def place(self) -> str:
        """Return where the database is, without any password."""
        return self._storage.place

    def person(self, person_id: str) -> LearnedPerson:
        """Return what is known about a person; nothing if unknown.

        The object stays the same and shows what other programs learned from this call on, and
        from the next update.
        """
        with self._lock:
            known = self._people.get(person_id)
            if known is None:
                known = self._people[person_id] = LearnedPerson(person_id)
                self._unread.add(person_id)
            elif self.error:
                return known  # tried again with the next update
            with self._reporting():
                self._mending(self._look)
            return known

    def persons(self) -> list[str]:
        """Return the ids of all persons something is known about."""
        with self._lock:
            known = {
                name for name, person in self._people.items() if person.tracks or person.blocked
            }
            with self._reporting():
                known.update(tables.people(self._connect()))
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
        with self._lock:
            person = self._cached(outcome.person_id)
            counts = outcome.attended >= LEAST_ATTENDED and not outcome.interrupted
            learned = math.isfinite(outcome.reward)
            listen = Listen(
                outcome_row(replace(outcome, learned=learned), ranked, 0),
                outcome.track.features if content is None else content,
                outcome.dwell if counts else None,
            )
            listen.apply(person, self.retention)
            self.updates += learned
            self._waiting.add(listen)
            return self._save(listen)

    def rate(
        self, person_id: str, track_id: str, rating: float, content: FloatArray
    ) -> tuple[int, float, dict[str, float]] | None:
        """Correct the last listen of a track by a rating that came late.

        Returns
        -------
        tuple or None
            (listen id, reward, signals) as corrected; None if the person never heard the track,
            or what was logged of it cannot be read or written.
        """
        with self._lock:
            self._cached(person_id)
            self._save()
            listen = self._waiting.last((person_id, track_id))
            if listen is not None:  # it could not be written
                row = {**listen.row, "signals": json.loads(listen.row["signals"])}
                change, signals = self._corrected(person_id, track_id, row, rating, content)
                listen.row.update(change)
                return int(row["listen"]), change["reward"], signals
            with self._reporting():
                return self._mending(
                    lambda: self._rate_stored(person_id, track_id, rating, content)
                )
            return None

    def _rate_stored(
        self, person_id: str, track_id: str, rating: float, content: FloatArray
    ) -> tuple[int, float, dict[str, float]] | None:
        connection = self._connect()
        with self._storage.transaction():
            self._follow(connection)
            row = self._rows.last_listen(connection, person_id, track_id)
            if row is None:
                return None
            change, signals = self._corrected(person_id, track_id, row, rating, content)
            tables.change_outcome(connection, row["id"], change)
            person = self._people[person_id]
            tables.save_person(connection, person, time.time())
            tables.save_track(connection, person, track_id)
        return row["listen"], change["reward"], signals

    def _corrected(
        self,
        person_id: str,
        track_id: str,
        row: dict[str, Any],
        rating: float,
        content: FloatArray,
    ) -> tuple[dict[str, Any], dict[str, float]]:
        """Learn from the rating of a logged listen; return what changes of it, and its signals."""
        person = self._people[person_id]
        signals = {**row["signals"], "rating": min(max(rating, -1.0), 1.0)}
        value, sequence = combine(signals), row["sequence"]
        if row["learned"]:
            ago = max(person.updates - sequence, 0)
            person.correct(track_id, value - row["reward"], content, self.retention, ago)
        else:
            person.learn(track_id, value, content, self.retention)
            sequence = person.updates
            self.updates += 1
        change = {
            "rating": signals["rating"],
            "reward": value,
            "learned": 1,
            "signals": json.dumps(signals),
            "sequence": sequence,
        }
        return change, signals

    def block(self, person_id: str, track_id: str, time: float, reason: str) -> None:
        """Keep a track from being chosen for a person until :meth:`unblock`."""
        with self._lock:
            self._cached(person_id).blocked.add(track_id)
            self._note((person_id, track_id), (time, reason))

    def unblock(self, person_id: str, track_id: str) -> None:
        """Clear a track: a human decided that it may be played again."""
        with self._lock:
            self._cached(person_id).blocked.discard(track_id)
            self._note((person_id, track_id), None)

    def _note(self, key: Key, entry: tuple[float, str] | None) -> None:
        self._waiting.block(key, entry)
        self._save(key)

    def forget(self, person_id: str) -> int:
        """Remove everything about a person, from memory and from the file.

        Other programs that use the file forget the person, too. Databases that were moved aside
        as corrupt are deleted, since nobody can tell what they hold.

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
            person = self._people.get(person_id)
            if person is not None:  # others may hold it
                person.clear()
            removed = self._waiting.drop(person_id)
            try:
                self._storage.drop_copies()
                connection = self._connect()
                with self._storage.transaction():
                    removed += tables.forget(connection, person_id)
                    if person is not None:
                        person.generation = tables.forgets(connection, person_id)
                self._storage.erase_traces()
            except FAILURES as error:
                raise StorageError(
                    f"person '{person_id}' could not be removed from '{self.place}'"
                    f" ({reason(error)})",
                    f"{self._storage.remedy} and repeat it",
                ) from error
            return removed

    def close(self) -> None:
        """Write what is left and close the database. May be called twice."""
        with self._lock:
            if not self._closed and self._waiting:
                self._storage.close()  # a server that was away is asked once more
                self._save()
            self._closed = True
            self._storage.close()

    # -- what others did -------------------------------------------------------------------

    def _cached(self, person_id: str) -> LearnedPerson:
        """Return a person as known here; what others learned comes with the transaction."""
        return self._people.get(person_id) or self.person(person_id)

    def _look(self) -> None:
        """Take over what others wrote; what they lack of a file that was replaced is written."""
        connection = self._connect()
        if self._source in (None, self._storage.identity()):
            self._follow(connection)
        else:
            self._write()

    def _follow(self, connection: Connection, newest: Listen | Key | None = None) -> None:
        """Read who is new, and everybody if others wrote; what is not on disk yet comes on top.

        `newest`, a listen or the key of a block, was made after all that others did.
        """
        source, version = self._storage.identity(), self._storage.version()
        same = (source, version) == (self._source, self._version)
        for name in list(self._unread) if same else list(self._people):
            self._take(connection, self._people[name], newest)
        self._unread.clear()
        self._source, self._version = source, version

    def _take(
        self, connection: Connection, person: LearnedPerson, newest: Listen | Key | None
    ) -> None:
        record = self._rows.read(connection, person.person_id)
        replaced = self._source not in (None, self._storage.identity())
        if replaced:  # a file begins with nobody forgotten
            forgotten = not record.known and record.forgets > 0
        else:
            forgotten = person.generation not in (None, record.generation)
        person.generation = record.generation
        if forgotten:
            dropped = self._waiting.drop(person.person_id, newest)
            log.info("a person was forgotten by another program, %d new records too", dropped)
        elif replaced and not record.known:
            self._waiting.everything_of(person)
            return
        record.restore(person)
        self._waiting.replay(person, self.retention)

    # -- database --------------------------------------------------------------------------

    def _save(self, newest: Listen | Key | None = None) -> bool:
        """Write everything that is not on disk yet, in one transaction."""
        with self._reporting():
            self._mending(lambda: self._write(newest))
            if self.error:
                log.info("memory '%s' is stored again", self.place)
            self.error = ""
            return True
        return False

    def _write(self, newest: Listen | Key | None = None) -> None:
        connection, source = self._connect(), self._source
        try:
            with self._storage.transaction():
                self._follow(connection, newest)
                self._waiting.write(connection, self._people)
        except BaseException:
            self._source = source  # what a new file lacks is not there yet
            raise
        self._waiting.clear()

    def _mending(self, action: Callable[[], _T]) -> _T:
        """Do something once more with a new file if the old one turns out to be damaged."""
        try:
            return action()
        except FAILURES as error:
            if not self._storage.mend(error):
                raise
            return action()

    def _connect(self) -> Connection:
        if self._closed:
            raise StorageError(f"memory '{self.place}' is closed", "Open it again")
        return self._storage.connect()

    @contextmanager
    def _reporting(self) -> Iterator[None]:
        """Turn a failing database into a report, once until it works again."""
        try:
            yield
        except FAILURES as problem:
            self._version = None  # what is in memory may not be what is in the file
            error = (
                problem
                if isinstance(problem, StorageError)
                else StorageError(
                    f"memory '{self.place}' cannot be written ({reason(problem)})",
                    f"{self._storage.remedy}; until then learning goes on and is lost when the"
                    " program ends",
                )
            )
            first = not self.error
            self.error = str(error)
            if first:
                log.error("%s", error)
                if self._on_error is not None:
                    self._on_error(error)
