# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""How loud sound is to the ear: its A-weighted level, counted as it is played."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.streams import FloatArray

#: Length of a window of the meter [s]; they overlap by half.
WINDOW = 0.093


def a_weighting(frequencies: FloatArray) -> NDArray[np.float64]:
    """Return the A-weighting [dB] at frequencies [Hz] (IEC 61672-1, annex E); 0 at 1 kHz."""
    squared = np.square(np.asarray(frequencies, np.float64))
    with np.errstate(divide="ignore"):
        response = (
            12194.0**2
            * squared**2
            / (
                (squared + 20.6**2)
                * np.sqrt((squared + 107.7**2) * (squared + 737.9**2))
                * (squared + 12194.0**2)
            )
        )
        return np.asarray(20.0 * np.log10(response) + 2.0)


def level_of(energy: float, seconds: float) -> float:
    """Return the mean level [dB] of energy that came in some time; -inf = silence."""
    return 10.0 * math.log10(energy / seconds) if energy > 0 and seconds > 0 else -math.inf


class Weighting:
    """The A-weighted energy of a stream, both channels together.

    By spectra of windows whose overlapping squares sum to 1, so that nothing is counted twice. The
    result lags by one window and does not depend on how the stream is cut.

    Parameters
    ----------
    rate : int
        Frames per second [Hz].
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._hop = round(WINDOW * rate / 2)
        size = 2 * self._hop
        self._window = np.sin(np.pi * (np.arange(size) + 0.5) / size)[:, None]
        gains = 10 ** (a_weighting(np.fft.rfftfreq(size, 1 / rate)) / 10)
        # Parseval: every bin but the first and the last one stands for two.
        gains[1:-1] *= 2.0
        self._gains = gains[:, None] / size / rate
        self._waiting = np.zeros((self._hop, 2))

    def __call__(self, samples: FloatArray) -> float:
        """Take float [frames, 2] and return the energy that was completed [full scale² s]."""
        stream = np.concatenate([self._waiting, samples])
        total, place = 0.0, 0
        while len(stream) - place >= len(self._window):
            spectrum = np.fft.rfft(stream[place : place + len(self._window)] * self._window, axis=0)
            power = np.square(spectrum.real) + np.square(spectrum.imag)
            total += float((power * self._gains).sum())
            place += self._hop
        self._waiting = stream[place:]
        return total
