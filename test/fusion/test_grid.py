# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What was said lately on one time grid: gaps, ages, masks, order of arrival and memory."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emo_music_ros.emotion import EKMAN, FER2013, RAVDESS, STATES, STRESS, from_labels, unknown
from emo_music_ros.fusion.base import Evidence
from emo_music_ros.fusion.classes import FLOOR, class_evidence
from emo_music_ros.fusion.grid import (
    AGE_AT,
    CLASSES_AT,
    FEATURES,
    MASK_AT,
    QUALITY_AT,
    SAID,
    SPAN,
    STATES_AT,
    STEP,
    STEPS,
    Past,
    filled,
    moment,
    said_of,
    tensor,
)
from emo_music_ros.fusion.strategies import AverageFusion
from emo_music_ros.fusion.timeline import STALE_AFTER, Timeline
from emo_music_ros.fusion.voice import LATENESS, Voice
from emo_music_ros.states import states_from
from emo_music_ros.streams import Encoding

LABELS = {"face": FER2013, "speech": RAVDESS, "text": EKMAN}


class Listening(AverageFusion):
    """Remembers what it was given."""

    remembers = True

    def fuse(self, evidence):
        self.window = tensor(evidence, tuple(LABELS))
        return super().fuse(evidence)


def estimate(word="sadness", share=0.7, modality="face", quality=1.0):
    labels = LABELS.get(modality, STATES)
    rest = (1 - share) / (len(labels) - 1)
    masses = np.array([share if one == word else rest for one in labels])
    return from_labels(labels, masses, quality)


def encoding(time, modality="face", word="sadness", share=0.7, quality=1.0):
    said = estimate(word, share, modality, quality)
    return Encoding(modality, time, time, said, np.zeros(0))


def window(encodings, now):
    """The tensor that a strategy is given at `now`."""
    fusion = Listening()
    timeline = Timeline(fusion, "listening")
    for one in encodings:
        timeline.add(one)
    fusion.window = np.zeros((STEPS, len(LABELS), FEATURES), np.float32)
    timeline.step(now)
    return fusion.window


def row(values, known, times, ends, gap=math.inf):
    """Fill the gaps of a single feature; the others are 0."""
    table = np.zeros((len(values), SAID))
    table[:, 0] = values
    return filled(table, np.array(known, bool), np.array(times, float), np.array(ends, float), gap)


def test_gaps_are_bridged_and_the_last_value_holds_with_its_age():
    found = row([0, 2, 0, 0, 8, 0], [0, 1, 0, 0, 1, 0], [0, 1.5, 0, 0, 4.5, 0], range(1, 7))
    assert found[:, 0] == pytest.approx([0, 2, 4, 6, 8, 8])
    assert found[:, MASK_AT] == pytest.approx([0, 1, 1, 1, 1, 1])
    assert found[:, AGE_AT] * SPAN == pytest.approx([0, 0.5, 1.5, 2.5, 0.5, 1.5])


def test_a_gap_that_is_too_long_is_held_for_a_while_and_then_unknown():
    found = row([3, 0, 0, 0, 8], [1, 0, 0, 0, 1], [0.5, 0, 0, 0, 4.5], range(1, 6), gap=2.0)
    assert found[:, MASK_AT] == pytest.approx([1, 1, 0, 0, 1])
    assert found[:, 0] == pytest.approx([3, 3, 0, 0, 8])


@given(
    st.lists(st.one_of(st.none(), st.floats(-1, 1)), min_size=STEPS, max_size=STEPS).filter(
        lambda column: sum(one is not None for one in column) > 1
    )
)
def test_what_lies_between_two_answers_is_what_numpy_interpolates(column):
    known = np.array([one is not None for one in column])
    values = [0.0 if one is None else one for one in column]
    found = row(values, known, np.arange(STEPS), np.arange(STEPS) + 1.0)
    places = np.flatnonzero(known)
    inside = np.arange(places[0], STEPS)
    by_numpy = np.interp(inside, places, np.array(values)[places])
    assert found[inside, 0] == pytest.approx(by_numpy, abs=1e-6)
    assert (found[: places[0]] == 0).all()


def test_many_are_filled_as_each_alone():
    draw = np.random.default_rng(0)
    values, known = draw.random((5, 3, STEPS, SAID)), draw.random((5, 3, STEPS)) < 0.4
    ends = np.broadcast_to(np.arange(1.0, STEPS + 1) * STEP, (5, 3, STEPS))
    times, gap = ends - draw.random((5, 3, STEPS)), np.array([2.0, 9.0, 30.0])
    whole = filled(values, known, times, ends, gap)
    for index in np.ndindex(5, 3):
        alone = filled(values[index], known[index], times[index], ends[index], gap[index[1]])
        assert np.array_equal(whole[index], alone)


def test_features_are_states_classes_and_quality():
    said = estimate("fear", 0.6)
    words = class_evidence(said)
    found = said_of(states_from(said), words, 0.8)
    assert found[STATES_AT] == pytest.approx(states_from(said))
    assert found[CLASSES_AT] * -math.log(FLOOR) == pytest.approx(words, rel=1e-5)
    assert found[QUALITY_AT] == 0.8
    assert found.shape == (SAID,)
    assert not said_of(np.full(4, 0.25), None, 1.0)[CLASSES_AT].any()


