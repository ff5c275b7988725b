# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The catalogue plugin ``mpd``: the database of a Music Player Daemon."""

from __future__ import annotations

import hashlib
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emo_music_ros.io.mpd import SCHEME, MpdServer, number, texts
from emo_music_ros.names import printable
from emo_music_ros.options import option
from emo_music_ros.paths import expand
from emo_music_ros.recommendation.library.analysed import Progress
from emo_music_ros.recommendation.library.analysis import Analyser
from emo_music_ros.recommendation.library.listing import Listing, unplaced
from emo_music_ros.recommendation.library.source import SourceCatalogue, SourceOptions
from emo_music_ros.recommendation.library.words import derived
from emo_music_ros.streams import Track


class MpdCatalogue(SourceCatalogue):
    """The pieces of MPD: analysed where its files are on this machine, else by genre and mood."""

    name = "mpd"

    @dataclass(frozen=True)
    class Options(SourceOptions):
        """What can be set."""

        host: str = option("localhost", "name, address, or path of the local socket of MPD")
        port: int = option(6600, "port of MPD", low=1, high=65535)
        password: str = option("", "password of MPD; empty = none")
        music_folder: str = option(
            "", "where MPD's music is on this machine; empty = asked through the local socket"
        )
        timeout: float = option(3.0, "longest wait for an answer [s]", low=0.1, high=60.0)
        most: int = option(20_000, "pieces taken at most", low=1, high=1_000_000)

    def __init__(self, options: Options | None = None, analyser: Analyser | None = None) -> None:
        options = options or self.Options()
        self._server = MpdServer(options.host, options.port, options.password, options.timeout)
        super().__init__(options, analyser)

    def fetch(self, progress: Progress) -> Listing:
        """Ask MPD for its database.

        Raises
        ------
        InputError
            If it is away or refuses.
        """
        named = self.options.music_folder
        folder = expand(named, "music folder") if named else self._server.music_folder()
        files: list[Path] = []
        tracks: list[Track] = []
        without: list[str] = []
        try:
            for piece in self._server.pieces(self.options.most):
                uri = str(piece["file"])
                path = folder / uri if folder is not None else None
                if path is not None and "\0" not in uri and os.path.isfile(path):
                    files.append(Path(os.path.realpath(path)))
                elif (track := _track(uri, piece)) is not None:
                    tracks.append(track)
                else:
                    without.append(uri)
        finally:
            self._server.close()
        return Listing(files, tracks, unplaced(self.name, without))


def _track(uri: str, piece: dict[str, Any]) -> Track | None:
    genres = texts(piece, "genre")
    duration = number(piece, "duration")
    return derived(
        f"mpd:{hashlib.blake2b(uri.encode('utf-8', 'replace'), digest_size=16).hexdigest()}",
        SCHEME + uri,
        [*texts(piece, "mood"), *genres],
        title=printable((texts(piece, "title") or [Path(uri).stem])[0]),
        artist=printable((texts(piece, "artist") or [""])[0]),
        genre=printable(", ".join(genres)),
        duration=0.0 if math.isnan(duration) else max(duration, 0.0),
    )
