"""Stress told from calm, person by person."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.evaluation import metrics
from emo_music_ros.training.evaluation.metrics import CLASSIFICATION, Metric


def auc_per_person(
    truth: NDArray[Any],
    table: NDArray[np.float64],
    people: NDArray[Any],
    sizes: Mapping[Any, int] | None = None,
) -> float:
    """Return the mean over people of the area under the ROC curve of stress.

    With `sizes`, the rows of every person in the corpus, somebody drawn twice into a bootstrap
    counts twice.
    """
    names, rows = np.unique(people, return_counts=True)
    areas = np.array([metrics.auc(truth[people == one], table[people == one, 1]) for one in names])
    drawn = np.ones(len(names))
    if sizes is not None:
        drawn = rows / np.array([sizes[one] for one in names.tolist()])
    known = np.isfinite(areas)
    return float(np.average(areas[known], weights=drawn[known])) if known.any() else float("nan")


def stress_metrics(corpus: Corpus) -> dict[str, Metric]:
    """Return what is measured of stress."""
    names, rows = np.unique(corpus.people, return_counts=True)
    sizes = dict(zip(names.tolist(), rows.tolist()))
    return {"AUC per person": partial(auc_per_person, sizes=sizes), **CLASSIFICATION}
