# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from emo_music_ros.recommendation.base import Need
from emo_music_ros.recommendation.policy import scoring
from emo_music_ros.streams import Track


class Person:
    def __init__(self, preference=(), history=None):
        self.person_id = "anna"
        self.preference = np.array(preference, float)
        self.known = history or {}

    def history(self, track_id):
        return self.known.get(track_id, (0.0, 0))


def test_score_of_eq_8_by_hand():
    r = scoring.score(
        np.array([0.9, 0.2]), np.array([0.5, 1.0]), np.array([0.1, 0.6]), 0.5, 0.3, 0.2
    )
    assert r == pytest.approx([0.62, 0.52])


def test_attention_of_eq_9_by_hand():
    # q = (1, 0), k = (1, 0), (0, 1), d = 2: exp(1/sqrt 2) = 2.0281, exp 0 = 1
    a = scoring.attention(np.array([1.0, 0.0]), np.eye(2))
    assert a == pytest.approx([0.66976, 0.33024], abs=1e-5)
    # d = 4: the same products are divided by 2
    a = scoring.attention(np.array([1.0, 0, 0, 0]), np.eye(4)[:2])
    assert a == pytest.approx([math.exp(0.5) / (math.exp(0.5) + 1), 1 / (math.exp(0.5) + 1)])


@given(arrays(float, (5, 3), elements=st.floats(-50, 50)), st.floats(0, 100))
def test_attention_sums_to_one(keys, focus):
    a = scoring.attention(focus * np.array([1.0, -0.5, 0.2]), keys)
    assert a.sum() == pytest.approx(1.0)
    assert (a >= 0).all()


def test_emotion_match_by_hand():
    need = Need(0.0, 0.0, 0.0, "")
    phi = scoring.emotion_match(need, np.array([[0, 0, 0], [0.5, 0, 0], [0, 0, 1.0]]))
    assert phi == pytest.approx([1.0, math.exp(-0.5), math.exp(-0.5)])


def test_preference_match_by_hand():
    features = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    assert scoring.preference_match(np.array([1.0, 0.0]), features) == pytest.approx([1, 0.5, 0])
    assert scoring.preference_match(np.array([0.3, 0.4]), features) == pytest.approx(
        [0.65, 0.7, 0.35]
    )


@given(arrays(float, 3, elements=st.floats(-0.5, 0.5)), st.floats(0, 1))
def test_taste_acts_in_proportion_to_its_evidence(preference, evidence):
    features = np.vstack([np.eye(3), -np.eye(3)])
    whole = scoring.preference_match(preference, features) - 0.5
    part = scoring.preference_match(evidence * preference, features) - 0.5
    assert part == pytest.approx(evidence * whole)


@pytest.mark.parametrize("preference", [[], [0.0, 0.0], [1.0, 2.0, 3.0], [np.nan, 0.0]])
def test_without_a_comparable_preference_nothing_is_preferred(preference):
    psi = scoring.preference_match(np.array(preference, float), np.eye(2))
    assert psi == pytest.approx([0.5, 0.5])


def test_history_match_by_hand_is_shrunk_where_little_is_known():
    person = Person(history={"a": (1.0, 1), "b": (1.0, 8), "c": (-1.0, 2)})
    tracks = [Track(name, "") for name in "abcd"]
    # 0.5 + 0.5 * mean * n / (n + 2)
    assert scoring.history_match(person, tracks) == pytest.approx([2 / 3, 0.9, 0.25, 0.5])


def test_content_is_told_from_the_middle_of_the_library():
    tracks = [Track(str(i), "", features=np.array([5.0, i])) for i in (1.0, 2.0, 3.0)]
    assert scoring.content(tracks) == pytest.approx(np.array([[0, -1], [0, 0], [0, 1.0]]))


def test_content_of_odd_libraries():
    assert scoring.content([]).shape == (0, 0)
    mixed = [Track("a", "", features=np.zeros(2)), Track("b", "", features=np.zeros(3))]
    assert scoring.content(mixed).shape == (2, 0)
    broken = [Track("a", "", features=np.array([np.nan, 1.0])), Track("b", "", features=np.ones(2))]
    assert np.isfinite(scoring.content(broken)).all()
    assert scoring.places([Track("a", "", valence=np.nan, arousal=0.5)]) == pytest.approx(
        np.array([[0, 0.5, 0]])
    )


def test_final_keeps_half_to_all_of_the_score():
    assert scoring.final(np.array([0.8, 0.8]), np.array([0.75, 0.25])) == pytest.approx(
        [0.8, 0.8 * (1 + 1 / 3) / 2]
    )


def test_attention_goes_to_what_is_near_the_need_and_to_the_taste():
    need = Need(0.5, -0.5, 0.0, "")
    points = np.array([[0.5, -0.5, 0], [1.0, -1.0, 0], [-0.5, 0.5, 0]])
    a = scoring.attention(
        *scoring.query_and_keys(need, np.zeros(0), points, np.zeros((3, 0)), 24.0)
    )
    assert a[0] > a[1] > a[2]
    a = scoring.attention(
        *scoring.query_and_keys(need, np.array([0.0, 1.0]), points[[0, 0]], np.eye(2), 24.0)
    )
    assert a[1] > a[0]
