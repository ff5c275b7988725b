# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""States are told against the person's first minutes, in which nothing is said."""

from __future__ import annotations

import math

import numpy as np
import pytest

from emo_music_ros.encoding.physiology.states import LABELS, REST, OwnRest, StateModel

USUAL = {"heart_rate": 70.0, "sdnn": 50.0, "rmssd": 40.0, "eda_level": 2.0}


def rested(model, features=USUAL, seconds=30.0):
    """Let the first minutes pass."""
    answers = [model(features, seconds) for _ in range(round(REST / seconds))]
    return answers


def test_nothing_is_said_in_the_first_minutes():
    rest = OwnRest()
    assert rested(rest) == [None] * 10
    np.testing.assert_allclose(rest(USUAL, 30.0), 0.0, atol=1e-12)
    more = rest(USUAL | {"heart_rate": 77.0}, 30.0)
    assert more == pytest.approx([math.log(1.1), 0, 0, 0], abs=1e-12)


def test_what_comes_later_does_not_change_the_rest():
    rest = OwnRest()
    rested(rest)
    for _ in range(50):
        rest(USUAL | {"heart_rate": 120.0}, 30.0)
    np.testing.assert_allclose(rest(USUAL, 30.0), 0.0, atol=1e-12)


@pytest.mark.parametrize("name", USUAL)
def test_an_unknown_measure_neither_counts_as_rest_nor_is_answered(name):
    rest = OwnRest()
    for _ in range(20):
        assert rest(USUAL | {name: math.nan}, 30.0) is None
    assert rested(rest) == [None] * 10
    assert rest(USUAL | {name: math.nan}, 30.0) is None
    assert rest(USUAL, 30.0) is not None


def test_the_model_tells_stress_from_rest_and_forgets_the_person():
    model = StateModel()
    assert all(math.isnan(value) for value in rested(model)[-1].values())
    calm = model(USUAL, 30.0)
    assert tuple(calm) == LABELS
    assert sum(calm.values()) == pytest.approx(1.0)
    stressed = model({"heart_rate": 100.0, "sdnn": 30.0, "rmssd": 15.0, "eda_level": 6.0}, 30.0)
    assert stressed["stress"] > 0.8 > 0.5 > calm["stress"]
    model.reset()
    assert math.isnan(model(USUAL, 30.0)["calm"])
