# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
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

#: Endings of the files of a recording.
ENDINGS = (".mcap", ".mcap.zstd", ".mcap.zst")


def recordings(folder: Path) -> list[Path]:
    """Return the MCAP files of a folder in order, compressed as a whole or not."""
    return sorted(file for file in folder.iterdir() if file.name.endswith(ENDINGS))


@dataclass(frozen=True)
class McapReplayOptions:
    """What can be set."""

    path: str = option(
        "", "MCAP file (.mcap, .mcap.zstd), or folder of a recording made by 'ros2 bag record'"
    )
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
        self._files = recordings(path) if path.is_dir() else [path]
        databases = [file for file in [path, *path.glob("*.db3")] if file.suffix == ".db3"]
        if databases and not (path.is_dir() and self._files):
            raise InputError(
                f"replay: {databases[0]} is a recording in SQLite, which is not played",
                "Convert it: write 'output_bags: [{uri: new, storage_id: mcap, all: true}]' into "
                "out.yaml, then: ros2 bag convert -i FOLDER -o out.yaml",
            )
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
