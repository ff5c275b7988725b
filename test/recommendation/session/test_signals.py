# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.emotion import STATES, UNKNOWN, unknown
from emo_music_ros.recommendation.session.signals import (
    KEPT,
    SILENCE,
    Signals,
    arousal_of,
    mean_estimate,
)
from emo_music_ros.states import STATE_CENTRES
from emo_music_ros.streams import Emotion, Estimate

NAN = math.nan


def emotion(time, state, confidence=0.8, present=True, valence=None, arousal=None):
    if state == UNKNOWN:
        return Emotion(time, state, unknown(STATES), 1.0, (), "", "anna", present)
    centre = STATE_CENTRES[STATES.index(state)]
    probabilities = np.full(4, 0.05, np.float32)
    probabilities[STATES.index(state)] = 0.85
    estimate = Estimate(
        STATES,
        probabilities,
        float(centre[0]) if valence is None else valence,
        float(centre[1]) if arousal is None else arousal,
        0.0,
        confidence,
    )
    return Emotion(time, state, estimate, 0.2, (), "", "anna", present)


def seen(states, step=1.0, **more):
    signals = Signals()
    for number, state in enumerate(states):
        signals.add_emotion(emotion(number * step, state, **more))
    return signals


def test_a_state_is_agreed_by_its_share_of_the_time_not_by_an_unbroken_row():
    row = ["calm"] * 4 + ["anxiety"] + ["calm"] * 5
    signals = seen(row)
    state, own = signals.agreed(10.0, 10.0, 0.9)
    assert state == "calm"
    assert len(own) == 9
    assert own[0].time > own[-1].time  # newest first
    assert signals.agreed(10.0, 10.0, 0.91)[0] == UNKNOWN


def test_time_counts_not_the_number_of_reports():
    signals = Signals()
    signals.add_emotion(emotion(0.0, "calm"))
    for number in range(10):  # a burst
        signals.add_emotion(emotion(4.0 + number * 0.01, "anxiety"))
    assert signals.agreed(4.2, 4.2, 0.5)[0] == "calm"


def test_unknown_is_time_in_which_the_state_was_not_seen():
    signals = seen(["calm"] * 4 + [UNKNOWN] * 6)
    assert signals.agreed(10.0, 10.0, 0.5)[0] == UNKNOWN
    assert signals.agreed(10.0, 10.0, 0.1)[0] == UNKNOWN  # most is not known
    assert signals.agreed(4.0, 4.0, 0.9)[0] == "calm"


def test_a_state_has_to_be_seen_long_enough_and_surely():
    signals = seen(["calm"] * 5)
    assert signals.agreed(5.0, 10.0, 0.7, coverage=4.9)[0] == "calm"
    assert signals.agreed(5.0, 10.0, 0.7, coverage=5.1)[0] == UNKNOWN
    unsure = seen(["calm"] * 5, confidence=0.05)
    assert unsure.agreed(5.0, 5.0, 0.7, least=0.1)[0] == UNKNOWN
    assert unsure.agreed(5.0, 5.0, 0.7)[0] == "calm"
    assert Signals().agreed(5.0, 5.0, 0.0) == (UNKNOWN, [])


def test_a_source_that_died_speaks_for_a_moment_only():
    signals = seen(["calm"])
    assert sum(held for held, _ in signals.weighted(60.0, 60.0)) == SILENCE
    assert signals.agreed(60.0, 30.0, 0.5)[0] == UNKNOWN


def test_what_comes_after_now_is_not_looked_at():
    signals = seen(["calm"] * 5 + ["anxiety"] * 5)
    assert signals.agreed(5.0, 5.0, 1.0)[0] == "calm"


def test_settled_has_the_mean_of_its_own_state():
    signals = Signals()
    for time, valence in ((0, 0.2), (1, 0.4), (2, 0.6)):
        signals.add_emotion(emotion(time, "calm", valence=valence))
    signals.add_emotion(emotion(2.5, "anxiety"))
    found = signals.settled(3.0, 3.0, 0.5)
    assert (found.state, found.time) == ("calm", 2.0)
    assert found.estimate.valence == pytest.approx(0.4)
    nothing = signals.settled(100.0, 3.0, 0.5)
    assert nothing.state == UNKNOWN
    assert math.isnan(nothing.time)


