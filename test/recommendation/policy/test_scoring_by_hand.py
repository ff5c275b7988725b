# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Scores by the equations in the docstrings, and at their limits."""

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

NAN = math.nan


def test_what_is_not_a_number_has_a_place_within_the_circumplex():
    odd = Track("a", "", valence=math.inf, arousal=-math.inf, dominance=NAN)
    assert scoring.places([odd]).tolist() == [[1.0, -1.0, 0.0]]
    assert scoring.places([]).shape == (0, 3)


@given(
    arrays(float, (4, 3), elements=st.floats(-1, 1)), arrays(float, 3, elements=st.floats(-1, 1))
)
def test_phi_is_a_gaussian_in_which_dominance_counts_a_quarter(points, need):
    found = scoring.emotion_match(Need(*need, ""), points)
    for value, (v, a, d) in zip(found, points):
        square = (v - need[0]) ** 2 + (a - need[1]) ** 2 + 0.25 * (d - need[2]) ** 2
        assert value == pytest.approx(math.exp(-square / (2 * 0.5**2)))


@given(
    arrays(float, (3, 3), elements=st.floats(-1, 1)),
    arrays(float, 3, elements=st.floats(-1, 1)),
    arrays(float, 2, elements=st.floats(-0.7, 0.7)),
    st.floats(0, 30),
)
def test_query_and_keys_meet_in_taste_less_distance(points, need, taste, focus):
    """q.k = p.t - focus |n - m|^2 / 2 up to a constant that is the same for every track."""
    tracks = np.array([[1.0, 0.0], [0.6, 0.8], [0.0, 0.0]])
    query, keys = scoring.query_and_keys(Need(*need, ""), taste, points, tracks, focus)
    square = (np.array([1, 1, 0.25]) * (points - need) ** 2).sum(axis=1)
    rest = keys @ query - (tracks @ taste - focus * square / 2)
    assert rest == pytest.approx(np.full(3, rest[0]), abs=1e-9)


@given(arrays(float, (6, 2), elements=st.floats(-5, 5)))
def test_content_vectors_are_of_length_one_or_none_and_point_away_from_the_middle(features):
    tracks = [Track(str(n), "", features=row) for n, row in enumerate(features)]
    away = features - features.mean(axis=0)
    for found, row in zip(scoring.content(tracks), away):
        length = math.hypot(*row)
        if length > 1e-6:
            assert found == pytest.approx(row / length, abs=1e-6)
        elif length == 0:
            assert found.tolist() == [0, 0]


def test_features_of_broken_tracks_are_none():
    tracks = [Track("a", "", features=np.array([NAN, 1.0])), Track("b", "", features=np.ones(2))]
    assert scoring.vectors(tracks).tolist() == [[0, 1], [1, 1]]


def test_taste_counts_up_to_its_whole_length_and_no_further():
    features = np.array([[1.0, 0.0], [-1.0, 0.0]])
    found = scoring.preference_match(np.array([5.0, 0.0]), features)
    assert found.tolist() == [1.0, 0.0]
    assert scoring.preference_match(np.array([NAN, 1.0]), features).tolist() == [0.5, 0.5]
