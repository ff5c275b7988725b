from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.recommendation.memory.reward import emotion_signal, heart_signal, reward
from emo_music_ros.streams import Estimate

NAN = float("nan")


def feels(valence, arousal):
    return Estimate((), np.zeros(0, np.float32), valence, arousal, NAN, 1.0)


NOTHING = feels(NAN, NAN)
PLAIN = {
    "dwell": 1.0,
    "skipped": False,
    "interrupted": False,
    "repeats": 0,
    "rating": NAN,
    "before": NOTHING,
    "after": NOTHING,
    "heart_rate_before": NAN,
    "heart_rate_after": NAN,
    "target": (0.5, -0.4),
}


def judge(**what):
    return reward(**{**PLAIN, **what})


def test_golden_values_by_hand():
    assert judge().value == 1.0
    assert judge(dwell=0.25).value == pytest.approx(-0.5)
    # dwell 2 * 0.1 - 1 = -0.8, skip -1, weights 1 and 1
    assert judge(dwell=0.1, skipped=True).value == pytest.approx(-0.9)
    # rating 0.5 x 3, dwell 1 x 1
    assert judge(rating=0.5).value == pytest.approx(2.5 / 4)
    # all of it: rating 1 x 3, dwell 1, repeat 1, heart (80 -> 75 with calm as target) 0.5,
    # emotion: from 1.0 away to 0.75 away = 0.25 / 0.5 = 0.5 x 2
    everything = judge(
        rating=1.0,
        repeats=2,
        before=feels(0.5, 0.6),
        after=feels(0.5, 0.35),
        heart_rate_before=80.0,
        heart_rate_after=75.0,
    )
    assert everything.signals == pytest.approx(
        {"rating": 1.0, "emotion": 0.5, "dwell": 1.0, "repeat": 1.0, "heart": 0.5}
    )
    assert everything.value == pytest.approx((3 + 1 + 1 + 1 + 0.5) / 8)


def test_an_interruption_says_nothing_of_liking():
    nothing = judge(dwell=0.1, interrupted=True)
    assert not nothing.known
    assert nothing.value == 0.0
    assert judge(dwell=0.1, interrupted=True, rating=1.0).value == 1.0


def test_emotion_counts_towards_the_target_only():
    away, near = feels(-0.5, 0.6), feels(0.4, -0.3)
    assert emotion_signal(away, near, (0.5, -0.4)) == 1.0
    assert emotion_signal(near, away, (0.5, -0.4)) == -1.0
    assert emotion_signal(away, away, (0.5, -0.4)) == 0.0
    assert emotion_signal(near, near, (0.5, -0.4)) is None
    assert emotion_signal(NOTHING, near, (0.5, -0.4)) is None


def test_heart_rate_counts_in_the_direction_led_to():
    assert heart_signal(90.0, 85.0, 0.6, -0.4) == pytest.approx(0.5)
    assert heart_signal(70.0, 75.0, -0.5, 0.2) == pytest.approx(0.5)
    assert heart_signal(70.0, 75.0, 0.2, 0.25) is None
    assert heart_signal(70.0, NAN, 0.6, -0.4) is None


MAYBE = st.one_of(st.just(NAN), st.floats(-5, 5))


@given(
    MAYBE,
    st.booleans(),
    st.booleans(),
    st.integers(0, 5),
    MAYBE,
    *[st.builds(feels, MAYBE, MAYBE)] * 2,
    *[st.one_of(st.just(NAN), st.floats(0, 300))] * 2,
)
def test_reward_is_always_in_range(
    dwell, skipped, interrupted, repeats, rating, before, after, heart_before, heart_after
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
    )
    assert -1 <= found.value <= 1
    assert math.isfinite(found.value)
    assert all(-1 <= value <= 1 for value in found.signals.values())
