# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What earlier scans found, in SQLite: files by path, analyses by the hash of the content."""

from __future__ import annotations

import logging
import math
import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from emo_music_ros.errors import StorageError
from emo_music_ros.io.database import Database, transaction
from emo_music_ros.recommendation.library.analysis import FEATURES
from emo_music_ros.recommendation.library.files import AudioFile
from emo_music_ros.streams import FloatArray, Track

log = logging.getLogger(__name__)

#: Marks a file as the analyses of this program.
APPLICATION = 0x656D6F02
#: Scripts that bring a database from one ``user_version`` to the next.
MIGRATIONS = (
    """
    CREATE TABLE analyses (
        track_id TEXT NOT NULL, version TEXT NOT NULL, duration REAL NOT NULL, tempo REAL NOT NULL,
        mode REAL NOT NULL, energy REAL NOT NULL, valence REAL NOT NULL, arousal REAL NOT NULL,
        dominance REAL NOT NULL, features BLOB NOT NULL, PRIMARY KEY (track_id, version)
    );
    CREATE TABLE files (
        path TEXT PRIMARY KEY, size INTEGER NOT NULL, modified INTEGER NOT NULL,
        track_id TEXT NOT NULL, title TEXT NOT NULL, artist TEXT NOT NULL, genre TEXT NOT NULL,
        version TEXT NOT NULL, error TEXT NOT NULL
    );
    """,
    """
    ALTER TABLE analyses ADD COLUMN loudness REAL;  -- NULL = not measured, as of what follows
    ALTER TABLE analyses ADD COLUMN loudest REAL;
    ALTER TABLE analyses ADD COLUMN peak REAL;
    ALTER TABLE files ADD COLUMN album TEXT NOT NULL DEFAULT '';
    ALTER TABLE files ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
    """,
)
#: Columns of an analysis and the range of each.
_ANALYSIS = {
    "duration": (0.0, 1e6),
    "tempo": (0.0, 1e4),
    "mode": (-1.0, 1.0),
    "energy": (0.0, 1.0),
    "valence": (-1.0, 1.0),
    "arousal": (-1.0, 1.0),
    "dominance": (-1.0, 1.0),
}
#: Those that may be unknown, and their ranges [LUFS, LUFS, dB].
_LOUDNESS = {"loudness": (-70.0, 20.0), "loudest": (-70.0, 20.0), "peak": (-120.0, 20.0)}
_RANGES = _ANALYSIS | _LOUDNESS
#: Columns and what they hold.
_NUMBERS = ("size", "modified", "number")
_FILE = {entry.name: int if entry.name in _NUMBERS else str for entry in fields(AudioFile)}


