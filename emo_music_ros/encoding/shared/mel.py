# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The mel scale of Slaney (1998), linear up to 1 kHz and logarithmic above, as librosa has it.

Importing librosa for it alone would cost seconds.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

_LINEAR = 200 / 3  # Hz per mel below the split
_SPLIT = 1000.0  # Hz
_STEP = math.log(6.4) / 27  # per mel above it


def _to_mel(hertz: float) -> float:
    if hertz < _SPLIT:
        return hertz / _LINEAR
    return _SPLIT / _LINEAR + math.log(hertz / _SPLIT) / _STEP


def _from_mel(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    split = _SPLIT / _LINEAR
    return np.where(mel < split, mel * _LINEAR, _SPLIT * np.exp((mel - split) * _STEP))


@cache
def mel_filters(
    rate: float, length: int, bands: int, low: float = 0.0, high: float | None = None
) -> NDArray[np.float32]:
    """Return triangular filters of unit area, float32 [bands, length // 2 + 1].

    Parameters
    ----------
    rate : float
        Sampling rate [Hz].
    length : int
        Of the Fourier transform.
    bands : int
        Number of filters.
    low, high : float
        Edges of the lowest and the highest one [Hz]; None is half the rate.
    """
    top = rate / 2 if high is None else high
    edge = _from_mel(np.linspace(_to_mel(low), _to_mel(top), bands + 2, dtype=np.float64))
    bins = np.arange(length // 2 + 1) * rate / length
    rising = (bins - edge[:-2, None]) / np.diff(edge)[:-1, None]
    falling = (edge[2:, None] - bins) / np.diff(edge)[1:, None]
    area = (edge[2:] - edge[:-2])[:, None] / 2
    return (np.maximum(0.0, np.minimum(rising, falling)) / area).astype(np.float32)
