# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Sound in the forms in which robot drivers send it: bytes of a named format, or whole numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emo_music_ros.errors import InputError
from emo_music_ros.io.resampling import DownMix
from emo_music_ros.streams import AUDIO_RATES

#: Name of a format, as GStreamer has it, -> type of a value, what full scale is, and its zero.
FORMATS = {
    "S16LE": ("<i2", 32768.0, 0.0),
    "S16BE": (">i2", 32768.0, 0.0),
    "S24LE": ("", 8388608.0, 0.0),
    "S32LE": ("<i4", 2147483648.0, 0.0),
    "S32BE": (">i4", 2147483648.0, 0.0),
    "F32LE": ("<f4", 1.0, 0.0),
    "F32BE": (">f4", 1.0, 0.0),
    "S8": ("i1", 128.0, 0.0),
    "U8": ("u1", 128.0, 128.0),
}
#: How far the stamps of a stream may stray from its count of samples [s] before it is a gap.
STRAY = 0.3


def decoded(content: bytes | NDArray[np.uint8], form: str) -> NDArray[np.float32]:
    """Return bytes of a format as float32 [n], -1..1.

    Raises
    ------
    InputError
        If there is no such format, or the bytes end within a value.
    """
    name = form.strip().upper()
    if name not in FORMATS:
        raise InputError(
            f"sound of the format '{form}' cannot be used", f"Send one of {', '.join(FORMATS)}"
        )
    kind, full, zero = FORMATS[name]
    raw: NDArray[np.uint8] = np.frombuffer(content, np.uint8)
    size = np.dtype(kind).itemsize if kind else 3
    if raw.size % size:
        raise InputError(
            f"{raw.size} bytes are no whole values of '{form}'", "Set the format that is sent"
        )
    if kind:
        values = raw.view(kind).astype(np.float32)
    else:
        wide = np.zeros((raw.size // 3, 4), np.uint8)
        wide[:, 1:] = raw.reshape(-1, 3)
        values = (wide.view("<i4")[:, 0] >> 8).astype(np.float32)
    return np.asarray((values - zero) / full, np.float32)


def scaled(values: ArrayLike, full: float, zero: float = 0.0) -> NDArray[np.float32]:
    """Return whole numbers [n] as float32, -1..1, where `full` is full scale and `zero` silence."""
    return np.asarray((np.asarray(values, np.float64) - zero) / full, np.float32)


class Stream:
    """Blocks of a sender that does not number its samples, numbered and with even times.

    A block that is late or early by less than 0.3 s follows the one before; else there is a gap.
    """

    def __init__(self) -> None:
        self._mix = DownMix()
        self._rate = 0
        self._next = 0  # number of the next sample
        self._due = 0.0  # its time

    def __call__(
        self, samples: NDArray[np.float32], channels: int, rate: int, begin: float
    ) -> tuple[NDArray[np.float32], float, int]:
        """Return the next block as one channel [frames], the time of its first sample, its number.

        Parameters
        ----------
        samples : numpy.ndarray
            float32 [frames * channels].
        channels : int
            How many there are.
        rate : int
            Frames per second [Hz].
        begin : float
            When the block began, by its sender or its arrival [s].

        Raises
        ------
        InputError
            If channels or rate make no sense.
        """
        if (
            not 1 <= channels <= 64
            or not AUDIO_RATES[0] <= rate <= AUDIO_RATES[1]
            or samples.size % channels
        ):
            raise InputError(
                f"sound of {rate} Hz with {channels} channels and {samples.size} values cannot be "
                "used",
                "Send 8000 to 48000 Hz, and every frame whole",
            )
        block = self._mix(samples.reshape(-1, channels))
        late = begin - self._due
        if rate != self._rate or late < -STRAY:
            self._rate, self._next, self._due = rate, 0, begin
        elif late > STRAY:
            self._next += round(late * rate)
            self._due = begin
        else:
            self._due += 0.05 * late  # follow the clock of the sender, not its jitter
        found = block, self._due, self._next
        self._next += len(block)
        self._due += len(block) / rate
        return found
