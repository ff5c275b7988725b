"""How far pieces of evidence contradict each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


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
