# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Measures are right, and answers come from the test rows alone."""

from __future__ import annotations

import numpy as np
import pytest

from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.evaluation.cost import Cost
from emo_music_ros.training.evaluation.evaluate import evaluate_candidate, prior
from emo_music_ros.training.evaluation.protocol import Protocol, by_group
from emo_music_ros.training.evaluation.results import Candidate
from emo_music_ros.training.shared.work import Work


def corpus(rows: int = 120, people: int = 12) -> Corpus:
    draw = np.random.default_rng(0)
    labels = draw.integers(0, 3, rows)
    who = np.arange(rows) % people
    sex = np.where(who % 2, "female", "male")
    return Corpus(
        "made", "here", "none", labels + 0.0, labels, ("a", "b", "c"), who, groups={"sex": sex}
    )


def test_a_perfect_answer_scores_one_and_the_trivial_one_is_chance(tmp_path):
    made = corpus()

    def right(train, test, seed):
        return np.eye(3)[made.labels[test]]

    def once():
        return sum(range(100))

    found = evaluate_candidate(
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
        evaluate_candidate(
            "demo", "t", made, Candidate("half", "test", half, key=[1]), protocol, work
        )
    assert len(calls) == 4

    def lost(train, test, seed):
        return np.full((len(test), 3), np.nan)

    with pytest.raises(ValueError, match="NaN"):
        evaluate_candidate("demo", "t", made, Candidate("lost", "test", lost), protocol, work)


def test_prior_of_every_kind_of_label():
    assert prior(np.array([0, 0, 1, 2]), 3).tolist() == [0.5, 0.25, 0.25]
    assert prior(np.array([[True, False], [True, True]]), 2).tolist() == [1.0, 0.5]
    assert prior(np.array([0.0, 1.0]), 1).tolist() == [0.5]
