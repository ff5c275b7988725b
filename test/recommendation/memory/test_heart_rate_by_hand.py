# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The coefficients of paper E and the signal of a heart, over all that is plausible."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.recommendation.memory.heart_rate import (
    DIRECTION,
    LARGEST_CHANGE,
    PLAUSIBLE,
    heart_signal,
    rationality,
    variation,
)

NAN = math.nan


@given(st.floats(*PLAUSIBLE), st.floats(*PLAUSIBLE), st.floats(*PLAUSIBLE))
def test_coefficients_of_paper_e_for_every_plausible_heart(after, agitated, mean):
    epsilon = (agitated - mean) / mean
    assert rationality(agitated, mean) == pytest.approx(epsilon)
    mu = variation(after, agitated, mean)
    if epsilon > 0.1:
        assert mu == pytest.approx(abs(after - agitated) / agitated)
    else:
        assert math.isnan(mu)


@pytest.mark.parametrize("limit", PLAUSIBLE)
def test_the_limits_are_plausible_and_what_is_beyond_is_not(limit):
    beyond = limit + math.copysign(0.1, limit - 100)
    assert math.isfinite(rationality(limit, 72.0))
    assert math.isnan(rationality(beyond, 72.0))
    assert math.isfinite(variation(limit, 90.0, 72.0))
    assert math.isnan(variation(beyond, 90.0, 72.0))


@given(st.floats(60, 110), st.floats(-9.9, 9.9), st.floats(-1, 1), st.floats(-1, 1))
def test_a_change_counts_by_tens_of_beats_in_the_direction_led_to(before, change, arousal, target):
    found = heart_signal(before, before + change, arousal, target)
    wanted = target - arousal
    if abs(wanted) < DIRECTION:
        assert found is None
    else:
        assert found == pytest.approx(change / 10 * (1 if wanted > 0 else -1), abs=1e-6)


def test_a_direction_is_led_to_from_its_least_difference_on():
    assert heart_signal(70.0, 75.0, 0.0, DIRECTION) == pytest.approx(0.5)
    assert heart_signal(70.0, 75.0, 0.0, DIRECTION - 1e-6) is None
    assert heart_signal(70.0, 75.0, 0.0, -DIRECTION) == pytest.approx(-0.5)


@pytest.mark.parametrize("sign", [1, -1])
def test_no_more_change_than_music_makes(sign):
    change = sign * LARGEST_CHANGE
    assert heart_signal(100.0, 100.0 + change, -0.5, 0.5) == sign
    assert heart_signal(100.0, 100.0 + change * 1.01, -0.5, 0.5) is None
