# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""How far witnesses contradict each other, by hand."""

import numpy as np
import pytest

from emo_music_ros.fusion.agreement import MOST, apart

ONE = [1.0, 0.0, 0.0, 0.0]
TWO = [0.0, 1.0, 0.0, 0.0]
THREE = [0.0, 0.0, 1.0, 0.0]
NONE = [0.25] * 4


def test_fewer_than_two_contradict_nobody():
    assert apart([ONE], [1.0]) == -np.inf
    assert apart([ONE, TWO], [1.0, 0.0]) == -np.inf


@pytest.mark.parametrize(
    ("rows", "chance"),
    [
        ([ONE, TWO], 1.0),
        ([ONE, ONE], 0.0),
        ([ONE, TWO, THREE], 1.0),
        ([ONE, ONE, TWO], 0.0),  # two of three are a majority
        ([ONE, ONE, TWO, TWO], 1.0),
        ([ONE, ONE, ONE, TWO], 0.0),
        ([NONE, NONE], 12 / 16),
        ([NONE] * 3, 24 / 64),
        ([[0.5, 0.5, 0, 0], [0.5, 0.5, 0, 0]], 0.5),
    ],
)
def test_the_chance_that_no_state_has_a_majority(rows, chance):
    assert np.exp(apart(rows, np.ones(len(rows)))) == pytest.approx(chance, abs=1e-9)


def test_only_the_surest_are_compared():
    rows = [ONE] * MOST + [TWO] * MOST
    weights = [1.0] * MOST + [0.5] * MOST
    assert np.exp(apart(rows, weights)) == pytest.approx(0.0, abs=1e-9)
