# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What a vocabulary says of the basic emotions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from emo_music_ros.emotion import EKMAN, FER2013, GOEMOTIONS, RAVDESS, STATES, STRESS, from_labels
from emo_music_ros.fusion.classes import CLASSES, FLOOR, STATES_OF_CLASSES, class_evidence


def said(labels, word, share=0.9):
    rest = (1 - share) / (len(labels) - 1)
    return from_labels(labels, np.array([share if one == word else rest for one in labels]))


def test_by_hand():
    found = class_evidence(from_labels(RAVDESS, np.array([0.5, 0.5, 0, 0, 0, 0, 0, 0])))
    logs = np.log([0.5, 0.5] + [FLOOR] * 6)
    assert found == pytest.approx(logs - logs.mean(), abs=1e-6)


def test_a_class_without_a_word_is_neither_for_nor_against():
    for labels in (FER2013, EKMAN):
        found = class_evidence(said(labels, "fear"))
        assert found[CLASSES.index("calm")] == 0
        assert int(found.argmax()) == CLASSES.index("fear")


@pytest.mark.parametrize(
    ("word", "group"), [("admiration", "happiness"), ("remorse", "sadness"), ("annoyance", "anger")]
)
def test_finer_words_are_grouped(word, group):
    assert int(class_evidence(said(GOEMOTIONS, word, 0.9)).argmax()) == CLASSES.index(group)


@pytest.mark.parametrize("labels", [STRESS, STATES, ("concentrating", "idle")])
def test_a_vocabulary_without_the_basic_emotions_has_none(labels):
    estimate = said(labels, labels[0]) if labels != ("concentrating", "idle") else None
    if estimate is not None:
        assert class_evidence(estimate) is None


def test_the_order_of_the_labels_means_nothing():
    there = said(RAVDESS, "sadness", 0.6)
    back = from_labels(RAVDESS[::-1], there.probabilities[::-1])
    assert class_evidence(there) == pytest.approx(class_evidence(back))


@given(arrays(float, 7, elements=st.floats(0, 1)))
def test_evidence_is_centred_and_finite(masses):
    if masses.sum() < 1e-6:
        return
    found = class_evidence(from_labels(FER2013, masses / masses.sum()))
    assert np.isfinite(found).all()
    assert found.sum() == pytest.approx(0, abs=1e-4)


def test_every_class_is_of_a_state_and_surprise_of_any():
    assert STATES_OF_CLASSES.sum(axis=1) == pytest.approx(np.ones(8))
    assert STATES_OF_CLASSES[CLASSES.index("surprise")] == pytest.approx(np.full(4, 0.25))
    for word, state in (("neutral", "calm"), ("fear", "anxiety"), ("sadness", "depression")):
        assert STATES_OF_CLASSES[CLASSES.index(word), STATES.index(state)] == 1
