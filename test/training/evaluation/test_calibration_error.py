# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The calibration error is without what chance adds, and its interval holds what is true."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emo_music_ros.numerics import softmax
from emo_music_ros.training.evaluation import calibration_error
from emo_music_ros.training.evaluation.metrics import expected_calibration_error


def answers(draw, people, each, sharpened, apart=0.0):
    """Answers `sharpened` times as sure as they may be, differently by person if `apart`."""
    who = np.repeat(np.arange(people), each)
    logits = draw.normal(0, 1.5, (len(who), 4))
    chance = softmax(logits)
    truth = (chance.cumsum(axis=1) > draw.random((len(who), 1))).argmax(axis=1)
    sure = sharpened * np.exp(draw.normal(0, apart, people))[who, None]
    return truth, softmax(logits * sure), who


def test_plain_error_of_known_bins():
    probabilities = np.array([[0.9, 0.1]] * 10 + [[0.4, 0.6]] * 10)
    truth = np.array([0] * 9 + [1] + [1] * 2 + [0] * 8)
    assert calibration_error.plain(truth, probabilities) == pytest.approx(0.2)
    assert calibration_error.plain([0, 0], np.array([[1.0, 0.0], [1.0, 0.0]])) == 0.0


@pytest.mark.parametrize(
    ("people", "each", "sharpened", "apart"),
    [(12, 40, 1.0, 0.0), (27, 40, 1.5, 0.0), (27, 40, 1.2, 0.3), (800, 1, 1.0, 0.0),
     (800, 1, 1.5, 0.0)],
)  # fmt: skip
def test_the_interval_holds_what_is_true_as_often_as_it_says(people, each, sharpened, apart):
    draw = np.random.default_rng(people)
    many = answers(draw, 5000, 20, sharpened, apart)
    true = 0.0 if sharpened == 1.0 else calibration_error.plain(*many[:2])
    held, values = [], []
    for _ in range(60):
        sample = answers(draw, people, each, sharpened, apart)
        value, low, high = calibration_error.corrected(*sample, draws=200)
        held.append(low <= true <= high)
        values.append(value)
    assert np.mean(held) >= 0.85  # 0.95 less three standard deviations of 60 repetitions
    assert np.median(values) == pytest.approx(true, abs=0.02)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 2**32 - 1), st.integers(6, 30), st.integers(1, 12), st.sampled_from([0.7, 1, 3])
)
def test_value_and_interval_are_in_order(seed, people, each, sharpened):
    sample = answers(np.random.default_rng(seed), people, each, sharpened)
    value, low, high = calibration_error.corrected(*sample, draws=100)
    assert 0 <= low <= value <= high <= 1


def test_too_few_people_are_left_uncorrected():
    truth, table, who = answers(np.random.default_rng(0), 5, 30, 1.0)
    plain = calibration_error.plain(truth, table)
    assert expected_calibration_error(truth, table, who) == plain
    truth, table, who = answers(np.random.default_rng(0), 6, 30, 1.0)
    assert expected_calibration_error(truth, table, who) < plain


def test_perfect_answers_have_no_error():
    assert calibration_error.corrected([0, 1] * 6, np.eye(2)[[0, 1] * 6], range(12)) == (0, 0, 0)
