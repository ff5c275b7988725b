# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""From expected values to chances, by what the model got wrong about rows it had left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emo_music_ros.recommendation.response.listens import Floats
from emo_music_ros.streams import FloatArray

#: Change of valence that counts: half a step of the grid people rated on (SiTunes).
STEP = 0.125
#: Steps in which the errors are kept.
QUANTILES = 201
#: Errors are looked up on a grid up to so many standard deviations, in so many steps each: looking
#: up is three times as fast as interpolating, and a thousand tracks are asked about at once.
FARTHEST, FINENESS = 8, 128
#: Smallest chance of anything.
LEAST = 1e-4


def logistic(values: FloatArray) -> FloatArray:
    """Return 1 / (1 + exp(-values)), without overflow."""
    return 0.5 * (1.0 + np.tanh(0.5 * values))  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Calibration:
    """How far expected values are off.

    Parameters
    ----------
    like : array [2, 3]
        Of liking (rating >= 3) and of liking much (>= 4): constant, weight of the expected rating
        and of the expected liking, for a logistic function.
    errors : array [QUANTILES]
        Quantiles of the errors of valence in standard deviations, rising.
    keep : float
        What the chance of an unchanged mood is multiplied by, so that telling the likeliest of
        drop, keep and lift has the largest macro-F1; 1 = the plain chances.
    """

    like: Floats
    errors: Floats
    keep: float = 1.0

    def __post_init__(self) -> None:
        places = np.arange(-FARTHEST * FINENESS, FARTHEST * FINENESS + 1) / FINENESS
        share = np.interp(places, self.errors, np.linspace(0.0, 1.0, len(self.errors)))
        object.__setattr__(self, "_share", share.astype(np.float32))

    def below(self, deviations: FloatArray) -> FloatArray:
        """Return the share of errors below these [standard deviations], 0..1."""
        share: FloatArray = self._share  # type: ignore[attr-defined]
        # Adding one half before cutting off rounds to the nearest place.
        places = (deviations + FARTHEST) * FINENESS + 0.5
        return share.take(places.astype(np.int32), mode="clip")

    def liking(self, rating: FloatArray, like: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return P(rating >= 3) and P(rating >= 4), the second never above the first."""
        first, second = (logistic(row[0] + row[1] * rating + row[2] * like) for row in self.like)
        return first, np.minimum(second, first)

    def moods(self, change: FloatArray, deviation: FloatArray | float) -> FloatArray:
        """Return the chances [n, 3] that valence drops, keeps and lifts.

        Parameters
        ----------
        change, deviation : array [n]
            Expected change of valence and its standard deviation.
        """
        table = np.empty((len(change), 3), np.float32)
        drop, keep, lift = table.T
        drop[:] = self.below((-STEP - change) / deviation)
        lift[:] = 1.0 - self.below((STEP - change) / deviation)
        np.subtract(1.0, drop, out=keep)
        keep -= lift
        np.maximum(table, LEAST, out=table)
        table /= (drop + keep + lift)[:, None]
        return table

    def told(self, chances: FloatArray) -> FloatArray:
        """Return chances [n, 3] with `keep` counted in: the likeliest of them is what is told."""
        table = chances * np.array([1.0, self.keep, 1.0], np.float32)
        return table / table.sum(axis=1, keepdims=True)  # type: ignore[no-any-return]
