# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""When a track is due: limits and exact values."""

from __future__ import annotations

import numpy as np
import pytest
from feelings import NAN
from feelings import anxious as emotion

from emo_music_ros.emotion import STATES, UNKNOWN, unknown
from emo_music_ros.recommendation.session.listening import Listening
from emo_music_ros.recommendation.session.options import TriggerOptions
from emo_music_ros.recommendation.session.signals import Signals
from emo_music_ros.recommendation.session.triggers import Requests, Triggers
from emo_music_ros.streams import Track

SPAN, RISE = 50.0, 0.2


def listening(state="calm", began=0.0, duration=600.0, position=0.0):
    made = Listening(
        Track("t", ""), state, began, unknown(STATES), NAN, NAN, np.zeros(3), duration, True
    )
    made.position, made.seen = position, began + position
    return made


def seen(states, begin=0.0, **more):
    """Return signals with one state each second."""
    signals = Signals()
    for number, state in enumerate(states):
        signals.add_emotion(emotion(begin + number, state=state, **more))
    return signals


def due(triggers, now, listen=None, paused=False, **options):
    trigger, track, found = triggers.due(now, listen, paused, TriggerOptions(**options))
    return trigger, track, found and found.state


@pytest.mark.parametrize(("left", "trigger"), [(4.0, "end"), (4.1, "")])
def test_the_next_track_is_due_at_the_cross_fade_and_not_before(left, trigger):
    triggers = Triggers(Signals())
    listen = listening(duration=60.0, position=60.0 - left)
    assert due(triggers, 60.0 - left, listen, crossfade=4.0, min_dwell=100)[0] == trigger


@pytest.mark.parametrize(("left", "trigger"), [(3.3, "end"), (3.4, "")])
def test_of_a_short_track_no_more_than_a_third_is_faded(left, trigger):
    triggers = Triggers(Signals())
    listen = listening(duration=10.0, position=10.0 - left)
    assert due(triggers, 10.0 - left, listen, crossfade=12.0)[0] == trigger


def test_a_track_of_a_moment_has_an_end_too():
    listen = listening(duration=0.5, position=0.5)
    assert due(Triggers(Signals()), 0.5, listen)[0] == "end"


def test_a_track_of_unknown_length_has_no_end_to_wait_for():
    listen = listening(duration=0.0, position=600.0)
    assert due(Triggers(Signals()), 600.0, listen)[0] == ""


def test_another_state_is_due_after_its_least_time_and_covers_its_window():
    for now, trigger in ((44.9, ""), (45.0, "state")):
        signals = seen(["anxiety"] * 46)
        found = due(Triggers(signals), now, listening("calm"), min_dwell=45.0, stable=24.0)
        assert found == (trigger, "", "anxiety" if trigger else None)
    for first, trigger in ((40.5, "state"), (41.5, "")):  # 0.8 of 24 s is 19.2 s
        signals = seen(["anxiety"] * 20, begin=first)
        found = due(Triggers(signals), 60.0, listening("calm"), min_dwell=45.0, stable=24.0)
        assert found[0] == trigger


@pytest.mark.parametrize(("share", "trigger"), [(18, "state"), (17, "")])
def test_a_new_state_holds_three_quarters_of_the_time(share, trigger):
    signals = seen(["calm"] * (24 - share) + ["anxiety"] * share, begin=76.0)
    assert due(Triggers(signals), 100.0, listening("calm"), stable=24.0)[0] == trigger


def test_a_change_is_looked_for_now_and_then():
    signals = seen(["calm"] * 100)
    triggers, listen = Triggers(signals), listening("calm")
    assert due(triggers, 99.0, listen)[0] == ""
    listen.state = "anxiety"
    assert due(triggers, 99.5, listen)[0] == ""
    assert due(triggers, 99.75, listen)[0] == "state"


def test_the_state_music_was_chosen_for_is_no_change_after_a_glimpse_of_nothing():
    signals = seen(["calm"] * 100)
    triggers = Triggers(signals)
    triggers.begun("calm")
    triggers.begun(UNKNOWN)
    assert due(triggers, 99.0, listening(UNKNOWN))[0] == ""
    fresh = Triggers(signals)
    assert due(fresh, 99.0, listening(UNKNOWN))[0] == "state"
    triggers.restart()
    assert due(triggers, 100.0, listening(UNKNOWN))[0] == "state"
    unknown_now = Triggers(seen([UNKNOWN] * 100))
    assert due(unknown_now, 99.0, listening("calm"))[0] == ""


def test_after_a_track_a_moment_of_silence_comes_first():
    triggers = Triggers(Signals())
    triggers.begun("calm")
    triggers.idle(10.0, True)
    triggers.idle(11.0, False)
    triggers.idle(11.5, False)
    assert due(triggers, 11.9, settle=1.0)[0] == ""
    assert triggers.waiting == "a moment of silence"
    assert due(triggers, 12.0, settle=1.0)[0] == "start"
    triggers.ended()  # heard to its end: the next may follow at once
    assert due(triggers, 12.0, settle=60.0)[0] == "start"


@pytest.mark.parametrize(("first", "trigger"), [(0.9, "start"), (1.1, "")])
def test_a_first_state_is_seen_for_most_of_five_seconds(first, trigger):
    signals = seen(["calm"] * 5, begin=first)
    triggers = Triggers(signals)
    triggers.idle(0.0, False)
    assert due(triggers, 5.0, patience=10.0)[0] == trigger


def test_a_first_state_is_acted_on_if_it_is_sure():
    for confidence, state in ((0.11, "calm"), (0.09, None)):
        triggers = Triggers(seen(["calm"] * 6, confidence=confidence))
        triggers.idle(0.0, False)
        assert due(triggers, 5.5, patience=10.0)[2] == state
    assert triggers.waiting == "no emotion is stable and sure yet"


def test_patience_ends_exactly_when_it_is_over():
    triggers = Triggers(Signals())
    triggers.idle(100.0, False)
    assert due(triggers, 109.9, patience=10.0) == ("", "", None)
    assert due(triggers, 110.0, patience=10.0) == ("start", "", UNKNOWN)


def test_without_patience_music_begins_at_once():
    triggers = Triggers(Signals())
    assert due(triggers, 100.0, patience=0.0) == ("start", "", UNKNOWN)


def test_a_restart_waits_from_then_on():
    triggers = Triggers(Signals())
    triggers.idle(0.0, False)
    triggers.begun("calm")
    triggers.restart()
    assert due(triggers, 50.0, patience=10.0)[0] == ""
    assert due(triggers, 59.9, patience=10.0)[0] == ""
    assert due(triggers, 60.0, patience=10.0)[0] == "start"


@pytest.mark.parametrize(("share", "state"), [(10, "anxiety"), (9, UNKNOWN)])
def test_the_state_of_now_holds_half_of_the_last_twenty_seconds(share, state):
    others = [UNKNOWN, "depression", "positive"] * 4
    states = others[: 20 - share] + ["anxiety"] * share
    signals = seen(["calm"] * 30 + states)
    assert Triggers(signals).state_now(50.0).state == state


def test_each_failure_doubles_the_wait_up_to_ten_minutes():
    requests = Requests()
    assert requests.wait(7.0) == 7.0
    requests.failed()
    assert requests.wait(7.0) == 14.0
    for _ in range(5):
        requests.failed()
    assert requests.wait(7.0) == 448.0
    requests.failed()
    assert requests.wait(7.0) == 600.0
