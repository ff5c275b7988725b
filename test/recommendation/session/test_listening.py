# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The course of one listen: position, what was heard of it, who was there, how it ended."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.emotion import STATES, unknown
from emo_music_ros.recommendation.session.listening import NEAR_END, Listening
from emo_music_ros.recommendation.session.signals import SILENCE, WINDOW, Signals
from emo_music_ros.recommendation.session.views import PlayerView
from emo_music_ros.streams import Emotion, Estimate, Track

NAN = math.nan
CROSSFADE = 4.0


def feels(valence, arousal):
    return Estimate(STATES, np.full(4, 0.25), valence, arousal, NAN, 1.0)


def listen(duration=60.0, began=100.0, before=None, heart_before=NAN, usual_heart=NAN):
    return Listening(
        Track("t", ""),
        "calm",
        began,
        before or unknown(STATES),
        heart_before,
        usual_heart,
        np.array([0.5, -0.4, 0.0]),
        duration,
        True,
    )


def view(time, position, status="playing", duration=0.0):
    return PlayerView(time, status, "t", position, duration)


def play(listening, begin, end, step=1.0):
    """Report every second that it plays on from one position to another."""
    for position in np.arange(begin, end + 1e-9, step):
        listening.follow(view(listening.began + position, float(position)))
    return listening


def ended(listening, time, signals=None, **more):
    options = {
        "consent": True,
        "finished": False,
        "crossfade": CROSSFADE,
        "usual_dwell": (1.0, 0),
        "heart_reward": False,
        "listen_id": 3,
        **more,
    }
    return listening.outcome(time, "anna", signals or Signals(), **options)


# Position ---------------------------------------------------------------------------------------


def test_between_two_reports_the_music_goes_on_for_a_while():
    listening = play(listen(), 0, 10)
    assert listening.at(110.0) == 10.0
    assert listening.at(112.5) == 12.5
    assert listening.at(110.0 + SILENCE + 20) == 10.0 + SILENCE  # its player may have died
    assert listening.at(105.0) == 10.0


def test_before_the_first_report_it_plays_from_its_beginning():
    assert listen().at(103.0) == 3.0
    assert listen().at(99.0) == 0.0


def test_a_pause_stands_still():
    listening = play(listen(), 0, 10)
    listening.follow(view(111.0, 10.5, "paused"))
    assert listening.at(115.0) == 10.5
    listening.follow(view(120.0, 10.5, "playing"))
    assert listening.at(121.0) == 11.5


def test_no_track_goes_on_beyond_its_end_where_that_is_known():
    assert play(listen(12.0), 0, 10).at(114.0) == 12.0
    assert play(listen(0.0), 0, 10).at(114.0) == 14.0


def test_the_player_knows_best_how_long_a_track_is():
    listening = listen(60.0)
    listening.follow(view(101.0, 1.0, duration=90.0))
    assert listening.duration == 90.0
    listening.follow(view(102.0, 2.0))  # and says nothing of it this time
    assert listening.duration == 90.0
    listening.follow(view(102.2, 0.2, duration=0.5))  # a jingle
    assert listening.duration == 0.5


# What was heard ---------------------------------------------------------------------------------


@given(st.lists(st.floats(0.1, 5), min_size=1, max_size=20))
def test_what_plays_on_is_heard(gaps):
    listening, position = listen(600.0), 0.0
    for gap in gaps:
        position += gap
        listening.follow(view(100.0 + position, position))
    assert listening.heard == pytest.approx(position)
    assert not listening.jumped


@pytest.mark.parametrize("target", [50.0, 2.0])
def test_a_jump_is_not_heard(target):
    listening = play(listen(), 0, 10)
    listening.follow(view(111.0, target))
    assert listening.heard == 10.0
    assert listening.jumped
    listening.follow(view(112.0, target + 1.0))
    assert listening.heard == 11.0


@pytest.mark.parametrize(("moved", "heard"), [(2.5, 12.5), (2.6, 10.0)])
def test_a_report_may_be_half_as_long_again_and_a_second_late(moved, heard):
    listening = play(listen(), 0, 10)
    listening.follow(view(111.0, 10.0 + moved))
    assert listening.heard == pytest.approx(heard)
    assert listening.jumped == (heard == 10.0)


@pytest.mark.parametrize(("back", "jumped"), [(1.0, False), (1.1, True)])
def test_a_little_back_is_no_jump(back, jumped):
    listening = play(listen(), 0, 10)
    listening.follow(view(110.5, 10.0 - back))
    assert listening.jumped == jumped
    assert listening.heard == 10.0


def test_a_first_report_counts_from_the_beginning():
    listening = listen()
    listening.follow(view(103.0, 3.0))
    assert (listening.heard, listening.jumped) == (3.0, False)
    late = listen()
    late.follow(view(100.5, 30.0))
    assert (late.heard, late.jumped) == (0.0, True)


# Who was there ----------------------------------------------------------------------------------


def test_time_counts_in_which_somebody_is_there():
    listening = listen()
    listening.watch(110.0, True)
    listening.watch(130.0, False)
    listening.watch(135.0, True)
    listening.watch(134.0, True)  # a clock a little behind counts nothing twice
    listening.watch(136.0, True)
    assert listening.attended == pytest.approx(10.0 + 5.0 + 1.0)
    assert ended(listening, 164.0).attended == pytest.approx(16.0 / 64.0)


def test_attendance_is_at_most_all_of_a_listen():
    listening = listen()
    listening.watch(110.0, True)
    assert ended(listening, 105.0).attended == 1.0
    assert ended(listen(), 100.0).attended == 0.0


