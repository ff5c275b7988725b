"""What is measured of answers, and the bootstrap interval of a metric over people.

Metrics take `truth` int [n] and `predicted` int [n] or `probabilities` float [n, classes].
Classes that do not occur in `truth` are left out of the averages, so that a bootstrap resample
without one of them is still defined.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

if TYPE_CHECKING:
    pass


def confusion(truth: ArrayLike, predicted: ArrayLike, classes: int = 0) -> NDArray[np.int64]:
    """Return the counts [classes, classes], rows the truth, columns what was predicted."""
    true = np.asarray(truth, np.int64)
    found = np.asarray(predicted, np.int64)
    size = max(classes, int(max(true.max(initial=-1), found.max(initial=-1))) + 1)
    return np.bincount(true * size + found, minlength=size * size).reshape(size, size)


def accuracy(truth: ArrayLike, predicted: ArrayLike) -> float:
    """Return the share of right answers, 0..1."""
    return float(np.mean(np.asarray(truth) == np.asarray(predicted)))


def recalls(truth: ArrayLike, predicted: ArrayLike, classes: int = 0) -> NDArray[np.float64]:
    """Return the recall [classes] of every class, NaN where a class does not occur."""
    counts = confusion(truth, predicted, classes)
    total = counts.sum(axis=1)
    return np.where(total > 0, np.diag(counts) / np.maximum(total, 1), np.nan)


def uar(truth: ArrayLike, predicted: ArrayLike) -> float:
    """Return the unweighted average recall (balanced accuracy), 0..1; chance is 1 / classes."""
    return float(np.nanmean(recalls(truth, predicted)))


def macro_f1(truth: ArrayLike, predicted: ArrayLike) -> float:
    """Return the mean F1 over the classes that occur in `truth`, 0..1."""
    counts = confusion(truth, predicted)
    support = counts.sum(axis=1)
    scores = 2 * np.diag(counts) / np.maximum(support + counts.sum(axis=0), 1)
    return float(scores[support > 0].mean())


def auc(truth: ArrayLike, scores: ArrayLike) -> float:
    """Return the area under the ROC curve of binary `truth`, NaN if only one class occurs."""
    positive = np.asarray(truth).astype(bool)
    hits = int(positive.sum())
    misses = positive.size - hits
    if hits == 0 or misses == 0:
        return float("nan")
    ranks = rankdata(np.asarray(scores, float))
    return float((ranks[positive].sum() - hits * (hits + 1) / 2) / (hits * misses))


def macro_auc(truth: ArrayLike, probabilities: ArrayLike) -> float:
    """Return the mean one-against-rest AUC over the classes where it is defined, 0..1."""
    true, table = np.asarray(truth), np.asarray(probabilities)
    areas = [auc(true == index, table[:, index]) for index in range(table.shape[1])]
    return float(np.nanmean(areas)) if np.isfinite(areas).any() else float("nan")


def calibration_error(truth: ArrayLike, probabilities: ArrayLike, bins: int = 15) -> float:
    """Return the expected calibration error, 0..1: |confidence - accuracy| over equal bins."""
    true, table = np.asarray(truth), np.asarray(probabilities, float)
    confidence = table.max(axis=1)
    right = table.argmax(axis=1) == true
    place = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    gap = np.bincount(place, weights=right - confidence, minlength=bins)
    return float(np.abs(gap).sum() / true.size)


def interval(
    metric: Callable[..., float],
    people: ArrayLike,
    *columns: ArrayLike,
    draws: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[float, float]:
    """Return the bootstrap interval of a measure, resampling whole people.

    Parameters
    ----------
    metric : callable
        Called with the resampled `columns`, for example :func:`uar` with truth and predicted.
    people : array [n]
        Who each row belongs to. Rows of one person are not independent, so they are drawn
        together. Where no person is known give each row its own number.
    *columns : array [n, ...]
        What `metric` takes.
    draws : int
        Number of resamples.
    level : float
        Coverage, 0..1.
    seed : int
        Of the resampling.

    Returns
    -------
    tuple of float
        Lower and upper end; NaN if the measure was never defined.
    """
    who = np.asarray(people)
    table = [np.asarray(column) for column in columns]
    _, code = np.unique(who, return_inverse=True)
    order = np.argsort(code, kind="stable")
    rows = np.split(order, np.cumsum(np.bincount(code))[:-1])
    generator = np.random.default_rng(seed)
    values = []
    for _ in range(draws):
        drawn = generator.integers(0, len(rows), len(rows))
        index = np.concatenate([rows[group] for group in drawn])
        values.append(metric(*(column[index] for column in table)))
    finite = np.asarray(values)[np.isfinite(values)]
    if finite.size == 0:
        return float("nan"), float("nan")
    tail = (1 - level) / 2
    low, high = np.quantile(finite, (tail, 1 - tail))
    return float(low), float(high)


#: truth, probabilities, people -> value
Metric = Callable[[NDArray[Any], NDArray[np.float64], NDArray[Any]], float]

#: The measures of a task with one label a row.
CLASSIFICATION: dict[str, Metric] = {
    "accuracy": lambda truth, table, people: accuracy(truth, table.argmax(axis=1)),
    "macro-F1": lambda truth, table, people: macro_f1(truth, table.argmax(axis=1)),
    "UAR": lambda truth, table, people: uar(truth, table.argmax(axis=1)),
    "macro AUC": lambda truth, table, people: macro_auc(truth, table),
    "ECE": lambda truth, table, people: calibration_error(truth, table),
}


def multilabel_f1(truth: NDArray[np.bool_], chosen: NDArray[np.bool_]) -> float:
    """Return the mean F1 over the labels that occur, of labels [n, labels] and those chosen."""
    hits = (truth & chosen).sum(axis=0)
    total = truth.sum(axis=0) + chosen.sum(axis=0)
    present = truth.any(axis=0)
    return float((2 * hits / np.maximum(total, 1))[present].mean())


def multilabel_auc(truth: NDArray[np.bool_], table: NDArray[np.float64]) -> float:
    """Return the mean area under the ROC curve over labels [n, labels] where it is defined."""
    areas = [auc(truth[:, index], table[:, index]) for index in range(table.shape[1])]
    return float(np.nanmean(areas)) if np.isfinite(areas).any() else float("nan")


#: The measures of a task with several labels a row; a label is chosen from probability 0.5 on.
MULTILABEL: dict[str, Metric] = {
    "exact match": lambda truth, table, people: float(((table >= 0.5) == truth).all(axis=1).mean()),
    "macro-F1": lambda truth, table, people: multilabel_f1(truth, table >= 0.5),
    "macro AUC": lambda truth, table, people: multilabel_auc(truth, table),
}
