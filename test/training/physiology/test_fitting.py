# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Calibration of the stress network."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnxscript")
pytest.importorskip("sklearn")

from emo_music_ros.training.physiology.fitting import platt  # noqa: E402


def test_platt_scaling_finds_the_line():
    draw = np.random.default_rng(0)
    scores = draw.normal(size=5000)
    truth = draw.random(5000) < 1 / (1 + np.exp(-2.0 * scores))
    assert platt(scores, truth.astype(float)) == pytest.approx((2.0, 0.0), abs=0.15)


def test_half_means_nothing_is_known_however_rare_stress_was():
    draw = np.random.default_rng(0)
    truth = draw.random(20000) < 0.1
    scores = draw.normal(size=20000) + np.where(truth, 3.0, 1.0)
    scale, offset = platt(scores, truth.astype(float))
    assert scale * 2.0 + offset == pytest.approx(0.0, abs=0.1)  # midway between the two
