# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""One simulated clock for fusion, session, policy, memory and player."""

from __future__ import annotations

import math

import numpy as np
import pytest

from emo_music_ros.emotion import STATES, from_labels
from emo_music_ros.fusion.people import FORGOTTEN
from emo_music_ros.fusion.strategies import LogPoolFusion
from emo_music_ros.recommendation.memory.store import Memory
from emo_music_ros.recommendation.policy.therapeutic import TherapeuticRecommender
from emo_music_ros.simulation.loop import (
    HOLD,
    TEN_O_CLOCK,
    Loop,
    Outputs,
    outside_estimate,
)
from emo_music_ros.streams import Emotion, Encoding, Interaction, Track

LOW = [0.02, 0.02, 0.02, 0.94]


class Notes(Outputs):
    def __init__(self):
        self.emotions, self.decisions, self.views, self.outcomes = [], [], [], []

    def on_emotion(self, at, emotion):
        self.emotions.append((at, emotion.person_id, emotion.state, emotion.present))

    def on_decision(self, at, decision):
        self.decisions.append((at, decision))

    def on_player(self, at, view):
        self.views.append((at, view.status))

    def on_outcome(self, outcome):
        self.outcomes.append(outcome)


def library():
    random = np.random.default_rng(3)
    return [
        Track(
            f"t{number}",
            "",
            duration=60.0,
            valence=float(place[0]),
            arousal=float(place[1]),
            features=random.normal(size=4).astype(np.float32),
        )
        for number, place in enumerate(random.uniform(-1, 1, (24, 2)))
    ]


@pytest.fixture
def loop(tmp_path):
    made = Loop(
        LogPoolFusion(),
        "weighted",
        TherapeuticRecommender(TherapeuticRecommender.Options(seed=1)),
        Memory(tmp_path / "memory.sqlite"),
        library(),
        person_id="anna",
        outputs=Notes(),
    )
    return made


def face(time, person="anna", row=LOW, modality="face", **features):
    estimate = from_labels(STATES, np.array(row))
    return Encoding(modality, time, time, estimate, np.zeros(1), features, "", person)


def said(state, person="anna"):
    return Emotion(0.0, state, outside_estimate(0.5, 0.5, 1.0), 0.0, (), "outside", person)


def watch(loop, until, person="anna", **more):
    """Let a face be seen four times a second."""
    while loop.now < until:
        loop.add_encoding(face(loop.wall(), person, **more))
        loop.advance(loop.now + 0.25)


def test_the_person_is_reported_every_second_also_when_nobody_is_there(loop):
    loop.advance(10.0)
    assert [entry[:3] for entry in loop.outputs.emotions] == [
        (pytest.approx(second), "anna", "unknown") for second in range(11)
    ]
    assert not any(entry[3] for entry in loop.outputs.emotions)


def test_a_change_of_state_is_reported_at_once(loop):
    loop.advance(5.3)
    loop.add_encoding(face(loop.wall()))
    loop.advance(5.9)
    assert loop.outputs.emotions[-1] == (5.5, "anna", "depression", True)


def test_steps_lie_on_the_grid_however_time_is_cut(loop):
    for until in (0.1, 0.2, 0.30, 7.77, 7.78, 10.0):
        loop.advance(until)
        assert loop.now == until
    times = [at for at, *_ in loop.outputs.emotions]
    assert times == list(range(11))


def test_others_are_followed_while_they_are_there(loop):
    watch(loop, 5.0, "bert")
    loop.advance(200.0)
    seen = [entry for entry in loop.outputs.emotions if entry[1] == "bert"]
    assert seen[0][2] == "depression"
    assert seen[-1][0] == pytest.approx(5.0 + FORGOTTEN, abs=1.5)
    mine = [entry for entry in loop.outputs.emotions if entry[1] == "anna"]
    assert all(entry[2:] == ("unknown", False) for entry in mine)
    assert mine[-1][0] == 200.0


def test_a_state_from_outside_replaces_the_fusion_for_this_person(loop):
    loop.advance(1.0)
    loop.add_emotion(said("positive"))
    watch(loop, 5.0)
    assert loop.outputs.emotions[-1][2:] == ("positive", True)
    watch(loop, HOLD + 5.0)  # nothing followed from outside
    assert loop.outputs.emotions[-1][2] == "unknown"
    watch(loop, 20.0, "bert")
    assert ("bert", "depression") in {entry[1:3] for entry in loop.outputs.emotions}


