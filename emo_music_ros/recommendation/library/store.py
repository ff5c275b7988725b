"""What earlier scans found, in SQLite: files by path, analyses by the hash of the content."""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, fields
from pathlib import Path

import numpy as np

from emo_music_ros.errors import StorageError
from emo_music_ros.io.database import Database, transaction
from emo_music_ros.recommendation.library.files import AudioFile
from emo_music_ros.streams import Track

log = logging.getLogger(__name__)

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
)
_ANALYSIS = ("duration", "tempo", "mode", "energy", "valence", "arousal", "dominance")
_FILE = tuple(entry.name for entry in fields(AudioFile))


class LibraryStore:
    """The SQLite file: written at once, readable by other processes, replaced when corrupt.

    Nothing here raises because of a disk or database that fails: what is asked for is then
    empty, what is given is dropped, and :attr:`failure` says why until the next session.

    Parameters
    ----------
    path : pathlib.Path
        Where it is, made on demand.

    Attributes
    ----------
    failure : str
        Why nothing is stored; empty = all is well.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.failure = ""
        self._database = Database(
            path,
            MIGRATIONS,
            application=0x656D6F02,
            what="library database",
            durable=False,
            rebuildable=True,
            timeout=10.0,
        )
        self._connection: sqlite3.Connection | None = None

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

    def files(self, folder: Path) -> dict[str, AudioFile]:
        """Return what is known of the files below a folder, by path."""
        if self._connection is None:
            return {}
        rows = self._connection.execute(f"SELECT {', '.join(_FILE)} FROM files")
        inside = str(folder) + os.sep
        return {row[0]: AudioFile(*row) for row in rows if row[0].startswith(inside)}

    def analyses(self, version: str) -> dict[str, Track]:
        """Return the analyses of one version by track id: tracks without path and tags."""
        if self._connection is None:
            return {}
        rows = self._connection.execute(
            f"SELECT track_id, {', '.join(_ANALYSIS)}, features FROM analyses WHERE version = ?",
            (version,),
        )
        return {
            row[0]: Track(
                row[0],
                "",
                **dict(zip(_ANALYSIS, row[1:-1])),
                features=np.frombuffer(row[-1], np.float32),
            )
            for row in rows
        }

    def save_analysis(self, track: Track, version: str) -> None:
        """Keep an analysis."""
        names = ("track_id", "version", *_ANALYSIS, "features")
        self._write(
            f"INSERT OR REPLACE INTO analyses ({', '.join(names)}) "
            f"VALUES ({', '.join('?' * len(names))})",
            track.track_id,
            version,
            *(float(getattr(track, name)) for name in _ANALYSIS),
            np.asarray(track.features, np.float32).tobytes(),
        )

    def save_file(self, entry: AudioFile) -> None:
        """Keep what is known about a file."""
        self._write(
            f"INSERT OR REPLACE INTO files ({', '.join(_FILE)}) "
            f"VALUES ({', '.join('?' * len(_FILE))})",
            *astuple(entry),
        )

    def forget_file(self, path: str) -> None:
        """Drop what is known about a file; its analysis stays, for it may come back."""
        self._write("DELETE FROM files WHERE path = ?", path)

    def _write(self, statement: str, *values: str | int | float | bytes) -> None:
        """Write at once, or note the failure and go on without the database."""
        if self._connection is None or self.failure:
            return
        try:
            with transaction(self._connection):
                self._connection.execute(statement, values)
        except sqlite3.Error as error:
            self.failure = str(error)
            log.warning("the library database %s cannot be written: %s", self.path, error)
