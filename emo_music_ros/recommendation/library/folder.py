"""The catalogue plugin ``folder``: a folder of audio, analysed once and remembered by content.

Tags are read with mutagen, sound is described by
:mod:`emo_music_ros.encoding.music.encoder`. Analyses are kept in SQLite by the hash of the
file's content, so that a renamed or moved file is not analysed again; a file whose size and time
have not changed is not even read.
"""

from __future__ import annotations

import hashlib
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from emo_music_ros.encoding.music import encoder as music
from emo_music_ros.errors import InputError, StorageError
from emo_music_ros.options import option
from emo_music_ros.recommendation.base import ScanReport
from emo_music_ros.resources import cache
from emo_music_ros.streams import FloatArray, Track

log = logging.getLogger(__name__)

ENDINGS = (".mp3", ".ogg", ".flac", ".wav")
#: Changes whenever an analysis means something else than before.
ANALYSIS = "1"
#: What `Track.features` holds, each about -1..1.
FEATURES = (
    "tempo",
    "mode",
    "energy",
    "valence",
    "arousal",
    "dominance",
    *(f"timbre_{i}" for i in range(13)),
    *(f"chroma_from_tonic_{i}" for i in range(12)),
)
#: Typical mean and spread of the MFCC of music: puts `timbre_*` on about -1..1.
_TIMBRE_MEAN = np.array([-240.0, 120, -5, 25, 5, 8, 2, 4, 1, 2, 0, 1, 0])
_TIMBRE_SPREAD = np.array([200.0, 80, 50, 40, 30, 25, 25, 20, 20, 20, 20, 20, 20])

_SCHEMA_VERSION = 1
_SCHEMA = """
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
"""
_ANALYSIS_COLUMNS = ("duration", "tempo", "mode", "energy", "valence", "arousal", "dominance")


@dataclass(frozen=True)
class _File:
    """What is known about one file; `error` says why it is unusable, empty = usable."""

    path: str
    size: int
    modified: int
    track_id: str = ""
    title: str = ""
    artist: str = ""
    genre: str = ""
    version: str = ""
    error: str = ""


class _Store:
    """The SQLite file: written at once, readable by other processes, replaced when corrupt.

    Once it cannot be written it is left alone and :attr:`failure` says why.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.failure = ""

    def open(self) -> sqlite3.Connection:
        """Return a connection to a database of our schema.

        Raises
        ------
        sqlite3.Error
            If there can be none.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        for attempt in range(2):
            try:
                return self._connect()
            except sqlite3.DatabaseError as error:
                if attempt or not self.path.is_file() or _is_temporary(error):
                    raise
                self._set_aside(error)
        raise AssertionError("unreachable")

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=10.0, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            found = connection.execute("PRAGMA user_version").fetchone()[0]
            if found == 0:
                with _transaction(connection):
                    # Another process may have made it in between.
                    if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
                        for statement in filter(str.strip, _SCHEMA.split(";")):
                            connection.execute(statement)
                        connection.execute(f"PRAGMA user_version={_SCHEMA_VERSION}")
            elif found != _SCHEMA_VERSION:
                raise sqlite3.DatabaseError(f"schema version {found}, not {_SCHEMA_VERSION}")
            problem = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if problem != "ok":
                raise sqlite3.DatabaseError(problem)
        except BaseException:
            connection.close()
            raise
        return connection

    def _set_aside(self, error: Exception) -> None:
        aside = self.path.with_name(f"{self.path.name}.corrupt-{time.time_ns()}")
        log.warning(
            "the library database %s is not usable (%s): moved to %s, analysing again",
            self.path,
            error,
            aside.name,
        )
        for ending in ("", "-wal", "-shm"):
            part = self.path.with_name(self.path.name + ending)
            if part.exists():
                os.replace(part, aside.with_name(aside.name + ending))


def _is_temporary(error: sqlite3.DatabaseError) -> bool:
    """Tell a database that is busy, full or not writable from one that is corrupt."""
    return isinstance(error, sqlite3.OperationalError) and not any(
        word in str(error) for word in ("malformed", "no such", "has no column")
    )


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


