# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Which clock stamps an LSL stream, and its stamps on the local clock of LSL."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.streams import FloatArray

#: A clock by which stamps are this near to now is the clock of the stream [s]. Buffers, networks
#: and a clock that is set badly explain less than that; between two clocks lie hours (uptimes),
#: decades (unix time) or a factor of a thousand (milliseconds).
NEAR = 60.0
#: A stamp this much before the one in front of it begins anew [s]; packets overlap by less.
BACK = 1.0
#: A stamp this much further ahead than time went by [s] is no gap but a clock that was set.
FORTH = 5.0


class StampError(Exception):
    """Stamps of no clock that is known; the text says how far they are from now."""


class StreamClock:
    """Maps the stamps of one stream to LSL's local clock.

    Most programs stamp with the LSL clock of their machine, some (muse-lsl) with unix time.
    Stamps of unix time follow the system clock at once when that is set; where only ours was,
    the mapping that was right before holds.

    The unix clock of another machine may be ahead of ours. No sample comes from the future: the
    smallest delay seen, where it is negative, is how far that clock is ahead at least. A clock
    that is behind cannot be told from a slow way, and its samples stay as old as they say.

    Attributes
    ----------
    name : str
        ``LSL`` or ``unix``; empty before the first stamp.
    """

    def __init__(self) -> None:
        self.name = ""
        self._shift = math.nan
        self.restart()

    @property
    def delay(self) -> float:
        """Smallest delay lately [s]; negative = the clock of the stream is ahead of ours."""
        return min(self._delays)

    def restart(self) -> None:
        """Forget the delays: the device began to count anew."""
        self._delays = [math.inf, math.inf]  # smallest of the last interval and of this one

    def renew(self) -> None:
        """Begin another interval of delays, so that a clock that drifts is followed."""
        self._delays = [self._delays[1], math.inf]

    def __call__(
        self, stamps: FloatArray, correction: float, now: float, epoch: float
    ) -> NDArray[np.float64]:
        """Return stamps on LSL's local clock [s], none of them later than now.

        Parameters
        ----------
        stamps : array
            As the stream carries them.
        correction : float
            LSL's local clock minus that of the stream's machine [s].
        now, epoch : float
            LSL's local clock, and unix time minus that clock [s].

        Raises
        ------
        StampError
            If they are near to now by no clock.
        """
        candidates = (("LSL", correction), ("unix", -epoch), (self.name, self._shift))
        near = [
            (name, shift)
            for name, shift in candidates
            if (np.abs(stamps + shift - now) <= NEAR).all()
        ]
        if not near:
            raise StampError(_distance(stamps, correction, now, epoch))
        name, shift = near[0]
        if name != self.name:
            self.restart()
        self.name, self._shift = name, shift
        self._delays[1] = min(self._delays[1], now - shift - float(np.max(stamps)))
        return np.asarray(stamps + (shift + min(self.delay, 0.0)), np.float64)


def restarts(stamps: FloatArray, last: float, elapsed: float) -> NDArray[np.intp]:
    """Return the positions at which stamps jump back, or further ahead than a gap explains.

    `last` is the stamp before the first one, that came `elapsed` seconds ago.
    """
    with np.errstate(invalid="ignore"):  # stamps may be no numbers
        intervals = np.diff(stamps, prepend=last)
    return np.flatnonzero(~((intervals >= -BACK) & (intervals <= elapsed + FORTH)))


def _distance(stamps: FloatArray, correction: float, now: float, epoch: float) -> str:
    if not np.isfinite(stamps).all():
        return "its stamps are no numbers"
    lsl, unix = (np.abs(stamps + shift - now) for shift in (correction, -epoch))
    worst = int(np.argmax(np.minimum(lsl, unix)))
    return (
        f"its stamps are {_words(unix[worst])} from now as unix time and "
        f"{_words(lsl[worst])} as LSL time"
    )


def _words(seconds: float) -> str:
    for unit, length in (("years", 31557600.0), ("days", 86400.0), ("hours", 3600.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
