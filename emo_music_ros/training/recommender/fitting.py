# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Fit the response model: strengths by evidence, what holds for everybody, how far it is off."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from emo_music_ros.recommendation.response.calibration import QUANTILES, Calibration, logistic
from emo_music_ros.recommendation.response.features import (
    TRACK_PARTS,
    TRACK_WIDTH,
    Rows,
    rows_of,
    scale,
    track_table,
)
from emo_music_ros.recommendation.response.hierarchy import TERMS, Process, learn, tastes
from emo_music_ros.recommendation.response.listens import (
    CONTENT,
    Floats,
    Listens,
    Tracks,
    feelings_changed,
)
from emo_music_ros.recommendation.response.model import (
    TARGETS,
    ResponseModel,
    targets,
)
from emo_music_ros.training.evaluation.metrics import macro_f1
from emo_music_ros.training.recommender.tuning import STEPS, tune

#: What the chance of an unchanged mood may be multiplied by.
KEEPS = (0.7, 0.85, 1.0, 1.15, 1.3, 1.5, 1.75, 2.0)
#: Strength of the penalty on the weights of the logistic functions.
PENALTY = 1.0


def fit(
    tracks: Tracks,
    listens: Listens,
    start: Mapping[str, Mapping[str, float]] | None = None,
    steps: int = STEPS,
) -> ResponseModel:
    """Return the model that listens teach.

    Parameters
    ----------
    tracks : Tracks
        The library.
    listens : Listens
        With what came of them.
    start : mapping, optional
        Target -> strengths to begin with.
    steps : int
        Of the search for strengths.
    """
    of = scale(tracks, listens)
    table = track_table(tracks, of)
    ids = {name: row for row, name in enumerate(tracks.ids)}
    people = {name: number for number, name in enumerate(sorted(set(listens.people)))}
    rows = rows_of(listens, ids, table, people, of)
    taste = tastes(rows, listens.rating, len(people))
    strengths, shared, left_out = {}, {}, {}
    for name, values in targets(listens).items():
        strengths[name] = tune(rows, values, taste, start[name] if start else None, steps)
        process = learn(rows, values, strengths[name], taste, float(np.nanmean(values)))
        shared[name] = of_everybody(process)
        expected = np.full((2, len(rows)), np.nan)
        expected[:, np.isfinite(values)] = process.left_out()
        left_out[name] = expected
    daily = listens.in_daily_life > 0
    usual = float(listens.before[daily, 0].mean()) if daily.any() else 0.0
    calibration = calibrate(listens, {name: left_out[name] for name in TARGETS})
    return ResponseModel(of, strengths, shared, calibration, usual)


def of_everybody(process: Process) -> Floats:
    """Return the weights of the columns of :func:`model.everybody` that a process amounts to."""
    rows, weight, of = process.rows, process.weight, process.strengths
    track = np.zeros(TRACK_WIDTH)
    track[0] = process.mean
    for name, (moments, part) in TERMS.items():
        if not moments and part in TRACK_PARTS:
            columns = TRACK_PARTS[part]
            track[columns] += of[name] * (weight @ rows.table[:, columns])
    moment = np.concatenate(
        [
            [of["field"] * (weight @ rows.field), of["idle walk"] * (weight @ rows.idle)],
            of["before"] * (weight @ rows.before),
            of["situation"] * (weight @ rows.situation),
        ]
    )
    content = rows.table[:, 1 : 1 + len(CONTENT)]
    products = np.vstack(
        [of[f"{kind} content"] * _product(rows, kind, weight, content)
         for kind in ("before", "situation")]
    )  # fmt: skip
    return np.concatenate([track, moment, products.ravel()])


def _product(rows: Rows, kind: str, weight: Floats, content: Floats) -> Floats:
    return (getattr(rows, kind) * weight[:, None]).T @ content  # type: ignore[no-any-return]


def calibrate(listens: Listens, expected: Mapping[str, Floats]) -> Calibration:
    """Return the calibration that answers to rows that were left out give.

    Parameters
    ----------
    listens : Listens
        The rows with what came of them.
    expected : mapping of str to array [2, n]
        Target -> expected value and standard deviation, NaN where there is no target.
    """
    daily = np.flatnonzero(
        (listens.in_daily_life > 0)
        & np.isfinite(listens.rating)
        & np.isfinite(listens.after).all(axis=1)
    )
    some = listens.subset(daily)
    rating, like = (expected[name][0, daily] for name in ("rating", "like"))
    weights = np.stack([_logistic(rating, like, some.rating >= limit) for limit in (3, 4)])
    value, deviation = expected["valence"][:, daily]
    errors = (some.after[:, 0] - value) / deviation
    plain = Calibration(weights, np.quantile(errors, np.linspace(0.0, 1.0, QUANTILES)))
    chances = plain.moods(value - some.before[:, 0], deviation)
    truth = feelings_changed(some.before[:, 0], some.after[:, 0])
    scores = [
        macro_f1(truth, Calibration(weights, plain.errors, keep).told(chances).argmax(axis=1))
        for keep in KEEPS
    ]
    return Calibration(weights, plain.errors, KEEPS[int(np.argmax(scores))])


def _logistic(rating: Floats, like: Floats, truth: NDArray[np.bool_]) -> Floats:
    """Return constant and weights of a logistic function of two expected values."""
    columns = np.column_stack([np.ones(len(rating)), rating, like])

    def loss(weights: Floats) -> tuple[float, Floats]:
        chance = np.clip(logistic(columns @ weights), 1e-9, 1 - 1e-9)
        penalty = PENALTY * np.array([0.0, 1.0, 1.0]) * weights
        value = -np.log(np.where(truth, chance, 1 - chance)).sum() + 0.5 * penalty @ weights
        return float(value), columns.T @ (chance - truth) + penalty

    return np.asarray(minimize(loss, np.zeros(3), jac=True, method="L-BFGS-B").x)