class FolderCatalogue:
    """A folder of mp3, ogg, flac and wav files with everything below it.

    What an earlier scan found is there at once; :meth:`scan` brings it up to date and may run in
    a thread of its own while :meth:`tracks` is read.

    Parameters
    ----------
    options : FolderCatalogue.Options
        What can be set.
    """

    @dataclass(frozen=True)
    class Options:
        """What can be set."""

        path: str = option("", "folder of music; empty = the built-in library, made on first use")
        database: str = option("", "SQLite file of the analyses; empty = in the cache folder")

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or FolderCatalogue.Options()
        self._folder = (
            Path(self.options.path).expanduser().resolve()
            if self.options.path
            else cache("default_library")
        )
        database = self.options.database
        self._store = _Store(Path(database).expanduser() if database else cache("library.sqlite"))
        self._lock = threading.Lock()
        self._scanning = threading.Lock()
        self._tracks: dict[str, Track] = {}
        self._restore()

    def tracks(self) -> list[Track]:
        """Return every usable track, sorted by title."""
        with self._lock:
            found = list(self._tracks.values())
        return sorted(found, key=lambda track: (track.title.casefold(), track.track_id))

    def get(self, track_id: str) -> Track | None:
        """Return one track, None if it is not in the library."""
        with self._lock:
            return self._tracks.get(track_id)

    def scan(self, progress: Callable[[int, int, str], None] | None = None) -> ScanReport:
        """Bring the library up to date.

        Parameters
        ----------
        progress : callable, optional
            Gets (done, total, file name) after every file; on the first use of the built-in
            library also while that is made.

        Returns
        -------
        ScanReport
            Tracks are counted by content: a renamed file is unchanged.

        Raises
        ------
        InputError
            If the folder is missing, not readable or holds no audio.
        StorageError
            If the database cannot be written; everything was analysed and :meth:`tracks` has it.
        """
        with self._scanning:
            return self._scan(progress or (lambda done, total, name: None))

    def _scan(self, progress: Callable[[int, int, str], None]) -> ScanReport:
        if not self.options.path:
            from emo_music_ros.recommendation.library import default as default_library

            default_library.ensure(self._folder, progress)
        found = _audio_files(self._folder)
        model = music.MusicModel()
        version = f"{ANALYSIS}.{model.version}"
        unreadable: dict[str, str] = {}
        usable: dict[str, Track] = {}
        with self._session() as connection:
            known = self._known(connection)
            analyses = self._analyses(connection, version)
            for done, path in enumerate(found, start=1):
                entry = self._examine(path, known.get(str(path)), version)
                if not entry.error and entry.track_id not in analyses:
                    try:
                        analysed = describe(path, entry.track_id, model)
                    except InputError as error:
                        entry = replace(entry, error=str(error))
                    else:
                        analyses[entry.track_id] = analysed
                        self._write(connection, _save_analysis, analysed, version)
                if entry.error:
                    unreadable[str(path)] = entry.error
                elif entry.track_id not in usable:
                    usable[entry.track_id] = _track(entry, analyses[entry.track_id])
                    with self._lock:
                        self._tracks[entry.track_id] = usable[entry.track_id]
                if entry != known.get(str(path)):
                    self._write(connection, _save_file, entry)
                progress(done, len(found), path.name)
            before = {entry.track_id for entry in known.values() if not entry.error}
            gone = [path for path in known if path not in set(map(str, found))]
            for path_gone in gone:
                self._write(connection, _forget_file, path_gone)
        with self._lock:
            self._tracks = usable
        if self._store.failure:
            raise StorageError(
                f"the library database {self._store.path} cannot be written: {self._store.failure}",
                "Free space or make its folder writable; until then every start analyses again",
            )
        after = set(usable)
        return ScanReport(
            added=len(after - before),
            unchanged=len(after & before),
            removed=len(before - after),
            unreadable=unreadable,
        )

    def _examine(self, path: Path, known: _File | None, version: str) -> _File:
        """Return what is known about a file, reading it only if it may have changed."""
        try:
            status = path.stat()
            if (
                known is not None
                and (known.size, known.modified) == (status.st_size, status.st_mtime_ns)
                and known.version == version
            ):
                return known
            entry = _File(str(path), status.st_size, status.st_mtime_ns, version=version)
            if status.st_size == 0:
                return replace(entry, error=f"'{path}' is empty. Replace the file or remove it")
            with path.open("rb") as content:
                digest = hashlib.blake2b(digest_size=16)
                while block := content.read(1 << 20):
                    digest.update(block)
        except OSError as error:
            # Never remembered: permission may come back without the file changing.
            return _File(str(path), -1, -1, error=f"'{path}' cannot be read: {error.strerror}")
        title, artist, genre = _tags(path)
        return replace(entry, track_id=digest.hexdigest(), title=title, artist=artist, genre=genre)

    @contextmanager
    def _session(self) -> Iterator[sqlite3.Connection | None]:
        self._store.failure = ""
        try:
            connection = self._store.open()
        except (sqlite3.Error, OSError) as error:
            self._store.failure = str(error)
            yield None
            return
        with closing(connection):
            yield connection

    def _write(
        self, connection: sqlite3.Connection | None, action: Callable[..., None], *values: Any
    ) -> None:
        """Write at once, or note the failure and go on without the database."""
        if connection is None or self._store.failure:
            return
        try:
            with _transaction(connection):
                action(connection, *values)
        except sqlite3.Error as error:
            self._store.failure = str(error)
            log.warning("the library database %s cannot be written: %s", self._store.path, error)

    def _known(self, connection: sqlite3.Connection | None) -> dict[str, _File]:
        if connection is None:
            return {}
        rows = connection.execute(
            "SELECT path, size, modified, track_id, title, artist, genre, version, error FROM files"
        )
        inside = str(self._folder) + os.sep
        return {row[0]: _File(*row) for row in rows if row[0].startswith(inside)}

    @staticmethod
    def _analyses(connection: sqlite3.Connection | None, version: str) -> dict[str, Track]:
        if connection is None:
            return {}
        rows = connection.execute(
            f"SELECT track_id, {', '.join(_ANALYSIS_COLUMNS)}, features FROM analyses "
            "WHERE version = ?",
            (version,),
        )
        return {
            row[0]: Track(
                row[0],
                "",
                **dict(zip(_ANALYSIS_COLUMNS, row[1:-1])),
                features=np.frombuffer(row[-1], np.float32),
            )
            for row in rows
        }

    def _restore(self) -> None:
        """Take over what the last scan left, as far as the files are still there."""
        if not self._store.path.is_file():
            return
        with self._session() as connection:
            known = self._known(connection)
            versions = {entry.version for entry in known.values()}
            tables = {version: self._analyses(connection, version) for version in versions}
            for path, entry in sorted(known.items()):
                analysed = tables[entry.version].get(entry.track_id)
                if analysed is not None and not entry.error and os.path.isfile(path):
                    self._tracks.setdefault(entry.track_id, _track(entry, analysed))
        self._store.failure = ""


