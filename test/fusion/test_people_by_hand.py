# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Who is followed and forgotten, each with a mood of their own."""

from dataclasses import replace

import numpy as np

from emo_music_ros.emotion import STATES, UNKNOWN, from_labels
from emo_music_ros.fusion.people import FORGOTTEN, People
from emo_music_ros.fusion.strategies import AverageFusion
from emo_music_ros.fusion.timeline import TimelineOptions
from emo_music_ros.streams import Encoding

HAPPY = [0.94, 0.02, 0.02, 0.02]
LOW = [0.02, 0.02, 0.02, 0.94]


def encoding(modality, time, row, **changes):
    estimate = replace(from_labels(STATES, np.array(row, float)), **changes)
    return Encoding(modality, time, time, estimate, np.zeros(1), source="live:test")


def people(**options):
    return People(AverageFusion(), "average", TimelineOptions(**options), "anna")


def of(person, time, row=HAPPY, modality="text"):
    return replace(encoding(modality, time, row), person_id=person)


def test_each_person_has_a_mood_of_their_own():
    everybody = people()
    assert everybody.add(of("anna", 1.0), 1.0)
    assert everybody.add(of("bert", 1.0, LOW), 1.0)
    states = {emotion.person_id: emotion.state for emotion in everybody.step(1.0)}
    assert states == {"anna": "positive", "bert": "depression"}
    assert not everybody.add(of("anna", -1.5), 1.0)


def test_who_goes_on_being_sensed_is_not_forgotten():
    everybody = people()
    for second in range(0, 100, 10):
        everybody.add(of("bert", float(second)), float(second))
        assert len(everybody.step(float(second))) == 2
    everybody.sign("bert", 110.0)
    assert len(everybody.step(110.0 + FORGOTTEN)) == 2
    assert len(everybody.step(110.1 + FORGOTTEN)) == 1


def test_the_one_expected_is_kept_with_what_is_known_of_them():
    everybody = people(presence=3600.0, stale_factor=10.0)
    everybody.add(of("anna", 1.0), 1.0)
    everybody.add(of("bert", 1.0), 1.0)
    (emotion,) = everybody.step(100.0)
    assert (emotion.person_id, emotion.state) == ("anna", "positive")


def test_forgetting_leaves_nothing_and_only_of_that_person():
    everybody = people()
    everybody.add(of("anna", 1.0), 1.0)
    everybody.add(of("bert", 1.0, LOW), 1.0)
    everybody.forget("anna")
    states = {emotion.person_id: emotion.state for emotion in everybody.step(1.0)}
    assert states == {"anna": UNKNOWN, "bert": "depression"}
    everybody.forget("bert")
    everybody.forget("nobody")
    assert [emotion.person_id for emotion in everybody.step(1.0)] == ["anna"]


def test_new_options_hold_for_those_who_come_later_too():
    everybody = people()
    everybody.reconfigure(TimelineOptions(presence=2.0))
    everybody.add(of("bert", 1.0), 1.0)
    present = {emotion.person_id: emotion.present for emotion in everybody.step(3.5)}
    assert present == {"anna": False, "bert": False}


def test_news_of_one_person_is_told_at_once_and_of_nobody_else():
    everybody = people()
    everybody.add(of("anna", 1.0), 1.0)
    assert everybody.news("anna", 1.0).state == "positive"
    assert everybody.news("bert", 1.0) is None
    everybody.add(of("anna", 1.1, LOW), 1.1)
    everybody.add(of("anna", 1.2, LOW), 1.2)
    everybody.add(of("anna", 1.3, LOW), 1.3)
    news = everybody.news("anna", 1.3)
    assert news.state == "depression"
    assert news.time == 1.3
