# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Signals of a listen at their limits and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from listens import PLAIN, feels

from emo_music_ros.recommendation.memory.reward import (
    HABIT_LISTENS,
    LEAST_ATTENDED,
    NOISE,
    UNUSUAL,
    WEIGHTS,
    combine,
    dwell_signal,
    emotion_signal,
    reward,
)

NAN = math.nan


def judge(**what):
    return reward(**{**PLAIN, "dwell": 0.9, **what})


@given(st.dictionaries(st.sampled_from(sorted(WEIGHTS)), st.floats(-1, 1), min_size=1))
def test_a_reward_is_the_mean_by_weight_of_its_signals(signals):
    total = sum(WEIGHTS[name] for name in signals)
    expected = sum(WEIGHTS[name] / total * signal for name, signal in signals.items())
    assert combine(signals) == pytest.approx(expected, abs=1e-12)


def test_what_was_said_outweighs_what_was_seen_and_that_what_was_done():
    assert WEIGHTS["rating"] > WEIGHTS["emotion"] > WEIGHTS["dwell"]
    assert WEIGHTS["dwell"] == WEIGHTS["skip"] == WEIGHTS["repeat"] == WEIGHTS["heart"] == 1


def test_a_reward_is_never_more_than_one():
    assert combine({"rating": 1.5}) == 1.0
    assert combine({"rating": -1.5}) == -1.0


@given(st.floats(0.11, 0.49), st.floats(0, 2 * math.pi), st.sampled_from([1, -1]))
def test_way_made_towards_the_target_counts_in_half_units(gain, angle, sign):
    target = (0.2, -0.1)
    direction = np.array([math.cos(angle), math.sin(angle)])
    away, near = (np.array(target) + length * direction for length in (0.6, 0.6 - sign * gain))
    found = emotion_signal(feels(*away), feels(*near), target)
    assert found == pytest.approx(sign * gain / 0.5)


@pytest.mark.parametrize("sign", [1, -1])
def test_way_below_the_noise_is_no_sign_and_far_ways_count_as_one(sign):
    def way(gain):
        return emotion_signal(feels(0.0, 0.5), feels(0.0, 0.5 - sign * gain), (0.0, -0.4))

    assert way(NOISE - 1e-6) is None
    assert way(NOISE + 1e-6) == pytest.approx(sign * 0.2, abs=1e-4)
    assert way(0.5) == pytest.approx(sign * 1.0)
    assert emotion_signal(feels(0.0, 0.9), feels(0.0, -0.4), (0.0, -0.4)) == 1.0


@pytest.mark.parametrize("axis", [(NAN, 0.5), (0.5, NAN)])
def test_an_axis_that_is_not_known_tells_no_way(axis):
    assert emotion_signal(feels(*axis), feels(0.5, -0.4), (0.5, -0.4)) is None
    assert emotion_signal(feels(-0.5, 0.5), feels(*axis), (0.5, -0.4)) is None


@pytest.mark.parametrize(
    ("dwell", "usual", "value"),
    [
        (1.0, 0.8, 0.25),  # 0.2 of the 0.8 there is room for
        (0.4, 0.8, -0.5),
        (0.8, 0.2, 0.75),
        (0.0, 0.2, -0.25),
        (7.0, 0.5, 1.0),  # more than all of it is all of it
        (-3.0, 0.5, -1.0),
    ],
)
def test_dwell_is_counted_against_the_room_the_habit_leaves(dwell, usual, value):
    assert dwell_signal(dwell, usual, HABIT_LISTENS) == pytest.approx(value)


@pytest.mark.parametrize("sign", [1, -1])
def test_about_as_usual_is_not_worth_a_word(sign):
    assert dwell_signal(0.5 + sign * (UNUSUAL - 1e-6), 0.5, HABIT_LISTENS) is None
    found = dwell_signal(0.5 + sign * (UNUSUAL + 1e-6), 0.5, HABIT_LISTENS)
    assert found == pytest.approx(sign * 0.2, abs=1e-4)


def test_a_skip_is_minus_one_and_a_wish_to_hear_it_again_plus_one():
    assert judge(skipped=True).signals == {"skip": -1.0}
    assert judge(repeats=1).signals == {"repeat": 1.0}
    assert judge(repeats=3, skipped=True).value == 0.0
    assert not judge(repeats=0).known


@pytest.mark.parametrize(("rating", "counted"), [(5.0, 1.0), (-5.0, -1.0), (0.0, 0.0)])
def test_a_rating_counts_within_its_range(rating, counted):
    found = judge(rating=rating)
    assert found.signals == {"rating": counted}
    assert found.known
    assert found.value == counted


@pytest.mark.parametrize(("attended", "known"), [(LEAST_ATTENDED, True), (0.49, False)])
def test_half_a_listen_attended_is_enough_to_say_something(attended, known):
    seen = judge(attended=attended, before=feels(-0.5, 0.6), after=feels(0.5, -0.4))
    assert seen.known == known
    assert judge(attended=attended, dwell=0.2).known == known
    beats = {"heart_rate_before": 80.0, "heart_rate_after": 75.0, "heart": True}
    mood = {"before": feels(0.5, 0.6), "after": feels(0.5, 0.6)}
    assert judge(attended=attended, **beats, **mood).known == known
