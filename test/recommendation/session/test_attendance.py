"""Whether somebody is there, at the limits."""

from __future__ import annotations

import math

import numpy as np
import pytest

from emo_music_ros.emotion import STATES, UNKNOWN, unknown
from emo_music_ros.recommendation.session.attendance import ACTED, deserted, somebody
from emo_music_ros.recommendation.session.signals import (
    SILENCE,
    Signals,
)
from emo_music_ros.streams import Emotion, Estimate

NAN = math.nan


def feels(valence=0.0, arousal=0.0, dominance=0.0, confidence=0.8, quality=1.0, row=None):
    row = np.zeros(0) if row is None else np.array(row, float)
    return Estimate(STATES, row, valence, arousal, dominance, confidence, quality)


def emotion(time, state="calm", present=True, **more):
    estimate = unknown(STATES) if state == UNKNOWN else feels(**more)
    return Emotion(time, state, estimate, 0.2, (), "", "anna", present)


def signals(*emotions):
    made = Signals()
    for each in emotions:
        made.add_emotion(each)
    return made


@pytest.mark.parametrize(
    ("state", "present", "there"),
    [("calm", True, True), ("calm", False, True), (UNKNOWN, True, True), (UNKNOWN, False, False)],
)
def test_somebody_is_there_who_was_seen_lately(state, present, there):
    made = signals(emotion(100.0, state, present))
    assert somebody(made, -math.inf, 100.0) == there
    assert somebody(made, -math.inf, 100.0 + SILENCE) == there
    assert not somebody(made, -math.inf, 100.1 + SILENCE)


def test_who_did_something_is_there_for_a_while():
    assert somebody(Signals(), 100.0, 100.0 + ACTED)
    assert not somebody(Signals(), 100.0, 100.1 + ACTED)
    assert not somebody(Signals(), -math.inf, 0.0)


@pytest.mark.parametrize("last", ["seen", "acted", "begun"])
def test_a_room_is_deserted_when_nothing_happened_for_the_whole_absence(last):
    made = signals(emotion(100.0 if last == "seen" else 0.0))
    acted = 100.0 if last == "acted" else 0.0
    begun = 100.0 if last == "begun" else 0.0
    assert not deserted(made, acted, begun, 279.9, 180.0)
    assert deserted(made, acted, begun, 280.0, 180.0)
    assert not deserted(made, acted, begun, 1e6, 0.0)  # never


def test_a_room_in_which_somebody_is_is_not_deserted():
    made = signals(emotion(100.0, UNKNOWN, present=True))
    assert not deserted(made, -math.inf, 0.0, 104.0, 1.0)
    assert deserted(made, -math.inf, 0.0, 106.0, 1.0)


def test_where_nothing_senses_people_who_asked_for_music_is_believed():
    assert not deserted(Signals(), 0.0, 0.0, 1e6, 180.0)
    assert deserted(Signals(), -math.inf, 0.0, 180.0, 180.0)