def test_an_unknown_state_from_outside_is_no_sign_of_presence(loop):
    loop.add_emotion(said("unknown"))
    loop.advance(5.0)
    assert loop.outputs.emotions[-1][2:] == ("unknown", False)
    loop.add_emotion(said("calm"))
    loop.advance(6.0)
    loop.add_emotion(said("unknown"))
    loop.advance(7.0)
    assert loop.outputs.emotions[-1][2:] == ("unknown", True)
    loop.advance(60.0)
    assert loop.outputs.emotions[-1][2:] == ("unknown", False)


def test_physiology_feeds_the_heart_rate_also_beside_a_state_from_outside(loop):
    for _ in range(280):
        loop.add_emotion(said("calm"))
        loop.add_encoding(face(loop.wall(), modality="physiology", heart_rate=66.0))
        loop.advance(loop.now + 0.25)
    outcome = loop.outputs.outcomes[0]
    assert outcome.heart_rate_after == 66.0
    assert outcome.state == "calm"


def test_a_jump_of_the_wall_clock_changes_no_order_and_no_age(loop):
    watch(loop, 20.0)
    for seconds in (-7200.0, 86400.0):
        loop.set_clock(seconds)
        assert loop.wall() == TEN_O_CLOCK + seconds
        before = len(loop.outputs.emotions)
        watch(loop, loop.now + 5.0)
        later = loop.outputs.emotions[before:]
        assert {entry[2] for entry in later} == {"depression"}
    times = [entry[0] for entry in loop.outputs.emotions]
    assert times == sorted(times)
    assert loop.stamps.refused == 0


def test_a_stamp_is_compared_with_the_wall_clock(loop):
    loop.advance(100.0)
    assert not loop.add_encoding(face(TEN_O_CLOCK + 105.0))
    assert not loop.add_encoding(face(math.nan))
    assert loop.add_encoding(face(TEN_O_CLOCK + 50.0))  # old, and stale at once
    loop.advance(101.0)
    assert loop.outputs.emotions[-1][2] == "unknown"
    assert loop.stamps.refused == 2


def test_the_mood_of_the_music_makes_nobody_present(loop):
    watch(loop, 120.0, modality="music", row=[0.94, 0.02, 0.02, 0.02])
    assert {entry[2:] for entry in loop.outputs.emotions} == {("unknown", False)}
    assert loop.outputs.decisions  # the safe choice plays


def test_without_consent_nothing_of_the_person_is_taken(loop):
    watch(loop, 20.0)
    loop.add_interaction(Interaction(0.0, "consent", value=0.0, person_id="anna"))
    assert not loop.add_encoding(face(loop.wall()))
    loop.add_emotion(said("positive"))
    watch(loop, 40.0)
    assert loop.outputs.emotions[-1][2] == "unknown"
    assert [each.trigger for _, each in loop.outputs.decisions][-1] == "consent"
    loop.add_interaction(Interaction(0.0, "consent", value=1.0, person_id="anna"))
    watch(loop, 60.0)
    assert loop.outputs.emotions[-1][2] == "depression"
    assert [each.trigger for _, each in loop.outputs.decisions][-1] == "start"


def test_what_a_person_does_is_a_sign_of_presence_and_the_player_obeys(loop):
    loop.advance(20.0)
    assert loop.player.track is not None
    loop.add_interaction(Interaction(0.0, "pause", person_id="anna"))
    assert loop.outputs.views[-1] == (20.0, "paused")
    loop.advance(21.0)
    assert loop.outputs.emotions[-1][2:] == ("unknown", True)
    loop.add_interaction(Interaction(0.0, "resume", person_id="bert"))  # not the one it is for
    assert loop.player.view().status == "paused"
    loop.add_interaction(Interaction(0.0, "resume", person_id="anna"))
    loop.add_interaction(Interaction(0.0, "stop", person_id="anna"))
    loop.advance(24.0)
    assert loop.outputs.views[-1][1] == "stopped"
