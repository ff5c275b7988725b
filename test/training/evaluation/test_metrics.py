"""Metrics agree with scikit-learn, and their interval is over people."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.numerics import softmax
from emo_music_ros.training.evaluation import metrics
from emo_music_ros.training.evaluation.metrics import MULTILABEL

sklearn = pytest.importorskip("sklearn.metrics", reason="scikit-learn is for training only")


def draw(seed: int, classes: int = 4, size: int = 200):
    generator = np.random.default_rng(seed)
    logits = generator.normal(size=(size, classes))
    truth = generator.integers(0, classes, size)
    logits[np.arange(size), truth] += 1.0
    return truth, logits


@given(st.integers(0, 2**32 - 1))
def test_measures_agree_with_scikit_learn(seed):
    truth, logits = draw(seed)
    predicted = logits.argmax(axis=1)
    probabilities = softmax(logits)
    assert metrics.accuracy(truth, predicted) == pytest.approx(
        sklearn.accuracy_score(truth, predicted)
    )
    assert metrics.uar(truth, predicted) == pytest.approx(
        sklearn.balanced_accuracy_score(truth, predicted)
    )
    assert metrics.macro_f1(truth, predicted) == pytest.approx(
        sklearn.f1_score(truth, predicted, average="macro")
    )
    assert metrics.macro_auc(truth, probabilities) == pytest.approx(
        sklearn.roc_auc_score(truth, probabilities, multi_class="ovr")
    )
    np.testing.assert_array_equal(
        metrics.confusion(truth, predicted), sklearn.confusion_matrix(truth, predicted)
    )


def test_absent_class_is_left_out():
    assert metrics.uar([0, 0, 2, 2], [0, 1, 2, 2]) == pytest.approx(0.75)
    assert math.isnan(metrics.auc([1, 1], [0.2, 0.3]))
    assert metrics.macro_auc([0, 1, 1], np.array([[0.9, 0.1, 0], [0.2, 0.8, 0], [0, 1, 0]])) == 1.0


def test_ties_count_half():
    assert metrics.auc([0, 1, 0, 1], [0.5, 0.5, 0.5, 0.5]) == 0.5


def test_calibration_error_of_known_bins():
    probabilities = np.array([[0.9, 0.1]] * 10 + [[0.4, 0.6]] * 10)
    truth = np.array([0] * 9 + [1] + [1] * 2 + [0] * 8)
    assert metrics.calibration_error(truth, probabilities) == pytest.approx(0.2)
    assert metrics.calibration_error([0, 0], np.array([[1.0, 0.0], [1.0, 0.0]])) == 0.0


def test_interval_is_wider_when_rows_belong_to_few_people():
    generator = np.random.default_rng(3)
    people = np.repeat(np.arange(10), 50)
    skill = generator.uniform(0.3, 0.9, 10)
    truth = np.ones(500, int)
    predicted = (generator.random(500) < skill[people]).astype(int)
    low, high = metrics.interval(metrics.accuracy, people, truth, predicted)
    alone = metrics.interval(metrics.accuracy, np.arange(500), truth, predicted)
    assert low <= metrics.accuracy(truth, predicted) <= high
    assert high - low > 1.5 * (alone[1] - alone[0])
    assert (low, high) == metrics.interval(metrics.accuracy, people, truth, predicted)


def test_multilabel_measures_match_scikit_learn():
    draw = np.random.default_rng(1)
    truth, table = draw.random((200, 5)) < 0.3, draw.random((200, 5))
    people = np.arange(200)
    assert MULTILABEL["macro-F1"](truth, table, people) == pytest.approx(
        sklearn.f1_score(truth, table >= 0.5, average="macro")
    )
    assert MULTILABEL["macro AUC"](truth, table, people) == pytest.approx(
        sklearn.roc_auc_score(truth, table, average="macro")
    )
