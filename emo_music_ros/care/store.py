# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Profiles, plans and notes in SQLite: on disk before anybody is told that they are stored."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

from emo_music_ros.care import notes, plans, profile
from emo_music_ros.care.notes import Note
from emo_music_ros.care.plans import Held, Plan
from emo_music_ros.care.profile import NOBODY, Profile, Song
from emo_music_ros.errors import CompanionError, InputError
from emo_music_ros.io.shared_file import SharedFile
from emo_music_ros.resources import data_of

#: Marks a file of ours.
APPLICATION = 0x656D6F0C
#: Most plans and notes of one person.
MOST_PLANS, MOST_NOTES = 100, 10_000
#: Planned sessions and stops older than this are nobody's business any more [s].
KEPT = 90 * 86400.0

MIGRATIONS = (
    """
    CREATE TABLE profile (
        person_id TEXT PRIMARY KEY,
        entry TEXT NOT NULL,        -- JSON
        sessions INTEGER NOT NULL
    );
    CREATE TABLE plan (
        plan_id TEXT PRIMARY KEY,
        person_id TEXT NOT NULL,
        entry TEXT NOT NULL,        -- JSON
        held INTEGER NOT NULL
    );
    CREATE TABLE held (
        person_id TEXT NOT NULL,
        began REAL NOT NULL,        -- unix seconds
        ended REAL NOT NULL,
        name TEXT NOT NULL,
        plan_id TEXT NOT NULL
    );
    CREATE TABLE stop (             -- by distress
        person_id TEXT NOT NULL,
        time REAL NOT NULL,
        looked INTEGER NOT NULL     -- whether a carer has looked since
    );
    CREATE TABLE note (
        note_id TEXT PRIMARY KEY,
        person_id TEXT NOT NULL,
        time REAL NOT NULL,
        rater TEXT NOT NULL,
        author TEXT NOT NULL,
        session TEXT NOT NULL,
        text TEXT NOT NULL
    );
    """,
)
_TABLES = ("profile", "plan", "held", "stop", "note")


def default_store(namespace: str) -> CareStore:
    """Return the store of a namespace: each robot or resident has its own."""
    return CareStore(data_of(namespace, "care.sqlite"), own=True)


