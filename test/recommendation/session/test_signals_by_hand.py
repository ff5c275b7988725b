# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What is kept of a person, for how long, and what is made of it: limits and exact values."""

from __future__ import annotations

import math

import pytest
from feelings import NAN, emotion, feels, signals

from emo_music_ros.emotion import UNKNOWN
from emo_music_ros.recommendation.session.signals import (
    KEPT,
    SILENCE,
    WINDOW,
    Signals,
    arousal_of,
    mean_estimate,
)


def test_what_is_as_old_as_is_kept_is_kept():
    made = signals(emotion(0.0), emotion(KEPT))
    assert len(list(made.weighted(KEPT + 1, 2 * KEPT))) == 2
    made.add_emotion(emotion(KEPT + 0.1))
    assert [each.time for _, each in made.weighted(KEPT + 1, 2 * KEPT)] == [KEPT + 0.1, KEPT]


def test_heart_rates_are_kept_as_long():
    made = Signals()
    made.add_heart_rate(0.0, 60.0)
    made.add_heart_rate(KEPT, 80.0)
    assert made.mean_heart_rate(0.0) == 60.0
    made.add_heart_rate(KEPT + 0.1, 100.0)
    assert math.isnan(made.mean_heart_rate(0.0))
    assert made.usual_heart_rate == 80.0  # of all there were


def test_the_usual_heart_rate_is_the_mean_of_all():
    made = Signals()
    for bpm in (70.0, 75.0, 72.5, 71.5):
        made.add_heart_rate(1.0, bpm)
    assert made.usual_heart_rate == pytest.approx(72.25)


@pytest.mark.parametrize(
    ("time", "bpm"),
    [(NAN, 70.0), (math.inf, 70.0), (1.0, NAN), (1.0, math.inf), (1.0, 0.0), (1.0, -1.0)],
)
def test_a_heart_rate_that_is_none_is_refused(time, bpm):
    made = Signals()
    assert not made.add_heart_rate(time, bpm)
    assert math.isnan(made.usual_heart_rate)
    assert made.add_heart_rate(1.0, 0.5)


def test_forgetting_the_person_leaves_when_somebody_was_there():
    made = signals(emotion(5.0))
    made.add_heart_rate(5.0, 70.0)
    made.clear()
    assert made.newest is None
    assert math.isnan(made.usual_heart_rate)
    assert math.isnan(made.mean_heart_rate(5.0))
    assert (made.last_sign, made.sensed) == (5.0, True)
    made.add_heart_rate(6.0, 90.0)
    assert made.usual_heart_rate == 90.0


def test_a_sign_is_somebody_present_or_a_known_state():
    made = signals(emotion(1.0, UNKNOWN, present=False))
    assert (made.last_sign, made.sensed) == (-math.inf, False)
    made.add_emotion(emotion(2.0, UNKNOWN, present=True))
    assert (made.last_sign, made.sensed) == (2.0, True)
    made.add_emotion(emotion(3.0, "calm", present=False))
    made.add_emotion(emotion(4.0, UNKNOWN, present=False))
    assert made.last_sign == 3.0


def test_a_report_of_the_same_time_is_taken_and_an_older_one_is_not():
    made = signals(emotion(5.0))
    assert made.add_emotion(emotion(5.0, "anxiety"))
    assert not made.add_emotion(emotion(4.9))
    assert not made.add_emotion(emotion(NAN))
    assert made.newest.state == "anxiety"


def test_each_report_holds_until_the_next_or_its_silence():
    made = signals(emotion(0.0), emotion(2.0), emotion(10.0), emotion(11.0))
    held = [(each.time, time) for time, each in made.weighted(12.0, 100.0)]
    assert held == [(11.0, 1.0), (10.0, 1.0), (2.0, SILENCE), (0.0, 2.0)]


def test_a_window_cuts_what_began_before_it():
    made = signals(emotion(0.0), emotion(4.0), emotion(6.0))
    held = [(each.time, time) for time, each in made.weighted(7.0, 5.0)]
    assert held == [(6.0, 1.0), (4.0, 2.0), (0.0, 2.0)]
    held = [(each.time, time) for time, each in made.weighted(7.0, 3.0)]
    assert held == [(6.0, 1.0), (4.0, 2.0)]


def test_what_fell_silent_before_the_window_held_no_time_in_it():
    assert list(signals(emotion(0.0)).weighted(100.0, 10.0)) == []
    made = signals(emotion(0.0), emotion(98.0))
    assert [time for time, _ in made.weighted(100.0, 10.0)] == [2.0]


