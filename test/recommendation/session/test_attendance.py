# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Whether somebody is there, at the limits."""

from __future__ import annotations

import math

import pytest
from feelings import emotion, signals

from emo_music_ros.emotion import UNKNOWN
from emo_music_ros.recommendation.session.attendance import ACTED, deserted, somebody
from emo_music_ros.recommendation.session.signals import (
    SILENCE,
    Signals,
)


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