def describe(path: Path, track_id: str, model: music.MusicModel) -> Track:
    """Analyse one file; title, artist and genre stay empty.

    Raises
    ------
    InputError
        If it holds no sound that can be decoded, is truncated or silent.
    """
    _refuse_truncated_ogg(path)
    audio, duration = music.read_audio(path)
    analysis = music.analyse(audio, model)
    summary, mood = analysis.summary, analysis.estimate
    if not len(mood.probabilities):
        raise InputError(f"'{path}' is silent", "Replace the file or remove it")
    track = Track(
        track_id,
        "",
        duration=duration,
        tempo=summary.tempo,
        mode=summary.mode,
        energy=summary.energy,
        valence=mood.valence,
        arousal=mood.arousal,
        dominance=mood.dominance,
    )
    return replace(
        track, features=content_vector(track, summary.timbre, np.roll(summary.chroma, -summary.key))
    )


def content_vector(track: Track, timbre: FloatArray, harmony: FloatArray) -> FloatArray:
    """Return float32 [len(FEATURES)] of a track, its MFCC [13] and chroma [12] from the tonic."""
    rhythm = np.log2(track.tempo / 120) if track.tempo > 0 else 0.0
    return np.concatenate(
        [
            [np.clip(rhythm, -1, 1), track.mode, 2 * track.energy - 1],
            [track.valence, track.arousal, track.dominance],
            np.clip((timbre - _TIMBRE_MEAN) / _TIMBRE_SPREAD, -1, 1),
            2 * harmony - 1,
        ]
    ).astype(np.float32)


