# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What is set on held-out answers: temperature, prediction set, and when contradiction is one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.emotion import STATES
from emo_music_ros.fusion.agreement import apart
from emo_music_ros.fusion.classes import STATES_OF_CLASSES
from emo_music_ros.fusion.learned import Heard, state_posterior
from emo_music_ros.fusion.timeline import TimelineOptions
from emo_music_ros.numerics import softmax
from emo_music_ros.training.shared.calibration import conformal_threshold, fit_temperature

#: Share of moments of agreement that may be called contradictory.
FALSE_ALARMS = 0.035
#: One, two, and three or more pieces of evidence are set apart.
LEVELS = 3


@dataclass(frozen=True, eq=False)
class Calibration:
    """Of one, two, and three or more pieces of evidence, [3] each; see :class:`FusionModel`."""

    temperature: NDArray[np.float64]
    credibility: NDArray[np.float64]
    contradictory: NDArray[np.float64]

    def described(self) -> dict[str, list[float]]:
        """Return it as the description of the network has it."""
        return {name: [float(one) for one in column] for name, column in vars(self).items()}


def states_of(truth: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the states [n] of classes [n]; surprise has none and is not asked for."""
    found: NDArray[np.int64] = STATES_OF_CLASSES[truth].argmax(axis=1)
    return found


def odds_of(heard: Heard, present: NDArray[Any]) -> NDArray[np.float64]:
    """Return the log odds [n] of contradiction of moments with `present` [n, m]."""
    rows = state_posterior(heard.each)
    weights = (rows * np.log(np.maximum(rows, 1e-12) * len(STATES))).sum(axis=2) * present
    far = np.array([apart(row, weight) for row, weight in zip(rows, weights)])
    found: NDArray[np.float64] = far - heard.agreement
    return found


def log_states(heard: Heard) -> NDArray[np.float64]:
    """Return the uncalibrated log posterior [n, 4] of the states."""
    found: NDArray[np.float64] = np.log(np.maximum(state_posterior(np.exp(heard.classes)), 1e-12))
    return found


def calibrate(levels: list[tuple[Heard, NDArray[Any], NDArray[np.int64]]]) -> Calibration:
    """Return the calibration on held-out moments of agreement.

    Parameters
    ----------
    levels : list
        For one, two and three pieces of evidence: what the network makes of them, which modalities
        are present [n, m], and the state [n].
    """
    temperature, credibility, contradictory = [], [], []
    for heard, present, states in levels:
        logs = log_states(heard)
        temperature.append(fit_temperature(logs, states))
        table = softmax(logs, temperature[-1])
        credibility.append(conformal_threshold(table, states))
        odds = odds_of(heard, present)
        known = odds[np.isfinite(odds)]
        contradictory.append(float(np.quantile(known, 1 - FALSE_ALARMS)) if len(known) else 1e9)
    return Calibration(*(np.array(one) for one in (temperature, credibility, contradictory)))


def answers(
    calibration: Calibration, heard: Heard, present: NDArray[Any]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return probabilities [n, 4] and which moments are unknown [n], as the plugin answers."""
    level = np.clip(present.sum(axis=1).astype(int), 1, LEVELS) - 1
    logs = log_states(heard)
    table = softmax(logs / calibration.temperature[level][:, None])
    wide = -(table * np.log(np.maximum(table, 1e-12))).sum(axis=1) / np.log(len(STATES))
    open_ = (table >= calibration.credibility[level][:, None]).all(axis=1)
    open_ |= wide > TimelineOptions().max_uncertainty
    return table, open_ | (odds_of(heard, present) > calibration.contradictory[level])