class CareStore:
    """The file of what was entered. Every call opens, uses and closes it: other processes share it.

    Every method raises StorageError where the file cannot be read or written.

    Parameters
    ----------
    path : str or Path
        The file; made on demand by what writes, never by what reads; only its owner may read it.
    own : bool
        Whether the path is the program's own choice.
    """

    def __init__(self, path: str | Path, *, own: bool = False) -> None:
        self._file = SharedFile(
            path,
            MIGRATIONS,
            application=APPLICATION,
            what="file of profiles and plans",
            remedy="Free disk space and check the rights of its folder",
            own=own,
        )

    # -- profiles ----------------------------------------------------------------------------

    def profile(self, person_id: str) -> Profile:
        """Return what was entered for a person; :data:`NOBODY` if nothing was."""
        with self._file.reading() as connection:
            return _profile(connection, person_id) if connection is not None else NOBODY

    def change(self, person_id: str, **changed: Any) -> Profile:
        """Change fields of a profile, all or none, and return it as it is now.

        Raises
        ------
        InputError
            If a field cannot be entered or is not one of :data:`profile.ENTERED`.
        """
        unknown = sorted(set(changed) - set(profile.ENTERED))
        if unknown:
            raise InputError(
                f"{', '.join(unknown)} cannot be entered", f"Give {', '.join(profile.ENTERED)}"
            )
        with self._file.writing() as connection:
            now = profile.checked(replace(_profile(connection, person_id), **changed))
            _write_profile(connection, person_id, now)
            return now

    def never(self, person_id: str, song: Song) -> Profile:
        """Put a song on the never-again list, where it is not on it."""
        with self._file.writing() as connection:
            now = _profile(connection, person_id)
            if song not in now.never:
                now = profile.checked(replace(now, never=(*now.never, song)))
                _write_profile(connection, person_id, now)
            return now

    def count_session(self, person_id: str) -> None:
        """Count a session that was held, for whom anything was entered."""
        with self._file.writing() as connection:
            connection.execute(
                "UPDATE profile SET sessions = sessions + 1 WHERE person_id = ?", (person_id,)
            )

    # -- plans -------------------------------------------------------------------------------

    def plans(self, person_id: str) -> list[Plan]:
        """Return the plans for a person, by name."""
        with self._file.reading() as connection:
            return _plans(connection, person_id) if connection is not None else []

    def set_plan(self, person_id: str, plan: Plan) -> Plan:
        """Store a plan; without an id it is a new one.

        Raises
        ------
        InputError
            If it cannot be held, is not there, or is one too many.
        """
        entry = json.dumps(_written(plans.checked(plan)), ensure_ascii=False)
        with self._file.writing() as connection:
            known = _plans(connection, person_id)
            if not plan.plan_id:
                if len(known) >= MOST_PLANS:
                    raise InputError(f"there are {MOST_PLANS} plans already", "Remove one first")
                plan = replace(plan, plan_id=uuid.uuid4().hex)
                connection.execute(
                    "INSERT INTO plan VALUES (?, ?, ?, 0)", (plan.plan_id, person_id, entry)
                )
                return plan
            _known(plan.plan_id, known)
            connection.execute("UPDATE plan SET entry = ? WHERE plan_id = ?", (entry, plan.plan_id))
            return plan

    def remove_plan(self, person_id: str, plan_id: str) -> None:
        """Remove a plan.

        Raises
        ------
        InputError
            If it is not there.
        """
        with self._file.writing() as connection:
            _known(plan_id, _plans(connection, person_id))
            connection.execute("DELETE FROM plan WHERE plan_id = ?", (plan_id,))

    def held(self, person_id: str) -> list[Held]:
        """Return the planned sessions that were held lately."""
        with self._file.reading() as connection:
            if connection is None:
                return []
            rows = connection.execute(
                "SELECT began, ended, name, plan_id FROM held WHERE person_id = ?", (person_id,)
            )
            return [Held(*row) for row in rows]

    def hold(self, person_id: str, session: Held) -> None:
        """Note that a planned session began, until when it will last."""
        with self._file.writing() as connection:
            connection.execute(
                "DELETE FROM held WHERE person_id = ? AND ended < ?",
                (person_id, session.began - KEPT),
            )
            connection.execute(
                "INSERT INTO held VALUES (?, ?, ?, ?, ?)",
                (person_id, session.began, session.ended, session.name, session.plan_id),
            )
            connection.execute(
                "UPDATE plan SET held = held + 1 WHERE plan_id = ?", (session.plan_id,)
            )

    def end(self, person_id: str, began: float, ended: float) -> None:
        """Note when a planned session ended indeed."""
        with self._file.writing() as connection:
            connection.execute(
                "UPDATE held SET ended = ? WHERE person_id = ? AND began = ?",
                (ended, person_id, began),
            )

    # -- stops by distress -------------------------------------------------------------------

    def stops(self, person_id: str, *, looked: bool = False) -> list[float]:
        """Return when distress stopped music [unix s]; since a carer `looked`, or before, too."""
        with self._file.reading() as connection:
            if connection is None:
                return []
            rows = connection.execute(
                "SELECT time FROM stop WHERE person_id = ? AND looked <= ?", (person_id, looked)
            )
            return [float(time) for (time,) in rows]

    def stopped(self, person_id: str, time: float) -> None:
        """Note that distress stopped the music [unix s]."""
        with self._file.writing() as connection:
            connection.execute(
                "DELETE FROM stop WHERE person_id = ? AND time < ?", (person_id, time - KEPT)
            )
            connection.execute("INSERT INTO stop VALUES (?, ?, 0)", (person_id, time))

    def looked(self, person_id: str) -> None:
        """Note that a carer has looked after the person: what was before counts no longer."""
        with self._file.writing() as connection:
            connection.execute("UPDATE stop SET looked = 1 WHERE person_id = ?", (person_id,))

    # -- notes -------------------------------------------------------------------------------

    def notes(self, person_id: str, count: int = MOST_NOTES) -> list[Note]:
        """Return what was noted about a person, the newest first."""
        with self._file.reading() as connection:
            if connection is None:
                return []
            rows = connection.execute(
                "SELECT time, rater, author, text, session, note_id FROM note WHERE person_id = ?"
                " ORDER BY time DESC, rowid DESC LIMIT ?",
                (person_id, count),
            )
            return [Note(*row) for row in rows]

    def add_note(self, person_id: str, note: Note) -> Note:
        """Store a note.

        Raises
        ------
        InputError
            If it cannot be, or is one too many.
        """
        note = replace(notes.checked(note), note_id=uuid.uuid4().hex)
        with self._file.writing() as connection:
            (known,) = connection.execute(
                "SELECT COUNT(*) FROM note WHERE person_id = ?", (person_id,)
            ).fetchone()
            if known >= MOST_NOTES:
                raise InputError(f"there are {MOST_NOTES} notes already", "Remove some first")
            connection.execute(
                "INSERT INTO note VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    note.note_id,
                    person_id,
                    note.time,
                    note.rater,
                    note.author,
                    note.session,
                    note.text,
                ),
            )
        return note

    def remove_note(self, person_id: str, note_id: str, author: str) -> None:
        """Remove a note of one's own.

        Raises
        ------
        InputError
            If it is not there or somebody else's.
        """
        with self._file.writing() as connection:
            gone = connection.execute(
                "DELETE FROM note WHERE person_id = ? AND note_id = ? AND author = ?",
                (person_id, note_id, author),
            )
            if not gone.rowcount:
                raise InputError("there is no such note of yours", "Choose one of the page")

    # -- all ---------------------------------------------------------------------------------

    def persons(self) -> list[str]:
        """Return everybody anything was entered for."""
        with self._file.reading() as connection:
            if connection is None:
                return []
            asked = " UNION ".join(f"SELECT person_id FROM {table}" for table in _TABLES)
            return sorted(str(name) for (name,) in connection.execute(asked))

    def forget(self, person_id: str) -> int:
        """Remove everything that was entered for a person; return how many records that were."""
        if not self._file.path.exists():
            return 0
        with self._file.writing() as connection:
            return sum(
                connection.execute(
                    f"DELETE FROM {table} WHERE person_id = ?", (person_id,)
                ).rowcount
                for table in _TABLES
            )


