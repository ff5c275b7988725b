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
    truth = draw.random(5000) < 1 / (1 + np.exp(-(2.0 * scores - 1.0)))
    assert platt(scores, truth.astype(float)) == pytest.approx((2.0, -1.0), abs=0.15)
