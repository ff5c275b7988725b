# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Voices of several corpora, joined and parted again."""

from __future__ import annotations

import numpy as np
import pytest

from emo_music_ros.emotion import RAVDESS
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.speech import voices

WITHOUT_CALM = ("anger", "happiness", "neutral")


def part(name, people, classes, each=1, **groups):
    rows = [(one, label) for one in people for label in range(len(classes)) for _ in range(each)]
    who = np.array([row[0] for row in rows])
    sex = np.where([str(one)[0] == "f" for one in who], "female", "male")
    return Corpus(
        *(name, f"source of {name}", "none", [np.zeros(9, np.float32)] * len(rows)),
        *(np.array([row[1] for row in rows]), classes, who, "speakers"),
        {"sex": sex, **{group: np.full(len(rows), value) for group, value in groups.items()}},
    )


@pytest.fixture
def corpus():
    main = part("RAVDESS speech", [f"{s}{n}" for n in range(10) for s in "fm"], RAVDESS)
    small = part("EMO-DB", ["f1", "f2", "m1"], WITHOUT_CALM, intensity="strong")
    return voices.joined([main, small])


def test_labels_and_speakers_are_those_of_their_corpora(corpus):
    theirs = corpus.groups["corpus"] == "EMO-DB"
    assert {RAVDESS[label] for label in corpus.labels[theirs]} == set(WITHOUT_CALM)
    assert "EMO-DB/f1" in corpus.people
    assert "RAVDESS speech/f1" in corpus.people
    assert set(corpus.groups["language"]) == {"en", "de"}
    assert set(corpus.groups["intensity"][~theirs]) == {"not known"}


def test_nobody_is_on_both_sides_and_all_are_tested_once(corpus):
    protocol = voices.folds(corpus, 5)
    tested = np.concatenate([test for _, test in protocol.folds])
    assert sorted(tested) == list(range(len(corpus)))
    for train, test in protocol.folds:
        assert not set(corpus.people[train]) & set(corpus.people[test])
        sexes = [one.split("/")[1][0] for one in set(corpus.people[test]) if "RAV" in one]
        assert sorted(sexes) == ["f", "f", "m", "m"]


def test_a_part_is_tested_alone_and_the_others_still_teach(corpus):
    names = corpus.groups["corpus"]
    for train, test in voices.folds(corpus, 5, "EMO-DB").folds:
        assert set(names[test]) == {"EMO-DB"}
        assert set(names[train]) == {"EMO-DB", "RAVDESS speech"}
    ((train, test),) = voices.left_out(corpus, "EMO-DB").folds
    assert set(names[train]) == {"RAVDESS speech"}
    assert set(names[test]) == {"EMO-DB"}


def test_in_every_corpus_its_classes_count_alike(corpus):
    weights, names = voices.weights(corpus), corpus.groups["corpus"]
    for name in np.unique(names):
        mine = names == name
        sums = [weights[mine & (corpus.labels == one)].sum() for one in set(corpus.labels[mine])]
        np.testing.assert_allclose(sums, sums[0], rtol=1e-4)


def test_affect_follows_the_word_and_the_strength(corpus):
    affect = voices.affect(corpus)
    anger = corpus.labels == RAVDESS.index("anger")
    strong = anger & (corpus.groups["intensity"] == "strong")
    assert (affect[anger, 0] < 0).all()
    assert (affect[anger, 1] > 0).all()
    assert affect[strong, 1].min() > affect[anger & ~strong, 1].max()
    assert np.abs(affect).max() <= 1


def test_answers_are_restricted_to_what_a_corpus_has(corpus):
    rows = np.arange(len(corpus))
    even = np.full((len(corpus), len(RAVDESS)), 1 / len(RAVDESS))
    found = voices.restricted(corpus, rows, even)
    theirs = corpus.groups["corpus"] == "EMO-DB"
    np.testing.assert_allclose(found[~theirs], even[~theirs])
    row = dict(zip(RAVDESS, found[theirs][0]))
    assert row["neutral"] == pytest.approx(0.5)  # with what was calm
    assert row["calm"] == row["surprise"] == 0
    np.testing.assert_allclose(found.sum(axis=1), 1)
