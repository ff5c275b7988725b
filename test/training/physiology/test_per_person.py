# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Stress is told from calm person by person."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnxscript")
pytest.importorskip("sklearn")

from emo_music_ros.training.physiology.per_person import auc_per_person, smoothed  # noqa: E402


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


def test_answers_are_smoothed_within_a_person_in_order_of_time():
    stress = np.array([0.1, 0.9, 0.9, 0.1])
    people = np.array(["a", "b", "a", "b"])
    found = smoothed(stress, people, np.array([20.0, 0.0, 0.0, 20.0]), 20.0)
    assert found[2] == pytest.approx(0.9)
    assert found[1] == pytest.approx(0.9)
    assert found[0] == pytest.approx(found[3])
    assert 0.1 < found[0] < 0.5
    assert smoothed(stress, people, np.zeros(4), 0.0) == pytest.approx(stress)
