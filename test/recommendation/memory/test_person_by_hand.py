# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What is learned of a person, by hand from Eq. 10, and what is not."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.recommendation.memory.person import (
    PRIOR_LISTENS,
    LearnedPerson,
    TrackHistory,
    retention_of,
)

NAN = math.nan


CONTENT = np.array([0.6, 0.8])


def test_a_new_person_is_a_blank_sheet_and_so_is_one_forgotten():
    person, blank = LearnedPerson("anna"), LearnedPerson("anna")
    person.heard("t", 0.5)
    person.learn("t", 1.0, CONTENT, 0.9)
    person.blocked.add("t")
    person.clear()
    for each in (person, blank):
        assert each.taste.size == each.preference.size == 0
        assert (each.weight, each.updates, each.listens) == (0.0, 0, 0)
        assert (each.tracks, each.blocked, each.usual_dwell) == ({}, set(), (1.0, 0))


@given(st.integers(1, 30), st.floats(-1, 1))
def test_taste_for_one_kind_of_music_is_its_reward_and_preference_grows_with_listens(count, value):
    person, retention = LearnedPerson("anna"), 0.9
    for _ in range(count):
        person.learn("t", value, 3 * CONTENT, retention)
    weight = sum(retention**k for k in range(count))
    assert person.weight == pytest.approx(weight)
    assert person.taste == pytest.approx(value * CONTENT)
    assert person.preference == pytest.approx(value * CONTENT * weight / (weight + PRIOR_LISTENS))
    assert person.history("t") == (pytest.approx(value), count)
    assert person.updates == count


@given(st.floats(1, 1000))
def test_half_is_left_after_a_half_life(half_life):
    assert retention_of(half_life) ** half_life == pytest.approx(0.5)
    assert 0.5 <= retention_of(half_life) < 1


def test_a_listen_is_counted_also_where_nobody_heard_it():
    person = LearnedPerson("anna")
    person.heard("t", None)
    person.heard("t", 0.0)
    person.heard("u", 0.5)
    assert person.listens == 3
    assert person.tracks == {"t": TrackHistory(heard=2), "u": TrackHistory(heard=1)}
    assert person.usual_dwell == (0.25, 2)


def test_a_correction_of_what_was_never_judged_changes_no_mean():
    person = LearnedPerson("anna")
    person.learn("t", 1.0, CONTENT, 0.9)
    person.correct("new", -1.0, CONTENT, 0.9, 0)
    assert person.history("new") == (0.0, 0)
    person.correct("t", -2.0, np.zeros(0), 0.9, 0)
    assert person.history("t") == (-1.0, 1)


def test_a_correction_of_somebody_without_a_taste_makes_none():
    person = LearnedPerson("anna")
    person.correct("t", 1.0, np.zeros(0), 0.9, 0)
    person.taste = np.zeros(2)
    person.correct("t", 1.0, CONTENT, 0.9, 0)
    assert person.taste.tolist() == [0.0, 0.0]
