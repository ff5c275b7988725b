# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What a policy would have earned, from a log of another one: IPS, SNIPW and DR.

A log has, for every choice, the context, the track played, the chance with which it was chosen and
what came of it. A policy that chooses the same track with another chance is judged by weighting:

- IPS, inverse propensity scores: the mean of weight times reward (Horvitz & Thompson 1952);
- SNIPW, self-normalised: the same over the mean weight (Swaminathan & Joachims 2015);
- DR, doubly robust: what a model of the reward expects of the policy, plus the weighted error of
  that model (Dudik, Langford & Li 2011). It is right if either the chances or the model are.

The Open Bandit Pipeline has them too; its last release, of 2023, asks for a scikit-learn older
than the one here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
#: Largest weight: a rare choice that the policy makes often would else decide alone.
MOST = 50.0


@dataclass(frozen=True)
class Log:
    """What was logged, and what a policy would have done instead; a row a choice.

    Parameters
    ----------
    reward : array [n]
        What came of the choice.
    propensity : array [n]
        Chance with which it was made, above 0..1.
    chance : array [n]
        Chance with which the policy makes it, 0..1.
    expected : array [n]
        What a model expects of the choice; the model never saw the row.
    expected_of_policy : array [n]
        What it expects of the policy: the mean over its choices.

    Raises
    ------
    ValueError
        If a propensity is 0 or no chance, or a row has not all of them.
    """

    reward: Floats
    propensity: Floats
    chance: Floats
    expected: Floats
    expected_of_policy: Floats

    def __post_init__(self) -> None:
        if not ((self.propensity > 0) & (self.propensity <= 1)).all():
            raise ValueError("a logged choice needs a propensity above 0 and up to 1")
        if not ((self.chance >= 0) & (self.chance <= 1 + 1e-9)).all():
            raise ValueError("the chance of a choice has to be 0..1")
        if not all(np.isfinite(column).all() for column in vars(self).values()):
            raise ValueError("a row of the log is not complete")

    @property
    def weight(self) -> Floats:
        """How much more often the policy makes the choice, 0..`MOST` [n]."""
        return np.minimum(self.chance / self.propensity, MOST)


def ips(log: Log) -> float:
    """Return the value of the policy by inverse propensity scores."""
    return float((log.weight * log.reward).mean())


def snipw(log: Log) -> float:
    """Return the value by self-normalised weights, NaN if the policy makes no logged choice."""
    total = log.weight.sum()
    return float((log.weight * log.reward).sum() / total) if total > 0 else float("nan")


def doubly_robust(log: Log) -> float:
    """Return the value by a model of the reward and its weighted errors."""
    return float((log.expected_of_policy + log.weight * (log.reward - log.expected)).mean())


def direct(log: Log) -> float:
    """Return the value the model of the reward expects, uncorrected."""
    return float(log.expected_of_policy.mean())


def effective_rows(weight: Floats) -> float:
    """Return how many rows of equal weight would tell as much (Kish 1965), 0..n."""
    square = float((weight**2).sum())
    return float(weight.sum() ** 2 / square) if square > 0 else 0.0
