# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What the file says of each person, and how that is changed: SQL and nothing else.

A version is what was learned from one more moment: it names the version before it, and the moments
of a version are those of all before it down to 0, the shipped weights. Heads are learned from them
anew, so that nothing can be stored that fits no moments. The file may have been edited or damaged
where no check of SQLite sees it: a row that makes no sense is left out, and told once.
"""

from __future__ import annotations

import json
import logging
import math
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from emo_music_ros.emotion import STATES
from emo_music_ros.fusion.adaptation.head import Answer, Moment

log = logging.getLogger(__name__)

#: Marks a file of ours.
APPLICATION = 0x656D6F07
MIGRATIONS = (
    """
    CREATE TABLE version (
        person_id TEXT NOT NULL,
        version INTEGER NOT NULL,   -- from 1 on
        before INTEGER NOT NULL,    -- the version learned on from; 0 = the shipped weights
        time REAL NOT NULL,         -- of the moment, unix seconds
        state TEXT NOT NULL,        -- that was confirmed
        strategy TEXT NOT NULL,     -- fusion plugin whose answer it is
        answer TEXT NOT NULL,       -- JSON: fused [4], and said by modality [4]
        difference REAL NOT NULL,   -- loss of the version before less that of the shipped weights
        PRIMARY KEY (person_id, version)
    );
    CREATE TABLE holds (
        person_id TEXT PRIMARY KEY,
        version INTEGER NOT NULL,
        fallen INTEGER NOT NULL     -- 1 = the shipped weights hold since a version did worse
    );
    """,
)
#: So many versions of a person are kept, the newest.
MOST_VERSIONS = 100
#: Largest number that counts as a log probability less its mean; the version that none reaches.
_EXTREME, _ENDLESS = 100.0, 2**31


@dataclass(frozen=True, eq=False)
class Version:
    """One row: what was learned on from `before` by one moment."""

    number: int
    before: int
    moment: Moment
    strategy: str
    difference: float


@dataclass(frozen=True)
class Holds:
    """Which version holds, and whether it is 0 because another did worse."""

    version: int = 0
    fallen: bool = False


class Rows:
    """Reads rows and leaves out what makes no sense, telling each once."""

    def __init__(self) -> None:
        self._told: set[tuple[str, object]] = set()

    def versions(self, connection: sqlite3.Connection, person_id: str) -> dict[int, Version]:
        """Return the versions of a person by number, oldest first."""
        found = {}
        for row in connection.execute(
            "SELECT version, before, time, state, strategy, answer, difference FROM version"
            " WHERE person_id = ? ORDER BY version",
            (person_id,),
        ):
            version = _version(*row)
            if version is None:
                self._tell(person_id, row[0])
            else:
                found[version.number] = version
        return found

    def holds(self, connection: sqlite3.Connection, person_id: str) -> Holds:
        """Return which version of a person holds."""
        row = connection.execute(
            "SELECT version, fallen FROM holds WHERE person_id = ?", (person_id,)
        ).fetchone()
        if row is None:
            return Holds()
        if not _count(row[0]):
            self._tell(person_id, "that holds")
            return Holds()
        return Holds(row[0], row[1] == 1)

    def _tell(self, person_id: str, which: object) -> None:
        if (person_id, which) not in self._told:
            self._told.add((person_id, which))
            log.warning("version %.40s of '%s' makes no sense and is left out", which, person_id)


def people_fallen(connection: sqlite3.Connection) -> list[str]:
    """Return whose version did worse than the shipped weights, which hold since."""
    rows = connection.execute("SELECT person_id FROM holds WHERE fallen = 1 AND version = 0")
    return sorted(str(row[0]) for row in rows)


def make_room(connection: sqlite3.Connection, person_id: str) -> int:
    """Drop the oldest version if there are many; return the number of the next one.

    No number is used twice.
    """
    (newest,) = connection.execute(
        "SELECT max(version) FROM version WHERE person_id = ? AND typeof(version) = 'integer'"
        " AND version < ?",
        (person_id, _ENDLESS),
    ).fetchone()
    number = int(newest or 0) + 1
    connection.execute(
        "DELETE FROM version WHERE person_id = ? AND version <= ?",
        (person_id, number - MOST_VERSIONS),
    )
    return number


def add(connection: sqlite3.Connection, person_id: str, version: Version) -> None:
    """Add a version."""
    moment = version.moment
    answer = {
        "fused": moment.answer.fused.tolist(),
        "said": {name: values.tolist() for name, values in moment.answer.said.items()},
    }
    connection.execute(
        "INSERT INTO version VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(person_id, version.number, version.before, moment.time, STATES[moment.state]),
            *(version.strategy, json.dumps(answer), version.difference),
        ),
    )


def hold(connection: sqlite3.Connection, person_id: str, holds: Holds) -> None:
    """Let a version of a person hold."""
    connection.execute(
        "INSERT OR REPLACE INTO holds VALUES (?, ?, ?)",
        (person_id, holds.version, int(holds.fallen)),
    )


def forget(connection: sqlite3.Connection, person_id: str) -> int:
    """Delete a person; return how many versions that were."""
    connection.execute("DELETE FROM holds WHERE person_id = ?", (person_id,))
    return connection.execute("DELETE FROM version WHERE person_id = ?", (person_id,)).rowcount


def line(versions: Mapping[int, Version], number: int, strategy: str) -> list[Version]:
    """Return the versions that one rests on, oldest first, itself included.

    Those of another strategy are left out: its answers mean something else.
    """
    found = []
    while number in versions:
        found.append(versions[number])
        number = versions[number].before
    return [version for version in reversed(found) if version.strategy == strategy]


def _version(
    number: Any, before: Any, time: Any, state: Any, strategy: Any, answer: Any, difference: Any
) -> Version | None:
    """Return a row as a version, None if it makes no sense."""
    if not (_count(number) and number > 0 and _count(before) and before < number):
        return None
    if state not in STATES or not isinstance(strategy, str) or not isinstance(answer, str):
        return None
    if not (_number(time, math.inf) and _number(difference, 1.0)):
        return None
    try:
        content = json.loads(answer)
        names = list(content["said"])
        table = np.array([content["fused"], *content["said"].values()], float)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    if table.shape != (1 + len(names), len(STATES)) or not (np.abs(table) <= _EXTREME).all():
        return None
    fused, said = table[0], dict(zip(names, table[1:]))
    moment = Moment(Answer(fused, said), STATES.index(state), float(time))
    return Version(number, before, moment, strategy, float(difference))


def _count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _ENDLESS


def _number(value: object, limit: float) -> bool:
    return isinstance(value, int | float) and math.isfinite(value) and abs(value) <= limit
