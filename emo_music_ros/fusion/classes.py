# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What a modality says of the basic emotions, whatever its vocabulary."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.emotion import GOEMOTIONS_EKMAN, RAVDESS, canonical
from emo_music_ros.streams import Estimate

#: The basic emotions with neutral and calm: the largest vocabulary of the encoders.
CLASSES = RAVDESS
#: Least probability of a class; what an encoder rules out may still be.
FLOOR = 1e-3
#: From so many classes on that a vocabulary names, it can be read by class.
FEWEST = 5
#: Share of a vocabulary's mass that has to lie in words that name a class.
LEAST_MASS = 0.5

_WORDS = {label: group for group, labels in GOEMOTIONS_EKMAN.items() for label in labels}
_STATE = {"happiness": 0, "neutral": 1, "calm": 1, "sadness": 3}
#: P(state | class), [8, 4]: what a fused class says of the states. Neutral is calm, the only state
#: without activation or distress; surprise may be of any.
STATES_OF_CLASSES = np.array(
    [np.full(4, 0.25) if w == "surprise" else np.eye(4)[_STATE.get(w, 2)] for w in CLASSES]
)


def _class_of(label: str) -> int | None:
    """Return the number of the class a label names, None if it names none."""
    word = label.lower()
    try:
        word = _WORDS.get(word) or canonical(word)
    except KeyError:
        return None
    return CLASSES.index(word) if word in CLASSES else None


def class_evidence(estimate: Estimate) -> NDArray[np.float32] | None:
    """Return the logarithm of every class probability less their mean, [8].

    A class that the vocabulary has no word for has 0: neither for nor against. None if the
    vocabulary names fewer than `FEWEST` classes, or the estimate has no probabilities.
    """
    masses = np.asarray(estimate.probabilities, float)
    if not len(masses) or len(masses) != len(estimate.labels) or not np.isfinite(masses).all():
        return None
    sums = np.zeros(len(CLASSES))
    named = np.zeros(len(CLASSES), bool)
    for label, mass in zip(estimate.labels, masses):
        place = _class_of(label)
        if place is not None:
            sums[place] += mass
            named[place] = True
    total = float(sums.sum())
    if named.sum() < FEWEST or not total > LEAST_MASS * float(masses.sum()):
        return None
    logs = np.log(np.maximum(sums / total, FLOOR))
    return np.where(named, logs - logs[named].mean(), 0.0).astype(np.float32)
