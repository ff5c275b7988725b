# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Fusion of brain and body of DEAP."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is for training only")
pytest.importorskip("sklearn", reason="scikit-learn is for training only")

from emo_music_ros.emotion import STATES
from emo_music_ros.training.fusion import trials


def test_quadrants_are_those_of_the_states():
    ratings = np.array([[0.5, 0.5], [0.5, -0.5], [-0.1, 0.9], [-0.9, -0.1], [0.0, 0.0]])
    assert [STATES[one] for one in trials.quadrant(ratings)] == [
        "positive", "calm", "anxiety", "depression", "depression",
    ]  # fmt: skip


def test_brain_and_body_are_fused_of_people_left_out(deap_folder):
    together = trials.study("DEAP", deap_folder, 0)
    assert together.corpus.count == 3
    for train, test in together.protocol.folds:
        assert not set(together.corpus.people[train]) & set(together.corpus.people[test])
    names = {one.name for one in together.candidates()}
    assert {"emo_music_ros", "brain alone", "body alone", "average", "logpool"} <= names
    train, test = together.protocol.folds[0]
    said = together.read(train, test)
    assert said.shape == (len(test), 2, len(STATES))
    assert np.allclose(said.sum(axis=2), 1)
