# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The networks of papers A and C on real moments: one step of the grid, any classes.

A recording of RAVDESS or CMU-MOSI has one answer of each modality, so there is no time to attend
to: what is measured is attention over modalities, and compression.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.fusion.classes import FLOOR
from emo_music_ros.numerics import softmax
from emo_music_ros.training.evaluation.protocol import Rows, by_group
from emo_music_ros.training.fusion import temporal
from emo_music_ros.training.fusion.temporal import Design, Recipe, fit, log_posterior
from emo_music_ros.training.shared.calibration import fit_temperature

#: Where the designs come from.
ORIGINS = {"attention": "paper A, Eqs. 5-7", "compressed": "paper C, Eqs. 6-10"}
#: Folds by person inside the training people, for the temperature.
INNER = 4
#: Few moments, many passes.
RECIPE = Recipe(epochs=10, batch=192, rate=1e-2, blanks=0.0)

Floats = NDArray[np.float64]


def one_step(said: Floats, present: Floats | None = None) -> NDArray[np.float32]:
    """Return what several say [n, m, classes] as windows of one step; all fresh and of quality 1.

    The features are scaled log probabilities less their mean, quality, age and mask.
    """
    logs = np.log(np.maximum(said, FLOOR))
    logs = (logs - logs.mean(axis=2, keepdims=True)) / -math.log(FLOOR)
    mask = np.ones(said.shape[:2]) if present is None else present
    rest = np.stack([mask, np.zeros_like(mask), mask], axis=2)
    window = np.concatenate([logs * mask[..., None], rest], axis=2)
    return window[:, None].astype(np.float32)


def told(kind: str, seen: Floats, truth: Rows, people: Rows, said: Floats, seed: int) -> Floats:
    """Return the probabilities [n, classes] that a network fuses of what several say.

    It learns from all modalities and from each alone, as ours does, and is calibrated by folds
    inside the training people.

    Parameters
    ----------
    kind : str
        One of `ORIGINS`.
    seen, said : ndarray
        [n, m, classes], what all say of the training and of the test rows.
    truth, people : ndarray
        Of the training rows.
    seed : int
        Of everything random.
    """
    count, classes = seen.shape[1:]
    masks = [np.ones(count), *np.eye(count)]
    targets = np.eye(classes, dtype=np.float32)[truth]

    def learned(rows: Rows) -> temporal.Network:
        parts = [one_step(seen[rows], np.tile(mask, (len(rows), 1))) for mask in masks]
        wanted = np.concatenate([targets[rows]] * len(parts))
        return fit(Design(kind), np.concatenate(parts), wanted, seed, RECIPE)

    held = np.zeros((len(seen), classes))
    for rest, out in by_group(people, INNER, seed):
        held[out] = log_posterior(learned(rest), one_step(seen[out]))
    temperature = fit_temperature(held, truth)
    whole = learned(np.arange(len(seen)))
    return softmax(log_posterior(whole, one_step(said)), temperature)


#: What the answers depend on.
DEPENDS = (
    *(told, one_step, repr(RECIPE), fit, temporal.AttentionNetwork, temporal.CompressedNetwork),
    *(temporal.HIDDEN, temporal.CODE, temporal.KERNEL, temporal.RECONSTRUCTION),
)
