# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.fusion.engagement import (
    DISENGAGED,
    DISENGAGING,
    ENGAGED,
    ENGAGING,
    LOOKS,
    UNKNOWN,
    WINDOW,
    Engagement,
)

AWAY = math.radians(50)
#: What may follow what: a level is never skipped.
NEXT = {
    UNKNOWN: {UNKNOWN, DISENGAGED, ENGAGING},
    DISENGAGED: {DISENGAGED, ENGAGING, UNKNOWN},
    ENGAGING: {ENGAGING, ENGAGED, DISENGAGED, UNKNOWN},
    ENGAGED: {ENGAGED, DISENGAGING, UNKNOWN},
    DISENGAGING: {DISENGAGING, ENGAGED, DISENGAGED, UNKNOWN},
}


def follow(yaws, rate=10.0, every=5):
    """Return the levels in order while a head turns, each once."""
    engagement, levels = Engagement(), [UNKNOWN]
    for step, yaw in enumerate(yaws):
        engagement.see(step / rate, yaw, 0.0)
        if step % every == every - 1:
            level = engagement.step(step / rate)
            if level != levels[-1]:
                levels.append(level)
    return engagement, levels


def test_who_looks_at_the_robot_engages_and_who_looks_away_disengages():
    _, levels = follow([AWAY] * 30 + [0.0] * 40 + [AWAY] * 40)
    assert levels == [UNKNOWN, DISENGAGED, ENGAGING, ENGAGED, DISENGAGING, DISENGAGED]


def test_a_glance_aside_is_no_disengagement():
    engagement, _ = follow([0.0] * 40 + [AWAY] * 3 + [0.0] * 5)
    assert engagement.level == ENGAGED


def test_a_head_that_is_not_seen_says_nothing():
    engagement, _ = follow([0.0] * 40)
    assert engagement.level == ENGAGED
    assert engagement.step(4.0 + WINDOW + 0.1) == UNKNOWN
    engagement, _ = follow([math.nan] * 40)
    assert engagement.level == UNKNOWN
    for _ in range(9):  # a stamp that was refused
        engagement.see(math.nan, 0.0, 0.0)
    assert engagement.step(9.0) == UNKNOWN


@pytest.mark.parametrize(("share", "level"), [(0.9, ENGAGED), (1.1, DISENGAGED)])
def test_the_limit_of_looking(share, level):
    for yaw, pitch in ((LOOKS * share, 0.0), (0.0, -LOOKS * share)):
        engagement = Engagement()
        for step in range(40):
            engagement.see(step / 10, yaw, pitch)
            engagement.step(step / 10)
        assert engagement.level == level


@given(st.lists(st.tuples(st.floats(0, 3), st.floats(-4, 4)), max_size=80))
def test_no_level_is_skipped(looks):
    engagement, now = Engagement(), 0.0
    for pause, yaw in looks:
        now += pause
        before = engagement.level
        engagement.see(now, yaw, 0.0)
        assert engagement.step(now) in NEXT[before]
