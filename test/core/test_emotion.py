# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros import emotion
from emo_music_ros import states as state_evidence
from emo_music_ros.streams import Estimate

AXIS = st.floats(-1, 1)


def estimate(labels, probabilities, valence=math.nan, arousal=math.nan):
    return Estimate(tuple(labels), np.array(probabilities), valence, arousal, math.nan, 0.5)


@pytest.mark.parametrize("name", emotion.VOCABULARIES)
def test_every_vocabulary_lies_on_the_circumplex(name):
    vocabulary, source = emotion.VOCABULARIES[name]
    assert source
    assert len(set(vocabulary)) == len(vocabulary)
    for label in vocabulary:
        assert all(-1 <= value <= 1 for value in emotion.PAD[emotion.canonical(label)])
        assert state_evidence.states_of(label).sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("label", "state"),
    [
        ("happiness", "positive"),
        ("calm", "calm"),
        ("neutral", "calm"),
        ("fear", "anxiety"),
        ("anger", "anxiety"),
        ("sadness", "depression"),
        ("stress", "anxiety"),
        ("relaxed", "calm"),
    ],
)
def test_labels_fall_into_the_state_of_their_quadrant(label, state):
    assert emotion.STATES[int(np.argmax(state_evidence.states_of(label)))] == state


def test_circumplex_is_the_expected_value():
    assert emotion.circumplex(("happy", "sad"), (0.5, 0.5)) == pytest.approx((0.09, 0.12, 0.065))


def test_unknown_label_is_a_key_error():
    with pytest.raises(KeyError):
        emotion.canonical("grumpiness")


@given(AXIS, AXIS)
def test_states_at_any_point_are_a_distribution_that_names_the_quadrant(valence, arousal):
    states = state_evidence.states_at(valence, arousal)
    assert states.sum() == pytest.approx(1)
    assert (states >= 0).all()
    if abs(valence) > 0.05 and abs(arousal) > 0.05:
        quadrant = {(1, 1): 0, (1, -1): 1, (-1, 1): 2, (-1, -1): 3}
        assert int(np.argmax(states)) == quadrant[int(np.sign(valence)), int(np.sign(arousal))]


def test_unknown_axis_leaves_the_pair_of_states_it_would_separate_even():
    states = state_evidence.states_from(estimate((), (), arousal=0.8))
    assert states[0] == pytest.approx(states[2])
    assert states[0] > states[1]


def test_estimate_that_says_nothing_has_no_states():
    assert state_evidence.states_from(emotion.unknown()) is None
    assert state_evidence.states_from(emotion.unknown(emotion.STATES)) is None


def test_words_outside_emotion_fall_back_on_the_circumplex():
    states = state_evidence.states_from(estimate(("concentrating", "idle"), (0.9, 0.1), 0.7, 0.7))
    assert int(np.argmax(states)) == 0


@given(st.lists(st.floats(1e-3, 1), min_size=2, max_size=9))
def test_entropy_is_between_certain_and_uniform(weights):
    probabilities = np.array(weights) / sum(weights)
    assert 0 <= emotion.entropy(probabilities) <= 1
    assert emotion.entropy(np.full(len(weights), 1 / len(weights))) == pytest.approx(1)


def test_entropy_agrees_with_scipy():
    from scipy.stats import entropy

    p = np.array([0.7, 0.2, 0.1])
    assert emotion.entropy(p) == pytest.approx(entropy(p) / math.log(3))


def test_from_labels_carries_calibrated_confidence():
    sure = emotion.from_labels(emotion.EKMAN, np.eye(7)[3])
    unsure = emotion.from_labels(emotion.EKMAN, np.full(7, 1 / 7))
    assert sure.confidence == pytest.approx(1, abs=1e-6)
    assert unsure.confidence == pytest.approx(0, abs=1e-6)
    assert sure.valence == pytest.approx(0.81)


def test_a_set_that_rules_nothing_out_is_a_calibrated_dont_know():
    labels = ("happiness", "sadness")
    sure = emotion.from_labels(labels, np.array([0.9, 0.1]), threshold=0.3)
    assert sure.credible == ("happiness",)
    assert emotion.knows(sure)
    assert state_evidence.states_from(sure) is not None
    unsure = emotion.from_labels(labels, np.array([0.6, 0.4]), threshold=0.3)
    assert unsure.credible == labels
    assert not emotion.knows(unsure)
    assert state_evidence.states_from(unsure) is None
    assert emotion.knows(emotion.from_labels(labels, np.array([0.6, 0.4])))


def test_the_most_probable_label_is_always_credible():
    assert emotion.credible(("a", "b"), [0.6, 0.4], 0.9) == ("a",)
    assert emotion.credible(("a", "b"), [], 0.9) == ()


def test_goemotions_are_grouped_completely_and_once():
    grouped = [label for labels in emotion.GOEMOTIONS_EKMAN.values() for label in labels]
    assert sorted(grouped) == sorted(emotion.GOEMOTIONS)
    assert set(emotion.GOEMOTIONS_EKMAN) == set(emotion.EKMAN)


def test_twenty_eight_labels_add_up_to_their_groups():
    one = np.zeros(28)
    one[emotion.GOEMOTIONS.index("annoyance")] = 0.3
    one[emotion.GOEMOTIONS.index("anger")] = 0.3
    one[emotion.GOEMOTIONS.index("joy")] = 0.2
    found = emotion.to_ekman(one)
    assert found[emotion.EKMAN.index("anger")] == pytest.approx(0.75)
    assert found[emotion.EKMAN.index("happiness")] == pytest.approx(0.25)
    assert emotion.to_ekman(np.zeros((2, 28))).tolist() == [[0.0] * 7] * 2


@pytest.mark.parametrize(
    ("scale", "rating", "value"),
    [("DEAP", 1, -1), ("DEAP", 5, 0), ("DEAM", 9, 1), ("ElderReact", 4, 0), ("AMIGOS", 7, 0.5)],
)
def test_rating_scales_are_centred(scale, rating, value):
    assert emotion.from_scale(rating, scale) == pytest.approx(value)


def test_a_rating_beyond_its_scale_is_kept_in_range_and_nan_stays():
    found = emotion.from_scale([0.5, 9.5, math.nan], "DEAP")
    assert found[:2].tolist() == [-1.0, 1.0]
    assert math.isnan(found[2])
