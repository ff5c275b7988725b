# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What may be asked of the player; anything else is refused with the reason."""

from __future__ import annotations

import math

from emo_music_ros.errors import InputError

#: Share by which a number may exceed its limit: messages carry it in single precision.
ROUNDING = 1e-6


def allowed_volume(value: float, highest: float) -> float:
    """Return a volume that was asked for.

    Parameters
    ----------
    value : float
        What was asked for.
    highest : float
        Highest volume allowed, 0..1.

    Raises
    ------
    InputError
        If it is no number from 0 to `highest`.
    """
    remedy = f"Give a volume from 0 to {highest:.2f}"
    if not math.isfinite(value):
        raise InputError(f"volume {value} is not a number", remedy)
    if value < 0.0:
        raise InputError(f"volume {value:g} is below 0", remedy)
    if value > highest * (1 + ROUNDING):
        raise InputError(f"volume {value:g} is above the highest allowed, {highest:.2f}", remedy)
    return min(value, highest)


def allowed_position(seconds: float, duration: float) -> float:
    """Return a position in a track that was asked for [s].

    Parameters
    ----------
    seconds : float
        What was asked for.
    duration : float
        Length of the track [s].

    Raises
    ------
    InputError
        If it is no number from 0 to `duration`.
    """
    remedy = f"Give seconds from 0 to {duration:g}"
    if not math.isfinite(seconds):
        raise InputError(f"seek {seconds} is not a number", remedy)
    if seconds < 0.0:
        raise InputError(f"seek {seconds:g} s is before the beginning of the track", remedy)
    if seconds > duration * (1 + ROUNDING):
        raise InputError(f"seek {seconds:g} s: the track is {duration:g} s long", remedy)
    return min(seconds, duration)
