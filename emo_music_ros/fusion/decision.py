# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""From a fused estimate to one state, or to "unknown"."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from emo_music_ros.emotion import STATES, UNKNOWN, entropy, knows
from emo_music_ros.fusion.agreement import disagreement
from emo_music_ros.fusion.base import Evidence, Fusion
from emo_music_ros.streams import Estimate


def uncertainty_of(estimate: Estimate) -> float:
    """Return the normalised entropy of an estimate, 0 (certain) .. 1 (nothing is known)."""
    return entropy(estimate.probabilities) if len(estimate.probabilities) else 1.0


def decide(
    fusion: Fusion,
    estimate: Estimate,
    evidence: Sequence[Evidence],
    weights: Sequence[float],
    max_uncertainty: float,
    max_disagreement: float,
    held: str = UNKNOWN,
    hysteresis: float = 0.0,
) -> str:
    """Return the state an estimate speaks for, one of `STATES` or ``unknown``.

    Parameters
    ----------
    fusion : Fusion
        The strategy that gave the estimate; one that `judges` contradiction itself is believed.
    estimate : Estimate
        Over the four states. One that rules none of them out is unknown.
    evidence, weights : sequence
        What was fused and how much each piece counted.
    max_uncertainty : float
        Normalised entropy above which nothing is known, 0..1.
    max_disagreement : float
        Contradiction above which nothing is known, 0..1 (:func:`disagreement`).
    held : str
        The present state; another replaces it only with a lead.
    hysteresis : float
        That lead in probability, 0..1.
    """
    if not len(estimate.probabilities) or not knows(estimate):
        return UNKNOWN
    if uncertainty_of(estimate) > max_uncertainty:
        return UNKNOWN
    if not getattr(fusion, "judges", False):
        rows = [item.encoding.estimate.probabilities for item in evidence]
        if disagreement(rows, weights) > max_disagreement:
            return UNKNOWN
    best = int(np.argmax(estimate.probabilities))
    if held != UNKNOWN:
        lead = float(estimate.probabilities[best] - estimate.probabilities[STATES.index(held)])
        if lead < hysteresis:
            return held
    return STATES[best]
