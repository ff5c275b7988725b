# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.emotion import STATES, UNKNOWN
from emo_music_ros.recommendation.policy.target import (
    CALM,
    GENTLY_POSITIVE,
    GOALS,
    SAFE,
    SCENARIOS,
    meeting,
    place,
    reason,
    target,
    time_of_day,
)
from emo_music_ros.streams import Estimate

NAN = float("nan")


def feels(valence, arousal, dominance=NAN):
    return Estimate((), np.zeros(0, np.float32), valence, arousal, dominance, 1.0)


NOTHING = feels(NAN, NAN)


def test_anxiety_is_led_to_calm_and_depression_to_something_gently_positive():
    assert target("anxiety", feels(-0.5, 0.6)) == pytest.approx(CALM)
    assert target("depression", feels(-0.6, -0.3)) == pytest.approx(GENTLY_POSITIVE)


def test_a_pleasant_mood_is_kept():
    assert target("positive", feels(0.6, 0.4, 0.3)) == pytest.approx([0.6, 0.4, 0.3])
    assert target("calm", feels(0.5, -0.4, 0.1)) == pytest.approx([0.5, -0.4, 0.1])


def test_a_pleasant_mood_is_kept_within_what_is_good_to_stay_in():
    assert target("positive", feels(0.05, 0.95))[:2] == pytest.approx([0.3, 0.6])
    assert target("calm", feels(0.95, -0.95))[:2] == pytest.approx([0.8, -0.6])


def test_unknown_is_safe_and_says_so():
    found = target(UNKNOWN, NOTHING)
    assert found == pytest.approx(SAFE)
    assert found[0] > 0 > found[1]
    assert meeting(UNKNOWN, NOTHING, found) == pytest.approx(SAFE)
    assert "not clear" in reason(UNKNOWN)


def test_sadness_is_met_but_not_deepened():
    met = meeting("depression", feels(-0.9, -0.5, 0.0), GENTLY_POSITIVE)
    assert met == pytest.approx([-0.3, -0.5, 0.0])
    assert meeting("anxiety", feels(-0.2, 0.6, 0.0), CALM) == pytest.approx([-0.2, 0.6, 0.0])
    # Somebody is met no higher than where they are led to.
    end = np.array([-0.5, 0.0, 0.0])
    assert meeting("depression", feels(-0.9, -0.5, 0.0), end)[0] == -0.5


@pytest.mark.parametrize("goal", GOALS)
def test_a_goal_overrides_the_state(goal):
    for state in (*STATES, UNKNOWN):
        assert target(state, feels(-0.5, 0.5), goal=goal) == pytest.approx(GOALS[goal])
    assert "session" in reason("calm", goal)


def test_scenario_and_evening_move_the_arousal_led_to():
    mood = feels(-0.5, 0.6)
    assert target("anxiety", mood, scenario="daycare")[1] == pytest.approx(-0.3)
    assert target("anxiety", mood, scenario="group")[1] == pytest.approx(-0.3)
    assert target("anxiety", mood, hour=20.0)[1] == pytest.approx(-0.55)
    assert target("depression", mood, hour=23.0)[1] == pytest.approx(-0.1)
    assert target("positive", feels(0.6, 0.9), scenario="group")[1] == pytest.approx(0.3)
    assert "evening" in reason("calm", hour=20.0)


def test_every_hour_has_its_shift():
    assert time_of_day(12.0) == (0.0, "")
    assert time_of_day(19.0) == (-0.15, "evening")
    assert time_of_day(22.0) == time_of_day(3.0) == (-0.30, "night")
    assert time_of_day(NAN) == (0.0, "")


def test_an_unknown_axis_is_that_of_the_state():
    assert place("anxiety", feels(NAN, 0.9)) == pytest.approx([-0.5, 0.9, -0.33])


MOODS = st.builds(feels, *[st.one_of(st.just(NAN), st.floats(-1, 1)) for _ in range(3)])


@given(
    MOODS,
    st.sampled_from((*STATES, UNKNOWN)),
    st.sampled_from(["", "positive", "calm"]),
    st.sampled_from(sorted(SCENARIOS)),
    st.one_of(st.just(NAN), st.floats(0, 24)),
)
def test_targets_and_meetings_are_on_the_circumplex(mood, state, goal, scenario, hour):
    end = target(state, mood, goal, scenario, hour)
    for point in (end, meeting(state, mood, end)):
        assert point.shape == (3,)
        assert math.isfinite(point.sum())
        assert (abs(point) <= 1).all()
    assert end[0] > 0  # nobody is led into an unpleasant mood
    assert reason(state, goal, hour)
