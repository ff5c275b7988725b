# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Signs of somebody at the limits of what counts as one."""

import math
from dataclasses import replace

import numpy as np

from emo_music_ros.emotion import STATES, from_labels
from emo_music_ros.fusion.presence import LEAST_QUALITY, Presence, is_sign
from emo_music_ros.streams import Encoding

HAPPY = [0.94, 0.02, 0.02, 0.02]


def encoding(modality, time, row, **changes):
    estimate = replace(from_labels(STATES, np.array(row, float)), **changes)
    return Encoding(modality, time, time, estimate, np.zeros(1), source="live:test")


def test_a_signal_just_good_enough_is_a_sign_and_one_time_tells_no_lie():
    assert is_sign(encoding("face", 0.0, HAPPY, quality=LEAST_QUALITY))
    presence = Presence()
    presence.sign(math.inf)
    presence.sign(-math.inf)
    assert presence.last == -math.inf
    presence.sign(0.0)
    assert presence.last == 0.0
    assert presence.at(-5.0, 0.0)  # a clock a little behind
    assert presence.at(1.0, 1.0)
