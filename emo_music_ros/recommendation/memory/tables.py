# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What the database says of a person, and how that is changed: statements and nothing else.

A file may have been edited or damaged where no check of SQLite sees it: a row that makes no
sense is left out, told once, and written anew when there is something to write.
"""

from __future__ import annotations

import json
import logging
import math
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

import numpy as np
from sqlalchemy import Connection, bindparam, delete, inspect, select, table, union, update
from sqlalchemy import column as named

from emo_music_ros.recommendation.memory.person import LearnedPerson, TrackHistory
from emo_music_ros.recommendation.memory.reward import WEIGHTS
from emo_music_ros.recommendation.memory.rows import stored
from emo_music_ros.recommendation.memory.schema import blocked, forgotten, history, outcome
from emo_music_ros.recommendation.memory.schema import person as people_table
from emo_music_ros.streams import FloatArray

log = logging.getLogger(__name__)

#: How many names one count of forgettings stands for: all of those that share a remainder.
BUCKETS = 256
#: Largest mean of rewards -1..1, with rounding, and feature of a taste that corrections can make.
_LARGEST, _EXTREME = 1.0 + 1e-6, 100.0
#: Largest count that can still be added to in SQLite.
_EXTREME_COUNT = 2**53
_LISTEN = ("id", "listen", "learned", "reward", "signals", "sequence")


_PERSON = select(
    *(people_table.c[name] for name in ("generation", "preference", "updates", "weight")),
    *(people_table.c[name] for name in ("listens", "dwell", "dwells")),
).where(people_table.c.person_id == bindparam("who"))
_HISTORY = select(history.c.track_id, history.c.heard, history.c.judged, history.c.mean).where(
    history.c.person_id == bindparam("who")
)
_BLOCKED = select(blocked.c.track_id).where(blocked.c.person_id == bindparam("who"))
_FORGETS = select(forgotten.c.times).where(forgotten.c.bucket == bindparam("bucket"))
#: Listens of a person that are looked at for when a track was heard last.
REMEMBERED = 200
_LATELY = (
    select(outcome.c.track_id, outcome.c.listen)
    .where(outcome.c.person_id == bindparam("who"))
    .order_by(outcome.c.time.desc())
    .limit(REMEMBERED)
)
_LAST = (
    select(*(outcome.c[name] for name in _LISTEN))
    .where(outcome.c.person_id == bindparam("who"), outcome.c.track_id == bindparam("track"))
    .order_by(outcome.c.id.desc())
    .limit(1)
)


@dataclass(frozen=True)
class Record:
    """Everything the file has about one person.

    Attributes
    ----------
    known : bool
        Whether there is anything.
    generation : int
        That of the row; of one that is to be written now if there is none.
    forgets : int
        How often somebody with a name like this was forgotten.
    learned : tuple or None
        Taste, updates, weight, listens, sum and number of shares heard.
    """

    known: bool
    generation: int
    forgets: int
    learned: tuple[FloatArray, int, float, int, float, int] | None
    tracks: dict[str, TrackHistory]
    blocked: set[str]

    def restore(self, person: LearnedPerson) -> None:
        """Make a person what is written here."""
        person.clear()
        if self.learned is not None:
            person.taste, person.updates, person.weight, person.listens = self.learned[:4]
            person.habit(*self.learned[4:])
        person.tracks, person.blocked = self.tracks, self.blocked


class Rows:
    """Reads rows and leaves out what makes no sense, telling each once."""

    def __init__(self) -> None:
        self._told: set[tuple[str, ...]] = set()

    def read(self, connection: Connection, person_id: str) -> Record:
        """Return everything about one person."""
        row = connection.execute(_PERSON, {"who": person_id}).fetchone()
        tracks = connection.execute(_HISTORY, {"who": person_id}).fetchall()
        kept = connection.execute(_BLOCKED, {"who": person_id}).fetchall()
        times = forgets(connection, person_id)
        learned = None
        if row is not None and (learned := _learned(*row[1:])) is None:
            self._leave_out("person", person_id)
        histories = {}
        for track_id, *values in tracks:
            history = _history(*values)
            if isinstance(track_id, str) and history is not None:
                histories[track_id] = history
            else:
                self._leave_out("history", person_id, track_id)
        for track_id, listen in connection.execute(_LATELY, {"who": person_id}).fetchall():
            if track_id in histories and _count(listen):
                histories[track_id].last = max(histories[track_id].last, listen)
        kept_back = {track_id for (track_id,) in kept if isinstance(track_id, str)}
        if len(kept_back) < len(kept):
            self._leave_out("blocked", person_id)
        return Record(
            known=bool(row or tracks or kept),
            generation=row[0] if row is not None and _count(row[0]) else times,
            forgets=times,
            learned=learned,
            tracks=histories,
            blocked=kept_back,
        )

    def last_listen(
        self, connection: Connection, person_id: str, track_id: str
    ) -> dict[str, Any] | None:
        """Return what the last listen of a track was worth, None if there is none."""
        found = connection.execute(_LAST, {"who": person_id, "track": track_id}).fetchone()
        if found is None:
            return None
        row = dict(found._mapping)
        row["signals"] = _signals(row["signals"])
        row["listen"] = row["listen"] or 0
        sound = (
            row["signals"] is not None
            and all(_count(row[name]) for name in ("listen", "learned", "sequence"))
            and (not row["learned"] or _within(row["reward"], 1.0))
        )
        if not sound:
            self._leave_out("outcome", person_id, row["id"])
            return None
        return row

    def _leave_out(self, table: str, *key: object) -> None:
        entry = (table, *map(repr, key))
        if entry not in self._told:
            self._told.add(entry)
            log.warning(
                "memory: the row %s of table %s makes no sense and is left out. Restore a backup "
                "if there is one",
                ", ".join(entry[1:]),
                table,
            )


def people(connection: Connection) -> set[str]:
    """Return the ids of all persons there is something about."""
    rows = connection.execute(union(select(people_table.c.person_id), select(blocked.c.person_id)))
    return {row[0] for row in rows.fetchall() if isinstance(row[0], str)}


def save_person(connection: Connection, person: LearnedPerson, changed: float) -> None:
    """Write what was learned in all; `changed` is when [unix s]."""
    mean, count = person.usual_dwell
    who = people_table.c.person_id == person.person_id
    connection.execute(delete(people_table).where(who))
    connection.execute(
        people_table.insert(),
        {
            "person_id": person.person_id,
            "preference": np.asarray(person.taste, np.float64).tobytes(),
            "updates": person.updates,
            "changed": changed,
            "weight": person.weight,
            "listens": person.listens,
            "dwell": mean * count,
            "dwells": count,
            "generation": person.generation or 0,
        },
    )


def save_track(connection: Connection, person: LearnedPerson, track_id: str) -> None:
    """Write what one track did."""
    known = person.tracks[track_id]
    key = {"person_id": person.person_id, "track_id": track_id}
    connection.execute(delete(history).filter_by(**key))
    connection.execute(
        history.insert(), {**key, "heard": known.heard, "judged": known.judged, "mean": known.mean}
    )


def save_block(
    connection: Connection, person_id: str, track_id: str, entry: tuple[float, str] | None
) -> None:
    """Write that a track is kept back since a time [unix s] for a reason; None = no longer."""
    key = {"person_id": person_id, "track_id": track_id}
    connection.execute(delete(blocked).filter_by(**key))
    if entry is not None:
        connection.execute(blocked.insert(), {**key, "time": entry[0], "reason": entry[1]})


def save_outcomes(connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
    """Log what was heard."""
    if entries := [stored(row) for row in rows]:
        connection.execute(outcome.insert(), entries)


def change_outcome(connection: Connection, row: int, change: Mapping[str, Any]) -> None:
    """Set columns of one logged listen."""
    connection.execute(update(outcome).where(outcome.c.id == row).values(stored(change)))


def forgets(connection: Connection, person_id: str) -> int:
    """Return how often somebody with a name like this was forgotten."""
    row = connection.execute(_FORGETS, {"bucket": _bucket(person_id)}).fetchone()
    return row[0] if row is not None and _count(row[0]) else 0


def forget(connection: Connection, person_id: str) -> int:
    """Delete a person from every table that knows persons; return how many rows that were."""
    removed = 0
    columns = inspect(connection).get_multi_columns()
    for (_, name), found in columns.items():
        if any(column["name"] == "person_id" for column in found):
            about = delete(table(name, named("person_id"))).where(named("person_id") == person_id)
            removed += connection.execute(about).rowcount
    count = forgets(connection, person_id) + 1
    connection.execute(delete(forgotten).where(forgotten.c.bucket == _bucket(person_id)))
    connection.execute(forgotten.insert(), {"bucket": _bucket(person_id), "times": count})
    return removed


def _bucket(person_id: str) -> int:
    return zlib.crc32(person_id.encode("utf-8", "surrogatepass")) % BUCKETS


def _count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and 0 <= value <= _EXTREME_COUNT


def _within(value: object, limit: float) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and math.isfinite(value) and abs(value) <= limit


def _learned(
    preference: object,
    updates: object,
    weight: object,
    listens: object,
    dwell: object,
    dwells: object,
) -> tuple[FloatArray, int, float, int, float, int] | None:
    if not isinstance(preference, bytes) or len(preference) % 8:
        return None
    taste = np.frombuffer(preference, np.float64).copy()
    if not np.isfinite(taste).all() or float(np.abs(taste).max(initial=0.0)) > _EXTREME:
        return None
    if not (_count(updates) and _count(listens) and _count(dwells)):
        return None
    if not (_within(weight, math.inf) and _within(dwell, math.inf)):
        return None
    if min(weight, dwell) < 0:
        return None
    return taste, updates, weight, listens, dwell, dwells


def _history(heard: object, judged: object, mean: object) -> TrackHistory | None:
    if _count(heard) and _count(judged) and _within(mean, _LARGEST):
        return TrackHistory(heard, judged, mean)
    return None


def _signals(text: object) -> dict[str, float] | None:
    """Return the parts of a reward from their JSON; None if that is none."""
    if text is None:
        return {}
    try:
        signals = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return None
    if not isinstance(signals, dict) or not set(signals) <= set(WEIGHTS):
        return None
    return signals if all(_within(part, 1.0) for part in signals.values()) else None
