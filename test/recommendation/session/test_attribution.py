# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Which recommendation a listen belongs to, and what is recorded of it."""

from __future__ import annotations

import math

import pytest

from emo_music_ros.streams import Interaction, Track

NAN = float("nan")


def test_a_listen_has_the_recommendation_the_state_and_the_scores_it_came_from(world):
    made = world()
    made.state = "calm"
    made.run(65)
    (decision, _), (outcome,) = made.decisions[:2], made.outcomes
    assert outcome.recommendation_id == decision.recommendation_id
    assert outcome.state == decision.state == "calm"
    assert outcome.listen_id == 1
    (row,) = (
        made.memory._storage.database.connect()
        .execute("SELECT propensity, score, listen, state, attended FROM outcome")
        .fetchall()
    )
    best = decision.ranked[0]
    assert row == (best.propensity, best.score, 1, "calm", pytest.approx(outcome.attended))


def test_attendance_is_the_share_in_which_somebody_was_there(world):
    made = world(tracks=world.library(duration=100.0), absence=0.0)
    made.state = "calm"
    made.run(54)
    made.state, made.present = "unknown", False
    made.run(50)
    (outcome,) = made.outcomes
    # somebody counts as there a few seconds after the last sign
    assert outcome.attended == pytest.approx(50 / 96, abs=0.08)


def test_nobody_there_nothing_is_learned(world):
    made = world(absence=0.0)
    made.present = False
    made.run(1200)
    assert len(made.outcomes) >= 18
    assert all(math.isnan(outcome.reward) for outcome in made.outcomes)
    assert not any(outcome.learned or outcome.signals for outcome in made.outcomes)
    assert all(outcome.attended == 0 for outcome in made.outcomes)
    person = made.memory.person("anna")
    assert (person.updates, person.usual_dwell) == (0, (1.0, 0))


def test_finishing_tracks_without_a_sign_earns_nothing(world):
    made = world()
    made.state = "calm"
    made.run(1200)
    assert len(made.outcomes) >= 18
    assert not any(outcome.signals for outcome in made.outcomes)
    assert made.memory.person("anna").usual_dwell == (1.0, len(made.outcomes))


def test_dwell_speaks_against_the_habit_once_there_is_one(world):
    made = world()
    made.state = "calm"
    made.run(59 * 8)
    made.tell("next")
    made.run(0.25)
    assert set(made.outcomes[-1].signals) == {"dwell", "skip"}
    assert made.outcomes[-1].signals["dwell"] < -0.2


def test_without_consent_nothing_is_numbered_or_kept(world):
    made = world()
    made.state = "calm"
    made.run(20)
    made.tell("consent", value=0.0)
    made.run(1)
    assert [outcome.listen_id for outcome in made.outcomes] == [0]
    made.tell("consent", value=1.0)
    made.run(70)
    assert [outcome.listen_id for outcome in made.outcomes] == [0, 1]
    assert made.memory.person("anna").listens == 1


def test_a_rating_of_a_track_never_heard_is_learned(world):
    made = world()
    made.state = "calm"
    made.run(1)
    made.tell("rate", "t7", -1.0)
    assert made.memory.person("anna").history("t7") == (-1.0, 1)
    assert made.outcomes == []


def test_a_good_rating_clears_a_track_that_was_kept_back(world):
    made = world()
    made.memory.block("anna", "t7", 0.0, "distress")
    made.memory.block("anna", "t8", 0.0, "distress")
    made.tell("rate", "t7", -1.0)
    assert made.memory.person("anna").blocked == {"t7", "t8"}
    made.tell("rate", "t7", 1.0)
    made.tell("select", "t8")
    assert made.memory.person("anna").blocked == set()


def test_a_track_played_by_somebody_else_has_an_outcome_of_its_own(world):
    made = world()
    made.state = "calm"
    made.run(20)
    made.track, made.recommendation, made.position = Track("rogue", "", duration=30.0), "", 0.0
    made.report("track_started")
    made.run(31)
    first, rogue = made.outcomes[:2]
    assert rogue.track.track_id == "rogue"
    assert rogue.recommendation_id == ""
    assert made.memory.person("anna").taste.size in (0, 6)  # its content is not known


def test_the_coefficients_of_paper_e_are_kept_with_a_listen(world):
    made = world(tracks=world.library(duration=60.0), distress_stop=False)
    made.state, made.bpm = "calm", 70.0
    made.run(120)
    made.bpm = 100.0
    made.run(50)
    made.bpm = 90.0
    made.run(60)
    outcome = made.outcomes[-1]
    assert outcome.heart_rate_before == pytest.approx(100.0, abs=10)
    assert outcome.rationality > 0.1
    assert 0 <= outcome.variation < 0.2
    assert math.isnan(made.outcomes[0].variation)  # 70 against 70: no answer to an emotion
    assert "heart" not in outcome.signals


def test_a_heart_earns_a_reward_where_it_is_switched_on(world):
    made = world(distress_stop=False, heart_reward=True)
    made.state, made.bpm = "anxiety", 80.0
    made.run(40)
    made.bpm = 75.0
    made.run(25)
    assert made.outcomes[0].signals["heart"] == pytest.approx(0.5)


def test_an_event_of_another_person_is_not_mine(world):
    made = world()
    made.state = "calm"
    made.run(20)
    made.director.on_interaction(Interaction(made.now, "rate", "", 1.0, person_id="bert"))
    made.tell("next")
    made.run(1)
    assert math.isnan(made.outcomes[0].rating)
