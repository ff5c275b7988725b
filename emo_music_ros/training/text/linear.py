# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Linear models on the hashed words alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.encoding.text.hashed import BUCKETS
from emo_music_ros.training.text.network import ABSENT

#: Inverse of their regularisation.
STRENGTH = 1.0


def bag_of_words(words: Sequence[NDArray[np.int64]]) -> Any:
    """Return the slots of texts as a sparse matrix [n, slots + 1], each row of length 1."""
    from scipy.sparse import csr_matrix

    ends = np.cumsum([0, *map(len, words)])
    values = [np.full(len(row), max(1, len(row)) ** -0.5) for row in words]
    slot = np.concatenate([*words, np.zeros(0, np.int64)])
    shape = (len(words), BUCKETS + 1)
    return csr_matrix((np.concatenate([*values, np.zeros(0)]), slot, ends), shape=shape)


def fit_words(
    words: Sequence[NDArray[np.int64]],
    labels: NDArray[np.int64],
    classes: int,
    times: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit a linear model on the slots of texts alone.

    Text by text, `times` says how much it counts. The model is convex, so it learns rare words to
    the end, which the few passes of the network do not.

    Returns
    -------
    weights : float [slots + 1, classes]
    bias : float [classes]
    """
    from sklearn.linear_model import LogisticRegression

    count = np.bincount(labels, minlength=classes)
    weight = times / np.sqrt(np.maximum(count, 1))[labels]
    model = LogisticRegression(C=STRENGTH, max_iter=150, tol=1e-3)
    model.fit(bag_of_words(words), labels, sample_weight=weight / weight.mean())
    weights, bias = np.zeros((BUCKETS + 1, classes)), np.full(classes, ABSENT)
    weights[:, model.classes_], bias[model.classes_] = model.coef_.T, model.intercept_
    return weights, bias
