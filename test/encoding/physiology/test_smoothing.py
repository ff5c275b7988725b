# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Answers are averaged over time, looking only back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.encoding.physiology.smoothing import SmoothedOdds

chances = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=20)


@given(chances, st.sampled_from([0.0, 5.0, 60.0]))
def test_the_answer_stays_within_what_was_said(values, memory):
    smooth = SmoothedOdds(memory)
    for number, value in enumerate(values):
        found = smooth(value, 2.0 * number)
        low, high = min(values[: number + 1]), max(values[: number + 1])
        assert min(low, 0.9975) - 1e-9 <= found <= max(high, 0.0025) + 1e-9


def test_without_memory_nothing_is_changed():
    smooth = SmoothedOdds(0.0)
    assert [smooth(value, 0.0) for value in (0.2, 0.9)] == pytest.approx([0.2, 0.9])


def test_the_longer_ago_the_less_it_counts():
    soon, late = SmoothedOdds(20.0), SmoothedOdds(20.0)
    for smooth in (soon, late):
        smooth(0.9, 0.0)
    assert 0.5 > late(0.1, 60.0) < soon(0.1, 2.0)
    assert soon(0.1, 4.0) > 0.5  # two answers of 2 s against one before
    soon.reset()
    assert soon(0.1, 6.0) == pytest.approx(0.1)


def test_how_often_it_is_asked_does_not_matter():
    often, seldom = SmoothedOdds(20.0), SmoothedOdds(20.0)
    for smooth in (often, seldom):
        smooth(0.9, 0.0)
    for second in range(1, 31):
        last = often(0.2, float(second))
    assert last == pytest.approx(seldom(0.2, 30.0))
