# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Stamps of a clock that people and networks set, on a clock that only runs forward."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

#: A stamp this far in the future is wrong, not early [s].
MOST_AHEAD = 1.0
#: A stamp this old is of another clock, such as a recording that is played without its own [s].
MOST_BEHIND = 600.0


class SteadyStamps:
    """Turns wall-clock stamps into steady time by how old they are when they arrive.

    The wall clock may be set while everything runs (NTP after boot, a person, a bag that loops);
    an age, compared at the same moment, stays right, so that order and durations survive the step.

    Attributes
    ----------
    refused : int
        Stamps of another clock, or without a value, so far.
    problem : str
        What was wrong with the last one, and what to do.
    """

    def __init__(self) -> None:
        self.refused = 0
        self.problem = ""

    def __call__(self, stamp: float, wall: float, steady: float, lasted: float = 0.0) -> float:
        """Return the steady time of a stamp, NaN if it is refused.

        Parameters
        ----------
        stamp : float
            When a signal was acquired [wall-clock s].
        wall, steady : float
            The time now on both clocks [s].
        lasted : float
            How long the signal lasts from the stamp on [s]: its end has to be in the past, too.
        """
        age = wall - stamp
        if not -MOST_AHEAD <= age <= MOST_BEHIND:
            self.refused += 1
            self.problem = f"{self.refused} refused, the last {_distance(age, stamp)}"
            return math.nan
        if age - lasted < -MOST_AHEAD:
            self.refused += 1
            self.problem = (
                f"{self.refused} refused, the last ends {lasted - age:.1f} s in the future. Stamp"
                " blocks of samples by their first sample"
            )
            return math.nan
        return steady - max(age, 0.0)


def ahead(clock: Callable[[], float], reference: Callable[[], float]) -> float:
    """Return how far a clock is ahead of another one now [s].

    Both cannot be read at once, and a thread may be interrupted in between: the narrowest of
    some readings counts.
    """
    narrowest = (math.inf, 0.0)
    for _ in range(3):
        before, reading, after = reference(), clock(), reference()
        narrowest = min(narrowest, (after - before, reading - (before + after) / 2))
    return narrowest[1]


def unix(moment: float) -> float:
    """Return the unix time, as the system clock is set now, of a moment of ``time.monotonic``.

    Whoever keeps moments and turns them into stamps when a sample is handed over gives stamps
    of the right age, whatever was done to the system clock in the meantime.
    """
    return moment + ahead(time.time, time.monotonic)


def _distance(age: float, stamp: float) -> str:
    if not math.isfinite(age):
        return "without a time. Stamp messages when the signal is acquired"
    if stamp == 0:
        return "0. Stamp messages when the signal is acquired"
    if age < 0:
        return f"{-age:.1f} s in the future. Set the clocks of all machines by NTP"
    return (
        f"{age:.0f} s old. Set the clocks of all machines by NTP; play recordings with --clock and"
        " use_sim_time"
    )
