# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Whether somebody is there to listen, from what is sensed and what they do."""

from __future__ import annotations

import math

from emo_music_ros.emotion import UNKNOWN
from emo_music_ros.recommendation.session.signals import SILENCE, Signals

#: Somebody who did something counts as there for this long [s].
ACTED = 30.0


def somebody(signals: Signals, acted_at: float, now: float) -> bool:
    """Return whether somebody is there now; `acted_at` is when they last did something [s]."""
    newest = signals.newest
    seen = (
        newest is not None
        and now - newest.time <= SILENCE
        and (newest.present or newest.state != UNKNOWN)
    )
    return seen or now - acted_at <= ACTED


def deserted(
    signals: Signals, acted_at: float, first_step: float, now: float, absence: float
) -> bool:
    """Return whether nobody has been there for `absence` seconds; 0 = never.

    Where nothing senses people, somebody who asks for music gets it for as long as it lasts.
    """
    if not absence or somebody(signals, acted_at, now):
        return False
    if not signals.sensed and acted_at > -math.inf:
        return False
    return now - max(signals.last_sign, acted_at, first_step) >= absence
