# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""How people differ in what they like and in what music does to them, fitted to SiTunes.

Linear mixed models whose variances are found by restricted likelihood (Patterson & Thompson 1971):

==================== =======================================================================
rating               what all like in valence and energy, daily life or laboratory; a person's
                     level and taste (linear in the measures of a track), a piece, a piece to
                     one person, the moment
valence, arousal     return from the emotion before, the track, liking; a person's middle, the
afterwards           moment
emotion before       a person's middle, the moment
==================== =======================================================================

They are plainer than the response model of the policies and share no weight with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize

from emo_music_ros.recommendation.response.listens import CONTENT, GENRES, Floats
from emo_music_ros.training.corpora.situnes import Situnes

#: Rating from which liking is counted in what comes afterwards.
MIDDLE = 3.0
STEPS = 30


def restricted(
    fixed: Mapping[str, Floats], target: Floats, shared: Mapping[str, Floats], steps: int = STEPS
) -> dict[str, dict[str, float]]:
    """Return a linear mixed model of a target.

    Parameters
    ----------
    fixed : mapping of str to array [n]
        Columns whose weights hold for all.
    target : array [n]
        What is explained.
    shared : mapping of str to array [n, n]
        What two rows have in common, by source of variance; the moment is added.
    steps : int
        Of L-BFGS.

    Returns
    -------
    dict
        ``fixed``: weights, ``errors``: their standard errors, ``spreads``: standard deviations.
    """
    columns = np.column_stack(list(fixed.values()))
    parts = list(shared.values())
    variance = float(target.var())

    def model(logarithms: Floats) -> tuple[float, Floats, Floats]:
        values = np.exp(logarithms)
        total = values[-1] * np.eye(len(target))
        for value, part in zip(values, parts):
            total += value * part
        factor = cho_factor(total, lower=True)
        solved = cho_solve(factor, columns)
        precision = columns.T @ solved
        weights = np.linalg.solve(precision, solved.T @ target)
        left = target - columns @ weights
        chance = np.log(np.diag(factor[0])).sum() + 0.5 * np.linalg.slogdet(precision)[1]
        chance += 0.5 * left @ cho_solve(factor, left)
        return float(chance), weights, np.sqrt(np.diag(np.linalg.inv(precision)))

    start = np.log(np.r_[np.full(len(parts), 0.1 * variance), 0.5 * variance])
    limits = [(np.log(1e-5 * variance), np.log(2 * variance))] * len(start)
    found = minimize(
        lambda values: model(values)[0], start, method="L-BFGS-B", bounds=limits,
        options={"maxiter": steps},
    ).x  # fmt: skip
    _, weights, errors = model(found)
    spreads = np.sqrt(np.exp(found)).tolist()
    return {
        "fixed": dict(zip(fixed, weights.tolist())),
        "errors": dict(zip(fixed, errors.tolist())),
        "spreads": dict(zip((*shared, "moment"), spreads)),
    }


def fit(data: Situnes, steps: int = STEPS) -> dict[str, Any]:
    """Return the models of listeners and the measures of tracks, as JSON has them."""
    listens = data.listens
    place = {name: row for row, name in enumerate(data.tracks.ids)}
    track = np.array([place[name] for name in listens.tracks])
    person = np.unique(listens.people, return_inverse=True)[1]
    middle, spread = np.nanmean(data.tracks.content, 0), np.nanstd(data.tracks.content, 0)
    content = np.nan_to_num((data.tracks.content - middle) / spread)
    named = dict(zip(CONTENT, data.tracks.content[track].T))
    bright, loud = 2 * named["valence"] - 1, 2 * named["energy"] - 1

    same = (person[:, None] == person[None]).astype(float)
    piece = (track[:, None] == track[None]).astype(float)
    alike = content[track] @ content[track].T / content.shape[1]
    every = np.ones(len(listens))
    rating = restricted(
        {"all": every, "laboratory": 1 - listens.in_daily_life, "valence": bright, "energy": loud},
        listens.rating,
        {"person": same, "taste": same * alike, "piece": piece, "person piece": same * piece},
        steps,
    )
    rows = data.daily
    mine = {"person": same[np.ix_(rows, rows)]}
    columns = {
        "all": every[rows],
        "before valence": listens.before[rows, 0],
        "before arousal": listens.before[rows, 1],
        "valence": bright[rows],
        "energy": loud[rows],
        "liking": listens.rating[rows] - MIDDLE,
    }
    after, before = {}, {}
    for column, name in enumerate(("valence", "arousal")):
        after[name] = restricted(columns, listens.after[rows, column], mine, steps)
        before[name] = restricted({"all": every[rows]}, listens.before[rows, column], mine, steps)
    seconds = data.tracks.content[track[rows], CONTENT.index("duration")] / 1000
    return {
        "rating": rating,
        "after": after,
        "before": before,
        "listen": float(np.median(seconds)),
        "tracks": tracks_of(data, middle, spread),
    }


def tracks_of(data: Situnes, middle: Floats, spread: Floats) -> dict[str, Any]:
    """Return genres with their shares and means, and how measures vary about these."""
    whole = (data.tracks.content - middle) / spread
    known = np.nan_to_num(whole)
    kinds = data.tracks.genre.argmax(axis=1)
    shares = np.bincount(kinds, minlength=len(GENRES)) / len(kinds)
    means = np.zeros((len(GENRES), len(CONTENT)))
    for kind in np.unique(kinds):
        means[kind] = known[kinds == kind].mean(axis=0)
    return {
        "genres": list(GENRES),
        "content": list(CONTENT),
        "shares": shares.tolist(),
        "means": means.tolist(),
        "covariance": np.cov((known - means[kinds]).T).tolist(),
        "middle": middle.tolist(),
        "spread": spread.tolist(),
        "lowest": np.nanmin(whole, axis=0).tolist(),
        "highest": np.nanmax(whole, axis=0).tolist(),
    }


def rounded(value: Any, digits: int = 5) -> Any:
    """Return JSON types with numbers of so many significant digits."""
    if isinstance(value, Mapping):
        return {name: rounded(entry, digits) for name, entry in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [rounded(entry, digits) for entry in value]
    return float(f"{value:.{digits}g}") if isinstance(value, float) else value
