# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Who is followed, and who is forgotten."""

import numpy as np

from emo_music_ros.emotion import STATES, from_labels
from emo_music_ros.fusion.people import FORGOTTEN, People
from emo_music_ros.fusion.strategies import LogPoolFusion
from emo_music_ros.fusion.timeline import Timeline, TimelineOptions
from emo_music_ros.streams import Encoding


def people(**options):
    return People(LogPoolFusion(), "weighted", TimelineOptions(**options), "anna")


def face(person, time):
    estimate = from_labels(STATES, np.array([0.94, 0.02, 0.02, 0.02]))
    return Encoding("face", time, time, estimate, np.zeros(1), person_id=person)


def test_the_person_expected_is_followed_also_when_nobody_is_there():
    everybody = people()
    (emotion,) = everybody.step(1e6)
    assert (emotion.person_id, emotion.state, emotion.present) == ("anna", "unknown", False)


def test_others_are_followed_while_something_comes_of_them():
    everybody = people()
    everybody.add(face("bert", 0.0), 0.0)
    assert {emotion.person_id for emotion in everybody.step(FORGOTTEN)} == {"anna", "bert"}
    assert {emotion.person_id for emotion in everybody.step(FORGOTTEN + 0.1)} == {"anna"}
    everybody.add(face("bert", 100.0), 100.0)
    assert len(everybody.step(100.0)) == 2


def test_only_people_with_news_are_fused_again(monkeypatch):
    everybody = people()
    for number in range(500):
        everybody.add(face(f"p{number}", 0.0), 0.0)
    assert {emotion.state for emotion in everybody.step(0.0)} == {"unknown", "positive"}
    fused = []
    step = Timeline.step

    def counting(self, now, person_id=""):
        fused.append(person_id)
        return step(self, now, person_id)

    monkeypatch.setattr(Timeline, "step", counting)
    everybody.add(face("p7", 1.0), 1.0)
    everybody.step(1.0)
    assert len(everybody.step(1.5)) == 501
    assert sorted(fused) == ["anna", "anna", "p7"]
    # a face says nothing after two seconds, news or no news
    states = {emotion.person_id: emotion.state for emotion in everybody.step(2.5)}
    assert (states["p7"], states["p8"]) == ("positive", "unknown")


def test_whom_the_run_is_for_can_change_and_the_one_before_leaves_like_anybody():
    everybody = people()
    everybody.add(face("anna", 0.0), 0.0)
    everybody.expect("bert")
    assert [emotion.person_id for emotion in everybody.step(FORGOTTEN)] == ["anna", "bert"]
    assert [emotion.person_id for emotion in everybody.step(FORGOTTEN + 1)] == ["bert"]


def test_five_thousand_who_left_cost_nothing():
    everybody = people()
    for number in range(5000):
        everybody.add(face(f"p{number}", 0.0), 0.0)
    everybody.step(FORGOTTEN + 1)
    assert len(everybody) == 1


def test_an_act_is_a_sign_and_options_reach_everybody():
    everybody = people()
    everybody.sign("anna", 10.0)
    assert everybody.step(20.0)[0].present
    everybody.reconfigure(TimelineOptions(presence=5.0))
    assert not everybody.step(20.0)[0].present
    everybody.sign("anna", 20.0)
    everybody.forget("anna")
    assert not everybody.step(20.0)[0].present


def test_steps_are_explained_where_that_is_asked_for_and_news_is_told_at_once():
    for explains in (False, True):
        everybody = People(LogPoolFusion(), "logpool", TimelineOptions(), "anna", explains)
        everybody.add(face("anna", 1.0), 1.0)
        news = everybody.news("anna", 1.0)
        (step,) = everybody.step(1.25)
        assert all(np.isnan(part.effect) for part in news.contributions)
        assert [np.isfinite(part.effect) for part in step.contributions] == [explains]
        assert step.contributions[0].probabilities == news.contributions[0].probabilities