@given(
    st.lists(
        st.tuples(st.floats(0, 5), st.sampled_from((*STATES, UNKNOWN))), min_size=1, max_size=40
    ),
    st.floats(0.1, 60),
)
def test_what_was_seen_never_adds_up_to_more_than_the_window(steps, span):
    signals, now = Signals(), 0.0
    for elapsed, state in steps:
        now += elapsed
        signals.add_emotion(emotion(now, state))
    held = [time for time, _ in signals.weighted(now + 1, span)]
    assert all(time > 0 for time in held)
    assert sum(held) <= span + 1e-9
    state, own = signals.agreed(now + 1, span, 0.6)
    assert all(each.state == state for each in own)


def test_older_reports_and_those_without_a_time_are_refused():
    signals = seen(["calm"] * 3)
    assert not signals.add_emotion(emotion(1.0, "anxiety"))
    assert not signals.add_emotion(emotion(NAN, "anxiety"))
    assert signals.newest.state == "calm"


def test_only_the_last_minutes_are_kept():
    signals = seen(["calm"] * 400)
    assert len(list(signals.weighted(399.0, 1e6))) <= KEPT + 1


def test_presence_is_told_from_the_state():
    signals = Signals()
    signals.add_emotion(emotion(1.0, UNKNOWN, present=False))
    assert not signals.sensed
    assert signals.last_sign == -math.inf
    signals.add_emotion(emotion(2.0, UNKNOWN, present=True))
    signals.add_emotion(emotion(3.0, UNKNOWN, present=False))
    assert signals.sensed
    assert signals.last_sign == 2.0


def test_a_few_wrong_estimates_do_not_move_the_emotion_of_a_moment():
    signals = Signals()
    for number in range(10):
        signals.add_emotion(emotion(number, "positive" if number == 4 else "depression"))
    assert signals.mean_emotion(10.0).valence == -0.5
    assert signals.mean_emotion(10.0, begin=9.5).valence != signals.mean_emotion(10.0).valence
    assert math.isnan(signals.mean_emotion(100.0).valence)


def test_heart_rates():
    signals = Signals()
    for time, bpm in ((0.0, 80.0), (1.0, 90.0), (200.0, 70.0)):
        assert signals.add_heart_rate(time, bpm)
    for bad in (NAN, 0.0, -1.0, math.inf):
        assert not signals.add_heart_rate(201.0, bad)
    assert not signals.add_heart_rate(NAN, 70.0)
    assert signals.mean_heart_rate(201.0) == 70.0
    assert math.isnan(signals.mean_heart_rate(100.0))
    assert signals.usual_heart_rate == pytest.approx(80.0)


def test_what_is_usual_of_one_person_is_not_kept_for_the_next():
    signals = seen(["calm"])
    signals.add_heart_rate(0.0, 100.0)
    signals.clear()
    assert signals.newest is None
    assert math.isnan(signals.usual_heart_rate)
    assert math.isnan(signals.mean_heart_rate(1.0))


def test_an_unknown_arousal_is_that_of_the_state():
    assert arousal_of(emotion(0.0, "anxiety", arousal=NAN)) == 0.5
    assert arousal_of(emotion(0.0, "anxiety", arousal=0.9)) == 0.9
    assert math.isnan(arousal_of(emotion(0.0, UNKNOWN)))


def test_mean_of_estimates():
    mean = mean_estimate(
        [emotion(0, "calm").estimate, emotion(0, "anxiety").estimate, unknown(STATES)]
    )
    assert mean.valence == pytest.approx(0.0)
    assert mean.probabilities.sum() == pytest.approx(1.0, abs=1e-6)
    assert math.isnan(mean_estimate([]).valence)
