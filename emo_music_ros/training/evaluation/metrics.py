# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What is measured of answers, and the interval of a metric over people.

Metrics take `truth` int [n] and `predicted` int [n] or `probabilities` float [n, classes].
Classes that do not occur in `truth` are left out of the averages, so that a bootstrap resample
without one of them is still defined.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm, t

from emo_music_ros.training.evaluation import calibration_error
from emo_music_ros.training.evaluation.protocol import Rows

#: People from whom on there is an interval. Of 5, all may lie on the same side of what is true by
#: chance once in 16 times (2 * 0.5^5), so nothing they answer excludes anything at 95 %; of 6 once
#: in 32 times.
FEWEST = 6
#: Resamples of an interval: the tails of few people are thin.
DRAWS = 2000


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
    # How many of the others lie below each hit, an equal one counts half (Mann and Whitney 1947).
    table = np.asarray(scores, float)
    right, others = np.sort(table[positive]), np.sort(table[~positive])
    below = np.searchsorted(others, right, "left") + np.searchsorted(others, right, "right")
    return float(below.sum() / 2 / (hits * misses))


def macro_auc(truth: ArrayLike, probabilities: ArrayLike) -> float:
    """Return the mean one-against-rest AUC over the classes where it is defined, 0..1."""
    true, table = np.asarray(truth), np.asarray(probabilities)
    areas = [auc(true == index, table[:, index]) for index in range(table.shape[1])]
    return float(np.nanmean(areas)) if np.isfinite(areas).any() else float("nan")


def expected_calibration_error(
    truth: NDArray[Any], probabilities: NDArray[np.float64], people: NDArray[Any]
) -> float:
    """Return the expected calibration error, 0..1, without the part of chance if people suffice."""
    if len(np.unique(people)) < FEWEST:
        return calibration_error.plain(truth, probabilities)
    return calibration_error.corrected(truth, probabilities, people)[0]


def resamples(people: ArrayLike, draws: int, seed: int) -> Iterator[tuple[Rows, Rows]]:
    """Yield the rows of as many people as there are, drawn with replacement, and whose each is.

    Rows of one person are not independent, so they are drawn together. Somebody drawn twice counts
    as two people: whose a row is, is the number of the draw.
    """
    _, code = np.unique(np.asarray(people), return_inverse=True)
    order = np.argsort(code, kind="stable")
    rows = np.split(order, np.cumsum(np.bincount(code))[:-1])
    generator = np.random.default_rng(seed)
    for _ in range(draws):
        drawn = [rows[group] for group in generator.integers(0, len(rows), len(rows))]
        yield np.concatenate(drawn), np.repeat(np.arange(len(drawn)), [len(one) for one in drawn])


def percentiles(values: ArrayLike, count: int, level: float = 0.95) -> tuple[float, float]:
    """Return the interval that resampled values of a measure give, expanded for few people.

    Percentiles of a bootstrap of n people are too narrow, by the factor sqrt((n - 1) / n) and by
    the normal distribution in place of Student's; they are taken further out by as much (Hesterberg
    2015, "What teachers should know about the bootstrap", The American Statistician 69, 371-386).

    Parameters
    ----------
    values : array [draws]
        NaN where the measure was not defined.
    count : int
        Number of people.
    level : float
        Coverage, 0..1.

    Returns
    -------
    tuple of float
        Lower and upper end; NaN for fewer than `FEWEST` people, or if no value is defined.
    """
    finite = np.asarray(values)[np.isfinite(values)]
    if count < FEWEST or finite.size == 0:
        return float("nan"), float("nan")
    student = t.ppf((1 + level) / 2, count - 1) * np.sqrt(count / (count - 1))
    low, high = np.quantile(finite, (norm.sf(student), norm.cdf(student)))
    return float(low), float(high)


def interval(
    metric: Callable[..., float],
    people: ArrayLike,
    *columns: ArrayLike,
    draws: int = DRAWS,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[float, float]:
    """Return the bootstrap interval of a measure, resampling whole people.

    Parameters
    ----------
    metric : callable
        Called with the resampled `columns`, for example :func:`uar` with truth and predicted.
    people : array [n]
        Who each row belongs to. Where no person is known give each row its own number.
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
        Lower and upper end; NaN for fewer than `FEWEST` people, or if the measure was never
        defined.
    """
    table = [np.asarray(column) for column in columns]
    count = len(np.unique(np.asarray(people)))
    if count < FEWEST:
        return float("nan"), float("nan")
    values = [
        metric(*(column[rows] for column in table)) for rows, _ in resamples(people, draws, seed)
    ]
    return percentiles(values, count, level)


#: truth, probabilities, people -> value
Metric = Callable[[NDArray[Any], NDArray[np.float64], NDArray[Any]], float]

#: The measures of a task with one label a row.
CLASSIFICATION: dict[str, Metric] = {
    "accuracy": lambda truth, table, people: accuracy(truth, table.argmax(axis=1)),
    "macro-F1": lambda truth, table, people: macro_f1(truth, table.argmax(axis=1)),
    "UAR": lambda truth, table, people: uar(truth, table.argmax(axis=1)),
    "macro AUC": lambda truth, table, people: macro_auc(truth, table),
    "ECE": expected_calibration_error,
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


def estimate(
    metric: Metric, truth: NDArray[Any], table: NDArray[np.float64], people: NDArray[Any]
) -> dict[str, float]:
    """Return `value`, `low` and `high` (95 %) of a measure over people; NaN where not defined.

    The expected calibration error has its own interval, and `uncorrected`, the plain error.
    """
    if metric is expected_calibration_error:
        uncorrected = calibration_error.plain(truth, table)
        found = (uncorrected, float("nan"), float("nan"))
        if len(np.unique(people)) >= FEWEST:
            found = calibration_error.corrected(truth, table, people)
        return dict(zip(("value", "low", "high"), found)) | {"uncorrected": uncorrected}
    count = len(np.unique(people))
    values = [
        metric(truth[rows], table[rows], drawn)
        for rows, drawn in resamples(people, DRAWS if count >= FEWEST else 0, seed=0)
    ]
    low, high = percentiles(values, count)
    return {"value": float(metric(truth, table, people)), "low": low, "high": high}
