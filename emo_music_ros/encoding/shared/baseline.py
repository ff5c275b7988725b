# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What is usual for one person: a running mean and spread that only look back.

Paper A, Eq. 3: ``(x - mean) / (spread + delta)``. The mean forgets exponentially, so it follows
slow drift; the spread starts from that of the population and gives way to the person's own as
seconds of signal come in.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from emo_music_ros.encoding.shared.filters import Floats

#: Largest normalised value, in spreads.
LARGEST = 4.0
#: Smoothing constant of Eq. 3, as a share of the population's spread.
DELTA = 0.05


class RunningBaseline:
    """Normalises features against what they were before.

    Parameters
    ----------
    spread : array_like
        float [features], usual spread within a person, > 0.
    memory : float
        Time constant of forgetting [s]; infinite = the mean since the start.
    trust : float
        Seconds of signal after which the person's own spread counts as much as `spread`.
    """

    def __init__(self, spread: ArrayLike, memory: float, trust: float = 300.0) -> None:
        self._spread = np.asarray(spread, float)
        self._memory = memory
        self._trust = trust
        self.reset()

    def reset(self) -> None:
        """Forget the person."""
        size = len(self._spread)
        self._weight: Floats = np.zeros(size)
        self._sum: Floats = np.zeros(size)
        self._square: Floats = np.zeros(size)
        self._origin: Floats = np.full(size, np.nan)

    @property
    def seconds(self) -> Floats:
        """Remembered seconds of every feature."""
        return self._weight

    def __call__(self, values: ArrayLike, seconds: float) -> Floats:
        """Normalise the next values and then learn from them.

        Parameters
        ----------
        values : array_like
            float [features], NaN = missing.
        seconds : float
            Time since the values before.

        Returns
        -------
        ndarray
            float64 [features], -4..4; 0 for the first value, NaN where missing.
        """
        x = np.asarray(values, float)
        known = np.isfinite(x)
        self._origin = np.where(np.isnan(self._origin) & known, x, self._origin)
        x = np.where(known, x - self._origin, 0.0)  # keeps the squares small
        weight = np.maximum(self._weight, 1e-9)
        mean = self._sum / weight
        own = np.maximum(self._square / weight - mean**2, 0.0)
        prior = self._trust * self._spread**2
        spread = np.sqrt((prior + self._weight * own) / (self._trust + self._weight))
        scaled = (x - mean) / (spread + DELTA * self._spread)
        scaled = np.where(self._weight > 0, scaled, 0.0)
        keep = np.exp(-seconds / self._memory)
        self._weight = self._weight * keep + np.where(known, seconds, 0.0)
        self._sum = self._sum * keep + x * seconds
        self._square = self._square * keep + x**2 * seconds
        return np.where(known, np.clip(scaled, -LARGEST, LARGEST), np.nan)