def test_a_state_needs_its_share_its_certainty_and_its_coverage_and_no_more():
    made = signals(*[emotion(float(n), confidence=0.4) for n in range(3)], emotion(3.0, "anxiety"))
    assert made.agreed(4.0, 4.0, 0.75)[0] == "calm"
    assert made.agreed(4.0, 4.0, 0.76)[0] == UNKNOWN
    assert made.agreed(4.0, 4.0, 0.5, least=0.399)[0] == "calm"
    assert made.agreed(4.0, 4.0, 0.5, least=0.401)[0] == UNKNOWN
    assert made.agreed(4.0, 4.0, 0.5, coverage=4.0)[0] == "calm"
    assert made.agreed(4.0, 4.0, 0.5, coverage=4.01)[0] == UNKNOWN


def test_certainty_is_the_mean_over_the_time_each_report_held():
    made = signals(emotion(0.0, confidence=0.2), emotion(3.0, confidence=0.6))
    # three seconds at 0.2 and one at 0.6: 0.3
    assert made.agreed(4.0, 4.0, 0.5, least=0.299)[0] == "calm"
    assert made.agreed(4.0, 4.0, 0.5, least=0.301)[0] == UNKNOWN


def test_a_moment_is_enough_where_no_coverage_is_asked_for():
    made = signals(emotion(5.0, "anxiety", confidence=0.0))
    assert made.agreed(5.1, 20.0, 1.0)[0] == "anxiety"
    assert made.settled(5.1, 20.0, 1.0).state == "anxiety"


def test_where_nothing_was_seen_nothing_is_agreed():
    made = signals(emotion(5.0))
    assert made.agreed(5.0, 5.0, 0.0) == (UNKNOWN, [])
    assert made.agreed(4.0, 5.0, 0.0) == (UNKNOWN, [])
    nothing = made.settled(4.0, 5.0, 0.0)
    assert (nothing.state, nothing.uncertainty, nothing.present) == (UNKNOWN, 1.0, False)


def test_the_mood_before_a_time_is_that_of_the_window_and_its_limits_belong_to_it():
    made = signals(
        emotion(9.9, valence=-1.0), emotion(10.0, valence=0.2), emotion(20.0, valence=0.4),
        emotion(20.1, valence=1.0),
    )  # fmt: skip
    assert made.mean_emotion(10.0 + WINDOW).valence == pytest.approx(0.3)
    assert made.mean_emotion(20.0, 15.0).valence == pytest.approx(0.4)
    assert math.isnan(made.mean_emotion(9.0).valence)


def test_a_few_wrong_reports_do_not_move_the_mood():
    made = signals(
        *[emotion(float(n), valence=0.3, arousal=-0.2) for n in range(4)],
        emotion(4.0, valence=-1.0, arousal=1.0),
        emotion(5.0, valence=NAN, arousal=NAN),
        emotion(6.0, UNKNOWN),
    )
    found = made.mean_emotion(6.0)
    assert (found.valence, found.arousal) == pytest.approx((0.3, -0.2))
    assert math.isnan(signals(emotion(0.0, valence=NAN)).mean_emotion(0.0).valence)


def test_the_heart_rate_before_a_time_is_the_mean_of_the_window():
    made = Signals()
    for time, bpm in ((9.9, 200.0), (10.0, 60.0), (15.0, 90.0), (20.0, 90.0), (20.1, 200.0)):
        made.add_heart_rate(time, bpm)
    assert made.mean_heart_rate(20.0) == pytest.approx(80.0)
    assert made.mean_heart_rate(20.0, 12.0) == pytest.approx(90.0)


def test_a_mean_estimate_is_the_mean_of_each_value_that_is_known():
    found = mean_estimate(
        [
            feels(0.2, NAN, 0.1, 0.4, 0.2, [0.7, 0.1, 0.1, 0.1]),
            feels(0.6, 0.5, NAN, 0.8, 0.6, [0.1, 0.7, 0.1, 0.1]),
            feels(NAN, NAN, NAN, 0.6, 1.0),
        ]
    )
    values = (found.valence, found.arousal, found.dominance, found.confidence, found.quality)
    assert values == pytest.approx((0.4, 0.5, 0.1, 0.6, 0.6))
    assert found.probabilities == pytest.approx([0.4, 0.4, 0.1, 0.1])
    assert len(mean_estimate([feels()]).probabilities) == 0
    assert math.isnan(mean_estimate([feels(arousal=NAN)]).arousal)


@pytest.mark.parametrize(("state", "middle"), [("anxiety", 0.5), ("calm", -0.5)])
def test_arousal_that_is_not_known_is_that_of_the_state(state, middle):
    assert arousal_of(emotion(0.0, state, arousal=0.1)) == 0.1
    assert arousal_of(emotion(0.0, state, arousal=NAN)) == middle
    assert math.isnan(arousal_of(emotion(0.0, UNKNOWN)))
