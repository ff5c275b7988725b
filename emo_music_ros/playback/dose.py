# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""How much sound somebody got within a week, by equal energy (Recommendation ITU-T H.870)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

#: Sound pressure of 0 dB, squared [Pa²].
REFERENCE = 20e-6**2
#: A week [s], in hours.
WEEK = 7 * 24
HOUR = 3600.0
#: Modes of H.870 and what each allows in a week: level [dBA] for 40 hours.
MODES = {"adults": 80.0, "sensitive": 75.0}
LONG = 40.0
#: Shares of it from which on it is said, and from which on the music is turned down.
WARN, FULL = 0.8, 1.0
#: Level that the music is turned down to then [dBA]: a whole week of it is below even the
#: stricter mode's dose.
RELIEF = 65.0


def allowance(mode: str) -> float:
    """Return the dose of a week that a mode of H.870 allows [Pa² h]: 1.6 or 0.51."""
    return pressure(MODES[mode]) * LONG


def pressure(level: float) -> float:
    """Return the squared sound pressure [Pa²] of a level [dBA]; 0 for -inf."""
    return REFERENCE * 10 ** (level / 10)


def hours_allowed(level: float, mode: str) -> float:
    """Return how long a level [dBA] may last within a week [h]."""
    return allowance(mode) / pressure(level)


@dataclass
class Dose:
    """What one person got, hour by hour.

    Parameters
    ----------
    mode : str
        One of `MODES`; the stricter one is for children and for sensitive people.
    """

    mode: str = "sensitive"

    def __post_init__(self) -> None:
        self._hours: dict[int, float] = {}  # [Pa² h] by hours since 1970
        self._new: dict[int, float] = {}

    def load(self, hours: Iterable[tuple[int, float]]) -> None:
        """Begin with what is known; rows that make no sense are left out."""
        self._hours = {hour: got for hour, got in hours if math.isfinite(got) and got >= 0}
        self._new = {}

    def add(self, time: float, energy: float) -> None:
        """Count A-weighted energy at the listener [Pa² s] that came at a time [unix s]."""
        if energy > 0 and math.isfinite(energy):
            hour = int(time // HOUR)
            for table in (self._hours, self._new):
                table[hour] = table.get(hour, 0.0) + energy / HOUR

    def share(self, now: float) -> float:
        """Return the part of the week's allowance that the last seven days used, 1 = all."""
        first = int(now // HOUR) - WEEK
        return sum(got for hour, got in self._hours.items() if hour > first) / allowance(self.mode)

    def take_new(self) -> dict[int, float]:
        """Return what was counted since the last call [Pa² h] by hour, for who keeps it."""
        new, self._new = self._new, {}
        return new

    def give_back(self, hours: dict[int, float]) -> None:
        """Take back what could not be kept."""
        for hour, got in hours.items():
            self._new[hour] = self._new.get(hour, 0.0) + got
