# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Calibration on held-out answers: temperature and conformal threshold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize_scalar

if TYPE_CHECKING:
    pass
from emo_music_ros.numerics import softmax


def fit_temperature(logits: ArrayLike, truth: ArrayLike) -> float:
    """Return the temperature, 0.05..20, that makes held-out logits [n, classes] most likely."""
    table, true = np.asarray(logits, float), np.asarray(truth, int)

    def loss(log_temperature: float) -> float:
        picked = softmax(table, np.exp(log_temperature))[np.arange(true.size), true]
        return float(-np.log(np.maximum(picked, 1e-12)).mean())

    best = minimize_scalar(loss, bounds=(np.log(0.05), np.log(20.0)), method="bounded")
    return float(np.exp(best.x))


def conformal_threshold(probabilities: ArrayLike, truth: ArrayLike, alpha: float = 0.1) -> float:
    """Return the probability from which a class is credible, from held-out answers.

    Split conformal prediction (Vovk et al. 2005; Angelopoulos & Bates 2023, section 1): of new
    cases like the held-out ones, at least 1 - `alpha` have their true class among those with this
    probability or more.

    Parameters
    ----------
    probabilities : array [n, classes]
        Calibrated answers to people that were not trained on.
    truth : array of int [n]
        Their classes.
    alpha : float
        Share of cases that may be missed, 0..1.

    Returns
    -------
    float
        The threshold, 0..1; 0 (every class is credible) if there are too few cases.
    """
    table, true = np.asarray(probabilities, float), np.asarray(truth, int)
    own = np.sort(table[np.arange(true.size), true])
    place = int(np.floor(alpha * (true.size + 1))) - 1
    return float(own[place]) if place >= 0 else 0.0
