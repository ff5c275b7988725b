# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.recommendation.memory.heart_rate import (
    LARGEST_CHANGE,
    heart_signal,
    rationality,
    variation,
)

NAN = math.nan


def test_eq_e8_by_hand():
    assert rationality(90.0, 72.0) == pytest.approx(0.25)
    assert rationality(72.0, 72.0) == 0.0
    assert rationality(60.0, 75.0) == pytest.approx(-0.2)


def test_eq_e9_by_hand():
    # epsilon = 18 / 72 = 0.25, valid; mu = |75 - 90| / 90
    assert variation(75.0, 90.0, 72.0) == pytest.approx(1 / 6)
    assert variation(105.0, 90.0, 72.0) == pytest.approx(1 / 6)


@pytest.mark.parametrize("before", [72.0, 79.0, 60.0])
def test_a_heart_that_did_not_answer_to_the_emotion_is_not_valid(before):
    """The paper asks for an epsilon above 0.1."""
    assert not rationality(before, 72.0) > 0.1
    assert math.isnan(variation(65.0, before, 72.0))


@pytest.mark.parametrize("bad", [NAN, math.inf, 0.0, -70.0, 20.0, 250.0])
def test_rates_no_person_has_give_nothing(bad):
    assert math.isnan(rationality(bad, 72.0))
    assert math.isnan(rationality(90.0, bad))
    assert math.isnan(variation(bad, 90.0, 72.0))
    assert math.isnan(variation(80.0, bad, 72.0))
    assert math.isnan(variation(80.0, 90.0, bad))
    assert heart_signal(bad, 70.0, 0.6, -0.4) is None
    assert heart_signal(70.0, bad, 0.6, -0.4) is None


def test_a_change_counts_in_the_direction_led_to():
    assert heart_signal(90.0, 85.0, 0.6, -0.4) == pytest.approx(0.5)
    assert heart_signal(85.0, 90.0, 0.6, -0.4) == pytest.approx(-0.5)
    assert heart_signal(70.0, 75.0, -0.5, 0.2) == pytest.approx(0.5)


def test_where_no_direction_is_led_to_nothing_is_expected():
    assert heart_signal(70.0, 75.0, 0.2, 0.25) is None
    assert heart_signal(70.0, 75.0, NAN, 0.25) is None


def test_a_change_no_music_makes_is_no_reward():
    assert heart_signal(70.0, 130.0, -0.4, 0.3) is None
    assert heart_signal(70.0, 70.0 + LARGEST_CHANGE, -0.4, 0.3) == 1.0


RATE = st.one_of(st.just(NAN), st.floats(-10, 300))


@given(RATE, RATE, RATE, st.floats(-1, 1), st.floats(-1, 1))
def test_any_rates_give_something_sound_or_nothing(before, after, mean, arousal, target):
    signal = heart_signal(before, after, arousal, target)
    assert signal is None or -1 <= signal <= 1
    for value in (rationality(before, mean), variation(after, before, mean)):
        assert math.isnan(value) or abs(value) < 5
    valid = rationality(before, mean) > 0.1
    assert math.isnan(variation(after, before, mean)) or valid
