# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from emo_music_ros.fusion.agreement import disagreement


def test_by_hand():
    assert disagreement(np.eye(2), [0.5, 0.5]) == pytest.approx(0.5)  # 1 - 1/n
    assert disagreement(np.eye(3), [1, 1, 1]) == pytest.approx(2 / 3)
    # overlap of (.8, .2) and (.4, .6) is .6; 2 x .75 x .25 x .4
    assert disagreement([[0.8, 0.2], [0.4, 0.6]], [3, 1]) == pytest.approx(0.15)


def test_who_agrees_or_is_alone_contradicts_nobody():
    assert disagreement([[0.9, 0.1]], [1.0]) == 0
    assert disagreement([[0.9, 0.1]] * 3, [1, 2, 3]) == pytest.approx(0)
    assert disagreement(np.eye(3), [0, 0, 0]) == 0
    assert disagreement(np.eye(3), [1, 0, 0]) == 0
    assert disagreement(np.zeros((0, 4)), []) == 0


def test_three_voices_of_three_states_differ_from_three_that_know_nothing():
    sure = np.full((3, 4), 0.02) + 0.92 * np.eye(4)[:3]
    nothing = np.full((3, 4), 0.25)
    assert disagreement(sure, [1, 1, 1]) > 0.5
    assert disagreement(nothing, [1, 1, 1]) == 0


@given(
    arrays(float, (4, 4), elements=st.floats(0.01, 1)),
    arrays(float, 4, elements=st.floats(0, 1)),
    st.permutations(range(4)),
)
def test_it_is_between_0_and_all_apart_whatever_the_order(rows, weights, order):
    rows = rows / rows.sum(axis=1, keepdims=True)
    found = disagreement(rows, weights)
    assert -1e-12 <= found <= 1 - 1 / 4 + 1e-12
    assert disagreement(rows[order], weights[order]) == pytest.approx(found)
    assert disagreement(rows, 3 * weights) == pytest.approx(found)
