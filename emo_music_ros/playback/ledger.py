# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What the player has to know after a restart: calibrations, and the sound that people got."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from emo_music_ros.errors import StorageError
from emo_music_ros.io.shared_file import SharedFile
from emo_music_ros.playback.calibration import Calibration, usable
from emo_music_ros.playback.dose import WEEK
from emo_music_ros.resources import data_of

#: Marks a file of ours.
APPLICATION = 0x656D6F10
MIGRATIONS = (
    """
    CREATE TABLE calibration (
        device TEXT PRIMARY KEY,
        sensitivity REAL NOT NULL,  -- level at the listener of 0 dB of full scale [dBA]
        time REAL NOT NULL          -- unix seconds
    );
    CREATE TABLE dose (
        person_id TEXT NOT NULL,
        hour INTEGER NOT NULL,      -- since 1970
        energy REAL NOT NULL,       -- Pa2 h
        PRIMARY KEY (person_id, hour)
    );
    """,
)


def default_ledger(namespace: str) -> Ledger:
    """Return the ledger of a namespace: each robot or resident has its own."""
    return Ledger(data_of(namespace, "sound.sqlite"), own=True)


class Ledger:
    """The file. Every call opens, uses and closes it: the command line shares it.

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
            what="ledger of sound",
            remedy="Free space or check the rights of its folder; until then the dose of this run"
            " is known only until it ends",
            own=own,
        )
        self.path = self._file.path

    def calibration(self, device: str) -> Calibration | None:
        """Return what was found for a device, None if nothing was.

        Raises
        ------
        StorageError
            If the file cannot be read, or what it says cannot be true.
        """
        rows = self._rows("SELECT sensitivity, time FROM calibration WHERE device = ?", device)
        if not rows:
            return None
        sensitivity, time = rows[0]
        if not isinstance(sensitivity, (int, float)) or not usable(float(sensitivity)):
            raise StorageError(
                f"the calibration of '{device}' ({sensitivity}) cannot be true",
                "Calibrate again by 'emo-music calibrate'; until then it counts as not calibrated",
            )
        return Calibration(device, float(sensitivity), float(time))

    def calibrate(self, found: Calibration) -> None:
        """Keep a calibration in place of the one before.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        with self._file.writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO calibration VALUES (?, ?, ?)",
                (found.device, found.sensitivity, found.time),
            )

    def dose(self, person_id: str) -> list[tuple[int, float]]:
        """Return what a person got by hour [Pa² h].

        Raises
        ------
        StorageError
            If the file cannot be read.
        """
        rows = self._rows("SELECT hour, energy FROM dose WHERE person_id = ?", person_id)
        return [
            (hour, energy)
            for hour, energy in rows
            if isinstance(hour, int) and isinstance(energy, (int, float))
        ]

    def count(self, person_id: str, hours: dict[int, float]) -> None:
        """Add what a person got by hour [Pa² h]; what is older than a week before is dropped.

        Raises
        ------
        StorageError
            If it cannot be written; then nothing is.
        """
        if not hours:
            return
        with self._file.writing() as connection:
            connection.executemany(
                "INSERT INTO dose VALUES (?, ?, ?) ON CONFLICT (person_id, hour)"
                " DO UPDATE SET energy = energy + excluded.energy",
                [(person_id, hour, energy) for hour, energy in hours.items()],
            )
            connection.execute(
                "DELETE FROM dose WHERE person_id = ? AND hour < ?",
                (person_id, max(hours) - 2 * WEEK),
            )

    def forget(self, person_id: str) -> None:
        """Remove what a person got.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        if self.path.exists():
            with self._file.writing() as connection:
                connection.execute("DELETE FROM dose WHERE person_id = ?", (person_id,))

    def _rows(self, statement: str, value: str) -> list[tuple[Any, ...]]:
        with self._file.reading() as connection:
            if connection is None:
                return []
            return connection.execute(statement, (value,)).fetchall()
