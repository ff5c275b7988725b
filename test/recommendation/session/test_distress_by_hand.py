# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What is distress and what just not yet: limits and exact values."""

from __future__ import annotations

import math

import numpy as np
import pytest
from feelings import NAN
from feelings import anxious as emotion

from emo_music_ros.emotion import UNKNOWN
from emo_music_ros.recommendation.session.distress import (
    ABOVE,
    EVERY,
    FIRST,
    LEVEL,
    MUCH,
    OTHER,
    PROBABLE,
    SEEN,
    SLOW,
    STEEP,
    VERDICT,
    Distress,
    anxiety_of,
)
from emo_music_ros.recommendation.session.signals import SILENCE, Signals

SPAN, RISE = 50.0, 0.2


def test_anxiety_is_its_probability_and_no_more_than_a_verdict():
    assert anxiety_of(emotion(0.0, 0.3)) == pytest.approx(0.3)
    assert anxiety_of(emotion(0.0, 0.9)) == VERDICT
    assert anxiety_of(emotion(0.0, state="anxiety")) == VERDICT
    assert anxiety_of(emotion(0.0, state="calm")) == OTHER
    assert math.isnan(anxiety_of(emotion(0.0, state=UNKNOWN)))
    assert anxiety_of(emotion(0.0, 0.2, state=UNKNOWN)) == pytest.approx(0.2)


def after(usual, now, seconds=49.0, baseline=600.0, rise=RISE):
    """Return whether (anxiety, arousal) `now`, each second, is distress of who is as `usual`."""
    signals, distress = Signals(), Distress()
    times = np.arange(0.0, baseline + seconds + 1e-9)
    for time in times:
        each = emotion(float(time), *(usual if time <= baseline else now))
        signals.add_emotion(each)
        if time <= baseline:
            distress.add(each)
    return distress.lasts(signals, float(times[-1]), seconds, rise)


# Each pair is just beyond one limit and just short of it; all else is far beyond.
@pytest.mark.parametrize(
    ("usual", "now", "seen"),
    [
        # probable, and above the usual in both
        ((0.1, 0.0), (PROBABLE + 0.01, 0.9), True),
        ((0.1, 0.0), (PROBABLE - 0.01, 0.9), False),
        # a rise of anxiety with the ordinary rise of arousal
        ((0.25, 0.0), (0.25 + ABOVE + 0.01, RISE + 0.01), True),
        ((0.25, 0.0), (0.25 + ABOVE + 0.01, RISE - 0.01), False),
        ((0.25, 0.0), (0.25 + ABOVE - 0.01, RISE + 0.01), False),
        # a large rise of anxiety, where arousal is not below the usual
        ((0.2, 0.0), (0.2 + MUCH + 0.01, LEVEL + 0.01), True),
        ((0.2, 0.0), (0.2 + MUCH + 0.01, LEVEL - 0.01), False),
        ((0.2, 0.0), (0.2 + MUCH - 0.01, LEVEL + 0.01), False),
        # a steep rise of arousal in who is always anxious
        ((0.4, 0.0), (0.4, STEEP * RISE + 0.01), True),
        ((0.4, 0.0), (0.4, STEEP * RISE - 0.01), False),
        # arousal is that of the anxious moments, above their own usual
        ((0.4, 0.5), (0.4, 0.5 + STEEP * RISE + 0.01), True),
        ((0.4, 0.5), (0.4, 0.5 + STEEP * RISE - 0.01), False),
    ],
)
def test_what_is_distress_and_what_just_not_yet(usual, now, seen):
    assert after(usual, now) == seen


def test_arousal_counts_by_how_anxious_a_moment_is():
    signals, distress = Signals(), Distress()
    for time in range(601):
        each = emotion(float(time), 0.4, 0.0)
        signals.add_emotion(each)
        distress.add(each)
    # half of the time 0.5 at 0.4, half 0.3 at 0.2: (0.2 + 0.06) / 0.8 = 0.325; the mean is 0.3
    for time in range(601, 650):
        pair = (0.5, 0.4) if time % 2 else (0.3, 0.2)
        signals.add_emotion(emotion(float(time), *pair))
    assert distress.lasts(signals, 649.0, 48.0, 0.315 / STEEP)
    distress.begin_anew(-math.inf)
    assert not distress.lasts(signals, 650.0, 48.0, 0.335 / STEEP)


