# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The correction that is learned of one person."""

from __future__ import annotations

import numpy as np
import pytest
from confirmed import answer, misread, moment, says
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from emo_music_ros.emotion import STATES, from_labels
from emo_music_ros.fusion.adaptation import head as module
from emo_music_ros.fusion.adaptation.head import (
    LEAST,
    LEAST_SAID,
    NEWEST,
    Answer,
    Head,
    Moment,
    Prior,
    answer_of,
    centred,
    learn,
)
from emo_music_ros.numerics import softmax
from emo_music_ros.streams import Contribution

tables = st.lists(st.floats(0, 1), min_size=4, max_size=4).map(
    lambda values: (np.array(values) + 1e-9) / (sum(values) + 4e-9)
)
answers = st.builds(
    lambda fused, said: Answer(
        centred(fused, LEAST), {name: centred(row, LEAST_SAID) for name, row in said.items()}
    ),
    tables,
    st.dictionaries(st.sampled_from(("face", "speech", "gait")), tables),
)
moments = st.lists(st.builds(Moment, answers, st.integers(0, 3)), max_size=12)


def test_nothing_confirmed_is_no_head():
    assert learn([]) is None


def test_a_state_that_is_misread_is_learned_and_the_others_stay():
    head = learn(misread(64))
    before, after = softmax(answer(3).fused), head(answer(3))
    assert np.argmax(before) == 3
    assert np.argmax(after) == 1
    assert [np.argmax(head(answer(state))) for state in (0, 1, 2)] == [0, 1, 2]


def test_every_moment_moves_it_a_little_further():
    shares = [learn(misread(count))(answer(3))[1] for count in (4, 8, 12, 16, 24)]
    assert softmax(answer(3).fused)[1] < shares[0]
    assert shares == sorted(shares)


def test_what_is_right_already_stays_right_whichever_state_is_confirmed():
    for state in range(4):
        head = learn([moment(state, state, 10.0 * place) for place in range(40)])
        assert [np.argmax(head(answer(other, 0.4))) for other in range(4)] == [0, 1, 2, 3]


@pytest.mark.parametrize("state", range(4))
def test_a_state_that_was_not_confirmed_is_not_forgotten(state):
    """Somebody is misread a little in all states but one, and hardly read in that one."""
    confirmed = [
        moment(other, (other + place) % 4, 10.0 * place, 0.4)
        for place in range(16)
        for other in range(4)
        if state not in (other, (other + place) % 4)
    ]
    assert state not in {one.state for one in confirmed}
    assert np.argmax(learn(confirmed)(answer(state, 0.35))) == state


def test_what_stands_in_for_a_state_is_the_answer_with_two_states_exchanged():
    first = Answer(np.array([3.0, 1.0, -1.0, -3.0]), {"face": np.array([4.0, 5.0, 6.0, 7.0])})
    second = module._as_if(first, 2)
    assert second.fused.tolist() == [-1.0, 1.0, 3.0, -3.0]
    assert second.said["face"].tolist() == [6.0, 5.0, 4.0, 7.0]
    assert module._as_if(first, 0).fused.tolist() == first.fused.tolist()


def test_what_was_learned_of_a_modality_is_not_used_of_another():
    head = learn(misread(16))
    face, voice = head(answer(3, 0.7, "face")), head(answer(3, 0.7, "speech"))
    assert face[1] > voice[1]
    assert set(head.said) == {"face"}


@given(moments, answers)
@settings(max_examples=60, deadline=None)
def test_whatever_is_confirmed_there_are_probabilities(confirmed, asked):
    head = learn(confirmed)
    if head is None:
        return
    table = head(asked)
    assert np.isfinite(table).all()
    assert (table >= 0).all()
    assert table.sum() == pytest.approx(1)


@given(moments, st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_the_order_of_the_moments_changes_nothing(confirmed, draw):
    first = learn(confirmed)
    draw.shuffle(confirmed)
    second = learn(confirmed)
    if first is None:
        assert second is None
        return
    assert second.bias == pytest.approx(first.bias, abs=1e-6)
    for name, part in first.said.items():
        assert second.said[name] == pytest.approx(part, abs=1e-6)


def test_the_same_moments_give_the_same_head_bit_for_bit():
    first, second = learn(misread(9)), learn(misread(9))
    assert np.array_equal(first.bias, second.bias)
    assert np.array_equal(first.said["face"], second.said["face"])


def test_it_is_the_minimum_that_scipy_finds():
    draw = np.random.default_rng(1)
    columns, fused = draw.normal(size=(12, 5)), draw.normal(size=(12, 4))
    truth, weights = draw.integers(0, 4, 12), draw.uniform(0.5, 2, 12)
    penalty = np.array([1.0, 2, 2, 2, 2])

    def cost(flat):
        theta = flat.reshape(5, 4)
        table = softmax(fused + columns @ theta)
        loss = -weights @ np.log(table[np.arange(12), truth])
        return loss + 0.5 * penalty @ (theta**2).sum(axis=1)

    expected = minimize(cost, np.zeros(20), method="BFGS", tol=1e-8).x.reshape(5, 4)
    found = module._most_probable(columns, fused, truth, weights, penalty)
    assert found == pytest.approx(expected, abs=1e-4)


def test_a_strong_prior_keeps_the_shipped_weights():
    head = learn(misread(8), Prior(bias=1e9, said=1e9))
    assert head(answer(3)) == pytest.approx(softmax(answer(3).fused), abs=1e-6)


def test_the_newest_of_each_state_are_learned_from():
    old = [moment(3, 1, float(place)) for place in range(NEWEST)]
    rare = [moment(0, 2, 50.0)]
    new = [moment(1, 1, 100.0 + place) for place in range(NEWEST)]
    assert np.array_equal(learn(old + rare + new).bias, learn(rare + new).bias)


def test_an_answer_is_read_from_what_counted():
    estimate = from_labels(STATES, says(2).astype(np.float32))
    parts = [
        Contribution("face", 0.5, 0.0, 1.0, "", tuple(says(2))),
        Contribution("speech", 0.0, 0.0, 1.0, "", tuple(says(1))),
        Contribution("gait", 0.5, 0.0, 1.0, "", (float("nan"),) * 4),
    ]
    found = answer_of(estimate, parts)
    assert set(found.said) == {"face"}
    assert found.fused == pytest.approx(centred(says(2), LEAST), abs=1e-6)


def test_what_knows_nothing_is_not_corrected():
    head = learn(misread(8))
    unsure = from_labels(STATES, says(3), threshold=0.0)
    assert unsure.credible == STATES
    assert head.corrected(unsure, ()) is unsure


def test_an_estimate_that_is_corrected_says_how_sure_it_is_now():
    head = Head(np.array([0.0, 3.0, 0.0, -2.0]), {})
    before = from_labels(STATES, says(3, 0.9))
    after = head.corrected(before, ())
    assert np.argmax(after.probabilities) == 1
    assert 0 <= after.confidence < before.confidence
    assert after.credible == ()
