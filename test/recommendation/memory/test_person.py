# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from emo_music_ros.recommendation.memory.person import (
    PRIOR_LISTENS,
    LearnedPerson,
    TrackHistory,
    retain,
    retention_of,
)

LIKED = np.array([3.0, 4.0])
UNIT = LIKED / 5.0
OTHER = np.array([0.0, 2.0])


def learned(*listens, retention=0.8):
    person = LearnedPerson("anna")
    for number, (reward, content) in enumerate(listens):
        person.learn(f"t{number}", reward, content, retention)
    return person


def test_eq_10_by_hand():
    assert retain(np.array([1.0, -0.5]), np.array([0.0, 1.0]), 0.8) == pytest.approx([0.8, -0.2])


@given(
    arrays(float, 3, elements=st.floats(-1, 1)),
    arrays(float, 3, elements=st.floats(-1, 1)),
    st.floats(0, 1),
)
def test_eq_10_stays_between_old_and_new(old, new, retention):
    kept = retain(old, new, retention)
    assert (kept >= np.minimum(old, new) - 1e-12).all()
    assert (kept <= np.maximum(old, new) + 1e-12).all()


def test_taste_is_eq_10_with_the_sum_of_the_weights_beside_it_by_hand():
    person = learned((0.5, LIKED), (-1.0, OTHER))
    # 0.8 x 0.5 (0.6, 0.8) - (0, 1), over a weight of 1.8
    assert person.taste == pytest.approx([0.24 / 1.8, (0.32 - 1.0) / 1.8])
    assert person.weight == pytest.approx(1.8)
    assert person.preference == pytest.approx(person.taste * 1.8 / (1.8 + PRIOR_LISTENS))
    assert person.updates == 2


def test_lambda_is_a_half_life_in_listens():
    assert retention_of(1.0) == 0.5
    assert retention_of(50.0) ** 50 == pytest.approx(0.5)
    person = learned((1.0, np.array([1.0, 0.0])), retention=retention_of(10.0))
    for _ in range(10):
        person.learn("t", 1.0, np.array([0.0, 1.0]), retention_of(10.0))
    first, rest = person.taste * person.weight
    assert first == pytest.approx(0.5)
    assert rest == pytest.approx(sum(0.5 ** (k / 10) for k in range(10)))


def test_three_tracks_no_longer_halve_a_long_term_taste():
    keep = retention_of(50.0)
    person = learned(*[(1.0, np.array([1.0, 0.0]))] * 100, retention=keep)
    before = person.preference[0]
    for _ in range(3):
        person.learn("t", -1.0, np.array([1.0, 0.0]), keep)
    assert person.preference[0] > 0.85 * before


@given(st.floats(-1, 1))
def test_a_reward_moves_taste_in_proportion(reward):
    whole = learned((1.0, LIKED)).preference
    assert learned((reward, LIKED)).preference == pytest.approx(reward * whole)


def test_a_hundredth_of_a_reward_moves_a_hundredth_as_far():
    many = learned(*[(1.0, LIKED)] * 20)
    assert learned(*[(0.01, LIKED)] * 20).preference == pytest.approx(many.preference / 100)
    moved = []
    for reward in (0.0, 0.01, 1.0):
        person = learned(*[(1.0, LIKED)] * 20, (reward, OTHER))
        moved.append(person.preference)
    assert moved[1] - moved[0] == pytest.approx((moved[2] - moved[0]) / 100)


CONTENT = arrays(float, 3, elements=st.floats(-5, 5)).filter(lambda x: np.linalg.norm(x) > 1e-3)
REWARD = st.floats(-1, 1)


@given(st.lists(st.tuples(REWARD, CONTENT), min_size=1, max_size=12), st.floats(0.5, 0.999))
def test_the_length_of_the_preference_is_its_evidence(listens, retention):
    person = learned(*listens, retention=retention)
    evidence = person.weight / (person.weight + PRIOR_LISTENS)
    assert np.linalg.norm(person.preference) <= evidence + 1e-9


@given(
    st.lists(st.tuples(REWARD, CONTENT), min_size=1, max_size=12),
    REWARD,
    st.data(),
    st.floats(0.5, 0.999),
)
def test_a_correction_equals_having_had_the_other_reward_at_once(listens, late, data, retention):
    number = data.draw(st.integers(0, len(listens) - 1))
    reward, content = listens[number]
    corrected = learned(*listens, retention=retention)
    corrected.correct(f"t{number}", late - reward, content, retention, len(listens) - 1 - number)
    listens[number] = (late, content)
    at_once = learned(*listens, retention=retention)
    assert corrected.taste == pytest.approx(at_once.taste, abs=1e-9)
    assert corrected.weight == at_once.weight
    assert corrected.updates == at_once.updates
    mean, count = corrected.history(f"t{number}")
    assert (mean, count) == (pytest.approx(late), 1)


def test_history_is_the_mean_of_what_could_be_judged():
    person = LearnedPerson("anna")
    for reward in (1.0, 0.0, 0.5):
        person.heard("t", 1.0)
        person.learn("t", reward, LIKED, 0.8)
    person.heard("t", None)
    assert person.history("t") == (pytest.approx(0.5), 3)
    assert person.tracks["t"] == TrackHistory(4, 3, pytest.approx(0.5))
    assert person.listens == 4
    assert person.history("never") == (0.0, 0)
    person.correct("t", 0.3, LIKED, 0.8, 0)
    assert person.history("t")[0] == pytest.approx(0.6)


def test_a_habit_rests_on_what_somebody_who_was_there_heard():
    person = LearnedPerson("anna")
    assert person.usual_dwell == (1.0, 0)
    for dwell in (1.0, 0.5, None):
        person.heard("t", dwell)
    assert person.usual_dwell == (0.75, 2)
    person.habit(6.0, 8)
    assert person.usual_dwell == (0.75, 8)


def test_another_length_of_features_restarts_the_taste_and_keeps_the_history():
    person = learned((1.0, LIKED), (1.0, np.array([1.0, 0.0, 0.0])))
    assert person.taste == pytest.approx([1.0, 0.0, 0.0])
    assert person.weight == 1.0
    person.learn("foreign", 1.0, np.zeros(0), 0.8)
    assert person.taste == pytest.approx([1.0, 0.0, 0.0])
    assert person.history("foreign") == (1.0, 1)
    person.correct("t0", -1.0, LIKED, 0.8, 1)  # means something else by now
    assert person.taste == pytest.approx([1.0, 0.0, 0.0])


@pytest.mark.parametrize("content", [np.zeros(2), np.array([math.nan, 0.0])])
def test_content_without_a_direction_teaches_nothing(content):
    person = learned((1.0, LIKED))
    person.learn("t", 1.0, content, 0.8)
    assert np.isfinite(person.preference).all()
    assert person.taste == pytest.approx(UNIT * 0.8 / 1.8)
