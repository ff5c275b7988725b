# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""How far pieces of evidence contradict each other."""

from __future__ import annotations

from functools import lru_cache
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: So many pieces of evidence are compared at most: the surest ones.
MOST = 5


def disagreement(distributions: ArrayLike, weights: ArrayLike) -> float:
    """Return how much weight stands against weight, 0 (one voice) .. 1 - 1/n (all apart).

    The sum over all pairs of w_i w_j (1 - overlap_ij) for weights that sum to 1, twice, where the
    overlap of two distributions is the sum of the smaller of their probabilities. One modality
    that outweighs the rest contradicts nobody; the confidence of the mean says nothing about this,
    as three sure voices for three states and three that know nothing have the same mean.

    Parameters
    ----------
    distributions : array_like
        [n, states], each row sums to 1.
    weights : array_like
        [n], non-negative.
    """
    rows, shares = np.asarray(distributions, float), np.asarray(weights, float)
    total = shares.sum()
    if len(rows) < 2 or total <= 0:
        return 0.0
    shares = shares / total
    overlap = np.minimum(rows[:, None, :], rows[None, :, :]).sum(axis=2)
    return float(shares @ (1.0 - overlap) @ shares)


@lru_cache(maxsize=16)
def _without_majority(count: int, states: int) -> NDArray[np.int64]:
    """Return the assignments [k, count] of states in which none has more than half of them."""
    every = np.array(list(product(range(states), repeat=count)))
    largest = np.array([np.bincount(row, minlength=states).max() for row in every])
    return every[2 * largest <= count]


def apart(evidence: ArrayLike, weights: ArrayLike) -> float:
    """Return the log probability that no state has a majority of independent witnesses, in nats.

    A majority with one that errs is no contradiction; two witnesses have one if they are of one
    state. Fewer than two contradict nobody (-inf).

    Parameters
    ----------
    evidence : array_like
        [n, S], each row the posterior of one witness; sums to 1.
    weights : array_like
        [n], by which the `MOST` surest are chosen; those without weight are no witnesses.
    """
    rows, shares = np.asarray(evidence, float), np.asarray(weights, float)
    heard = np.argsort(-shares, kind="stable")[:MOST]
    rows = rows[heard[shares[heard] > 0]]
    if len(rows) < 2:
        return -np.inf
    states = _without_majority(len(rows), rows.shape[1])
    return float(np.log(np.prod(rows[np.arange(len(rows)), states], axis=1).sum() + 1e-12))
