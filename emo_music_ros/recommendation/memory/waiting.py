# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What happened and is not on disk yet: listens, tracks kept back, rows that changed."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from emo_music_ros.recommendation.memory import tables
from emo_music_ros.recommendation.memory.person import LearnedPerson
from emo_music_ros.streams import FloatArray

log = logging.getLogger(__name__)

#: Listens kept for a database that cannot be written; the oldest are lost beyond that.
MOST_PENDING = 1000

#: Person and track.
Key = tuple[str, str]


@dataclass(eq=False)
class Listen:
    """A listen that is not on disk yet.

    Attributes
    ----------
    row : dict
        What is logged of it (see :mod:`emo_music_ros.recommendation.memory.rows`).
    content : ndarray
        What is learned towards [features].
    dwell : float or None
        What it says of the person's habit [share of the track], if anything.
    """

    row: dict[str, Any]
    content: FloatArray
    dwell: float | None

    @property
    def key(self) -> Key:
        """Return person and track."""
        return self.row["person_id"], self.row["track_id"]

    def apply(self, person: LearnedPerson, retention: float) -> None:
        """Let a person have heard it."""
        person.heard(self.key[1], self.dwell)
        if self.row["learned"]:
            person.learn(self.key[1], self.row["reward"], self.content, retention)
        self.row["sequence"] = person.updates


class Waiting:
    """Everything that is to be written with the next transaction."""

    def __init__(self) -> None:
        self._listens: deque[Listen] = deque()
        self._lost = 0
        self._rows: set[Key] = set()  # of the histories
        # (time, reason) of a track blocked since, None if unblocked
        self._blocks: dict[Key, tuple[float, str] | None] = {}

    def __bool__(self) -> bool:
        return bool(self._listens or self._rows or self._blocks)

    def add(self, listen: Listen) -> None:
        """Add a listen."""
        self._rows.add(listen.key)
        self._listens.append(listen)
        if len(self._listens) > MOST_PENDING:
            self._listens.popleft()
            if not self._lost:
                log.warning("memory: more than %d listens wait; the oldest is lost", MOST_PENDING)
            self._lost += 1

    def block(self, key: Key, entry: tuple[float, str] | None) -> None:
        """Add that a track is kept back since a time [unix s] for a reason; None = no longer."""
        self._blocks[key] = entry

    def everything_of(self, person: LearnedPerson) -> None:
        """Add all that is known of a person, whose rows are gone."""
        who = person.person_id
        self._rows.update((who, track) for track in person.tracks)
        for track in person.blocked:
            self._blocks.setdefault((who, track), (0.0, "kept from a file that was replaced"))

    def last(self, key: Key) -> Listen | None:
        """Return the last listen of a track."""
        return next((listen for listen in reversed(self._listens) if listen.key == key), None)

    def replay(self, person: LearnedPerson, retention: float) -> None:
        """Let a person as read from the file have gone through it."""
        for listen in self._listens:
            if listen.key[0] == person.person_id:
                listen.apply(person, retention)
        for (who, track), entry in self._blocks.items():
            if who == person.person_id:
                (person.blocked.discard if entry is None else person.blocked.add)(track)

    def drop(self, person_id: str, newest: Listen | Key | None = None) -> int:
        """Drop what there is of a person but for the newest; return how many records."""

        def stays(entry: Listen | Key, key: Key) -> bool:
            return entry == newest or key[0] != person_id

        before = len(self._listens) + len(self._blocks)
        self._listens = deque(one for one in self._listens if stays(one, one.key))
        self._blocks = {key: entry for key, entry in self._blocks.items() if stays(key, key)}
        self._rows = {key for key in self._rows if key[0] != person_id}
        self._rows.update(one.key for one in self._listens if one == newest)
        return before - len(self._listens) - len(self._blocks)

    def write(self, connection: Connection, people: Mapping[str, LearnedPerson]) -> None:
        """Write it; the transaction is the caller's, and so is to clear it afterwards."""
        changed = self._listens[-1].row["time"] if self._listens else 0.0
        for name in {who for who, _ in self._rows}:
            tables.save_person(connection, people[name], changed)
        for name, track in self._rows:
            # The listen of one that is not there was lost while nothing could be written.
            if track in people[name].tracks:
                tables.save_track(connection, people[name], track)
        for key, entry in self._blocks.items():
            tables.save_block(connection, *key, entry)
        tables.save_outcomes(connection, (listen.row for listen in self._listens))

    def clear(self) -> None:
        """Be empty: it is written."""
        if self._lost:
            log.warning("memory: %d listens were lost while nothing was stored", self._lost)
        self._listens.clear()
        self._rows.clear()
        self._blocks.clear()
        self._lost = 0
