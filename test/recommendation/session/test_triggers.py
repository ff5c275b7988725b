# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.emotion import STATES, UNKNOWN, unknown
from emo_music_ros.recommendation.session.listening import Listening
from emo_music_ros.recommendation.session.options import TriggerOptions
from emo_music_ros.recommendation.session.signals import Signals
from emo_music_ros.recommendation.session.triggers import LONGEST_WAIT, Requests, Triggers
from emo_music_ros.states import STATE_CENTRES
from emo_music_ros.streams import Emotion, Estimate, Track

STEP = 0.25


class Session:
    """Steps triggers as the director does, with a track that plays on and on."""

    def __init__(self, **options):
        self.signals = Signals()
        self.triggers = Triggers(self.signals)
        self.options = TriggerOptions(**options)
        self.now, self.listening, self.due = 0.0, None, []

    def play(self, state, duration=600.0):
        nothing = unknown(STATES)
        self.listening = Listening(
            Track("t", ""), state, self.now, nothing, np.nan, np.nan, np.zeros(3), duration, True
        )
        self.triggers.begun(state)

    def run(self, seconds, states):
        """`states` is one state, or a function of the step that returns one."""
        for number in range(round(seconds / STEP)):
            self.now += STEP
            state = states(number) if callable(states) else states
            self.signals.add_emotion(self.emotion(state))
            self.triggers.idle(self.now, self.listening is not None)
            trigger, track, emotion = self.triggers.due(
                self.now, self.listening, False, self.options
            )
            if trigger:
                self.due.append((self.now, trigger, emotion and emotion.state))
                return self
        return self

    def emotion(self, state):
        estimate = unknown(STATES)
        if state != UNKNOWN:
            centre = STATE_CENTRES[STATES.index(state)]
            estimate = Estimate(STATES, np.zeros(0), float(centre[0]), float(centre[1]), 0.0, 0.5)
        return Emotion(self.now, state, estimate, 0.2, (), "", "anna", True)


def test_the_first_track_waits_for_a_stable_state_and_not_for_all_the_patience():
    session = Session().run(60, "calm")
    ((time, trigger, state),) = session.due
    assert (trigger, state) == ("start", "calm")
    assert 4 <= time <= 5


def test_one_wrong_first_second_is_not_a_first_track():
    session = Session().run(60, lambda step: "anxiety" if step < 4 else "calm")
    ((time, _, state),) = session.due
    assert state == "calm"
    assert time <= 10


@pytest.mark.parametrize("states", [UNKNOWN, lambda step: STATES[step % 4]])
def test_after_all_the_patience_the_safe_choice_is_made(states):
    session = Session(patience=10.0).run(60, states)
    ((time, trigger, state),) = session.due
    assert (trigger, state) == ("start", UNKNOWN)
    assert time == pytest.approx(10.0, abs=0.5)


def test_an_unsure_state_is_not_acted_on():
    session = Session(patience=10.0)
    session.emotion = lambda state: Emotion(
        session.now, state, Estimate(STATES, np.zeros(0), 0.5, -0.5, 0.0, 0.05), 0.9, (), ""
    )
    session.run(60, "calm")
    assert session.due[0][0] == pytest.approx(10.0, abs=0.5)
    assert session.due[0][2] == UNKNOWN


def test_whoever_comes_back_is_waited_for_again():
    session = Session(patience=10.0)
    session.run(5, UNKNOWN)
    session.triggers.restart()
    trigger, _, _ = session.triggers.due(session.now, None, False, session.options)
    assert trigger == ""
    session.run(60, UNKNOWN)
    assert session.due[0][0] == pytest.approx(15.0, abs=0.5)


@pytest.mark.parametrize("after", [10.0, 45.0, 300.0])
def test_a_change_is_reacted_to_at_the_least_time_or_soon_after(after):
    session = Session(min_dwell=45.0, stable=15.0)
    session.play("calm")
    session.run(after, "calm").run(120, "anxiety")
    ((time, trigger, state),) = session.due
    assert (trigger, state) == ("state", "anxiety")
    assert max(45.0, after + 8) <= time <= max(47.0, after + 16)


@pytest.mark.parametrize("seed", range(10))
def test_a_change_under_ten_percent_wrong_samples_is_reacted_to(seed):
    random = np.random.default_rng(seed)

    def noisy(state):
        return lambda step: random.choice(STATES) if random.random() < 0.1 else state

    session = Session()
    session.play("calm")
    session.run(60, noisy("calm"))
    assert session.due == []
    session.run(60, noisy("anxiety"))
    assert [entry[1:] for entry in session.due] == [("state", "anxiety")]


@pytest.mark.parametrize("seed", range(3))
def test_wrong_samples_alone_change_nothing_in_an_hour(seed):
    random = np.random.default_rng(seed)
    session = Session()
    session.play("calm", duration=7200.0)
    session.run(3600, lambda step: random.choice(STATES) if random.random() < 0.2 else "calm")
    assert session.due == []


def test_the_next_track_is_due_a_cross_fade_before_the_end():
    session = Session(crossfade=4.0)
    session.play("calm", duration=60.0)
    for _ in range(240):
        session.now += STEP
        session.listening.position, session.listening.seen = session.now, session.now
        due = session.triggers.due(session.now, session.listening, False, session.options)
        if due[0]:
            break
    assert due[0] == "end"
    assert session.now == pytest.approx(56.0, abs=STEP)
    session.listening.again = True
    assert session.triggers.due(session.now, session.listening, False, session.options)[:2] == (
        "repeat",
        "t",
    )


def test_a_pause_waits():
    session = Session()
    session.play("calm", duration=10.0)
    session.now = 60.0
    assert session.triggers.due(60.0, session.listening, True, session.options)[0] == ""
    assert session.triggers.waiting == "paused"


def test_a_dead_player_is_asked_at_growing_intervals():
    requests = Requests()
    waits = []
    for _ in range(10):
        waits.append(requests.wait(5.0))
        requests.failed()
    assert waits[:4] == [5.0, 10.0, 20.0, 40.0]
    assert waits[-1] == LONGEST_WAIT
    requests.began()
    assert requests.wait(5.0) == 5.0


@given(st.integers(0, 10**6), st.floats(0.5, 60))
def test_a_player_may_be_dead_for_months(failures, timeout):
    requests = Requests()
    requests.failures = failures
    assert timeout <= requests.wait(timeout) <= LONGEST_WAIT
