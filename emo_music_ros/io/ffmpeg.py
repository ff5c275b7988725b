# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Sound that libsndfile cannot decode: AAC, M4A, WebM, Opus, chained Ogg, the sound of a video.

By PyAV, which carries FFmpeg. It is imported when such a file is opened, and where it is missing
the file is refused with the remedy.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.errors import InputError

#: Formats that name their length; of others the packets are counted.
INDEXED = ("mov", "mp4", "matroska", "webm", "avi")
#: Formats that can be entered in the middle; others are decoded from their beginning.
SEEKABLE = ("mov", "mp4", "matroska", "webm", "avi", "aac", "mp3")
_MISSING = (
    "Install PyAV (pip install av), or convert the file to FLAC, for example:"
    " ffmpeg -i in.m4a out.flac"
)


def library(what: str) -> Any:
    """Return PyAV with FFmpeg's chatter on standard error switched off.

    Raises
    ------
    InputError
        If it is not installed; `what` begins the cause.
    """
    try:
        import av
    except ImportError as error:
        raise InputError(f"{what} needs PyAV, which is not installed", _MISSING) from error
    av.logging.set_level(av.logging.PANIC)
    return av


class FFmpegSound:
    """The first sound track of a file, decoded in blocks at its own rate.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    start : float
        Where to begin [s].

    Attributes
    ----------
    rate, channels : int
        Of the track: [Hz] and a count.
    frames : int
        How many there are in all, counted or as the index of the file says.
    damage : str
        What could not be decoded so far; empty = nothing.

    Raises
    ------
    InputError
        If PyAV is missing, or the file holds no sound that can be decoded.
    """

    def __init__(self, path: Path, start: float = 0.0) -> None:
        self._av = library(f"'{path}'")
        self.damage = ""
        self._damaged = 0
        self._file = path.open("rb")  # by FFmpeg's own way not every name could be opened
        try:
            self.rate, self.channels, self.frames = self._measure()
            self._container = self._open()
        except (self._av.FFmpegError, OSError, ValueError, IndexError) as error:
            self._file.close()
            why = "no sound track" if isinstance(error, IndexError) else str(error)
            raise InputError(
                f"'{path}' holds no sound that can be decoded ({why})",
                "Check that it plays elsewhere, or convert it to FLAC",
            ) from error
        self.damage = ""  # told again when it is played
        self._rest: NDArray[np.float32] = np.zeros((0, self.channels), np.float32)
        self._decoded = self._decode(start)

    def read(self, frames: int) -> NDArray[np.float32]:
        """Return the next frames, float32 [<= frames, channels]; fewer only at the end."""
        parts, count = [self._rest], len(self._rest)
        while count < frames and (part := next(self._decoded, None)) is not None:
            parts.append(part)
            count += len(part)
        joined = np.concatenate(parts)
        self._rest = joined[frames:]
        return joined[:frames]

    @property
    def closed(self) -> bool:
        """Whether the file is closed."""
        return self._file.closed

    def close(self) -> None:
        """Close the file. May be called twice."""
        self._container.close()
        self._file.close()

    def _open(self) -> Any:
        self._file.seek(0)
        return self._av.open(self._file)

    def _measure(self) -> tuple[int, int, int]:
        """Return rate, channels and number of frames."""
        with self._open() as container:
            track = container.streams.audio[0]
            if not track.rate or not track.channels:
                raise ValueError("its sound has no rate or no channels")
            length = 0.0
            if self._is(container, INDEXED):
                units = track.duration and float(track.duration * track.time_base)
                length = float(units or (container.duration or 0) / self._av.time_base)
            if not length:
                length = sum(
                    float((packet.duration or 0) * packet.time_base)
                    for packet in self._packets(container, track)
                    if packet.time_base
                )
            if not length:
                raise ValueError("it holds no samples")
            return track.rate, track.channels, round(length * track.rate)

    def _packets(self, container: Any, track: Any) -> Iterator[Any]:
        """Yield the packets of a track as far as they can be found."""
        try:
            yield from container.demux(track)
        except self._av.FFmpegError as error:
            self.damage = f"what follows cannot be read: {error.strerror}"

    @staticmethod
    def _is(container: Any, formats: tuple[str, ...]) -> bool:
        return any(name in formats for name in container.format.name.split(","))

    def _decode(self, start: float) -> Iterator[NDArray[np.float32]]:
        """Yield float32 [frames, channels] from `start` [s] on."""
        track = self._container.streams.audio[0]
        seeks = start > 0 and self._is(self._container, SEEKABLE)
        if seeks:
            self._container.seek(int(start / track.time_base), stream=track)
        skip = -1 if seeks else round(start * self.rate)
        resampler: Any = None
        layout, shape = track.layout.name, None
        for packet in self._packets(self._container, track):
            try:
                decoded = packet.decode()
            except self._av.FFmpegError:
                self._damaged += 1
                self.damage = f"{self._damaged} packets could not be decoded"
                continue
            for frame in decoded:
                # Parts of a chained file may differ; one resampler takes one kind of frame.
                if shape != (shape := (frame.format.name, frame.layout.name, frame.sample_rate)):
                    resampler = self._av.AudioResampler("flt", layout, self.rate)
                if skip < 0:
                    time = frame.time if frame.time is not None else start
                    skip = max(0, round((start - time) * self.rate))
                for piece in resampler.resample(frame):
                    samples = piece.to_ndarray().reshape(-1, self.channels)
                    skip, drop = max(0, skip - len(samples)), min(skip, len(samples))
                    yield samples[drop:]
