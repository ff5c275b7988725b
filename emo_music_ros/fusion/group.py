# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""How several people feel together: the median, how far they are apart, and who is elsewhere."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from emo_music_ros.emotion import STATES, UNKNOWN
from emo_music_ros.states import STATE_CENTRES
from emo_music_ros.streams import Emotion, Group

#: Further than this from the median somebody deviates: half the way from the middle of the plane of
#: valence and arousal to its edge.
FAR = 0.5


def group_of(emotions: Sequence[Emotion], time: float) -> Group:
    """Return how the people who are there feel together.

    The median and not the mean: one person who is far from all others does not move it.

    Parameters
    ----------
    emotions : sequence of Emotion
        The newest one of everybody who is followed; those who are not there are passed over.
    time : float
        When [steady s].
    """
    present = [one for one in emotions if one.present]
    known = [one for one in present if one.state != UNKNOWN]
    if not known:
        nothing = math.nan
        return Group(time, len(present), 0, UNKNOWN, nothing, nothing, nothing, nothing, ())
    places = np.array([(one.estimate.valence, one.estimate.arousal) for one in known])
    median = np.median(places, axis=0)
    spread = np.median(np.abs(places - median), axis=0)
    away = np.hypot(*(places - median).T)
    nearest = int(np.sum((STATE_CENTRES - median) ** 2, axis=1).argmin())
    return Group(
        time,
        len(present),
        len(known),
        STATES[nearest] if 2 * len(known) >= len(present) else UNKNOWN,
        float(median[0]),
        float(median[1]),
        float(spread[0]),
        float(spread[1]),
        tuple(one.person_id for one, far in zip(known, away > FAR) if far),
    )
