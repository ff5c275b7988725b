# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The catalogue plugin ``playlist``: the files that a playlist names."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from emo_music_ros.io.formats import SOUND
from emo_music_ros.io.playlists import Entry, read_playlist
from emo_music_ros.names import printable, shown
from emo_music_ros.options import option
from emo_music_ros.paths import regular_file
from emo_music_ros.recommendation.library.analysed import Progress
from emo_music_ros.recommendation.library.listing import Listing
from emo_music_ros.recommendation.library.source import SourceCatalogue, SourceOptions


class PlaylistCatalogue(SourceCatalogue):
    """The files of an M3U, M3U8 or XSPF playlist; entries that are missing are told by name."""

    name = "playlist"

    @dataclass(frozen=True)
    class Options(SourceOptions):
        """What can be set."""

        path: str = option("", "playlist: .m3u, .m3u8 or .xspf")

    def fetch(self, progress: Progress) -> Listing:
        """Read the playlist.

        Raises
        ------
        InputError
            If it cannot be read.
        """
        playlist = regular_file(self.options.path, "playlist")
        entries = read_playlist(playlist)
        files: dict[Path, None] = {}
        left_out: dict[str, str] = {}
        for entry in entries:
            found = next((path for path in entry.paths(playlist) if _is_file(path)), None)
            if found is not None:
                files[Path(os.path.realpath(found))] = None
            else:
                name = entry.locations[0] if entry.locations else entry.title
                left_out[printable(shown(name))] = printable(_why_not(entry, playlist))
        return Listing(list(files), left_out=left_out)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file() and path.name.lower().endswith(SOUND)
    except OSError:  # too long, not to be read
        return False


def _why_not(entry: Entry, playlist: Path) -> str:
    title = f"'{entry.title}'" if entry.title else "an entry"
    paths = entry.paths(playlist)
    if not paths:
        return f"{title} of the playlist is no file of this machine"
    try:
        if paths[0].is_file():
            return f"{title} of the playlist is no sound file: '{shown(paths[0])}'"
    except OSError:
        pass
    return f"{title} of the playlist is missing: there is no '{shown(paths[0])}'"
