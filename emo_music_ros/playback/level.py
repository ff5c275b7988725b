# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The one gain that makes music louder and softer, and never by a step.

Everything that changes the level while music plays (volume, giving way to a voice, a cap, start,
pause, stop) is a target of this gain. So several commands at once cannot add up to a step.
"""

from __future__ import annotations

import math

import numpy as np

from emo_music_ros.playback.envelope import FLOOR, decibels
from emo_music_ros.streams import FloatArray

#: Fastest rise while music plays [dB/s]: sudden loudness alarms.
RISE = 6.0
#: Time from full level to silence [s]; distress and "stop" have to be over within two.
SILENCE = 1.5
#: Fastest fall [dB/s], for everything that turns the music down.
FALL = decibels(0.0, 1.0) / SILENCE
#: Largest change within `STEP_TIME` [dB, s] that is no step. The level is counted from `FLOOR`,
#: 40 dB below full: what is below is not heard. (The numbers are ours.)
STEP, STEP_TIME = 3.0, 0.1


class Level:
    """A gain that goes to its target by the same number of decibels every second.

    The values depend on the number of samples taken so far only, not on how they were cut.

    Parameters
    ----------
    rate : int
        Samples per second [Hz].
    gain : float
        The gain of now, 0..1.
    """

    def __init__(self, rate: int, gain: float = 0.0) -> None:
        self._rate = rate
        self.target = gain
        self._first = _decibels(gain)
        self._step = 0.0  # [dB per sample]
        self._length = self._index = 0

    @property
    def remaining(self) -> int:
        """Samples until the target is reached."""
        return self._length - self._index

    @property
    def gain(self) -> float:
        """Gain of the sample taken last."""
        if self.remaining == 0:
            return self.target
        return max(float(10 ** ((self._first + self._step * self._index) / 20)) - FLOOR, 0.0)

    def go(self, target: float, rise: float = RISE, fall: float = FALL) -> None:
        """Go from the gain of now to another one, by so many decibels a second at most."""
        first = self._first + self._step * self._index if self.remaining else _decibels(self.target)
        change = _decibels(target) - first
        speed = (rise if change > 0 else -fall) / self._rate
        self.target, self._first, self._step = target, first, speed
        self._length, self._index = math.ceil(change / speed - 1e-9), 0

    def jump(self, gain: float) -> None:
        """Be at a gain at once; only where nothing can be heard."""
        self.target = gain
        self._length = self._index = 0

    def take(self, samples: int) -> FloatArray:
        """Return the gains of the next samples, float32 [samples, 1]."""
        gains = np.full(samples, self.target)
        ramp = min(samples, self.remaining)
        if ramp:
            index = np.arange(self._index + 1, self._index + ramp + 1)
            gains[:ramp] = 10 ** ((self._first + self._step * index) / 20) - FLOOR
            self._index += ramp
            if self.remaining == 0:
                gains[ramp - 1] = self.target
        return np.maximum(gains, 0.0).astype(np.float32)[:, None]


def _decibels(gain: float) -> float:
    return 20.0 * math.log10(gain + FLOOR)