ANSWERS = st.lists(
    st.tuples(
        st.floats(0, 60).map(lambda time: round(time, 2)),
        st.sampled_from([("face", "fear"), ("face", "happiness"), ("speech", "calm"),
                         ("speech", "sadness"), ("text", "anger"), ("text", "neutral")]),
        st.floats(0.2, 0.95),
    ),
    min_size=1,
    max_size=14,
    unique_by=lambda one: (one[0], one[1][0]),
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(ANSWERS, st.floats(0, 3), st.data())
def test_order_delay_and_repetition_within_the_window_change_nothing(answers, later, data):
    ordered = [encoding(time, *what, share) for time, what, share in sorted(answers)]
    now = ordered[-1].time + later
    # Each comes at most LATENESS after its time, some twice.
    arrived = []
    for index, one in enumerate(ordered):
        for copy in range(data.draw(st.integers(1, 2))):
            delay = data.draw(st.floats(0, LATENESS * 0.99))
            arrived.append((one.time + delay, index, copy))
    second = window([ordered[index] for _, index, _ in sorted(arrived)], now)
    np.testing.assert_allclose(second, window(ordered, now), atol=1e-5)


def test_what_comes_late_corrects_the_recent_past():
    early, late, last = (encoding(at, word=word) for at, word in
                         ((3.0, "fear"), (7.9, "happiness"), (8.5, "fear")))  # fmt: skip
    without, corrected = window([early, last], 8.6), window([early, last, late], 8.6)
    step = STEPS - 2  # from 4 to 8 s
    assert without[step, 0, 0] < 0.2 < corrected[step, 0, 0]
    np.testing.assert_allclose(corrected, window([early, late, last], 8.6), atol=1e-6)


def test_streams_of_different_rates_meet_on_one_grid():
    said = [encoding(0.1 * at) for at in range(1, 200)]
    said += [encoding(at, "speech") for at in (3.0, 11.0, 19.0)] + [encoding(9.0, "text")]
    found = window(sorted(said, key=lambda one: one.time), 20.0)
    mask = found[..., MASK_AT]
    assert mask[-5:, 0].all()  # the face, many times a second
    assert mask[-6:, 1].all()  # the voice, bridged
    assert mask[:, 2].tolist() == [0] * (STEPS - 4) + [1] * 4  # one sentence holds
    assert found[-1, 2, AGE_AT] * SPAN == pytest.approx(11.0)
    assert mask[0].sum() == 0  # nothing is known of the time before


def test_a_modality_that_is_too_old_is_not_there():
    said = [encoding(1.0), encoding(1.0, "text")]
    found = window(said, 1.0 + STALE_AFTER["face"] + 0.1)
    assert not found[:, 0].any()
    assert found[-1, 2, MASK_AT] == 1


@settings(deadline=None)
@given(st.lists(st.floats(0, 500), min_size=1, max_size=60))
def test_memory_is_bounded_by_the_grid(times):
    past = Past()
    for time in sorted(times):
        past.add(time, np.ones(SAID), 1.0)
        assert len(past) <= STEPS
    assert np.isfinite(past.at(max(times) + 1.0)).all()


def test_what_was_said_before_the_grid_begins_holds_with_its_age():
    past = Past()
    past.add(1.0, np.full(SAID, 0.5), 1.0)
    found = past.at(1.0 + 2 * SPAN)
    assert found[:, MASK_AT].all()
    assert found[-1, AGE_AT] == 1.0
    assert found[0, AGE_AT] * SPAN == pytest.approx(SPAN + STEP - 1.0, abs=STEP)


def test_an_answer_of_the_future_is_one_of_now():
    past = Past()
    past.add(9.0, np.full(SAID, 0.5), 1.0)
    found = past.at(7.0)
    assert found[-1, MASK_AT] == 1
    assert found[-1, AGE_AT] == 0


@pytest.mark.parametrize("age", [0.0, 1.0, 3.9, 4.0, 17.0, 100.0])
def test_one_answer_is_the_past_of_one_answer(age):
    said = estimate()
    past = Past()
    now = 100 * STEP - 1e-6
    past.add(now - age, said_of(states_from(said), class_evidence(said), said.quality), 1.0)
    expected = moment(states_from(said), said, said.quality, age)
    np.testing.assert_allclose(expected, past.at(now), atol=1e-5)


def test_what_says_nothing_and_strangers_are_not_in_the_tensor():
    nothing = Evidence(Encoding("face", 0.0, 0.0, unknown(), np.zeros(0)), 0.0)
    gait = Evidence(Encoding("gait", 0.0, 0.0, from_labels(STATES, np.full(4, 0.25)), []), 0.0)
    assert not tensor([nothing, gait], ("face", "speech")).any()


def test_a_vocabulary_without_classes_still_says_its_states():
    stressed = from_labels(STRESS, np.array([0.1, 0.9]))
    body = Evidence(Encoding("physiology", 0.0, 0.0, stressed, np.zeros(0)), 0.0)
    found = tensor([body], ("physiology",))[-1, 0]
    assert found[STATES_AT].argmax() == STATES.index("anxiety")
    assert not found[CLASSES_AT].any()


def test_only_a_strategy_that_remembers_is_given_a_past():
    forgetful, remembering = Voice(), Voice(remembers=True)
    for voice in (forgetful, remembering):
        voice.add(encoding(1.0), states_from(estimate()), 8.0, 15.0)
    assert forgetful.evidence(0.0).past is None
    assert remembering.evidence(0.0).past.shape == (STEPS, FEATURES)
