# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""How often a source or an encoder works: at its own rate, or less often while it is asked to.

Who works per step of time has a :class:`Pace` in its attribute ``pace``; the node it runs in obeys
requests for it. What is worth how much is decided elsewhere (:mod:`emo_music_ros.fusion.sampling`).
"""

from __future__ import annotations

import math

from emo_music_ros.clock import MOST_AHEAD
from emo_music_ros.errors import InputError, OptionError
from emo_music_ros.streams import SamplingRequest

#: Without a request for so long [s] everybody works at their own rate again; older ones are stale.
HOLD = 5.0
#: Share of a period that is rounding of times.
ROUNDING = 1e-3


class Pace:
    """The rate at which somebody works, asked for by others within bounds of its own.

    It may be asked and read from different threads.

    Parameters
    ----------
    own : float
        What it works at when nobody asks, and never more than that [Hz].
    floor : float
        What it never works below, whoever asks [Hz]; one above `own` is `own`.

    Raises
    ------
    OptionError
        If a rate is not positive.
    """

    def __init__(self, own: float, floor: float) -> None:
        if not (0 < own < math.inf and 0 < floor < math.inf):
            raise OptionError(f"rates {floor} to {own} Hz are refused", "Give positive numbers")
        self.own = own
        self.floor = min(floor, own)
        self.rate = own

    def ask(self, rate: float) -> None:
        """Work at a rate [Hz] from now on, or as close to it as the bounds allow."""
        self.rate = min(max(self.floor, rate), self.own)

    def release(self) -> None:
        """Work at the own rate again."""
        self.rate = self.own


class Schedule:
    """Says of each thing that comes whether it has its turn, at the rate of a pace on average.

    A turn is that of what comes nearest to it, so that who works after somebody at the same pace
    takes everything that comes, whatever the jitter. A faster pace holds from the next thing on,
    not from the end of a long period.

    Parameters
    ----------
    pace : Pace
        May change at any time.
    """

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self.reset()

    def reset(self) -> None:
        """Begin anew: whatever comes next has its turn."""
        self._turn = self._newest = -math.inf

    def due(self, time: float) -> bool:
        """Return whether what came at `time` [s] has its turn; times that go back begin anew."""
        if time < self._newest:
            self.reset()
        gap, self._newest = time - self._newest, time
        period = 1.0 / self._pace.rate
        late = time - self._turn - period
        if late < -min(gap, period) / 2:  # the next is nearer
            return False
        # One that is late does not shift those after it, unless it is late by a whole period.
        shifts = late >= period or abs(late) < ROUNDING * period
        self._turn = time if shifts else self._turn + period
        return True


class Requests:
    """What a pace is asked for on a topic; absurd requests are refused and counted.

    Parameters
    ----------
    modality : str
        Whose requests these are.
    pace : Pace
        What obeys.

    Attributes
    ----------
    taken, refused : int
        Requests so far.
    """

    def __init__(self, modality: str, pace: Pace) -> None:
        self.taken = self.refused = 0
        self._modality = modality
        self._pace = pace
        self._heard = -math.inf

    def take(self, request: SamplingRequest, age: float, now: float) -> None:
        """Obey a request.

        Parameters
        ----------
        request : SamplingRequest
            What is asked for.
        age : float
            How old it is [s].
        now : float
            Time of a clock that only runs forward [s].

        Raises
        ------
        InputError
            If it makes no sense; nothing changes then.
        """
        fault = _fault(request, self._modality, age)
        if fault:
            self.refused += 1
            raise InputError(
                f"sampling request {self.refused} refused: {fault}",
                f"Ask for {self._modality} with 0 < floor <= rate <= ceiling and the time now",
            )
        self.taken += 1
        self._heard = now
        self._pace.ask(request.rate)

    def step(self, now: float) -> None:
        """Go back to the own rate if nobody has asked for a while."""
        if now - self._heard > HOLD:
            self._pace.release()

    def told(self) -> str:
        """Return in words how often work is done, empty while it is at the own rate."""
        pace = self._pace
        if pace.rate >= pace.own:
            return ""
        return f"asked to work at {pace.rate:.3g} Hz, of {pace.floor:.3g} to {pace.own:.3g}"


def _fault(request: SamplingRequest, modality: str, age: float) -> str:
    """Return what is wrong with a request, empty if it makes sense."""
    if request.modality != modality:
        return f"it is for '{request.modality}'"
    bounds = (request.floor, request.rate, request.ceiling)
    if not all(0 < value < math.inf for value in bounds):
        return f"its rates are {bounds}"
    if not request.floor <= request.rate <= request.ceiling:
        return f"its rate {request.rate:g} is not from {request.floor:g} to {request.ceiling:g}"
    if not age >= -MOST_AHEAD:
        return f"it comes from {-age:.1f} s in the future"
    if not age <= HOLD:
        return f"it is {age:.1f} s old"
    return ""
