"""Protocols part people, measures are right, and answers come from the test rows alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.evaluation.protocol import (
    MULTILABEL,
    Candidate,
    Cost,
    Protocol,
    by_group,
    evaluate,
    latency,
    leave_one_out,
    prior,
    random_split,
)
from emo_music_ros.training.shared import common
from emo_music_ros.training.shared.work import Work


def corpus(rows: int = 120, people: int = 12) -> Corpus:
    draw = np.random.default_rng(0)
    labels = draw.integers(0, 3, rows)
    who = np.arange(rows) % people
    sex = np.where(who % 2, "female", "male")
    return Corpus(
        "made", "here", "none", labels + 0.0, labels, ("a", "b", "c"), who, groups={"sex": sex}
    )


@given(
    st.lists(st.integers(0, 9), min_size=30, max_size=80).filter(lambda x: len(set(x)) >= 4),
    st.integers(2, 4),
)
def test_folds_never_part_a_group_and_test_every_row_once(groups, count):
    column = np.array(groups)
    folds = by_group(column, count)
    tested = np.concatenate([test for _, test in folds])
    assert sorted(tested.tolist()) == list(range(len(column)))
    for train, test in folds:
        assert not set(column[train]) & set(column[test])
        assert len(train) + len(test) == len(column)


def test_folds_are_balanced_and_too_few_groups_are_refused():
    sizes = [len(test) for _, test in by_group(np.repeat(np.arange(20), 60), 5)]
    assert sizes == [240] * 5
    with pytest.raises(ValueError, match="groups"):
        by_group([1, 1, 2], 3)


def test_leave_one_out_tests_each_alone():
    folds = leave_one_out(["x", "y", "x"])
    assert [(a.tolist(), b.tolist()) for a, b in folds] == [([1], [0, 2]), ([0, 2], [1])]


@given(st.integers(4, 100), st.integers(2, 4))
def test_random_split_tests_every_row_once(rows, count):
    tested = np.concatenate([test for _, test in random_split(rows, count)])
    assert sorted(tested.tolist()) == list(range(rows))


def test_a_perfect_answer_scores_one_and_the_trivial_one_is_chance(tmp_path):
    made = corpus()

    def right(train, test, seed):
        return np.eye(3)[made.labels[test]]

    def once():
        return sum(range(100))

    found = evaluate(
        "demo",
        "3 classes",
        made,
        Candidate("perfect", "test", right, lambda: Cost(7, 9.0, once), key=["perfect"]),
        Protocol("4-fold", by_group(made.people, 4)),
        Work(tmp_path),
    )
    assert {name: one["value"] for name, one in found.measures.items()} == {
        "accuracy": 1.0,
        "macro-F1": 1.0,
        "UAR": 1.0,
        "macro AUC": 1.0,
        "ECE": 0.0,
    }
    assert found.measures["UAR"]["trivial"] == pytest.approx(1 / 3)
    assert found.measures["macro AUC"]["trivial"] == 0.5
    assert found.people == 12
    assert found.items == 120
    assert found.groups["sex"]["female"]["people"] == 6
    assert found.groups["sex"]["female"]["UAR"] == 1.0
    assert found.cost["parameters"] == 7
    assert found.cost["p95_ms"] >= found.cost["p50_ms"] > 0
    assert [figure.value for figure in found.figures()][:4] == [1.0] * 4
    np.testing.assert_array_equal(found.rows, np.arange(120))


def test_answers_are_recalled_and_nan_is_refused(tmp_path):
    made, calls = corpus(), []

    def half(train, test, seed):
        calls.append(test)
        return np.full((len(test), 3), 1 / 3)

    protocol = Protocol("4-fold", by_group(made.people, 4))
    work = Work(tmp_path)
    for _ in range(2):
        evaluate("demo", "t", made, Candidate("half", "test", half, key=[1]), protocol, work)
    assert len(calls) == 4

    def lost(train, test, seed):
        return np.full((len(test), 3), np.nan)

    with pytest.raises(ValueError, match="NaN"):
        evaluate("demo", "t", made, Candidate("lost", "test", lost), protocol, work)


def test_multilabel_measures_match_scikit_learn():
    sklearn = pytest.importorskip("sklearn.metrics", reason="scikit-learn is for training only")
    draw = np.random.default_rng(1)
    truth, table = draw.random((200, 5)) < 0.3, draw.random((200, 5))
    people = np.arange(200)
    assert MULTILABEL["macro-F1"](truth, table, people) == pytest.approx(
        sklearn.f1_score(truth, table >= 0.5, average="macro")
    )
    assert MULTILABEL["macro AUC"](truth, table, people) == pytest.approx(
        sklearn.roc_auc_score(truth, table, average="macro")
    )


def test_prior_of_every_kind_of_label():
    assert prior(np.array([0, 0, 1, 2]), 3).tolist() == [0.5, 0.25, 0.25]
    assert prior(np.array([[True, False], [True, True]]), 2).tolist() == [1.0, 0.5]
    assert prior(np.array([0.0, 1.0]), 1).tolist() == [0.5]


def test_latency_is_measured_in_order():
    middle, late = latency(lambda: None, seconds=0.01)
    assert 0 <= middle <= late


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.floats(0.05, 0.4))
def test_conformal_sets_hold_the_truth_as_often_as_promised(seed, alpha):
    draw = np.random.default_rng(seed)
    table = draw.dirichlet(np.ones(4), 4000)
    truth = (table.cumsum(axis=1) > draw.random((4000, 1))).argmax(axis=1)
    threshold = common.conformal_threshold(table[:2000], truth[:2000], alpha)
    held = (table[2000:][np.arange(2000), truth[2000:]] >= threshold).mean()
    assert held == pytest.approx(1 - alpha, abs=0.05)


def test_too_few_cases_make_every_class_credible():
    assert common.conformal_threshold([[0.9, 0.1]], [0]) == 0.0


def test_a_corpus_with_odd_columns_is_refused():
    with pytest.raises(ValueError, match="length"):
        Corpus("x", "", "", [1], np.array([0, 1]), ("a", "b"), np.array([1]))
    with pytest.raises(ValueError, match="label"):
        Corpus("x", "", "", [1], np.array([2]), ("a", "b"), np.array([1]))


def test_a_subset_keeps_its_columns_together():
    part = corpus().subset(np.array([3, 5]))
    assert part.people.tolist() == [3, 5]
    assert part.groups["sex"].tolist() == ["female", "female"]
    assert part.items.tolist() == part.labels.tolist()
    assert part.count == 2
