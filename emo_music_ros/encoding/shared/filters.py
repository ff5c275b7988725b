# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Causal filters whose state is carried from block to block.

The same samples give bit for bit the same output however they are cut into blocks.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import signal

Floats = NDArray[np.float64]

#: Highest usable cut-off as a share of the Nyquist frequency.
NYQUIST_MARGIN = 0.9


class StreamingFilter:
    """A Butterworth filter over a stream of samples.

    Parameters
    ----------
    rate : float
        Sampling rate [Hz].
    low, high : float or None
        Pass band [Hz]. None leaves that side open; an upper cut-off above what the rate allows is
        lowered to it.
    order : int
        Order of each edge.

    Raises
    ------
    ValueError
        If the band is empty at this rate.
    """

    def __init__(
        self, rate: float, low: float | None = None, high: float | None = None, order: int = 2
    ) -> None:
        limit = NYQUIST_MARGIN * rate / 2
        if high is not None and high >= limit:
            high = limit
        if low is not None and low >= (limit if high is None else high):
            raise ValueError(f"no band above {low} Hz at {rate} Hz")
        if low is not None and high is not None:
            cut: Any = [low, high]
            kind = "bandpass"
        else:
            cut, kind = (high, "lowpass") if low is None else (low, "highpass")
        self._sections = signal.butter(order, cut, kind, fs=rate, output="sos")
        self._rest = signal.sosfilt_zi(self._sections)
        self._state: Floats | None = None

    def __call__(self, samples: Floats) -> Floats:
        """Filter the next samples [samples, channels] (finite) and return as many.

        The first sample is taken to have lasted forever, so that an offset makes no transient.
        """
        if len(samples) == 0:
            return samples
        if self._state is None:
            self._state = self._rest[:, :, None] * samples[0]
        filtered, self._state = signal.sosfilt(self._sections, samples, axis=0, zi=self._state)
        return filtered  # type: ignore[no-any-return]

    def reset(self) -> None:
        """Forget the stream so far."""
        self._state = None
