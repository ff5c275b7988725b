"""The catalogue plugin ``folder``: a folder of audio, analysed once and remembered by content.

Analyses are kept by the hash of the file's content, so that a renamed or moved file is not
analysed again; a file whose size and time have not changed is not even read.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from emo_music_ros import plugins
from emo_music_ros.errors import InputError, StorageError
from emo_music_ros.names import printable, shown
from emo_music_ros.options import option
from emo_music_ros.paths import expand
from emo_music_ros.recommendation.base import ScanReport
from emo_music_ros.recommendation.library import default
from emo_music_ros.recommendation.library.analysis import Analyser, describe, version_of
from emo_music_ros.recommendation.library.files import (
    AudioFile,
    audio_files,
    examine,
    unusable,
)
from emo_music_ros.recommendation.library.store import LibraryStore
from emo_music_ros.resources import cache
from emo_music_ros.streams import Track

log = logging.getLogger(__name__)


class FolderCatalogue:
    """A folder of mp3, ogg, flac and wav files with everything below it.

    What an earlier scan found is there at once; :meth:`scan` brings it up to date and may run in
    a thread of its own while :meth:`tracks` is read.

    Parameters
    ----------
    options : FolderCatalogue.Options
        What can be set.
    analyser : Analyser, optional
        Listens to the files; by default the installed encoder plugin ``music``, made when the
        first scan begins.
    """

    @dataclass(frozen=True)
    class Options:
        """What can be set."""

        path: str = option("", "folder of music; empty = the built-in library, made on first use")
        database: str = option("", "SQLite file of the analyses; empty = in the cache folder")

    def __init__(self, options: Options | None = None, analyser: Analyser | None = None) -> None:
        self.options = options or FolderCatalogue.Options()
        self._analyser = analyser
        self._folder = (
            Path(os.path.realpath(expand(self.options.path, "music folder")))
            if self.options.path
            else cache("default_library")
        )
        database = self.options.database
        self._store = LibraryStore(database or cache("library.sqlite"), own=not database)
        self._lock = threading.Lock()
        self._scanning = threading.Lock()
        self._tracks: dict[str, Track] = {}
        self.refresh()

    def tracks(self) -> list[Track]:
        """Return every usable track, sorted by title."""
        with self._lock:
            found = list(self._tracks.values())
        return sorted(found, key=lambda track: (track.title.casefold(), track.track_id))

    def get(self, track_id: str) -> Track | None:
        """Return one track, None if it is not in the library."""
        with self._lock:
            return self._tracks.get(track_id)

    def refresh(self) -> None:
        """Take over what the last scan of any process left, as far as the files are still there."""
        if not os.path.isfile(self._store.path) or not self._scanning.acquire(blocking=False):
            return  # a scan that is on takes over itself
        try:
            with self._store.session():
                known = self._store.files(self._folder)
                versions = {entry.version for entry in known.values()}
                tables = {version: self._store.analyses(version) for version in versions}
            found: dict[str, Track] = {}
            for path, entry in sorted(known.items()):
                analysed = tables[entry.version].get(entry.track_id)
                if analysed is not None and not entry.error and os.path.isfile(path):
                    found.setdefault(entry.track_id, _track(entry, analysed))
            self._store.failure = ""
        finally:
            self._scanning.release()
        with self._lock:
            self._tracks = found

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
        ModelError, PluginError
            If there is no encoder that could listen to it.
        StorageError
            If the database cannot be written; everything was analysed and :meth:`tracks` has it.
        """
        with self._scanning:
            return self._scan(progress or (lambda done, total, name: None))

    def _scan(self, progress: Callable[[int, int, str], None]) -> ScanReport:
        if not self.options.path:
            default.ensure(self._folder, progress)
        unreadable: dict[str, str] = {}

        def skip(error: OSError) -> None:
            place = shown(Path(error.filename))
            unreadable[place] = f"'{place}' cannot be read: {error.strerror}"

        found = audio_files(self._folder, skip)
        if self._analyser is None:
            self._analyser = plugins.create("encoder", "music")
        analyser: Analyser = self._analyser
        version = version_of(analyser)
        usable: dict[str, Track] = {}
        damaged: list[Path] = []
        with self._store.session():
            known = self._store.files(self._folder)
            analyses = self._store.analyses(version)
            for done, path in enumerate(found, start=1):
                entry = examine(path, known.get(str(path)), version)
                if not entry.error and entry.track_id not in analyses:
                    entry = self._analyse(path, entry, analyser, analyses)
                if entry.error:
                    unreadable[shown(path)] = entry.error
                    damaged += [path] if entry.size >= 0 else []
                elif entry.track_id not in usable:
                    usable[entry.track_id] = _track(entry, analyses[entry.track_id])
                    with self._lock:
                        self._tracks[entry.track_id] = usable[entry.track_id]
                if entry.size >= 0 and entry != known.get(str(path)):
                    self._store.save_file(entry)
                progress(done, len(found), shown(Path(path.name)))
            before = {entry.track_id for entry in known.values() if not entry.error}
            present = set(map(str, found))
            for gone in [path for path in known if path not in present]:
                self._store.forget_file(gone)
        with self._lock:
            self._tracks = usable
        if not self.options.path:  # ours to mend: the next scan makes them again
            default.discard(damaged)
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

    def _analyse(
        self, path: Path, entry: AudioFile, analyser: Analyser, analyses: dict[str, Track]
    ) -> AudioFile:
        """Add the analysis of a file to the others; return its entry, with the error if any."""
        try:
            track = describe(path, entry.track_id, analyser)
        except InputError as error:
            return replace(entry, error=str(error))
        except Exception as error:  # one odd file costs that file, whatever its decoder does
            log.warning("'%s' cannot be analysed", path, exc_info=True)
            return unusable(
                path, f"cannot be analysed: {type(error).__name__}: {error}. Replace or remove it"
            )
        analyses[track.track_id] = track
        self._store.save_analysis(track, entry.version)
        return entry


def _track(entry: AudioFile, analysed: Track) -> Track:
    return replace(
        analysed,
        path=entry.path,
        title=printable(entry.title),
        artist=printable(entry.artist),
        genre=printable(entry.genre),
        album=printable(entry.album),
        number=entry.number,
    )
