"""Play an MCAP recording of the sensor topics."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

from emo_music_ros.errors import InputError
from emo_music_ros.io.mcap import read_mcap
from emo_music_ros.names import shown
from emo_music_ros.options import option
from emo_music_ros.sensing.device import Connection
from emo_music_ros.sensing.recording import Lane, Playback
from emo_music_ros.sensing.replay import OutletSource


@dataclass(frozen=True)
class McapReplayOptions:
    """What can be set."""

    path: str = option("", "MCAP file, or folder of a recording made by 'ros2 bag record -s mcap'")
    loop: bool = option(True, "start again at the end")


class McapReplay(OutletSource):
    """Plays the sensor topics of a recording with their original timing, moved to now.

    Topics may have any namespace; of several namespaces the first one is played. A truncated
    recording plays as far as it goes. Physiology leaves through LSL outlets.

    Parameters
    ----------
    options : McapReplayOptions
        Which recording.

    Raises
    ------
    InputError
        If there is no such recording.
    """

    Options = McapReplayOptions

    def __init__(self, options: McapReplayOptions | None = None) -> None:
        self._options = McapReplayOptions() if options is None else options
        path = Path(self._options.path).expanduser()
        self._files = sorted(path.glob("*.mcap")) if path.is_dir() else [path]
        if not self._options.path or not self._files or not self._files[0].is_file():
            raise InputError(
                f"replay: '{self._options.path}' is no MCAP recording",
                "Set path to an .mcap file, or a folder with one",
            )
        super().__init__(f"replay of {path}", self._open)

    def _open(self, stop: threading.Event) -> Connection:
        label = f"recorded:{shown(self._files[0].name)}"
        lane = Lane(label, lambda: read_mcap(self._files, label), hold=0.1)
        return Playback(f"replay of {self._options.path}", [lane], self._options.loop)
