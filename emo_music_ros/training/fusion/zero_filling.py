# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What most fusion networks do when a modality is missing: its place is filled with zeros."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.fusion.classes import STATES_OF_CLASSES
from emo_music_ros.training.fusion.network import Moments


def filled(moments: Moments) -> NDArray[np.float64]:
    """Return the evidence of all modalities side by side [n, m * 8], zeros for what is missing."""
    there: NDArray[np.float64] = moments.evidence * moments.present[:, :, None].astype(float)
    return there.reshape(len(moments), -1)


class ZeroFilling:
    """Logistic regression on the evidence of all modalities, learned from complete moments.

    Parameters
    ----------
    lessons : Moments
        Complete ones.
    """

    def __init__(self, lessons: Moments) -> None:
        from sklearn.linear_model import LogisticRegression

        table = filled(lessons)
        self._scale = np.maximum(table.std(axis=0), 1e-6)
        self._model = LogisticRegression(max_iter=1000).fit(table / self._scale, lessons.truth)

    def __call__(self, moments: Moments) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return the probabilities of the states [n, 4] and which are unknown: none [n]."""
        classes = self._model.predict_proba(filled(moments) / self._scale)
        states = classes @ STATES_OF_CLASSES[self._model.classes_]
        return states / states.sum(axis=1, keepdims=True), np.zeros(len(moments), bool)
