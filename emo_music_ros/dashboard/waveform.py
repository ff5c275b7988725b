# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""How loud a piece is along its length, to be drawn."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np

from emo_music_ros.errors import InputError
from emo_music_ros.io.audio import Decoder
from emo_music_ros.paths import regular_file

#: Bars of a drawing, and the longest that is looked at [s].
BARS, LONGEST = 120, 1800.0
#: One at a time: the machine has better to do than to draw.
_ONE = threading.Semaphore(1)


def waveform(path: str | Path, bars: int = BARS) -> list[float]:
    """Return the peak of each part of a piece, 0..1 of the loudest.

    Parameters
    ----------
    path : str or Path
        Audio file; of it the first `LONGEST` are drawn.
    bars : int
        How many parts.

    Raises
    ------
    InputError
        If the file cannot be read, or another one is being drawn.
    """
    if not _ONE.acquire(blocking=False):
        raise InputError("another piece is being drawn", "Try again in a moment")
    try:
        decoder = Decoder(regular_file(str(path), "track"))
        try:
            return _peaks(decoder, bars)
        finally:
            decoder.close()
    finally:
        _ONE.release()


def _peaks(decoder: Decoder, bars: int) -> list[float]:
    peaks = np.zeros(bars)
    at = 0
    whole = min(decoder.frames, round(LONGEST * decoder.rate))
    while at < whole:
        block = decoder.read()
        if not len(block):
            break
        loud = np.abs(block).max(axis=1)
        places = np.minimum((np.arange(at, at + len(loud)) * bars) // whole, bars - 1)
        np.maximum.at(peaks, places, loud)
        at += len(loud)
    loudest = peaks.max()
    return [float(each) for each in peaks / loudest] if loudest > 0 else [0.0] * bars