# How it ended -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "finished"), [(CROSSFADE + NEAR_END, True), (CROSSFADE + NEAR_END + 0.1, False)]
)
def test_a_track_left_at_its_cross_fade_was_heard_to_its_end(left, finished):
    listening = play(listen(60.0), 0, 50)
    listening.follow(view(160.0 - left, 60.0 - left))
    found = ended(listening, 160.0 - left)
    assert (found.dwell == 1.0) == finished
    assert found.interrupted != finished


def test_dwell_is_the_share_that_was_heard():
    assert ended(play(listen(60.0), 0, 30), 130.0).dwell == pytest.approx(0.5)
    assert ended(play(listen(60.0), 0, 30), 133.0).dwell == pytest.approx(33 / 60)
    jumping = play(listen(60.0), 0, 30)
    jumping.follow(view(131.0, 10.0))
    play(jumping, 10, 50, step=0.5)
    assert ended(jumping, 171.0).dwell <= 1.0


def test_a_track_of_unknown_length_has_no_share_and_earns_nothing():
    found = ended(play(listen(0.0), 0, 30), 130.0, usual_dwell=(0.9, 20))
    assert found.dwell == 0.0
    assert found.signals == {}
    assert ended(play(listen(0.0), 0, 30), 130.0, finished=True).dwell == 1.0


def test_who_jumped_to_the_end_heard_only_what_they_heard():
    listening = play(listen(60.0), 0, 10)
    listening.follow(view(111.0, 57.0))
    found = ended(listening, 114.0, finished=True)
    assert found.dwell == pytest.approx((10.0 + 3.0) / 60.0)
    assert not found.interrupted


@pytest.mark.parametrize("how", ["skipped", "stopped"])
def test_a_person_who_ends_it_early_is_no_interruption(how):
    listening = play(listen(60.0), 0, 20)
    setattr(listening, how, True)
    found = ended(listening, 120.0)
    assert not found.interrupted
    assert found.skipped == (how == "skipped")
    # at the very end it is still theirs, unless the player says it was over
    late = play(listen(60.0), 0, 58)
    setattr(late, how, True)
    assert ended(late, 158.0).dwell == pytest.approx(58 / 60)
    assert ended(late, 158.0).skipped == (how == "skipped")
    assert ended(late, 158.0, finished=True).dwell == 1.0
    assert not ended(late, 158.0, finished=True).skipped


def test_what_the_system_replaces_is_interrupted():
    found = ended(play(listen(60.0), 0, 20), 120.0)
    assert found.interrupted
    assert not found.skipped


# What came of it --------------------------------------------------------------------------------


def seen(signals, time, valence, arousal):
    signals.add_emotion(Emotion(time, "calm", feels(valence, arousal), 0.2, (), "", "anna", True))


def around():
    """Return a listen of a minute in which calm came and the heart slowed, and its signals."""
    signals = Signals()
    seen(signals, 99.0, -0.5, 0.6)
    signals.add_heart_rate(99.0, 130.0)
    seen(signals, 160.0 - WINDOW - 1, -0.5, 0.6)
    seen(signals, 155.0, 0.5, -0.4)
    signals.add_heart_rate(155.0, 85.0)
    seen(signals, 161.0, -0.9, 0.9)  # of the next track
    listening = play(
        listen(60.0, before=feels(-0.5, 0.6), heart_before=90.0, usual_heart=72.0), 0, 60
    )
    listening.watch(160.0, True)
    return listening, signals


def test_an_outcome_has_what_was_felt_before_and_in_the_end():
    listening, signals = around()
    found = ended(listening, 160.0, signals)
    assert (found.before.valence, found.after.valence) == (-0.5, 0.5)
    assert (found.heart_rate_before, found.heart_rate_after) == (90.0, 85.0)
    assert found.rationality == pytest.approx((90 - 72) / 72)
    assert found.variation == pytest.approx(5 / 90)
    assert found.signals == {"emotion": 1.0}
    assert (found.reward, found.learned) == (1.0, True)
    assert (found.listen_id, found.state, found.attended) == (3, "calm", 1.0)


def test_the_heart_counts_where_it_is_switched_on():
    listening, signals = around()
    found = ended(listening, 160.0, signals, heart_reward=True)
    assert found.signals == {"emotion": 1.0, "heart": pytest.approx(0.5)}


def test_a_short_listen_takes_nothing_from_before_it_began():
    signals = Signals()
    seen(signals, 98.0, 0.9, 0.9)
    signals.add_heart_rate(98.0, 100.0)
    found = ended(play(listen(), 0, 3), 103.0, signals)
    assert math.isnan(found.after.valence)
    assert math.isnan(found.heart_rate_after)


def test_without_consent_nothing_of_the_person_is_in_an_outcome():
    listening, signals = around()
    listening.rating = 1.0
    found = ended(listening, 160.0, signals, consent=False)
    assert math.isnan(found.before.valence)
    assert math.isnan(found.after.valence)
    for value in (found.heart_rate_before, found.heart_rate_after, found.rationality,
                  found.variation):  # fmt: skip
        assert math.isnan(value)
    assert not found.learned


def test_of_a_listen_forgotten_nothing_is_learned():
    listening, signals = around()
    listening.forgotten = True
    assert not ended(listening, 160.0, signals).learned


def test_where_there_is_nothing_to_judge_by_nothing_is_learned():
    found = ended(play(listen(), 0, 60), 160.0)
    assert not found.learned
    assert math.isnan(found.reward)


def test_what_the_person_did_is_in_the_outcome():
    listening = play(listen(), 0, 60)
    listening.rating, listening.repeats = -0.5, 2
    found = ended(listening, 160.0)
    assert (found.rating, found.repeats) == (-0.5, 2)
    assert found.signals == {"rating": -0.5, "repeat": 1.0}
    assert found.reward == pytest.approx((3 * -0.5 + 1) / 4)
