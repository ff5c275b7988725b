# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What an estimate says about the four states."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from emo_music_ros import emotion
from emo_music_ros import states as state_evidence
from emo_music_ros.emotion import STATES, entropy
from emo_music_ros.states import states_from, within
from emo_music_ros.streams import Estimate

NAN = math.nan
WORDS = [name for name in emotion.VOCABULARIES if name != "states"]
POSITIVE, CALM, ANXIETY, DEPRESSION = range(4)


def estimate(labels, probabilities, valence=NAN, arousal=NAN):
    return Estimate(tuple(labels), np.array(probabilities, float), valence, arousal, NAN, 0.5)


def one_hot(labels, word):
    return estimate(labels, [float(label == word) for label in labels])


def test_the_prior_of_a_state_is_divided_out_by_hand():
    # A tenth of every class is left to all four states: 0.925 for its own, 0.025 for another. The
    # four classes name anxiety three times and calm once; prior: 0.025, 0.25, 0.7, 0.025.
    labels = ("anger", "fear", "disgust", "calm")
    weights = np.array([1.0, 0.025 / 0.25, 0.925 / 0.7, 1.0])
    assert states_from(one_hot(labels, "fear")) == pytest.approx(weights / weights.sum())
    weights = np.array([1.0, 0.925 / 0.25, 0.025 / 0.7, 1.0])
    assert states_from(one_hot(labels, "calm")) == pytest.approx(weights / weights.sum())


def test_a_state_named_by_one_class_weighs_as_much_as_one_named_by_three():
    one = states_from(estimate(("stress", "calm"), [0.5, 0.5]))
    assert one[ANXIETY] == pytest.approx(one[CALM])
    labels = ("anger", "fear", "disgust", "calm")
    even = states_from(estimate(labels, [1 / 6, 1 / 6, 1 / 6, 0.5]))
    assert even[ANXIETY] < even[CALM]


@pytest.mark.parametrize("name", WORDS)
def test_a_classifier_that_knows_nothing_says_nothing(name):
    labels, _ = emotion.VOCABULARIES[name]
    states = states_from(estimate(labels, np.full(len(labels), 1 / len(labels))))
    assert entropy(states) > 0.98  # above which the fusion calls a state unknown


@pytest.mark.parametrize("name", ["FER2013", "RAVDESS", "Ekman", "CK+", "EMO-DB", "SMP2020"])
@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("sadness", DEPRESSION),
        ("fear", ANXIETY),
        ("anger", ANXIETY),
        ("disgust", ANXIETY),
        ("happiness", POSITIVE),
        ("neutral", CALM),
    ],
)
def test_a_sure_class_is_its_state_in_every_vocabulary(name, word, state):
    labels, _ = emotion.VOCABULARIES[name]
    if word in labels:
        states = states_from(one_hot(labels, word))
        assert int(np.argmax(states)) == state
        assert states[state] > 0.5


@pytest.mark.parametrize("name", [n for n in WORDS if "surprise" in emotion.VOCABULARIES[n][0]])
def test_surprise_alone_says_nothing(name):
    labels, _ = emotion.VOCABULARIES[name]
    assert states_from(one_hot(labels, "surprise")) == pytest.approx(np.full(4, 0.25))


@given(st.floats(0, 1))
def test_surprise_dilutes_what_the_rest_says(share):
    labels = emotion.EKMAN
    sad = np.array([float(label == "sadness") for label in labels])
    surprised = np.array([float(label == "surprise") for label in labels])
    mixed = states_from(estimate(labels, (1 - share) * sad + share * surprised))
    alone = states_from(estimate(labels, sad))
    assert mixed == pytest.approx((1 - share) * alone + share * 0.25)


def test_a_vocabulary_without_a_word_for_a_state_leaves_it_open():
    """Calm against stress knows no sadness: sure stress must not exclude it."""
    for word in emotion.STRESS:
        states = states_from(one_hot(emotion.STRESS, word))
        assert states[DEPRESSION] == pytest.approx(states[POSITIVE])
        assert states[DEPRESSION] > 0.1
        other = CALM if word == "stress" else ANXIETY
        assert states[other] < states[DEPRESSION]


def test_probabilities_of_the_states_are_taken_as_they_are():
    rows = [0.7, 0.1, 0.15, 0.05]
    assert states_from(estimate(STATES, rows)) == pytest.approx(rows)


@given(st.sampled_from(WORDS), st.data())
def test_evidence_is_a_distribution_and_taking_it_again_changes_nothing(name, data):
    labels, _ = emotion.VOCABULARIES[name]
    masses = data.draw(arrays(float, len(labels), elements=st.floats(0, 1)))
    states = states_from(estimate(labels, masses))
    if masses.sum() < 1e-300:
        return
    assert states.sum() == pytest.approx(1)
    assert (states >= 0).all()
    assert states_from(estimate(STATES, states)) == pytest.approx(states)


@pytest.mark.parametrize("bad", [[NAN] * 7, [0.0] * 7, [1.0], []])
def test_without_usable_probabilities_the_circumplex_speaks(bad):
    states = states_from(estimate(emotion.EKMAN, bad, -0.5, -0.5))
    assert int(np.argmax(states)) == DEPRESSION
    assert states_from(estimate(emotion.EKMAN, bad)) is None
    states = states_from(estimate(STATES, bad[:4], 0.5, 0.5))
    assert int(np.argmax(states)) == POSITIVE


AXIS = st.one_of(st.just(NAN), st.floats(-1, 1))


@given(st.sampled_from(STATES), AXIS, AXIS)
def test_a_point_within_a_state_has_its_signs(state, valence, arousal):
    centre = state_evidence.STATE_CENTRES[STATES.index(state)]
    found = within(state, valence, arousal)
    assert np.sign(found).tolist() == np.sign(centre).tolist()
    assert all(state_evidence.EDGE <= abs(value) <= 1 for value in found)
    assert within(state, *found) == pytest.approx(found)
    for value, given_value, middle in zip(found, (valence, arousal), centre):
        if math.isnan(given_value):
            assert value == middle
        elif given_value * middle > 0 and abs(given_value) >= state_evidence.EDGE:
            assert value == pytest.approx(given_value)
