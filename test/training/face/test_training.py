# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Calibration and adjustment of a trained network."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnxscript")

from emo_music_ros.training.evaluation import metrics  # noqa: E402
from emo_music_ros.training.face.training import adjustment, hold_out  # noqa: E402


def test_adjustment_raises_the_recall_of_rare_classes():
    draw = np.random.default_rng(0)
    prior = np.array([0.01, 0.01, 0.05, 0.4, 0.23, 0.1, 0.2])
    truth = draw.choice(7, 4000, p=prior)
    logits = draw.normal(0, 1.2, (4000, 7)) + np.log(prior)
    logits[np.arange(4000), truth] += 2.0
    added = adjustment(logits, truth, prior)
    assert added.mean() == pytest.approx(0.0, abs=1e-9)
    assert added[0] > added[3]
    before, after = logits.argmax(axis=1), (logits + added).argmax(axis=1)
    assert metrics.uar(truth, after) > metrics.uar(truth, before)


def test_groups_do_not_part_between_learning_and_calibration():
    groups = np.repeat(np.arange(500), 2)
    rows = np.arange(100, 1000)
    learn, calibrate = hold_out(groups, rows, seed=3)
    assert sorted(np.concatenate([learn, calibrate])) == rows.tolist()
    assert not set(groups[learn]) & set(groups[calibrate])
    assert 10 < len(calibrate) < 100
