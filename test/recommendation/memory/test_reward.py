# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from listens import NOTHING, PLAIN, feels

from emo_music_ros.recommendation.memory.reward import (
    HABIT_LISTENS,
    combine,
    dwell_signal,
    emotion_signal,
    reward,
)

NAN = float("nan")


def judge(**what):
    return reward(**{**PLAIN, **what})


def test_golden_values_by_hand():
    # a quarter heard by somebody who usually hears nine tenths: -0.65 / 0.9
    assert judge(dwell=0.25).value == pytest.approx(-0.65 / 0.9)
    # dwell (0.1 - 0.9) / 0.9, skip -1, weights 1 and 1
    assert judge(dwell=0.1, skipped=True).value == pytest.approx((-0.8 / 0.9 - 1) / 2)
    # rating 0.5 x 3 alone: a track heard as usual says nothing more
    assert judge(rating=0.5, dwell=0.9).value == pytest.approx(0.5)
    # all of it: rating 1 x 3, dwell (1 - 0.5) / 0.5 = 1, repeat 1, heart (80 -> 75 with calm as
    # target) 0.5, emotion: from 1.0 away to 0.75 away = 0.25 / 0.5 = 0.5 x 2
    everything = judge(
        rating=1.0,
        repeats=2,
        usual_dwell=(0.5, 20),
        before=feels(0.5, 0.6),
        after=feels(0.5, 0.35),
        heart_rate_before=80.0,
        heart_rate_after=75.0,
        heart=True,
    )
    assert everything.signals == pytest.approx(
        {"rating": 1.0, "emotion": 0.5, "dwell": 1.0, "repeat": 1.0, "heart": 0.5}
    )
    assert everything.value == pytest.approx((3 + 1 + 1 + 1 + 0.5) / 8)


def test_finishing_a_track_without_a_sign_is_no_reward():
    for usual in ((1.0, 0), (1.0, 20), (0.95, 20)):
        found = judge(dwell=1.0, usual_dwell=usual)
        assert not found.known
        assert math.isnan(found.value)


def test_dwell_speaks_against_what_this_person_usually_hears():
    assert dwell_signal(1.0, 0.5, HABIT_LISTENS) == 1.0
    assert dwell_signal(0.0, 0.5, HABIT_LISTENS) == -1.0
    assert dwell_signal(0.4, 0.2, HABIT_LISTENS) == pytest.approx(0.25)
    assert dwell_signal(0.5, 0.5, HABIT_LISTENS) is None
    assert dwell_signal(0.0, 0.5, HABIT_LISTENS - 1) is None  # no habit yet
    assert dwell_signal(NAN, 0.5, 100) is None


def test_while_nobody_is_there_only_what_a_person_did_counts():
    alone = {
        "attended": 0.1,
        "dwell": 0.2,
        "before": feels(-0.5, 0.6),
        "after": feels(0.5, -0.4),
        "heart_rate_before": 80.0,
        "heart_rate_after": 75.0,
        "heart": True,
    }
    assert not judge(**alone).known
    assert set(judge(**{**alone, "attended": 0.9}).signals) == {"emotion", "dwell", "heart"}
    assert judge(**alone, rating=-1.0).signals == {"rating": -1.0}
    assert judge(**alone, skipped=True).signals == {"skip": -1.0}


def test_the_heart_earns_nothing_by_default():
    beats = {
        "before": feels(0.5, 0.6),
        "after": feels(0.5, 0.6),
        "heart_rate_before": 80.0,
        "heart_rate_after": 75.0,
    }
    assert "heart" not in judge(**beats).signals
    assert judge(**beats, heart=True).signals["heart"] == pytest.approx(0.5)


def test_an_interruption_says_nothing_of_liking():
    nothing = judge(dwell=0.1, interrupted=True)
    assert not nothing.known
    assert math.isnan(nothing.value)
    assert judge(dwell=0.1, interrupted=True, rating=1.0).value == 1.0


def test_signals_are_joined_by_their_weights():
    assert math.isnan(combine({}))
    assert combine({"rating": 1.0, "skip": -1.0}) == pytest.approx(0.5)
    assert combine({"emotion": 1.0, "dwell": -0.5}) == pytest.approx(0.5)


def test_emotion_counts_towards_the_target_only():
    away, near = feels(-0.5, 0.6), feels(0.4, -0.3)
    assert emotion_signal(away, near, (0.5, -0.4)) == 1.0
    assert emotion_signal(near, away, (0.5, -0.4)) == -1.0
    assert emotion_signal(away, away, (0.5, -0.4)) is None  # no sign of the person
    assert emotion_signal(near, near, (0.5, -0.4)) is None
    assert emotion_signal(NOTHING, near, (0.5, -0.4)) is None


MAYBE = st.one_of(st.just(NAN), st.floats(-5, 5))


@given(
    MAYBE,
    st.booleans(),
    st.booleans(),
    st.integers(0, 5),
    MAYBE,
    *[st.builds(feels, MAYBE, MAYBE)] * 2,
    *[st.one_of(st.just(NAN), st.floats(0, 300))] * 2,
    st.tuples(st.floats(0, 1), st.integers(0, 20)),
    st.floats(0, 1),
    st.booleans(),
)
def test_reward_is_always_in_range(
    dwell,
    skipped,
    interrupted,
    repeats,
    rating,
    before,
    after,
    heart_before,
    heart_after,
    usual,
    attended,
    heart,
):
    found = reward(
        dwell=dwell,
        skipped=skipped,
        interrupted=interrupted,
        repeats=repeats,
        rating=rating,
        before=before,
        after=after,
        heart_rate_before=heart_before,
        heart_rate_after=heart_after,
        target=(0.5, -0.4),
        usual_dwell=usual,
        attended=attended,
        heart=heart,
    )
    assert found.known == math.isfinite(found.value) == bool(found.signals)
    assert not found.known or -1 <= found.value <= 1
    assert all(-1 <= value <= 1 for value in found.signals.values())
