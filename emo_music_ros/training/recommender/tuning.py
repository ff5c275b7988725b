# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Choose the strengths of the terms by evidence: the chance of the training rows alone.

MacKay 1992, "Bayesian interpolation". Each strength has a wide log-normal prior, which keeps it
where a few hundred rows say nothing of it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.linalg import cho_factor, cho_solve, lapack
from scipy.optimize import minimize

from emo_music_ros.recommendation.response.features import Rows
from emo_music_ros.recommendation.response.hierarchy import STRENGTHS, grams
from emo_music_ros.recommendation.response.listens import Floats

#: Middle and spread of the prior: share of the variance of the target, and in natural logarithms.
PRIOR_SHARE, PRIOR_SPREAD = 0.03, 4.0
STEPS = 15
#: Rows, drawn at random, that the evidence is taken of: it takes the cube of their number in time,
#: and with more the strengths hardly move.
MOST = 700


def tune(
    rows: Rows,
    target: Floats,
    taste: Floats,
    start: Mapping[str, float] | None = None,
    steps: int = STEPS,
) -> dict[str, float]:
    """Return the strengths under which a target is likeliest.

    Parameters
    ----------
    rows : Rows
        Training rows; those without target, NaN, do not count.
    target : array [rows]
        What came of them.
    taste : array
        What the people like, see :func:`hierarchy.tastes`.
    start : mapping, optional
        Where to begin.
    steps : int
        Of L-BFGS.
    """
    known = np.flatnonzero(np.isfinite(target))
    if len(known) > MOST:
        known = np.sort(np.random.default_rng(0).permutation(known)[:MOST])
    rows, offset = rows.subset(known), target[known] - target[known].mean()
    stack = np.stack([gram.astype(np.float32) for gram in grams(rows, rows, taste).values()])
    variance = max(float(offset.var()), 1e-9)
    daily = rows.field > 0
    middle = np.log(PRIOR_SHARE * variance)
    first = np.log([0.05 * variance] * len(stack) + [0.5 * variance] * 2)
    if start is not None:
        first = np.log([start[name] for name in STRENGTHS])

    def loss(logarithms: Floats) -> tuple[float, Floats]:
        values = np.exp(logarithms)
        total = np.tensordot(values[:-2].astype(np.float32), stack, 1).astype(float)
        total[np.diag_indices(len(known))] += np.where(daily, values[-1], values[-2])
        factor = cho_factor(total, lower=True)
        weight = cho_solve(factor, offset)
        inverse = np.tril(lapack.dpotri(factor[0], lower=1)[0])
        slope = np.outer(weight, weight) - inverse - np.tril(inverse, -1).T
        noise = np.diag(slope)
        steepness = np.einsum("tij,ij->t", stack, slope.astype(np.float32)).astype(float)
        gradient = -0.5 * values * np.r_[steepness, noise[~daily].sum(), noise[daily].sum()]
        away = (logarithms - middle) / PRIOR_SPREAD**2
        chance = offset @ weight / 2 + np.log(np.diag(factor[0])).sum()
        return chance + 0.5 * (away * (logarithms - middle)).sum(), gradient + away

    # The least noise also keeps the covariance, summed in single precision, positive definite.
    limits = [(np.log(least * variance), np.log(10 * variance))
              for least in [1e-6] * len(stack) + [0.05] * 2]  # fmt: skip
    options = {"maxiter": steps}
    found = minimize(loss, first, jac=True, method="L-BFGS-B", bounds=limits, options=options).x
    return dict(zip(STRENGTHS, np.exp(found).tolist()))
