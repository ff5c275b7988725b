# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Play a folder of recorded material as if the devices were there.

Everything starts at one common time and keeps its own timing. A folder may hold, each part
being optional::

    video.mp4            or .avi, .mkv, .webm, .mov and others
    images/              instead of a video: pictures in the order of their names, shown at
                         `images_rate`, or at the times in images/images.csv (time_s,file)
    audio.wav            or .flac, .ogg, .mp3, .m4a and others; where there is none, the sound of
                         the video is heard
    ppg.csv  ecg.csv  eda.csv  eeg.csv  respiration.csv  temperature.csv  acceleration.csv
                         first line "# rate: 64" [Hz], optionally "# unit: uS", then a row of
                         channel names, then one row of numbers per sample (empty or nan = missing)
    BVP.csv EDA.csv TEMP.csv ACC.csv
                         as exported by an Empatica E4 (HR.csv, IBI.csv and tags.csv are not used)
    <any name>.csv       as recorded by a Muse: timestamps,TP9,AF7,AF8,TP10,...
    text.txt             or .csv, .tsv: one utterance a line: seconds, a tab or comma, the text

Physiology files may also lie one folder deeper, as in ``e4/BVP.csv``. Files that carry clock
times (E4, Muse) keep their distances if they began within an hour of each other; the earliest
begins with the rest. Physiology leaves through LSL outlets and comes back in through the same
inlets as a real device. With `loop`, everything starts again when the longest part ended.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from emo_music_ros.errors import InputError
from emo_music_ros.io import empatica
from emo_music_ros.io.formats import IMAGES, SOUND, VIDEOS
from emo_music_ros.io.layouts import kind_of, read_signal
from emo_music_ros.io.signals import Signal
from emo_music_ros.io.tables import picture_times
from emo_music_ros.names import shown
from emo_music_ros.options import option
from emo_music_ros.sensing.device import Connection, DeviceSource, EndOfRecording
from emo_music_ros.sensing.lanes import signal_lane, text_lane
from emo_music_ros.sensing.media import (
    audio_lane,
    has_sound,
    images_lane,
    video_lane,
)
from emo_music_ros.sensing.outlet import Outlets
from emo_music_ros.sensing.recording import Lane, Playback
from emo_music_ros.streams import BiosignalBlock, Sample

#: Endings of the file of utterances.
TEXTS = (".txt", ".tsv", ".csv")
#: CSV files that hold no signal.
UNUSED = (*empatica.RESULTS, "images", "text")
#: Files that began further apart [s] are of different occasions and start together.
OCCASION = 3600.0


class OutletSource(DeviceSource):
    """A recording whose physiology leaves through LSL outlets instead of being delivered."""

    def __init__(self, name: str, connect: Callable[[threading.Event], Connection]) -> None:
        super().__init__(name, connect)
        self._outlets = Outlets()

    def start(self, deliver: Callable[[Sample], None]) -> None:
        """Begin to play."""
        super().start(self._outlets.routed(deliver))

    def stop(self, patience: float = 1.0) -> None:
        """End within `patience` seconds and take the LSL streams off the network."""
        super().stop(patience)
        self._outlets.close()


@dataclass(frozen=True)
class FolderReplayOptions:
    """What can be set."""

    path: str = option("", "folder with the recording")
    loop: bool = option(True, "start again when the longest part ended")
    rate: float = option(15.0, "pictures of a video delivered at most [Hz]", low=0.1, high=120.0)
    images_rate: float = option(5.0, "rate of pictures without times [Hz]", low=0.01, high=120.0)
    width: int = option(640, "largest width of a picture [pixels]", low=16, high=7680)
    height: int = option(480, "largest height of a picture [pixels]", low=16, high=4320)


