# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Channels and sampling rate of sound: down-mix, and from any rate to any other."""

from __future__ import annotations

import numpy as np
import soxr
from numpy.typing import NDArray

from emo_music_ros.streams import FloatArray

#: Channels cancel where the power of their mean is below this share of their own.
CANCELS = 0.1
#: How much of the past counts with every block.
_MEMORY = 0.9


class DownMix:
    """A stream of sound with several channels to one: their mean.

    Channels of opposite sign, as of a plug with crossed wires, would cancel each other: then the
    loudest one is taken.

    Attributes
    ----------
    opposite : bool
        Whether they cancel now.
    """

    def __init__(self) -> None:
        self.opposite = False
        self._powers: NDArray[np.float64] = np.zeros(0)
        self._mean = 0.0

    def __call__(self, samples: FloatArray) -> NDArray[np.float32]:
        """Return float32 [frames] of [frames, channels]."""
        samples = np.asarray(samples)
        mean = np.asarray(samples.mean(axis=1, dtype=np.float32), np.float32)
        if samples.shape[1] < 2 or not len(samples):
            return mean
        if len(self._powers) != samples.shape[1]:
            self._powers, self._mean = np.zeros(samples.shape[1]), 0.0
        with np.errstate(invalid="ignore", over="ignore"):
            powers = np.square(samples, dtype=np.float64).mean(axis=0)
            power = float(np.square(mean, dtype=np.float64).mean())
        if np.isfinite(powers).all():
            self._powers = _MEMORY * self._powers + powers
            self._mean = _MEMORY * self._mean + power
        # Once found it holds until the mean is clearly there: no switching to and fro.
        share = 3 * CANCELS if self.opposite else CANCELS
        self.opposite = bool(self._mean < share * self._powers.mean())
        if not self.opposite:
            return mean
        return np.asarray(samples[:, int(self._powers.argmax())], np.float32)


def mono(samples: FloatArray) -> NDArray[np.float32]:
    """Return float32 [frames] of [frames, channels] as :class:`DownMix` makes it."""
    return DownMix()(samples)


def stereo(samples: FloatArray) -> NDArray[np.float32]:
    """Return float32 [frames, 2] from [frames, channels]; other counts are averaged to both."""
    if samples.shape[1] != 2:
        samples = np.repeat(mono(samples)[:, None], 2, axis=1)
    return np.nan_to_num(np.asarray(samples, np.float32), nan=0.0, posinf=1.0, neginf=-1.0)


def clean(samples: FloatArray) -> NDArray[np.float32]:
    """Return samples [n] as float32 in -1..1, NaN and infinity replaced by 0."""
    whole = np.asarray(samples, np.float32).reshape(-1)
    return np.clip(np.nan_to_num(whole, nan=0.0, posinf=0.0, neginf=0.0), -1.0, 1.0)


class Resampler:
    """A stream of sound at another rate; at the same rate it is handed through.

    Parameters
    ----------
    rate, wanted : float
        Of what goes in and of what comes out [Hz].
    channels : int
        1: samples are [n]; more: [n, channels].
    """

    def __init__(self, rate: float, wanted: float, channels: int = 1) -> None:
        self._stream: soxr.ResampleStream | None = None
        if round(rate) != round(wanted):
            self._stream = soxr.ResampleStream(rate, wanted, channels, dtype="float32")

    def __call__(self, samples: FloatArray, last: bool = False) -> NDArray[np.float32]:
        """Return what is ready after the next float32 samples; with `last` the rest too."""
        if self._stream is None:
            return np.asarray(samples, np.float32)
        return np.asarray(self._stream.resample_chunk(samples, last=last), np.float32)


def resample(samples: FloatArray, rate: float, wanted: float) -> NDArray[np.float32]:
    """Return a whole recording [n] at another rate."""
    if round(rate) == round(wanted):
        return np.asarray(samples, np.float32)
    return np.asarray(soxr.resample(samples, rate, wanted), np.float32)