def _track(entry: _File, analysed: Track) -> Track:
    return replace(
        analysed, path=entry.path, title=entry.title, artist=entry.artist, genre=entry.genre
    )


def _audio_files(folder: Path) -> list[Path]:
    """Return the audio files in and below a folder, sorted.

    Raises
    ------
    InputError
        If there is no such folder, it cannot be read, or it holds no audio.
    """
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "does not exist"
        raise InputError(
            f"the music folder '{folder}' {what}",
            "Give the path of a folder with mp3, ogg, flac or wav files",
        )
    try:
        os.scandir(folder).close()
    except OSError as error:
        raise InputError(
            f"the music folder '{folder}' cannot be read: {error.strerror}",
            "Give this user the right to read it",
        ) from error
    found = sorted(
        Path(where) / name
        for where, _, names in os.walk(folder)
        for name in names
        if name.lower().endswith(ENDINGS) and not name.startswith(".")
    )
    if not found:
        raise InputError(
            f"the music folder '{folder}' holds no music",
            "Put mp3, ogg, flac or wav files into it, or leave the path empty for the built-in "
            "library",
        )
    return found


def _tags(path: Path) -> tuple[str, str, str]:
    """Return title (the file name if there is none), artist and genre."""
    import mutagen

    tags: Mapping[str, Any] = {}
    try:
        tags = mutagen.File(path, easy=True) or {}  # type: ignore[attr-defined]
    except Exception as error:  # damaged tags do not make the music unusable
        log.debug("tags of %s are unreadable: %s", path, error)

    def first(*names: str) -> str:
        for name in names:
            try:
                values = tags.get(name)
            except (KeyError, ValueError):
                continue
            text = values[0] if isinstance(values, list) and values else values
            # A WAV file has ID3 frames under their own names.
            text = str(getattr(text, "text", [text])[0] if text else "").strip()
            if text:
                return text
        return ""

    return (
        first("title", "TIT2") or path.stem.replace("_", " "),
        first("artist", "TPE1", "composer", "TCOM"),
        first("genre", "TCON"),
    )


def _refuse_truncated_ogg(path: Path) -> None:
    """Raise if the last page of an Ogg file is not marked as the end: decoders do not notice."""
    if path.suffix.lower() != ".ogg":
        return
    with path.open("rb") as content:
        content.seek(max(0, path.stat().st_size - (1 << 17)))
        tail = content.read()
    page = tail.rfind(b"OggS")
    if page >= 0 and len(tail) > page + 5 and not tail[page + 5] & 4:
        raise InputError(f"'{path}' is truncated", "Replace the file or remove it")


def _save_analysis(connection: sqlite3.Connection, track: Track, version: str) -> None:
    names = ("track_id", "version", *_ANALYSIS_COLUMNS, "features")
    connection.execute(
        f"INSERT OR REPLACE INTO analyses ({', '.join(names)}) "
        f"VALUES ({', '.join('?' * len(names))})",
        (
            track.track_id,
            version,
            *(float(getattr(track, name)) for name in _ANALYSIS_COLUMNS),
            np.asarray(track.features, np.float32).tobytes(),
        ),
    )


def _save_file(connection: sqlite3.Connection, entry: _File) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            entry.path,
            entry.size,
            entry.modified,
            entry.track_id,
            entry.title,
            entry.artist,
            entry.genre,
            entry.version,
            entry.error,
        ),
    )


def _forget_file(connection: sqlite3.Connection, path: str) -> None:
    connection.execute("DELETE FROM files WHERE path = ?", (path,))
