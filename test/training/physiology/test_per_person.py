"""Stress is told from calm person by person."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnxscript")
pytest.importorskip("sklearn")

from emo_music_ros.training.physiology.per_person import auc_per_person  # noqa: E402


def test_auc_is_taken_person_by_person():
    truth = np.array([0, 1, 0, 1])
    table = np.array([[0.9, 0.1], [0.8, 0.2], [0.2, 0.8], [0.1, 0.9]])
    people = np.array(["a", "a", "b", "b"])
    assert auc_per_person(truth, table, people) == 1.0
    # Somebody drawn twice into a bootstrap counts twice.
    twice = np.array([0, 1, 0, 1, 2, 3])
    table[:2] = table[1::-1]
    value = auc_per_person(truth[twice], table[twice], np.array([0, 0, 1, 1, 2, 2]))
    assert value == pytest.approx(1 / 3)
