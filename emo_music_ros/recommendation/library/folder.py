# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The catalogue plugin ``folder``: a folder of audio with everything below it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from emo_music_ros.names import shown
from emo_music_ros.options import option
from emo_music_ros.paths import expand
from emo_music_ros.recommendation.base import ScanReport
from emo_music_ros.recommendation.library import default
from emo_music_ros.recommendation.library.analysed import AnalysedFiles, Progress
from emo_music_ros.recommendation.library.analysis import Analyser
from emo_music_ros.recommendation.library.files import audio_files
from emo_music_ros.resources import cache
from emo_music_ros.streams import Track


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
        self._folder = (
            Path(os.path.realpath(expand(self.options.path, "music folder")))
            if self.options.path
            else cache("default_library")
        )
        self._files = AnalysedFiles(self.options.database, analyser)
        self.refresh()

    def tracks(self) -> list[Track]:
        """Return every usable track, sorted by title."""
        return self._files.tracks()

    def get(self, track_id: str) -> Track | None:
        """Return one track, None if it is not in the library."""
        return self._files.get(track_id)

    def refresh(self) -> None:
        """Take over what the last scan of any process left, as far as the files are still there."""
        self._files.refresh(self._folder)

    def scan(self, progress: Progress | None = None) -> ScanReport:
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
        if not self.options.path:
            default.ensure(self._folder, progress or (lambda done, total, name: None))
        unreadable: dict[str, str] = {}

        def skip(error: OSError) -> None:
            place = shown(Path(error.filename))
            unreadable[place] = f"'{place}' cannot be read: {error.strerror}"

        found = audio_files(self._folder, skip)
        try:
            return self._files.scan(found, self._folder, unreadable, progress)
        finally:
            if not self.options.path:  # ours to mend: the next scan makes them again
                default.discard(self._files.damaged)
