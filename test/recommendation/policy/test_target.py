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
    need,
    place,
    target,
    time_of_day,
)
from emo_music_ros.streams import Estimate

NAN = float("nan")


def feels(valence, arousal, dominance=NAN):
    return Estimate((), np.zeros(0, np.float32), valence, arousal, dominance, 1.0)


NOTHING = feels(NAN, NAN)


def point(found):
    return np.array([found.valence, found.arousal, found.dominance])


def test_first_track_meets_the_person_and_goes_one_step():
    found = need("anxiety", feels(-0.2, 0.6, -0.3))
    assert point(found) == pytest.approx([-0.05, 0.45, -0.15])


def test_anxiety_is_led_to_calm_and_depression_to_something_gently_positive():
    assert target("anxiety", feels(-0.5, 0.6)) == pytest.approx(CALM)
    assert target("depression", feels(-0.6, -0.3)) == pytest.approx(GENTLY_POSITIVE)


def test_a_pleasant_mood_is_kept():
    mood = feels(0.6, 0.4, 0.3)
    assert point(need("positive", mood)) == pytest.approx([0.6, 0.4, 0.3])
    mood = feels(0.5, -0.4, 0.1)
    assert point(need("calm", mood, previous=np.array([0.5, -0.4, 0.1]))) == pytest.approx(
        [0.5, -0.4, 0.1]
    )


def test_unknown_is_safe_and_says_so():
    found = need(UNKNOWN, NOTHING)
    assert point(found) == pytest.approx(SAFE)
    assert found.valence > 0 > found.arousal
    assert "not clear" in found.reason


def test_sadness_is_met_but_not_deepened():
    assert need("depression", feels(-0.9, -0.5)).valence >= -0.3


def test_the_way_ends_at_the_target_if_the_person_follows():
    mood, previous = np.array([-0.5, 0.6]), None
    for _ in range(20):
        found = need("anxiety", feels(*mood, 0.1), previous)
        previous = point(found)
        mood = mood + 0.8 * (previous[:2] - mood)
    assert previous == pytest.approx(CALM, abs=0.01)


def test_the_music_waits_for_a_person_who_does_not_follow():
    previous = None
    for _ in range(20):
        found = need("anxiety", feels(-0.2, 0.6, 0.0), previous, lead=0.45)
        previous = point(found)
    assert previous[:2] == pytest.approx([0.25, 0.15])


@pytest.mark.parametrize("goal", GOALS)
def test_a_goal_overrides_the_state(goal):
    for state in (*STATES, UNKNOWN):
        assert target(state, feels(-0.5, 0.5), goal=goal) == pytest.approx(GOALS[goal])
    assert "session" in need("calm", feels(0.5, -0.5), goal=goal).reason


def test_scenario_and_evening_move_the_arousal_led_to():
    mood = feels(-0.5, 0.6)
    assert target("anxiety", mood, scenario="daycare")[1] == pytest.approx(-0.3)
    assert target("anxiety", mood, scenario="group")[1] == pytest.approx(-0.3)
    assert target("anxiety", mood, hour=20.0)[1] == pytest.approx(-0.55)
    assert target("depression", mood, hour=23.0)[1] == pytest.approx(-0.1)
    assert target("positive", feels(0.6, 0.9), scenario="group")[1] == pytest.approx(0.3)
    assert "evening" in need("calm", feels(0.5, -0.5), hour=20.0).reason


def test_every_hour_has_its_shift():
    assert time_of_day(12.0) == (0.0, "")
    assert time_of_day(19.0) == (-0.15, "evening")
    assert time_of_day(22.0) == time_of_day(3.0) == (-0.30, "night")
    assert time_of_day(NAN) == (0.0, "")


def test_an_unknown_axis_is_that_of_the_state():
    assert place("anxiety", feels(NAN, 0.9)) == pytest.approx([-0.5, 0.9, -0.33])


MOODS = st.builds(feels, *[st.one_of(st.just(NAN), st.floats(-1, 1)) for _ in range(3)])


@given(
    st.lists(st.tuples(st.sampled_from((*STATES, UNKNOWN)), MOODS), min_size=1, max_size=20),
    st.sampled_from(["", "positive", "calm"]),
    st.sampled_from(sorted(SCENARIOS)),
    st.one_of(st.just(NAN), st.floats(0, 24)),
)
def test_no_step_is_larger_than_allowed(moods, goal, scenario, hour):
    previous = None
    for state, mood in moods:
        found = need(state, mood, previous, goal=goal, scenario=scenario, hour=hour)
        here = point(found)
        assert np.isfinite(here).all()
        assert (abs(here) <= 1).all()
        assert found.reason
        if previous is not None:
            assert (abs(here - previous) <= 0.15 + 1e-9).all()
        elif state != UNKNOWN:
            start = place(state, mood)
            assert abs(here[1] - start[1]) <= 0.15 + 1e-9
        previous = here


@given(MOODS, st.sampled_from(STATES))
def test_targets_are_on_the_circumplex(mood, state):
    goal = target(state, mood)
    assert goal.shape == (3,)
    assert math.isfinite(goal.sum())
    assert (abs(goal) <= 1).all()
