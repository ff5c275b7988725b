# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What was learned of everybody: kept in SQLite, versioned, undone, and given up when it fails.

The file leads: every change is made to the newest rows within one transaction, so that programs
that share it lose nothing of each other, and what :meth:`Adaptation.confirm` returned is on disk.
"""

from __future__ import annotations

import glob
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from emo_music_ros.emotion import STATES
from emo_music_ros.errors import InputError, StorageError
from emo_music_ros.fusion.adaptation import rows, watch
from emo_music_ros.fusion.adaptation.head import DEFAULT, Head, Moment, Prior, learn
from emo_music_ros.fusion.adaptation.rows import Holds, Version
from emo_music_ros.io.database import Database, erase_traces, is_broken, transaction
from emo_music_ros.resources import data_of

log = logging.getLogger(__name__)

#: Moments nearer than this are the same one [s].
APART = 2.0
#: When so many people were asked about, all are read again.
MOST_HEADS = 1000


def default_path(namespace: str) -> Path:
    """Return the file of a namespace: each robot or resident has its own."""
    return data_of(namespace, "adaptation.sqlite")


def forget_at(path: Path, person_id: str) -> int:
    """Remove a person from a file, for who does not fuse; return how many versions that were.

    Raises
    ------
    StorageError
        If it cannot be written.
    """
    kept = Adaptation(path, "", own=True)
    try:
        return kept.forget(person_id)
    finally:
        kept.close()


@dataclass(frozen=True)
class Learned:
    """Which version holds now, and what is to be told."""

    version: int
    message: str


class Adaptation:
    """The heads of everybody, by what was confirmed of them.

    Parameters
    ----------
    path : str or Path
        The file, made when something is learned. A corrupt one is moved aside.
    strategy : str
        Name of the fusion plugin: what was learned with another is not used.
    prior : Prior
        What holds against the moments.
    own : bool
        Whether the path is that of :func:`default_path`.

    Attributes
    ----------
    error : str
        Why the shipped weights hold for everybody; empty = nothing is wrong.
    fallen : list of str
        Who has the shipped weights because what was learned did worse.
    """

    def __init__(
        self, path: str | Path, strategy: str, prior: Prior = DEFAULT, *, own: bool = False
    ) -> None:
        self.error = ""
        self.fallen: list[str] = []
        self._strategy, self._prior = strategy, prior
        self._database = Database(
            path, rows.MIGRATIONS, application=rows.APPLICATION, what="adaptation", own=own
        )
        self._rows = rows.Rows()
        self._heads: dict[str, Head | None] = {}
        # Of which connection the heads are, and of how many changes that others had made.
        self._seen: tuple[sqlite3.Connection, int] | None = None

    @property
    def path(self) -> Path:
        """Return the file."""
        return self._database.path

    @property
    def adapted(self) -> int:
        """How many of those who were asked about have a head."""
        return sum(head is not None for head in self._heads.values())

    def head(self, person_id: str) -> Head | None:
        """Return the head of a person, None where the shipped weights hold. Never raises."""
        if person_id not in self._heads:
            self._heads[person_id] = self._read(person_id)
        return self._heads[person_id]

    def kept(self, person_id: str) -> list[dict[str, Any]]:
        """Return the rows that are kept of a person, as they are.

        Raises
        ------
        StorageError
            If they cannot be read.
        """
        if not self.path.exists():
            return []
        with self._open("read") as connection:
            found = connection.execute("SELECT * FROM version WHERE person_id = ?", (person_id,))
            names = [column[0] for column in found.description]
            return [dict(zip(names, row)) for row in found]

    def refresh(self) -> None:
        """Look whether another program changed the file, and try again what failed."""
        if not self.path.exists():  # nobody learned yet, or somebody deleted it
            self._heads.clear()
            self.error, self.fallen = "", []
            return
        try:
            with self._open("read") as connection:
                self._follow(connection)
            self.error = ""
        except StorageError as error:
            self.error = str(error)

    def confirm(self, person_id: str, moment: Moment) -> Learned:
        """Learn from one more moment of a person; it is on disk when this returns.

        What was learned before is given up for the shipped weights if it turned out to do worse
        than these; its versions are kept, and the next moment begins anew.

        Raises
        ------
        InputError
            If it is no moment, or one that was confirmed already.
        StorageError
            If it cannot be stored; then nothing is learned.
        """
        _check(moment)
        with self._writing() as connection:
            self._follow(connection)
            number = rows.make_room(connection, person_id)
            versions = self._rows.versions(connection, person_id)
            holds = self._rows.holds(connection, person_id)
            before = rows.line(versions, holds.version, self._strategy)
            for one in before:
                if abs(one.moment.time - moment.time) < APART:
                    raise InputError(
                        f"that moment of '{person_id}' was confirmed as"
                        f" {STATES[one.moment.state]} already",
                        f"Go back to version {one.before} to correct it",
                    )
            earlier = [one.moment for one in before]
            difference = watch.difference(self.head(person_id), moment.answer, moment.state)
            added = Version(number, holds.version, moment, self._strategy, difference)
            worse = watch.has_turned_worse([one.difference for one in before] + [difference])
            head = None if worse else learn([*earlier, moment], self._prior)
            rows.add(connection, person_id, added)
            rows.hold(connection, person_id, Holds(0, True) if worse else Holds(number))
            self.fallen = rows.people_fallen(connection)
        self._heads[person_id] = head
        if worse:
            log.warning(
                "what was learned of '%s' does worse than the shipped weights, which hold again",
                person_id,
            )
            return Learned(
                0,
                f"what was learned of '{person_id}' does worse than the shipped weights: these"
                f" hold again. Version {number} is kept; the next moment begins anew",
            )
        unwatched = f"; {watch.UNWATCHED}" if worse is None else ""
        count = len(before) + 1
        moments = f"{count} moments" if count > 1 else "a moment"
        return Learned(number, f"learned from {moments} of '{person_id}'{unwatched}")

    def revert(self, person_id: str, version: int) -> Learned:
        """Let an earlier version hold, or the shipped weights if it is 0.

        Raises
        ------
        InputError
            If there is no such version.
        StorageError
            If it cannot be stored.
        """
        with self._writing() as connection:
            versions = self._rows.versions(connection, person_id)
            if version and version not in versions:
                known = f"1 to {max(versions)}" if versions else "0 alone"
                raise InputError(
                    f"there is no version {version} of '{person_id}'", f"Versions are {known}"
                )
            rows.hold(connection, person_id, Holds(version))
            self.fallen = rows.people_fallen(connection)
        self._heads.pop(person_id, None)
        if not version:
            return Learned(0, f"the shipped weights hold for '{person_id}'; versions are kept")
        count = len(rows.line(versions, version, self._strategy))
        return Learned(version, f"version {version} of '{person_id}' holds, of {count} moments")

    def forget(self, person_id: str) -> int:
        """Remove a person from the file and from memory; return how many versions that were.

        Files that were moved aside as corrupt are deleted, since nobody can tell what they hold.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        self._heads.pop(person_id, None)
        try:
            for copy in self.path.parent.glob(f"{glob.escape(self.path.name)}.corrupt-*"):
                copy.unlink()
        except OSError as error:
            raise StorageError(f"'{copy}' cannot be deleted ({error})", "Delete it") from error
        if not self.path.exists():
            return 0
        with self._writing() as connection:
            removed = rows.forget(connection, person_id)
            self.fallen = rows.people_fallen(connection)
        with self._open("written") as connection:
            erase_traces(connection)
        return removed

    def close(self) -> None:
        """Close the file. May be called twice."""
        self._database.close()

    def _follow(self, connection: sqlite3.Connection) -> None:
        """Drop the heads if another program changed what they are learned from."""
        (changes,) = connection.execute("PRAGMA data_version").fetchone()
        if (connection, changes) != self._seen or len(self._heads) > MOST_HEADS:
            self._heads.clear()
            self.fallen = rows.people_fallen(connection)
        self._seen = (connection, changes)

    def _read(self, person_id: str) -> Head | None:
        if not self.path.exists():
            return None
        try:
            with self._open("read") as connection:
                versions = self._rows.versions(connection, person_id)
                holds = self._rows.holds(connection, person_id)
        except StorageError as error:
            self.error, self._seen = str(error), None  # all is read again once it can be
            return None
        held = rows.line(versions, holds.version, self._strategy)
        return learn([one.moment for one in held], self._prior)

    @contextmanager
    def _open(self, verb: str) -> Iterator[sqlite3.Connection]:
        try:
            yield self._database.connect()
        except (sqlite3.Error, OSError) as error:
            if isinstance(error, sqlite3.DatabaseError) and is_broken(error):
                self._database.set_aside(error)
            raise StorageError(
                f"what was learned in '{self.path}' cannot be {verb} ({error})",
                "Free disk space and check the rights of its folder",
            ) from error

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._open("written") as connection, transaction(connection):
            yield connection


def _check(moment: Moment) -> None:
    """Refuse what is no moment.

    Raises
    ------
    InputError
        If its state or a number of it cannot be.
    """
    numbers = [moment.time, *moment.answer.fused]
    numbers += [value for row in moment.answer.said.values() for value in row]
    if not 0 <= moment.state < len(STATES) or not np.isfinite(numbers).all():
        raise InputError("what was confirmed is no moment of a state", f"Use {', '.join(STATES)}")
