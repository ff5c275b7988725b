# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Audio files as tracks: each analysed once and remembered by content.

Analyses are kept by the hash of the file's content, so that a renamed or moved file is not
analysed again; a file whose size and time have not changed is not even read.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path

from emo_music_ros import plugins
from emo_music_ros.errors import InputError, StorageError
from emo_music_ros.names import printable, shown
from emo_music_ros.recommendation.base import ScanReport
from emo_music_ros.recommendation.library.analysis import Analyser, describe, version_of
from emo_music_ros.recommendation.library.files import AudioFile, examine, unusable
from emo_music_ros.recommendation.library.store import LibraryStore
from emo_music_ros.resources import cache
from emo_music_ros.streams import Track

log = logging.getLogger(__name__)

Progress = Callable[[int, int, str], None]


class AnalysedFiles:
    """The usable ones of some audio files, found by an earlier scan or by one in a thread.

    Parameters
    ----------
    database : str
        SQLite file of the analyses; empty = in the cache folder.
    analyser : Analyser, optional
        Listens to the files; by default the installed encoder plugin ``music``, made when the
        first scan begins.

    Attributes
    ----------
    damaged : list of Path
        Files of the last scan that were read and are of no use.
    """

    def __init__(self, database: str = "", analyser: Analyser | None = None) -> None:
        self.damaged: list[Path] = []
        self._analyser = analyser
        self._store = LibraryStore(database or cache("library.sqlite"), own=not database)
        self._lock = threading.Lock()
        self._scanning = threading.Lock()
        self._tracks: dict[str, Track] = {}

    def tracks(self) -> list[Track]:
        """Return every usable track, sorted by title."""
        with self._lock:
            found = list(self._tracks.values())
        return sorted(found, key=lambda track: (track.title.casefold(), track.track_id))

    def get(self, track_id: str) -> Track | None:
        """Return one track, None if it is not among them."""
        with self._lock:
            return self._tracks.get(track_id)

    def refresh(self, among: Path | Collection[str]) -> None:
        """Take over what the last scan of any process left, as far as the files are still there.

        Parameters
        ----------
        among : Path or collection of str
            The folder, or the files, that are meant.
        """
        if not os.path.isfile(self._store.path) or not self._scanning.acquire(blocking=False):
            return  # a scan that is on takes over itself
        try:
            with self._store.session():
                known = self._store.files(among)
                versions = {entry.version for entry in known.values()}
                tables = {version: self._store.analyses(version) for version in versions}
            found: dict[str, Track] = {}
            for path, entry in sorted(known.items()):
                analysed = tables[entry.version].get(entry.track_id)
                if analysed is not None and not entry.error and os.path.isfile(path):
                    found.setdefault(entry.track_id, tagged(entry, analysed))
            self._store.failure = ""
        finally:
            self._scanning.release()
        with self._lock:
            self._tracks = found

    def scan(
        self,
        found: Sequence[Path],
        among: Path | Collection[str],
        unreadable: dict[str, str],
        progress: Progress | None = None,
    ) -> ScanReport:
        """Make these files the tracks.

        Parameters
        ----------
        found : sequence of Path
            The files.
        among : Path or collection of str
            As for :meth:`refresh`: what is known there and was not found is forgotten.
        unreadable : dict
            Path -> reason of what could not be looked at; grows.
        progress : callable, optional
            Gets (done, total, file name) after every file.

        Raises
        ------
        ModelError, PluginError
            If there is no encoder that could listen to them.
        StorageError
            If the database cannot be written; everything was analysed and :meth:`tracks` has it.
        """
        with self._scanning:
            return self._scan(
                found, among, unreadable, progress or (lambda done, total, name: None)
            )

    def _scan(
        self,
        found: Sequence[Path],
        among: Path | Collection[str],
        unreadable: dict[str, str],
        progress: Progress,
    ) -> ScanReport:
        if self._analyser is None:
            self._analyser = plugins.create("encoder", "music")
        analyser: Analyser = self._analyser
        version = version_of(analyser)
        usable: dict[str, Track] = {}
        self.damaged = []
        with self._store.session():
            known = self._store.files(among)
            analyses = self._store.analyses(version)
            for done, path in enumerate(found, start=1):
                entry = examine(path, known.get(str(path)), version)
                if not entry.error and entry.track_id not in analyses:
                    entry = self._analyse(path, entry, analyser, analyses)
                if entry.error:
                    unreadable[shown(path)] = entry.error
                    self.damaged += [path] if entry.size >= 0 else []
                elif entry.track_id not in usable:
                    usable[entry.track_id] = tagged(entry, analyses[entry.track_id])
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


def tagged(entry: AudioFile, analysed: Track) -> Track:
    """Return an analysis as the track of a file, with its tags."""
    return replace(
        analysed,
        path=entry.path,
        title=printable(entry.title),
        artist=printable(entry.artist),
        genre=printable(entry.genre),
        album=printable(entry.album),
        number=entry.number,
    )
