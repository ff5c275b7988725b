# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A listen of which nothing special is known, for tests of its reward."""

from __future__ import annotations

import math

import numpy as np

from emo_music_ros.streams import Estimate

NAN = math.nan


def feels(valence, arousal):
    """Return an estimate with these axes, -1..1."""
    return Estimate((), np.zeros(0, np.float32), valence, arousal, NAN, 1.0)


NOTHING = feels(NAN, NAN)
PLAIN = {
    "dwell": 1.0,
    "usual_dwell": (0.9, 20),
    "attended": 1.0,
    "skipped": False,
    "interrupted": False,
    "repeats": 0,
    "rating": NAN,
    "before": NOTHING,
    "after": NOTHING,
    "heart_rate_before": NAN,
    "heart_rate_after": NAN,
    "target": (0.5, -0.4),
}
