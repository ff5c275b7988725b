# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Answers over time: what the last windows said counts too, the longer ago the less."""

from __future__ import annotations

import math

#: Largest log-odds that count, so that one sure answer is outweighed soon.
LARGEST = 6.0


class SmoothedOdds:
    """A probability over time whose log-odds are averaged, looking only back.

    Parameters
    ----------
    memory : float
        Time constant of forgetting [s]; 0 = only the newest counts.
    """

    def __init__(self, memory: float) -> None:
        self._memory = memory
        self.reset()

    def reset(self) -> None:
        """Forget what was said."""
        self._odds = self._time = math.nan

    def __call__(self, probability: float, time: float) -> float:
        """Return the smoothed probability, 0..1, at a time [s] not before the last."""
        chance = min(max(probability, 1e-12), 1 - 1e-12)
        odds = min(max(math.log(chance / (1 - chance)), -LARGEST), LARGEST)
        if self._memory > 0 and not math.isnan(self._odds):
            kept = math.exp(-(time - self._time) / self._memory)
            odds = kept * self._odds + (1 - kept) * odds
        self._odds, self._time = odds, time
        return 1 / (1 + math.exp(-odds))
