# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Metrics agree with scikit-learn, and their interval is over people."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.numerics import softmax
from emo_music_ros.training.evaluation import metrics
from emo_music_ros.training.evaluation.metrics import CLASSIFICATION, MULTILABEL

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


@pytest.mark.parametrize("count", [6, 8, 20])
def test_the_interval_holds_what_is_true_also_for_few_people(count):
    draw = np.random.default_rng(count)
    people = np.repeat(np.arange(count), 30)
    held = []
    for _ in range(150):
        skill = draw.normal(0.6, 0.1, count)
        right = (draw.random(len(people)) < skill[people]).astype(int)
        low, high = metrics.interval(
            metrics.accuracy, people, np.ones_like(right), right, draws=400
        )
        held.append(low <= 0.6 <= high)
    assert np.mean(held) >= 0.925  # percentiles alone: 0.89, 0.91 and 0.92


def test_fewer_than_six_people_have_no_interval():
    people, ones = np.repeat(np.arange(5), 40), np.ones(200, int)
    predicted = np.arange(200) % 2
    assert np.isnan(metrics.interval(metrics.accuracy, people, ones, predicted)).all()
    found = metrics.estimate(CLASSIFICATION["UAR"], ones, np.eye(2)[predicted], people)
    assert found["value"] == 0.5
    assert math.isnan(found["low"])
    assert math.isnan(found["high"])
    more = metrics.estimate(CLASSIFICATION["UAR"], ones, np.eye(2)[predicted], np.arange(200) % 6)
    assert more["low"] <= 0.5 <= more["high"]


def test_somebody_drawn_twice_counts_as_two_people():
    people = np.array(["a", "a", "b", "c", "c", "c"])
    for rows, drawn in metrics.resamples(people, 20, seed=0):
        assert np.unique(drawn).tolist() == [0, 1, 2]
        for one in range(3):
            mine = rows[drawn == one]
            assert mine.tolist() == np.flatnonzero(people == people[mine[0]]).tolist()


def test_every_figure_has_an_interval_around_it():
    truth, logits = draw(7, size=400)
    found = {
        name: metrics.estimate(measure, truth, softmax(logits), np.arange(400) // 20)
        for name, measure in CLASSIFICATION.items()
    }
    for name, one in found.items():
        assert one["low"] <= one["value"] <= one["high"], name
    assert found["ECE"]["uncorrected"] > found["ECE"]["value"]


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
