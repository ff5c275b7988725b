# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The player plugin ``mpd``: pieces are played by a Music Player Daemon."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path

from emo_music_ros.errors import InputError
from emo_music_ros.io.mpd import SCHEME, MpdServer, number
from emo_music_ros.options import option
from emo_music_ros.paths import expand
from emo_music_ros.playback.remote import Beside, BesideOptions, RemoteState

#: Words of the protocol -> ours.
_STATUS = {"play": "playing", "pause": "paused", "stop": "stopped"}
#: What would make it play something else afterwards.
_MODES = ("repeat", "random", "single", "consume", "crossfade")


class MpdRemote:
    """MPD as a player; its queue is replaced by the piece that is handed over.

    Parameters
    ----------
    server : MpdServer
        Where it is.
    folder : Path or None
        Where its music is on this machine; None = not known.
    """

    name = "mpd"
    pace = 0.1

    def __init__(self, server: MpdServer, folder: Path | None) -> None:
        self._server = server
        self._folder = Path(os.path.realpath(folder)) if folder is not None else None

    def plays(self, path: str) -> bool:
        """Return whether a piece is of MPD's database, by its path."""
        return bool(self._uri(path))

    def _uri(self, path: str) -> str:
        if path.startswith(SCHEME):
            return path[len(SCHEME) :]
        if self._folder is None:
            return ""
        try:
            return str(Path(path).relative_to(self._folder))
        except ValueError:
            return ""

    def play(self, path: str, volume: float) -> None:
        """Replace the queue by one piece and play it.

        Raises
        ------
        InputError
            If it cannot, does not know the piece, or has no volume that could be bounded.
        """
        ask = self._server.ask
        ask("clear")
        for mode in _MODES:
            ask(mode, 0)
        ask("add", self._uri(path))
        if not number(ask("status"), "volume") >= 0:
            raise InputError(
                f"MPD at {self._server.address} has no volume, so its loudness cannot be bounded",
                'Give its audio_output in mpd.conf a mixer, such as mixer_type "software"',
            )
        self.set_volume(volume)
        ask("play", 0)

    def pause(self) -> None:
        """Halt."""
        self._server.ask("pause", 1)

    def resume(self) -> None:
        """Go on."""
        self._server.ask("pause", 0)

    def stop(self) -> None:
        """End."""
        self._server.ask("stop")

    def seek(self, seconds: float) -> None:
        """Go to a position [s]."""
        self._server.ask("seekcur", f"{seconds:.3f}")

    def set_volume(self, volume: float) -> None:
        """Set the volume, 0..1, in the hundredths that MPD knows, rounded down."""
        self._server.ask("setvol", math.floor(100 * volume + 1e-6))

    def state(self) -> RemoteState:
        """Return what MPD is doing.

        Raises
        ------
        InputError
            If it is away.
        """
        status = self._server.ask("status")
        playing = _STATUS.get(str(status.get("state")), "stopped")
        song = self._server.ask("currentsong") if playing != "stopped" else {}
        volume = number(status, "volume")
        uri = str(song.get("file", ""))
        return RemoteState(
            playing,
            SCHEME + uri if uri else "",
            number(status, "elapsed"),
            number(status, "duration"),
            volume / 100 if volume >= 0 else math.nan,
        )

    def same(self, path: str, other: str) -> bool:
        """Return whether two paths name the same piece."""
        return self._uri(path) == self._uri(other)

    def close(self) -> None:
        """End the connection."""
        self._server.close()


class MpdPlayer(Beside):
    """MPD plays what is in its database, a sound device of this machine the rest."""

    @dataclass(frozen=True)
    class Options(BesideOptions):
        """What can be set."""

        host: str = option("localhost", "name, address, or path of the local socket of MPD")
        port: int = option(6600, "port of MPD", low=1, high=65535)
        password: str = option("", "password of MPD; empty = none")
        music_folder: str = option(
            "", "where MPD's music is on this machine; empty = only what it alone has"
        )
        command_timeout: float = option(
            0.5, "longest wait for an answer to a command [s]", low=0.1, high=5.0
        )

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or self.Options()
        host, port, password = self.options.host, self.options.port, self.options.password
        server = MpdServer(host, port, password, self.options.command_timeout)
        folder = self.options.music_folder
        super().__init__(
            self.options.sound,
            MpdRemote(server, expand(folder, "music folder") if folder else None),
        )