class LibraryStore:
    """The SQLite file: written at once, readable by other processes, replaced when corrupt.

    Nothing here raises because of a disk or database that fails: what is asked for is then
    empty, what is given is dropped, and :attr:`failure` says why until the next session.

    Parameters
    ----------
    path : str or pathlib.Path
        Where it is, made on demand.
    own : bool
        Whether nobody chose the path: what is there then is taken for ours, however damaged.

    Attributes
    ----------
    failure : str
        Why nothing is stored; empty = all is well.
    """

    def __init__(self, path: str | Path, *, own: bool = False) -> None:
        self.failure = ""
        self._database = Database(
            path,
            MIGRATIONS,
            application=APPLICATION,
            what="library database",
            own=own,
            durable=False,
            rebuildable=True,
            timeout=10.0,
        )
        self._connection: sqlite3.Connection | None = None

    @property
    def path(self) -> Path:
        """Return where it is."""
        return self._database.path

    @contextmanager
    def session(self) -> Iterator[None]:
        """Keep the file open; outside of it nothing can be asked or given."""
        self.failure = ""
        try:
            self._connection = self._database.connect()
        except (sqlite3.Error, OSError, StorageError) as error:
            self.failure = str(error)
        try:
            yield
        finally:
            self._connection = None
            self._database.close()

    def files(self, among: Path | Collection[str]) -> dict[str, AudioFile]:
        """Return what is known of the files below a folder, or of those named, by path."""
        found = {}
        for row in self._read(f"SELECT {', '.join(_FILE)} FROM files"):
            if not all(isinstance(value, kind) for value, kind in zip(row, _FILE.values())):
                self._leave_out("files", row[0])
            elif _within(row[0], among):
                found[row[0]] = AudioFile(*row)
        return found

    def analyses(self, version: str) -> dict[str, Track]:
        """Return the analyses of one version by track id: tracks without path and tags."""
        names = (*_LOUDNESS, *_ANALYSIS)
        statement = f"SELECT track_id, features, {', '.join(names)} FROM analyses"
        found = {}
        for track_id, content, *values in self._read(f"{statement} WHERE version = ?", version):
            features = _features(content)
            known = {name: value for name, value in zip(names, values) if value is not None}
            possible = _possible(known.values(), [_RANGES[name] for name in known])
            whole = known.keys() >= _ANALYSIS.keys()
            if features is None or not isinstance(track_id, str) or not (whole and possible):
                self._leave_out("analyses", track_id)
                continue
            found[track_id] = Track(track_id, "", **known, features=features)
        return found

    def save_analysis(self, track: Track, version: str) -> None:
        """Keep an analysis."""
        names = ("track_id", "version", *_ANALYSIS, *_LOUDNESS, "features")
        loud = [float(getattr(track, name)) for name in _LOUDNESS]
        self._write(
            f"INSERT OR REPLACE INTO analyses ({', '.join(names)}) "
            f"VALUES ({', '.join('?' * len(names))})",
            track.track_id,
            version,
            *(float(getattr(track, name)) for name in _ANALYSIS),
            *(value if math.isfinite(value) else None for value in loud),
            np.asarray(track.features, np.float32).tobytes(),
        )

    def save_file(self, entry: AudioFile) -> None:
        """Keep what is known about a file."""
        self._write(
            f"INSERT OR REPLACE INTO files ({', '.join(_FILE)}) "
            f"VALUES ({', '.join('?' * len(_FILE))})",
            *(getattr(entry, name) for name in _FILE),
        )

    def forget_file(self, path: str) -> None:
        """Drop what is known about a file; its analysis stays, for it may come back."""
        self._write("DELETE FROM files WHERE path = ?", path)

    def _read(self, statement: str, *values: str) -> list[tuple[Any, ...]]:
        """Return rows, none if they cannot be read."""
        if self._connection is None:
            return []
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            self._fail("read", error)
            return []

    def _leave_out(self, table: str, key: object) -> None:
        log.warning(
            "%s: the row %r of table %s makes no sense and is made again", self.path, key, table
        )

    def _fail(self, done: str, error: sqlite3.Error) -> None:
        self.failure = str(error)
        log.warning("the library database %s cannot be %s: %s", self.path, done, error)

    def _write(self, statement: str, *values: str | int | float | bytes | None) -> None:
        """Write at once, or note the failure and go on without the database."""
        if self._connection is None or self.failure:
            return
        try:
            with transaction(self._connection):
                self._connection.execute(statement, values)
        except sqlite3.Error as error:
            self._fail("written", error)


def _within(path: str, among: Path | Collection[str]) -> bool:
    if isinstance(among, Path):
        return path.startswith(f"{among}{os.sep}")
    return path in among


def _features(content: object) -> FloatArray | None:
    if not isinstance(content, bytes) or len(content) != 4 * len(FEATURES):
        return None
    features = np.frombuffer(content, np.float32)
    return features if np.isfinite(features).all() else None


def _possible(values: Iterable[object], ranges: Iterable[tuple[float, float]]) -> bool:
    return all(
        isinstance(value, float) and low <= value <= high
        for value, (low, high) in zip(values, ranges)
    )
