# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Gain curves that change sample by sample and never jump."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.streams import FloatArray

#: Maps progress (0, 1] to the share of the way from the first gain to the last, monotone.
Shape = Callable[[NDArray[np.float64]], NDArray[np.float64]]

#: Gain below which a loudness step is not heard; volume ramps are geometric above it.
FLOOR = 0.01


def smooth(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Half a cosine: no corner at either end, for short ramps."""
    return 0.5 - 0.5 * np.cos(np.pi * x)


def power_in(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rising half of an equal-power cross-fade."""
    return np.sin(0.5 * np.pi * x)


def power_out(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Falling half of an equal-power cross-fade: the squares of the two gains sum to 1."""
    return 1.0 - np.cos(0.5 * np.pi * x)


def rest_in(gain: float) -> Shape:
    """Return the rest of :func:`power_in` from a gain below 1 on."""
    angle = math.asin(gain)
    return lambda x: (np.sin(angle + (0.5 * np.pi - angle) * x) - gain) / (1.0 - gain)


def rest_out(gain: float) -> Shape:
    """Return the rest of :func:`power_out` while the other half rises from a gain on."""
    angle = math.asin(gain)
    return lambda x: 1.0 - np.cos(angle + (0.5 * np.pi - angle) * x) / math.cos(angle)


def geometric(first: float, last: float) -> Shape:
    """Return the shape that changes the level by the same number of decibels every second."""
    ratio = (last + FLOOR) / (first + FLOOR)
    if abs(ratio - 1.0) < 1e-9:
        return lambda x: x
    return lambda x: (ratio**x - 1.0) / (ratio - 1.0)


def decibels(first: float, last: float) -> float:
    """Return the change of level from one gain to another [dB], finite at silence."""
    return 20.0 * math.log10((last + FLOOR) / (first + FLOOR))


class Envelope:
    """A gain that goes from one value to another along a shape and then stays.

    The values depend on the number of samples taken so far only, not on how they were cut.
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.target = gain
        self._first = gain
        self._length = 0
        self._index = 0
        self._shape: Shape = smooth

    @property
    def remaining(self) -> int:
        """Samples until the target is reached."""
        return self._length - self._index

    @property
    def gain(self) -> float:
        """Gain of the sample taken last."""
        if self.remaining == 0:
            return self.target
        progress = np.array([self._index / self._length])
        return float(self._first + (self.target - self._first) * self._shape(progress)[0])

    def go(self, target: float, samples: int, shape: Shape = smooth) -> None:
        """Start from the gain of now and reach `target` after `samples` more samples."""
        first = self.gain
        self._first, self.target = first, target
        self._length, self._index, self._shape = max(samples, 0), 0, shape

    def take(self, samples: int) -> FloatArray:
        """Return the gains of the next samples, float32 [samples, 1]."""
        gains = np.full(samples, self.target)
        ramp = min(samples, self.remaining)
        if ramp:
            progress = np.arange(self._index + 1, self._index + ramp + 1) / self._length
            gains[:ramp] = self._first + (self.target - self._first) * self._shape(progress)
            self._index += ramp
        return gains.astype(np.float32)[:, None]
