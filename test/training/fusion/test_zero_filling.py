# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The usual way with missing modalities, which ours is compared with."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is for training only")
pytest.importorskip("sklearn", reason="scikit-learn is for training only")

from emo_music_ros.emotion import STATES
from emo_music_ros.fusion.classes import CLASSES
from emo_music_ros.training.fusion import conditions
from emo_music_ros.training.fusion.network import Moments
from emo_music_ros.training.fusion.zero_filling import ZeroFilling, filled


def complete(count=400, seed=0):
    draw = np.random.default_rng(seed)
    truth = draw.integers(0, len(CLASSES), count)
    evidence = draw.normal(size=(count, 3, len(CLASSES))).astype(np.float32)
    evidence[np.arange(count), :, truth] += 2.0
    ones = np.ones((count, 3), np.float32)
    return Moments(evidence, ones, ones, 0 * ones, truth, np.arange(count))


def test_what_is_missing_is_zero_and_nothing_else_changes():
    moments = complete()
    table = filled(conditions.lost(1, moments)).reshape(len(moments), 3, -1)
    assert not table[:, 1].any()
    np.testing.assert_array_equal(table[:, [0, 2]], moments.evidence[:, [0, 2]])


def test_it_answers_states_and_loses_by_what_is_missing():
    model = ZeroFilling(complete())
    tested = complete(seed=1)
    table, unknown = model(tested)
    assert table.shape == (len(tested), len(STATES))
    assert np.allclose(table.sum(axis=1), 1)
    assert not unknown.any()
    lost, _ = model(conditions.lost(1, tested))
    assert np.log(lost.max(axis=1)).mean() < np.log(table.max(axis=1)).mean()


def test_what_is_late_is_older_and_otherwise_the_same():
    moments = complete()
    found = conditions.late(2.0, moments)
    assert (found.age == 2.0).all()
    assert found.evidence is moments.evidence
