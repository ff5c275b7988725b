# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The catalogue plugin ``navidrome``: the music of a Subsonic server, brought here.

What is offered is here: it is analysed like any file, played by the player of this machine with
its fades and limits, and still there when the server is not.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from emo_music_ros.errors import InputError, StorageError
from emo_music_ros.io.formats import SOUND
from emo_music_ros.io.subsonic import Song, SubsonicServer
from emo_music_ros.io.web import AwayError
from emo_music_ros.names import printable
from emo_music_ros.options import option
from emo_music_ros.recommendation.library.analysed import Progress
from emo_music_ros.recommendation.library.analysis import Analyser
from emo_music_ros.recommendation.library.listing import Listing
from emo_music_ros.recommendation.library.source import SourceCatalogue, SourceOptions
from emo_music_ros.resources import cache, private_folder

#: So many pieces in a row that cannot be had mean that the server is away.
MOST_MISSED = 3
#: Holds the password where the parameter does not, which others can read.
PASSWORD = "EMO_MUSIC_NAVIDROME_PASSWORD"


class SubsonicCatalogue(SourceCatalogue):
    """Music of Navidrome, or another Subsonic server, kept in the cache folder."""

    name = "navidrome"

    @dataclass(frozen=True)
    class Options(SourceOptions):
        """What can be set."""

        url: str = option("http://localhost:4533", "address of the server")
        user: str = option("", "who asks")
        password: str = option("", f"password; empty = that of the variable {PASSWORD}")
        login: str = option(
            "token",
            "how: by a token, or by the password itself to servers that know none",
            choices=("token", "password"),
        )
        timeout: float = option(10.0, "longest wait for an answer [s]", low=0.1, high=120.0)
        most: int = option(5000, "pieces taken at most", low=1, high=1_000_000)
        space: int = option(4000, "room for pieces in the cache folder [MiB]", low=1, high=10**7)

    def __init__(self, options: Options | None = None, analyser: Analyser | None = None) -> None:
        options = options or self.Options()
        password = options.password or os.environ.get(PASSWORD, "")
        self._server = SubsonicServer(
            options.url, options.user, password, options.timeout, options.login
        )
        mark = hashlib.blake2b(f"{options.url} {options.user}".encode(), digest_size=8).hexdigest()
        self._folder = cache(f"navidrome-{mark}")
        super().__init__(options, analyser)

    def fetch(self, progress: Progress) -> Listing:
        """Ask for all pieces and bring those that are not here.

        Raises
        ------
        InputError
            If the server is away or refuses.
        StorageError
            If the cache folder cannot be written.
        """
        self._missed = 0
        songs = list(self._server.songs(self.options.most))
        files: list[Path] = []
        left_out: dict[str, str] = {}
        room = self.options.space << 20
        without = 0
        try:
            private_folder(self._folder)
            for done, song in enumerate(songs, start=1):
                file = self._folder / _file_name(song)
                if not file.name.lower().endswith(SOUND):
                    left_out[printable(song.title)] = f"'{song.suffix}' is no sound file we read"
                elif file.is_file() or song.size <= room:
                    if reason := self._bring(song, file, room):
                        left_out[printable(song.title)] = reason
                    else:
                        files.append(file)
                        room -= file.stat().st_size
                else:
                    without += 1
                progress(done, len(songs), printable(song.title))
            for path in set(self._folder.iterdir()) - set(files):
                path.unlink()
        except OSError as error:
            raise StorageError(
                f"'{self._folder}' cannot be written: {error.strerror}", "Free space on the disk"
            ) from error
        if without:
            left_out[f"{without} pieces of {self.name}"] = (
                f"there is room for {self.options.space} MiB of music only. Raise the option space"
            )
        return Listing(files, left_out=left_out)

    def _bring(self, song: Song, file: Path, room: int) -> str:
        """Bring a piece here if it is not; return why it cannot be had, empty = it is here."""
        if file.is_file():
            return ""
        try:
            self._server.download(song, file, room)
            self._missed = 0
        except AwayError as error:
            self._missed += 1
            if self._missed >= MOST_MISSED:
                raise  # it is not about this piece; what came so far is here next time
            return str(error)
        except InputError as error:
            return str(error)
        return ""


def _file_name(song: Song) -> str:
    """Return a name that tells the piece, and is another for another version of it."""
    mark = hashlib.blake2b(f"{song.song_id} {song.size}".encode(), digest_size=6).hexdigest()
    title = re.sub(r"[^\w' -]+", "_", song.title)[:60].strip()
    return f"{title} {mark}.{re.sub(r'[^a-z0-9]', '', song.suffix)}"
