# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Stress told from calm, person by person."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.encoding.physiology.smoothing import SmoothedOdds
from emo_music_ros.training.evaluation import metrics
from emo_music_ros.training.evaluation.metrics import CLASSIFICATION, Metric


def auc_per_person(truth: NDArray[Any], table: NDArray[np.float64], people: NDArray[Any]) -> float:
    """Return the mean over people of the area under the ROC curve of stress."""
    areas = [
        metrics.auc(truth[people == one], table[people == one, 1]) for one in np.unique(people)
    ]
    return float(np.nanmean(areas)) if np.isfinite(areas).any() else float("nan")


def smoothed(
    stress: NDArray[np.float64], people: NDArray[Any], times: NDArray[np.float64], memory: float
) -> NDArray[np.float64]:
    """Return the probabilities [n] of stress as the encoder smooths them, in order of time."""
    found = np.empty(len(stress))
    for person in np.unique(people):
        smooth = SmoothedOdds(memory)
        rows = np.flatnonzero(people == person)
        for row in rows[np.argsort(times[rows], kind="stable")]:
            found[row] = smooth(float(stress[row]), float(times[row]))
    return found


#: What is measured of stress.
STRESS_METRICS: dict[str, Metric] = {"AUC per person": auc_per_person, **CLASSIFICATION}
