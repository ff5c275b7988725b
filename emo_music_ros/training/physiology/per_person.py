"""Stress told from calm, person by person."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.training.evaluation import metrics
from emo_music_ros.training.evaluation.metrics import CLASSIFICATION, Metric


def auc_per_person(truth: NDArray[Any], table: NDArray[np.float64], people: NDArray[Any]) -> float:
    """Return the mean over people of the area under the ROC curve of stress."""
    areas = [
        metrics.auc(truth[people == one], table[people == one, 1]) for one in np.unique(people)
    ]
    return float(np.nanmean(areas)) if np.isfinite(areas).any() else float("nan")


#: What is measured of stress.
STRESS_METRICS: dict[str, Metric] = {"AUC per person": auc_per_person, **CLASSIFICATION}