class FolderReplay(OutletSource):
    """Plays the folder described in the documentation of this module.

    Broken files are named in the status with cause and remedy; the rest plays.

    Parameters
    ----------
    options : FolderReplayOptions
        Which folder.

    Raises
    ------
    InputError
        If there is no such folder.
    """

    Options = FolderReplayOptions

    def __init__(self, options: FolderReplayOptions | None = None) -> None:
        self._options = FolderReplayOptions() if options is None else options
        self._path = Path(self._options.path).expanduser()
        if not self._options.path or not self._path.is_dir():
            raise InputError(
                f"replay: '{self._options.path}' is not a folder",
                "Set path to a folder with a recording; the README says what it may hold",
            )
        super().__init__(f"replay of {self._path}", self._open)

    def lanes(self, announce: Callable[[BiosignalBlock], object]) -> tuple[list[Lane], list[str]]:
        """Return everything that can be played, and what is wrong with the rest.

        Parameters
        ----------
        announce : callable
            Told of every body signal by an empty block.
        """
        problems: list[str] = []
        lanes: list[Lane] = []
        for part in (self._pictures, self._sound, self._text):
            try:
                lane = part()
            except InputError as error:
                problems.append(str(error))
            else:
                lanes += [lane] if lane else []
        lanes += self._physiology(problems, announce)
        return lanes, problems

    def _open(self, stop: threading.Event) -> Connection:
        # Announced now, so that inlets can find it before its first sample.
        lanes, problems = self.lanes(self._outlets.announce)
        if not lanes:
            raise EndOfRecording(
                "; ".join(
                    (
                        f"replay: folder {self._path} holds nothing that can be played",
                        *problems,
                        "The README says what it may hold",
                    )
                )
            )
        title = f"replay of {self._path} ({', '.join(lane.name for lane in lanes)})"
        return Playback(title, lanes, self._options.loop, problems)

    def _file(self, stem: str, endings: tuple[str, ...]) -> Path | None:
        """Return the file of a name whose ending comes first in `endings`."""
        found = {
            entry.suffix.lower(): entry
            for entry in sorted(self._path.iterdir())
            if entry.stem.lower() == stem and entry.is_file()
        }
        return next((found[ending] for ending in endings if ending in found), None)

    def _pictures(self) -> Lane | None:
        size = self._options.width, self._options.height
        if video := self._file("video", VIDEOS):
            return video_lane(video, self._options.rate, *size, f"recorded:{shown(video.name)}")
        folder = self._path / "images"
        if not folder.is_dir():
            return None
        period = 1 / self._options.images_rate
        notes: tuple[str, ...] = ()
        if (folder / "images.csv").is_file():
            found = picture_times(folder / "images.csv")
            timed, notes = found.entries, found.notes
        elif (self._path / "images.csv").is_file():
            found = picture_times(self._path / "images.csv")
            notes = found.notes
            timed = [
                (time, path if path.is_file() else folder / path.name)
                for time, path in found.entries
            ]
        else:
            files = sorted(entry for entry in folder.iterdir() if entry.suffix.lower() in IMAGES)
            timed = [(index * period, path) for index, path in enumerate(files)]
        lane = images_lane(timed, period, *size, f"recorded:{shown(self._path.name)}/images")
        return replace(lane, notes=notes)

    def _sound(self) -> Lane | None:
        """Return the sound: the file ``audio``, or else that of the video."""
        file = self._file("audio", SOUND)
        if file is None and (video := self._file("video", VIDEOS)) and has_sound(video):
            file = video
        return audio_lane(file, f"recorded:{shown(file.name)}") if file else None

    def _text(self) -> Lane | None:
        file = self._file("text", TEXTS)
        return text_lane(file, f"recorded:{shown(file.name)}") if file else None

    def _physiology(
        self, problems: list[str], announce: Callable[[BiosignalBlock], object]
    ) -> list[Lane]:
        signals: dict[str, tuple[Signal, str]] = {}
        folders = [self._path, *(entry for entry in self._path.iterdir() if entry.is_dir())]
        for file in sorted(file for folder in folders for file in folder.glob("*.csv")):
            if file.stem.lower().split("_")[0] in UNUSED:
                continue
            kind = kind_of(file)
            try:
                if not kind:
                    raise InputError(
                        f"{file} is no kind of signal that is known",
                        "Name it after its kind, such as ppg.csv",
                    )
                if kind in signals:
                    raise InputError(
                        f"{file} is not played: {signals[kind][1]} already gives {kind}",
                        "Keep one file of each kind",
                    )
                signals[kind] = read_signal(file, kind), f"recorded:{shown(file.name)}"
            except InputError as error:
                problems.append(str(error))
        lanes = []
        first = previous = 0.0
        for signal, source in sorted(signals.values(), key=lambda entry: entry[0].begin):
            if signal.begin - previous > OCCASION:
                first = signal.begin
            previous = signal.begin
            lanes.append(signal_lane(signal, signal.begin - first, source))
            units = (signal.unit,) * len(signal.channels)
            empty = BiosignalBlock(
                0.0,
                signal.kind,
                signal.values[:0],
                signal.rate,
                signal.channels,
                units,
                source=source,
            )
            announce(empty)
        return lanes
