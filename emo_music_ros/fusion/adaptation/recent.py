# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What the shipped weights said of one person in the last minute, for who confirms a moment."""

from __future__ import annotations

from collections import deque

from emo_music_ros.errors import InputError
from emo_music_ros.fusion.adaptation.head import Answer, answer_of
from emo_music_ros.streams import Contribution, Estimate

#: How far back a moment can be confirmed, and how far in the future a stamp may lie [s].
SPAN, AHEAD = 60.0, 1.0
#: Of answers within such a stretch the last is kept [s].
STRETCH = 0.2


class Recent:
    """The answers of the last minute; each holds until the next."""

    def __init__(self) -> None:
        self._answers: deque[tuple[float, Estimate, tuple[Contribution, ...]]] = deque()

    def add(self, now: float, estimate: Estimate, parts: tuple[Contribution, ...]) -> None:
        """Keep the answer at `now` [steady s] and what it is made of."""
        if self._answers and now // STRETCH == self._answers[-1][0] // STRETCH:
            self._answers.pop()
        self._answers.append((now, estimate, parts))
        while len(self._answers) > 1 and self._answers[1][0] <= now - SPAN:
            self._answers.popleft()

    def at(self, age: float, now: float) -> Answer:
        """Return the answer of a moment.

        Parameters
        ----------
        age : float
            How long ago it was [s].
        now : float
            The time now [steady s].

        Raises
        ------
        InputError
            If it is too old or in the future, or the person was not there or nothing was known.
        """
        if not -AHEAD <= age <= SPAN:
            told = f"{-age:.0f} s in the future" if age < 0 else f"{age:.0f} s ago"
            raise InputError(
                f"a moment {told} cannot be confirmed",
                f"Confirm one of the last {SPAN:.0f} s, stamped by the clock of ROS",
            )
        time = now - max(age, 0.0)
        for when, estimate, parts in reversed(self._answers):
            if when <= time:
                answer = answer_of(estimate, parts)
                if answer is not None:
                    return answer
                break
        raise InputError(
            "nothing was known of the person at that moment, or nobody was there",
            "Confirm a moment at which the person was sensed",
        )
