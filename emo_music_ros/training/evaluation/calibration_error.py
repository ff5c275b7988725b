# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Expected calibration error without what chance adds to it, and an interval that holds.

The plain error adds up absolute gaps between confidence and accuracy. Sampling alone opens gaps, so
it is too large (Bröcker 2012, Climate Dynamics 39; Roelofs et al. 2022, "Mitigating bias in
calibration error estimation", AISTATS), and a resample doubles the noise: the percentiles of a
bootstrap may lie above the error itself. Here the gaps are multiplied by a factor, noise of the
bootstrap over people is added, and it is asked for which factors the error that was found is no
surprise: an interval by inverting a test (Casella & Berger 2002, "Statistical Inference", section
9.2). The value is the factor for which the error that was found is the median.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm, t

#: Bins of equal width between 0 and 1.
BINS = 15
#: Halvings until a factor is found.
STEPS = 30


def gaps(
    truth: ArrayLike, probabilities: ArrayLike, bins: int = BINS
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the bin [n] of the confidence of every answer, and right (0 or 1) less confidence."""
    true, table = np.asarray(truth), np.asarray(probabilities, float)
    confidence = table.max(axis=1)
    place = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    return place, (table.argmax(axis=1) == true) - confidence


def plain(truth: ArrayLike, probabilities: ArrayLike, bins: int = BINS) -> float:
    """Return the plain expected calibration error, 0..1: |confidence - accuracy| over the bins."""
    place, gap = gaps(truth, probabilities, bins)
    return float(np.abs(np.bincount(place, weights=gap, minlength=bins)).sum() / gap.size)


def corrected(
    truth: ArrayLike,
    probabilities: ArrayLike,
    people: ArrayLike,
    draws: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[float, float, float]:
    """Return the expected calibration error without the part of chance, and its interval.

    Parameters
    ----------
    truth : array of int [n]
        Classes.
    probabilities : array [n, classes]
        Answers.
    people : array [n]
        Whose answer each is; at least two people.
    draws : int
        Number of resamples, each used with both signs.
    level : float
        Coverage, 0..1.
    seed : int
        Of the resampling.

    Returns
    -------
    tuple of float
        Value, lower and upper end, 0..1. The lower end is 0 where the answers may be calibrated.
    """
    _, code, rows = np.unique(np.asarray(people), return_inverse=True, return_counts=True)
    count = len(rows)
    place, gap = gaps(truth, probabilities)
    each = np.zeros((count, BINS))
    np.add.at(each, (code, place), gap)
    found = each.sum(axis=0) / gap.size
    uncorrected = float(np.abs(found).sum())
    # A linear step, as the number of rows changes with the people drawn.
    apart = (each - rows[:, None] * found) / gap.size * np.sqrt(count / (count - 1))
    times = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), draws)
    noise = (times - 1) @ apart
    noise = np.concatenate([noise, -noise])
    tail = (1 - level) / 2
    wide = noise * t.ppf(1 - tail, count - 1) / norm.ppf(1 - tail)
    low, high = (min(1.0, uncorrected * _factor(found, wide, share)) for share in (1 - tail, tail))
    return float(np.clip(uncorrected * _factor(found, noise, 0.5), low, high)), low, high


def _factor(found: NDArray[Any], noise: NDArray[Any], share: float) -> float:
    """Return the factor of the gaps [bins] at which the error found is this quantile, 0..1."""
    uncorrected = np.abs(found).sum()

    def above(factor: float) -> bool:
        return bool(np.quantile(np.abs(factor * found + noise).sum(axis=1), share) >= uncorrected)

    if above(0.0):
        return 0.0
    low, high = 0.0, 1.0
    while not above(high):
        low, high = high, 2 * high
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if above(middle) else (middle, high)
    return high
