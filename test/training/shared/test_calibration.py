# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Temperature and conformal threshold hold on new cases."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emo_music_ros.numerics import softmax
from emo_music_ros.training.shared.calibration import conformal_threshold, fit_temperature


@pytest.mark.parametrize("factor", [0.25, 1.0, 4.0])
def test_temperature_recovers_the_scale(factor):
    generator = np.random.default_rng(1)
    logits = generator.normal(scale=2.0, size=(20000, 5))
    chances = softmax(logits).cumsum(axis=1)
    truth = (generator.random((20000, 1)) > chances).sum(axis=1)
    assert fit_temperature(logits * factor, truth) == pytest.approx(factor, rel=0.05)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.floats(0.05, 0.4))
def test_conformal_sets_hold_the_truth_as_often_as_promised(seed, alpha):
    draw = np.random.default_rng(seed)
    table = draw.dirichlet(np.ones(4), 4000)
    truth = (table.cumsum(axis=1) > draw.random((4000, 1))).argmax(axis=1)
    threshold = conformal_threshold(table[:2000], truth[:2000], alpha)
    held = (table[2000:][np.arange(2000), truth[2000:]] >= threshold).mean()
    assert held == pytest.approx(1 - alpha, abs=0.05)


def test_too_few_cases_make_every_class_credible():
    assert conformal_threshold([[0.9, 0.1]], [0]) == 0.0
