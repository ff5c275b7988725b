# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What is measured of confirmed moments."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from confirmed import answer

from emo_music_ros.errors import InputError
from emo_music_ros.fusion.adaptation.head import Prior, learn
from emo_music_ros.training.adaptation import run, study
from emo_music_ros.training.adaptation.sessions import Sessions, _wesad, halves, load
from emo_music_ros.training.adaptation.study import LONE, PRIORS, Study
from emo_music_ros.training.evaluation import metrics
from emo_music_ros.training.evaluation.evaluate import evaluate_candidate
from emo_music_ros.training.shared.work import Work

DOCS = Path(__file__).resolve().parents[3] / "docs"
COUNT = 40


def sessions(people=8, misread=True, name="made up"):
    """People whose calm is said to be depression, and sometimes the other way round."""
    truth = np.tile([0, 1, 2, 3, 1], people * COUNT // 5)
    said = np.where(misread & (truth == 1), 3, truth)
    return Sessions(
        name,
        "people",
        "every second",
        [answer(heard, 0.45 if heard == state else 0.26) for heard, state in zip(said, truth)],
        truth,
        np.repeat(np.arange(people), COUNT),
        np.tile(np.r_[np.zeros(COUNT // 2, int), np.ones(COUNT // 2, int)], people),
        True,
    )


@pytest.fixture
def made(tmp_path):
    return Study([sessions()], Work(tmp_path / "work"))


def measured(made, one, asks, learner, measures, beside):
    corpus, protocol = made.corpus(one, asks)
    candidate = made.candidate(one, "x", "y", asks, learner, beside)
    return evaluate_candidate(
        "adaptation", "t", corpus, candidate, protocol, made.work, 0, measures
    )


def test_a_stretch_is_parted_by_time_with_a_gap():
    part = halves(np.repeat([0, 1], [12, 4]), 2, 3)
    assert part[:12].tolist() == [0, 0, 0, 0, -1, -1, 1, -1, -1, 1, -1, -1]
    assert part[12:].tolist() == [0, -1, 1, -1]


def test_the_kept_answers_of_each_condition_are_parted():
    one = _wesad(DOCS)
    assert len(one.names) == 12
    assert set(one.states) == {0, 1, 2}
    for person in one.names:
        first, second = one.confirmed(person, 0), one.asked(person, 0)
        assert not set(first) & set(second)
        assert set(one.states[first]) == set(one.states[second]) == {0, 1, 2}
    assert (one.shipped.argmax(axis=1) == one.states).mean() > 0.7


def test_without_kept_answers_it_is_said_what_to_do(tmp_path):
    with pytest.raises(InputError, match="no answers"):
        load(tmp_path, tmp_path)


def test_confirmed_moments_are_of_the_person_who_is_asked_and_are_not_asked(made):
    one = made.sessions[0]
    for ask in made.usual(one, 8):
        assert one.people[ask.row] == ask.person
        assert set(one.people[list(ask.confirmed)]) == {ask.person}
        assert ask.row not in ask.confirmed
        assert len(ask.confirmed) == 8
    for ask in made.lone(one):
        (state,) = set(one.states[list(ask.confirmed)])
        assert one.states[ask.row] != state
        assert len(ask.confirmed) <= LONE
    for ask in made.left_out(one):
        assert one.states[ask.row] not in one.states[list(ask.confirmed)]
        assert len(ask.confirmed) == 16 or one.states[ask.row] == 1
    for ask in made.others(one, 16):
        assert one.people[ask.row] != ask.person


def test_somebody_who_is_misread_gains_and_the_shipped_weights_gain_nothing(made, monkeypatch):
    monkeypatch.setattr(metrics, "DRAWS", 10)
    made.__dict__["scores"] = [np.eye(len(PRIORS))[:, :1].repeat(8, axis=1)]
    one = made.sessions[0]
    asks = made.usual(one, 16)
    gains = {
        learner: measured(made, one, asks, learner, run._GAINS, True).measures["UAR gain"]["value"]
        for learner in (study.adapted, study.shipped)
    }
    assert gains[study.shipped] == 0
    assert gains[study.adapted] > 0.1


def test_what_is_chosen_for_a_fold_does_not_depend_on_its_people(made):
    one = made.sessions[0]
    folds = np.array([one.fold(person, study.FOLDS) for person in one.names])
    assert sorted(set(folds)) == [0, 1, 2, 3]
    scores = np.random.default_rng(0).random((len(PRIORS), len(one.names)))
    made.__dict__["scores"] = [scores]
    before = made.chosen(2)
    scores[5, folds == 2] = 1e9
    assert made.chosen(2) == before
    assert made.chosen(None) == PRIORS[5]


def test_the_shipped_prior_is_one_of_those_chosen_between():
    assert Prior() in PRIORS


def test_answers_of_a_whole_table_are_those_of_the_head():
    one = sessions(1)
    head = learn(one.moments(range(16)))
    expected = [head(one.answers[row]) for row in (17, 18, 30)]
    assert study.answered(one, head, [17, 18, 30]) == pytest.approx(np.array(expected))


def test_a_new_prior_is_that_of_the_labels():
    one = sessions(1)
    head = study.new_prior(one, [0, 1, 4], Prior())  # positive, calm, calm
    table = np.exp(head.bias)
    assert table / table.sum() == pytest.approx(np.array([2, 3, 1, 1]) / 7)


def test_measures_of_a_gain_by_hand():
    truth = np.array([0, 1])
    after, before = np.array([[0.8, 0.2], [0.2, 0.8]]), np.array([[0.8, 0.2], [0.6, 0.4]])
    wide = np.zeros((2, 8))
    wide[:, :2], wide[:, 4:6] = after, before
    people = np.arange(2)
    assert run.METRICS["UAR gain"](truth, wide, people) == pytest.approx(0.5)
    assert run.METRICS["log loss gain"](truth, wide, people) == pytest.approx(np.log(2) / 2)
    wide[:, 4:] = 0.0  # the trivial answer has nothing beside it
    assert np.isnan(run.METRICS["UAR gain"](truth, wide, people))
    assert run.METRICS["log loss"](truth, after, people) == pytest.approx(-np.log(0.8))
    assert run.METRICS["fell back"](truth, np.eye(2), people) == 0.5


def test_a_stream_that_was_confirmed_wrongly_turns_worse_and_a_right_one_does_not():
    one = sessions(1, misread=False)
    right, wrong = study.stream(one, 0, 40, 0), study.stream(one, 0, 40, 24)
    assert right[0] == wrong[0] == 0.0
    assert np.mean(right[24:]) < 0 < np.mean(wrong[24:28])
