# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Where music leads people to: limits and exact values."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.emotion import STATES, UNKNOWN
from emo_music_ros.recommendation.policy.target import (
    KEEP,
    meeting,
    place,
    reason,
    target,
    time_of_day,
)
from emo_music_ros.streams import Estimate

NAN = math.nan


def feels(valence, arousal, dominance=NAN):
    return Estimate((), np.zeros(0, np.float32), valence, arousal, dominance, 1.0)


def point(valence, arousal, dominance=0.0):
    return np.array([valence, arousal, dominance], float)


@pytest.mark.parametrize(
    ("hour", "found"),
    [
        (0.0, (-0.30, "night")),
        (5.99, (-0.30, "night")),
        (6.0, (0.0, "")),
        (18.99, (0.0, "")),
        (19.0, (-0.15, "evening")),
        (21.99, (-0.15, "evening")),
        (22.0, (-0.30, "night")),
        (23.99, (-0.30, "night")),
    ],
)
def test_evening_is_from_seven_to_ten_and_night_until_six(hour, found):
    assert time_of_day(hour) == found


@pytest.mark.parametrize("state", sorted(KEEP))
@given(valence=st.floats(-1, 1), arousal=st.floats(-1, 1))
def test_a_pleasant_mood_is_kept_as_near_as_it_is_good_to_stay(state, valence, arousal):
    (low, high), (quiet, lively) = KEEP[state]
    found = target(state, feels(valence, arousal, 0.1))
    # of all places that are good to stay at, no other is nearer
    assert found == pytest.approx(
        [sorted((low, valence, high))[1], sorted((quiet, arousal, lively))[1], 0.1]
    )


@given(st.sampled_from(["anxiety", "depression", UNKNOWN]), st.floats(-1, 1), st.floats(-1, 1))
def test_where_another_state_is_led_to_does_not_hang_on_how_deep_it_is(state, valence, arousal):
    assert target(state, feels(valence, arousal)) == pytest.approx(target(state, feels(0.0, 0.0)))


@pytest.mark.parametrize(
    ("scenario", "mood", "arousal"),
    [
        ("home", 0.6, 0.6),
        ("daycare", 0.2, 0.3),  # people are to be awake together
        ("daycare", 0.6, 0.6),
        ("group", 0.2, 0.2),
        ("group", 0.6, 0.3),  # nobody gets an extreme meant for somebody else
    ],
)
def test_scenarios_shift_and_bound_the_arousal_led_to(scenario, mood, arousal):
    assert target("positive", feels(0.5, mood), scenario=scenario)[1] == pytest.approx(arousal)


@pytest.mark.parametrize(
    ("scenario", "least"), [("home", -0.6), ("daycare", -0.4), ("group", -0.3)]
)
def test_nobody_is_led_into_the_depths_of_quiet(scenario, least):
    assert target("calm", feels(0.5, -0.9), scenario=scenario)[1] == pytest.approx(least)
    # the evening comes on top of it
    found = target("calm", feels(0.5, -0.9), scenario=scenario, hour=20.0)
    assert found[1] == pytest.approx(least - 0.15)


def test_a_measured_place_is_believed_on_each_axis_within_the_circumplex():
    assert place("calm", feels(2.0, -3.0, 0.4)) == pytest.approx([1.0, -1.0, 0.4])
    assert place("depression", feels(-0.2, NAN, NAN)) == pytest.approx([-0.2, -0.5, -0.33])
    assert place("positive", feels(NAN, NAN, NAN)) == pytest.approx([0.5, 0.5, 0.46])


@pytest.mark.parametrize(
    ("valence", "end", "floor", "met"),
    [
        (-0.1, 0.5, -0.3, -0.1),  # not in the depths: met where they are
        (-0.3, 0.5, -0.3, -0.3),
        (-0.8, 0.5, -0.3, -0.3),  # met at the floor
        (-0.8, 0.5, 0.1, 0.1),
        (-0.8, -0.5, -0.3, -0.5),  # never above where it leads to
    ],
)
def test_sadness_is_met_at_the_floor_and_not_above_the_goal(valence, end, floor, met):
    found = meeting("depression", feels(valence, -0.5, 0.0), point(end, 0.2), floor)
    assert found == pytest.approx([met, -0.5, 0.0])


def test_each_state_and_goal_has_its_own_words():
    every = [reason(state) for state in (*STATES, UNKNOWN)]
    every += [reason("calm", goal) for goal in ("positive", "calm")]
    assert len(set(every)) == len(every)
    assert reason("calm", hour=12.0) == reason("calm")
    assert reason("calm", hour=23.0).startswith(reason("calm"))
    assert "night" in reason("calm", hour=23.0)
