# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Our words in those of hri_msgs/Expression; plain data, so that it runs without hri_msgs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.emotion import (
    FER2013,
    GOEMOTIONS,
    PAD,
    STATES,
    UNKNOWN,
    VOCABULARIES,
    canonical,
    from_labels,
    unknown,
)
from emo_music_ros.ros.expressions import NOTHING, WORDS, expressed, expressed_state
from emo_music_ros.streams import Emotion, Estimate

#: The constants of the message, as its definition lists them.
CONSTANTS = {
    *("neutral", "angry", "sad", "happy", "surprised", "disgusted", "scared", "pleading"),
    *("vulnerable", "despaired", "guilty", "disappointed", "embarrassed", "horrified"),
    *("skeptical", "annoyed", "furious", "suspicious", "rejected", "bored", "tired", "asleep"),
    *("confused", "amazed", "excited"),
}


def one_hot(labels, label, credible=math.nan):
    return from_labels(labels, np.eye(len(labels))[labels.index(label)], threshold=credible)


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
def test_every_label_has_a_constant(vocabulary):
    labels, _ = VOCABULARIES[vocabulary]
    assert {WORDS[label] for label in labels} <= CONSTANTS


@pytest.mark.parametrize(
    ("label", "word"),
    [("anger", "angry"), ("disgust", "disgusted"), ("fear", "scared"), ("happiness", "happy"),
     ("sadness", "sad"), ("surprise", "surprised"), ("neutral", "neutral")],
)  # fmt: skip
def test_basic_emotions_are_their_constants(label, word):
    said = expressed(one_hot(FER2013, label))
    assert said is not None
    assert said.word == word
    assert (said.valence, said.arousal) == pytest.approx(PAD[label][:2])
    assert said.confidence == pytest.approx(1)


@pytest.mark.parametrize("word", sorted(set(WORDS.values())))
def test_a_constant_is_on_the_side_of_the_words_that_have_it(word):
    valences = [PAD[canonical(label)][0] for label, constant in WORDS.items() if constant == word]
    assert min(valences) >= 0 or max(valences) <= 0


def test_the_fine_labels_have_finer_constants():
    found = {expressed(one_hot(GOEMOTIONS, label)).word for label in GOEMOTIONS}
    assert {"annoyed", "confused", "disappointed", "embarrassed", "excited", "guilty"} <= found


def test_who_does_not_know_says_nothing():
    labels = FER2013
    even = from_labels(labels, np.full(7, 1 / 7), threshold=0.01)
    assert len(even.credible) == 7
    assert expressed(even) is None
    assert expressed(unknown(labels)) is None
    assert (NOTHING.word, NOTHING.confidence) == ("", 0.0)


def test_a_foreign_word_leaves_the_circumplex():
    table = np.array([0.2, 0.8], np.float32)
    foreign = Estimate(("drowsy", "zen"), table, 0.3, -0.4, math.nan, 0.6)
    assert expressed(foreign) == ("", 0.3, -0.4, 0.6)
    assert expressed(Estimate(("drowsy", "zen"), table, *[math.nan] * 3, 0.6)) is None
    only = Estimate((), np.empty(0, np.float32), 0.5, 0.1, math.nan, 0.4)
    assert expressed(only) == ("", 0.5, 0.1, 0.4)


@given(st.lists(st.floats(0.001, 1), min_size=7, max_size=7))
def test_values_are_in_the_range_of_the_message(weights):
    said = expressed(from_labels(FER2013, np.array(weights) / sum(weights)))
    assert said is not None
    assert said.word in CONSTANTS
    assert -1 <= said.valence <= 1
    assert -1 <= said.arousal <= 1
    assert 0 <= said.confidence <= 1


def emotion(state, estimate):
    return Emotion(1.0, state, estimate, 0.1, (), "logpool", "ada", True)


@pytest.mark.parametrize(
    ("state", "word"),
    [("positive", "happy"), ("calm", "neutral"), ("anxiety", "scared"), ("depression", "sad")],
)
def test_the_state_counts_and_not_the_most_probable_one(state, word):
    estimate = one_hot(STATES, "calm")
    said = expressed_state(emotion(state, estimate))
    assert said is not None
    assert said == (word, estimate.valence, estimate.arousal, estimate.confidence)


def test_an_unknown_state_says_nothing():
    assert expressed_state(emotion(UNKNOWN, one_hot(STATES, "calm"))) is None