def _profile(connection: Any, person_id: str) -> Profile:
    row = connection.execute(
        "SELECT entry, sessions FROM profile WHERE person_id = ?", (person_id,)
    ).fetchone()
    planned = _plans(connection, person_id)
    entered = _json(row[0], profile.read, "profile") if row is not None else NOBODY
    return replace(
        entered,
        sessions=row[1] if row is not None else 0,
        planned=bool(planned),
        scheduled=bool(entered.hard_times) or any(plan.starts for plan in planned),
    )


def _write_profile(connection: Any, person_id: str, now: Profile) -> None:
    entry = json.dumps(profile.written(now), ensure_ascii=False)
    connection.execute(
        "INSERT INTO profile VALUES (?, ?, ?)"
        " ON CONFLICT (person_id) DO UPDATE SET entry = excluded.entry",
        (person_id, entry, now.sessions),
    )


def _plans(connection: Any, person_id: str) -> list[Plan]:
    rows = connection.execute(
        "SELECT plan_id, entry, held FROM plan WHERE person_id = ?", (person_id,)
    ).fetchall()
    found = [
        replace(_json(entry, _plan, "plan"), plan_id=plan_id, held=held)
        for plan_id, entry, held in rows
    ]
    return sorted(found, key=lambda plan: (plan.name, plan.plan_id))


def _known(plan_id: str, known: list[Plan]) -> None:
    if plan_id not in {each.plan_id for each in known}:
        raise InputError("there is no such plan", "Choose one of the page")


def _written(plan: Plan) -> dict[str, Any]:
    return {name: value for name, value in vars(plan).items() if name not in ("plan_id", "held")}


def _plan(entry: dict[str, Any]) -> Plan:
    lists = {name: tuple(entry[name]) for name in ("starts", "tracks")}
    return plans.checked(Plan(**{**entry, **lists}))


def _json(text: str, read: Any, what: str) -> Any:
    """Return what a row holds; one that cannot be read is told, never taken for nothing."""
    try:
        return read(json.loads(text))
    except (ValueError, TypeError, KeyError, CompanionError) as error:
        raise InputError(
            f"a {what} that is stored cannot be used ({error})",
            "Enter it again, or forget the person",
        ) from error