def distressed(begin=0.0, end=SPAN, silent=None):
    """Return signals and a person who is usually calm, frightened from `begin` to `end`."""
    signals, distress = Signals(), Distress()
    for time in range(-600, 0):
        distress.add(emotion(float(time), 0.05, -0.5))
    for time in np.arange(begin, end + 1e-9):
        if silent is None or not silent[0] < time < silent[1]:
            signals.add_emotion(emotion(float(time), 0.8, 0.7))
    return signals, distress


def test_most_of_the_window_has_to_be_seen():
    least = SEEN * SPAN
    assert Distress().lasts(*[Signals(), 0.0, SPAN, RISE]) is False
    signals, distress = distressed(SPAN - least - 0.5)
    assert distress.lasts(signals, SPAN, SPAN, RISE)
    signals, distress = distressed(SPAN - least + 0.5)
    assert not distress.lasts(signals, SPAN, SPAN, RISE)


def test_it_is_looked_for_now_and_then_and_from_the_first_time_on():
    signals, distress = distressed()
    assert distress.lasts(signals, SPAN, SPAN, RISE)
    assert not distress.lasts(signals, SPAN + EVERY - 0.01, SPAN, RISE)
    assert distress.lasts(signals, SPAN + EVERY, SPAN, RISE)


def test_what_is_not_seen_any_more_is_not_distress():
    signals, distress = distressed()
    assert distress.lasts(signals, SPAN + SILENCE, SPAN, RISE)
    signals, distress = distressed()
    assert not distress.lasts(signals, SPAN + SILENCE + 0.01, SPAN, RISE)


def test_only_what_follows_a_new_beginning_is_looked_at():
    signals, distress = distressed()
    distress.begin_anew(SPAN - SEEN * SPAN - 0.5)
    assert distress.lasts(signals, SPAN, SPAN, RISE)
    signals, distress = distressed()
    distress.begin_anew(SPAN - SEEN * SPAN + 0.5)
    assert not distress.lasts(signals, SPAN, SPAN, RISE)


def test_a_baseline_is_known_once_enough_was_seen():
    distress = Distress()
    for time in range(int(FIRST)):
        distress.add(emotion(100.0 + time, 0.1, 0.3))
    assert math.isnan(distress.baseline)  # the first report has no time before it
    distress.add(emotion(100.0 + FIRST, 0.1, 0.3))
    assert distress.baseline == pytest.approx(0.3)


def test_the_baseline_forgets_exponentially():
    distress = Distress()
    for time in range(301):
        distress.add(emotion(float(time), 0.1, 0.0))
    for time in range(301, 601):
        distress.add(emotion(float(time), 0.1, 0.6))
    keep = math.exp(-1 / SLOW)
    new, old = (sum(keep**k for k in ages) for ages in (range(300), range(300, 600)))
    assert distress.baseline == pytest.approx(0.6 * new / (new + old))


def test_a_silence_speaks_for_a_moment_only_and_a_clock_that_stands_for_none():
    distress = Distress()
    for time in range(31):
        distress.add(emotion(float(time), 0.1, 0.0))
    for _ in range(5):
        distress.add(emotion(30.0, 0.1, 0.9))
    assert distress.baseline == pytest.approx(0.0)
    distress.add(emotion(1000.0, 0.1, 0.9))
    keep = math.exp(-SILENCE / SLOW)
    old = keep * sum(math.exp(-k / SLOW) for k in range(30))
    assert distress.baseline == pytest.approx(0.9 * SILENCE / (SILENCE + old))


def test_what_has_no_arousal_or_anxiety_leaves_the_baseline_alone():
    distress = Distress()
    for time in range(31):
        distress.add(emotion(float(time), 0.1, 0.2))
    for time in range(31, 100):
        distress.add(emotion(float(time), 0.1, NAN, state=UNKNOWN))
    assert distress.baseline == pytest.approx(0.2)
