# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Decisions of people in SQLite, on disk before anybody is told of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple
from pathlib import Path

from emo_music_ros.consent.rules import EVERY, Consent, Terms
from emo_music_ros.io.shared_file import SharedFile
from emo_music_ros.resources import data_of

#: Fact of a run: whom it is for.
PERSON = "person"
#: Marks a file of ours.
APPLICATION = 0x656D6F03

MIGRATIONS = (
    """
    CREATE TABLE consent (
        person_id TEXT NOT NULL,
        purpose TEXT NOT NULL,
        given INTEGER NOT NULL,
        time REAL NOT NULL,         -- unix seconds
        source TEXT NOT NULL,
        PRIMARY KEY (person_id, purpose)
    );
    -- What a process that is started again within one run has to know.
    CREATE TABLE run (
        run_id TEXT NOT NULL,
        name TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (run_id, name)
    );
    """,
    """
    ALTER TABLE consent ADD COLUMN decided_by TEXT NOT NULL DEFAULT '';
    ALTER TABLE consent ADD COLUMN document TEXT NOT NULL DEFAULT '';
    ALTER TABLE consent ADD COLUMN scope TEXT NOT NULL DEFAULT '';
    ALTER TABLE consent ADD COLUMN until REAL NOT NULL DEFAULT 0;  -- unix seconds, 0 = no end
    """,
)


def default_register(namespace: str) -> Register:
    """Return the register of a namespace: each robot or resident has its own."""
    return Register(data_of(namespace, "consent.sqlite"), own=True)


class Register:
    """The file of decisions. Every call opens, uses and closes it: other processes share it.

    Parameters
    ----------
    path : str or Path
        The file; made on demand by what writes, never by what reads.
    own : bool
        Whether the path is the program's own choice.
    """

    def __init__(self, path: str | Path, *, own: bool = False) -> None:
        self._file = SharedFile(
            path,
            MIGRATIONS,
            application=APPLICATION,
            what="register of consent",
            remedy="Free disk space and check the rights of its folder",
            own=own,
        )
        self.path = self._file.path

    def consents(self) -> list[Consent]:
        """Return every decision; none if there is no file.

        Raises
        ------
        StorageError
            If the file cannot be read.
        """
        with self._file.reading() as connection:
            if connection is None:
                return []
            rows = connection.execute(f"SELECT {_COLUMNS} FROM consent").fetchall()
        return [consent for row in rows if (consent := _consent(row)) is not None]

    def lost(self) -> str:
        """Return why withdrawals may have been lost, empty if none can have been."""
        damaged = sorted(self.path.parent.glob(f"{self.path.name}.corrupt-*"))
        if not damaged:
            return ""
        return (
            f"the register of consent was damaged and moved to '{damaged[-1]}'. Ask everybody again"
            " and delete that file; until then only who is known to agree is sensed"
        )

    def store(self, consents: Iterable[Consent]) -> None:
        """Store decisions.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        with self._file.writing() as connection:
            connection.executemany(
                f"INSERT OR REPLACE INTO consent ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [_row(each) for each in consents],
            )

    def forget(self, person_id: str) -> int:
        """Remove a person and return how many decisions that were.

        A withdrawal stays: without it the next start could do what the person has forbidden.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        if not self.path.exists():
            return 0
        with self._file.writing() as connection:
            connection.execute("DELETE FROM run WHERE value = ?", (person_id,))
            return connection.execute(
                "DELETE FROM consent WHERE person_id = ? AND given = 1", (person_id,)
            ).rowcount

    def keep(self, run_id: str, name: str, value: str) -> None:
        """Keep a fact of the present run; those of other runs are dropped.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        with self._file.writing() as connection:
            connection.execute("DELETE FROM run WHERE run_id != ?", (run_id,))
            connection.execute("INSERT OR REPLACE INTO run VALUES (?, ?, ?)", (run_id, name, value))

    def recall(self, run_id: str, name: str) -> str:
        """Return a fact of the present run, empty if there is none.

        Raises
        ------
        StorageError
            If the file cannot be read.
        """
        with self._file.reading() as connection:
            if connection is None or not run_id:
                return ""
            row = connection.execute(
                "SELECT value FROM run WHERE run_id = ? AND name = ?", (run_id, name)
            ).fetchone()
        return str(row[0]) if row is not None else ""


_COLUMNS = "person_id, purpose, given, time, source, decided_by, document, scope, until"


def _row(consent: Consent) -> tuple[object, ...]:
    about = (consent.person_id, consent.purpose, int(consent.given), consent.time, consent.source)
    return (*about, *astuple(consent.terms))


def _consent(row: tuple[object, ...]) -> Consent | None:
    person_id, purpose, given, moment, source, decided_by, document, scope, until = row
    if not isinstance(person_id, str) or purpose not in EVERY:
        return None
    number = float(moment) if isinstance(moment, int | float) else 0.0
    # Anything but a clear yes is a no, and an end without sense has passed.
    end = float(until) if isinstance(until, int | float) else 1.0
    terms = Terms(str(decided_by), str(document), str(scope), end)
    return Consent(person_id, str(purpose), given == 1, number, str(source), terms)
