# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emo_music_ros.emotion import STATES, UNKNOWN
from emo_music_ros.recommendation.policy.therapeutic import (
    RandomRecommender,
    TherapeuticRecommender,
)
from emo_music_ros.recommendation.session.views import PlayerView
from emo_music_ros.streams import Emotion, Interaction, Track

NAN = float("nan")


def test_the_first_track_waits_for_a_stable_state(world):
    made = world()
    assert made.run(3) == []
    assert made.director.waiting == "no emotion is stable and sure yet"
    made.state = "anxiety"
    assert made.run(3) == []
    (decision,) = made.run(2)
    assert (decision.action, decision.trigger, decision.state) == ("play", "start", "anxiety")
    assert decision.emotion_time == pytest.approx(decision.time)
    assert decision.person_id == "anna"
    assert 1 <= len(decision.ranked) <= 5
    assert decision.need.reason == decision.reason


def test_without_a_known_emotion_the_safe_choice_comes_after_some_patience(world):
    made = world(patience=10.0)
    assert made.run(9.5) == []
    (decision,) = made.run(1.5)
    assert decision.state == UNKNOWN
    assert decision.need.valence > 0 > decision.need.arousal


def test_without_a_player_or_a_library_nothing_is_decided(world):
    made = world()
    made.silent_player, made.state = True, "calm"
    assert made.run(20) == []
    assert made.director.waiting == "no player"
    made = world(tracks=[])
    assert made.run(20) == []
    assert made.director.waiting == "the library is empty"


def test_the_next_track_is_chosen_a_cross_fade_before_the_end(world):
    made = world(crossfade=4.0)
    made.state = "calm"
    first, second, third = made.run(118)
    assert (second.trigger, third.trigger) == ("end", "end")
    assert second.time - first.time == pytest.approx(56, abs=0.6)
    assert [outcome.dwell for outcome in made.outcomes] == [1.0, 1.0]
    assert not any(outcome.skipped or outcome.interrupted for outcome in made.outcomes)


def test_after_a_track_that_ended_by_itself_there_is_a_moment_of_silence(world):
    made = world(crossfade=0.0, settle=3.0)
    made.state = "calm"
    first, second = made.run(71)
    assert second.trigger == "start"
    assert second.time - first.time == pytest.approx(63, abs=1)


def test_next_is_answered_at_once_and_counts_as_a_skip(world):
    made = world()
    made.state = "calm"
    made.run(14)
    made.tell("next")
    (decision,) = made.run(0.25)
    assert decision.trigger == "next"
    assert len(made.outcomes) == 1
    outcome = made.outcomes[0]
    assert outcome.skipped
    assert not outcome.interrupted
    assert outcome.dwell == pytest.approx(10 / 60, abs=0.02)
    assert outcome.reward == -1.0
    assert outcome.signals == {"skip": -1.0}
    assert made.memory.person("anna").history(outcome.track.track_id)[1] == 1
    assert made.played[0] != made.played[1]


def test_a_new_state_counts_after_it_has_lasted(world):
    made = world(
        tracks=world.library(duration=300.0), min_dwell=45.0, stable=15.0, distress_stop=False
    )
    made.state = "calm"
    made.run(20)
    made.state = "anxiety"
    assert made.run(20) == []  # stable by now, but the track has hardly begun
    taken = made.run(12)
    assert [decision.trigger for decision in taken] == ["state"]
    # a track plays 45 s, and the first one began after 4 s that showed a stable state
    assert taken[0].time - world.START == pytest.approx(49.5, abs=1)
    assert made.outcomes[0].interrupted
    assert not made.outcomes[0].skipped
    made.run(60)
    for _ in range(10):  # a flicker never lasts
        made.state = "calm"
        assert made.run(5) == []
        made.state = "anxiety"
        assert made.run(5) == []


def test_unknown_and_stale_emotions_keep_the_music(world):
    made = world(tracks=world.library(duration=300.0))
    made.state = "calm"
    made.run(50)
    made.state = UNKNOWN
    assert made.run(100) == []


def test_a_persons_stop_holds_until_they_ask_for_music(world):
    made = world()
    made.state = "calm"
    made.run(20)
    made.tell("stop")
    assert made.run(300) == []
    assert made.director.waiting == "a person stopped the music"
    made.tell("next")
    assert made.run(5) == []
    outcome = made.outcomes[0]
    assert not outcome.skipped
    assert not outcome.interrupted
    made.tell("play")
    (decision,) = made.run(1)
    assert decision.trigger == "asked"


def test_withdrawn_consent_stops_and_nothing_is_learned_until_it_is_given(world):
    made = world()
    made.state, made.bpm = "calm", 70.0
    made.run(20)
    made.tell("consent", value=0.0)
    (decision,) = made.run(0.25)
    assert (decision.action, decision.trigger) == ("stop", "consent")
    assert made.run(100) == []
    made.tell("play")
    assert made.run(10) == []
    assert len(made.outcomes) == 1
    assert math.isnan(made.outcomes[0].before.valence)
    assert math.isnan(made.outcomes[0].after.valence)
    assert made.memory.person("anna").updates == 0
    assert made.memory.person("anna").tracks == {}
    made.tell("consent", value=1.0)
    assert [decision.action for decision in made.run(15)] == ["play"]


def test_distress_that_rises_and_stays_stops_the_music_for_twenty_minutes(world):
    made = world(tracks=world.library(duration=900.0))
    made.state = "calm"
    made.run(30)
    made.state = "anxiety"
    began = made.now
    taken = made.run(60)
    assert [(decision.action, decision.trigger) for decision in taken] == [
        ("play", "state"),  # first other music is tried
        ("stop", "distress"),
    ]
    stop = taken[1]
    assert 30 <= stop.time - began <= 46
    assert "look after" in stop.reason
    made.state = "calm"
    assert made.run(stop.time + 1199 - made.now) == []
    assert made.director.waiting == "rest after distress"
    assert [decision.action for decision in made.run(30)] == ["play"]


def test_distress_that_the_other_music_eases_stops_nothing(world):
    made = world(tracks=world.library(duration=900.0))
    made.state = "calm"
    made.run(50)
    made.state = "anxiety"
    made.run(30)
    made.state = "calm"
    assert "stop" not in [decision.action for decision in made.run(120)]


def test_distress_that_was_there_before_the_music_is_no_rise(world):
    made = world(tracks=world.library(duration=900.0))
    made.state = "anxiety"
    taken = made.run(300)
    assert [decision.action for decision in taken] == ["play"]


def test_a_short_fright_is_no_distress(world):
    made = world(tracks=world.library(duration=900.0))
    made.state = "calm"
    made.run(60)
    for _ in range(5):
        made.state = "anxiety"
        assert made.run(8) == []
        made.state = "calm"
        assert made.run(20) == []


def test_play_ends_the_rest_after_distress_and_it_can_be_switched_off(world):
    made = world(tracks=world.library(duration=900.0))
    made.state = "calm"
    made.run(30)
    made.state = "anxiety"
    made.run(60)
    assert made.director.waiting == "rest after distress"
    made.tell("play")
    taken = made.run(60)  # and gets its time, although the person is still tense
    assert [decision.trigger for decision in taken] == ["asked", "distress"]
    assert 30 <= taken[1].time - taken[0].time <= 46
    made = world(tracks=world.library(duration=900.0), distress_stop=False)
    made.state = "calm"
    made.run(30)
    made.state = "anxiety"
    assert [decision.action for decision in made.run(120)] == ["play"]


def test_repeat_plays_the_track_again_at_its_end(world):
    made = world()
    made.state = "calm"
    made.run(20)
    made.tell("repeat")
    made.run(45)
    assert made.played[1] == made.played[0]
    assert made.decisions[1].trigger == "repeat"
    assert math.isnan(made.decisions[1].ranked[0].propensity)  # nothing was drawn
    assert made.outcomes[0].repeats == 1
    assert made.outcomes[0].signals == {"repeat": 1.0}
    assert made.outcomes[0].reward == 1.0
    made.run(56)
    assert made.played[2] != made.played[1]
    assert len(made.outcomes) == 2


def test_repeat_in_silence_plays_the_last_track_again(world):
    made = world()
    made.state = "calm"
    made.run(20)
    made.silence()
    made.director.on_player(PlayerView(made.now + 0.01, "stopped"))
    made.tell("repeat")
    made.run(1)
    assert made.played[1] == made.played[0]


def test_select_plays_what_the_person_chose(world):
    made = world()
    made.state = "calm"
    made.run(20)
    made.tell("select", "t7")
    (decision,) = made.run(0.25)
    assert decision.trigger == "select"
    assert made.played[-1] == "t7"
    assert made.outcomes[0].skipped
    made.tell("select", "no such track")
    assert made.run(5) == []


def test_a_rating_of_the_current_track_goes_into_its_outcome(world):
    made = world()
    made.state = "calm"
    made.run(20)
    made.tell("rate", value=-5.0)
    made.tell("next")
    made.run(1)
    assert made.outcomes[0].rating == -1.0
    assert made.outcomes[0].reward == pytest.approx(-1.0, abs=0.15)


def test_a_late_rating_corrects_the_listen_it_is_about(world):
    made = world()
    made.state = "calm"
    made.run(14)
    made.tell("next")
    made.run(10)
    first = made.played[0]
    assert made.memory.person("anna").history(first) == (-1.0, 1)
    made.tell("rate", first, 1.0)
    assert made.memory.person("anna").history(first) == (pytest.approx(0.5), 1)
    assert made.memory.person("anna").listens == 1
    late = made.outcomes[-1]  # reported again, under the same number
    assert len(made.outcomes) == 2
    assert late.listen_id == made.outcomes[0].listen_id
    assert late.signals == {"skip": -1.0, "rating": 1.0}
    assert (late.rating, late.reward) == (1.0, pytest.approx(0.5))
    assert late.dwell == made.outcomes[0].dwell
    made.tell("rate", "no such track", 1.0)
    made.tell("rate", first, NAN)
    assert len(made.outcomes) == 2


def test_emotion_and_heart_rate_around_a_track_are_attributed_to_it(world):
    made = world(tracks=world.library(duration=60.0), distress_stop=False)
    made.state, made.bpm = "anxiety", 90.0
    made.run(30)
    made.state, made.bpm = "calm", 70.0
    made.run(35)
    outcome = made.outcomes[0]
    assert outcome.before.valence == pytest.approx(-0.5)
    assert outcome.after.valence == pytest.approx(0.5)
    assert (outcome.heart_rate_before, outcome.heart_rate_after) == (90.0, 70.0)
    assert outcome.recommendation_id == made.decisions[0].recommendation_id
    # the heart earns nothing by default
    assert outcome.signals == {"emotion": 1.0}
    assert outcome.reward == pytest.approx(1.0)
    row = (
        made.memory._storage.database.connect()
        .execute(
            "SELECT propensity, score FROM outcome WHERE recommendation_id = ?",
            (outcome.recommendation_id,),
        )
        .fetchone()
    )
    assert row == (
        made.decisions[0].ranked[0].propensity,
        made.decisions[0].ranked[0].score,
    )


def test_a_track_that_does_not_start_is_replaced_by_another(world):
    made = world(start_timeout=5.0)
    made.state = "calm"
    made.broken = {track.track_id for track in made.tracks[:10]}
    made.run(120)
    assert made.played
    assert all(a.ranked[0] is not b.ranked[0] for a, b in zip(made.decisions, made.decisions[1:]))


def test_pause_waits_for_the_person(world):
    made = world()
    made.state = "calm"
    made.run(20)
    made.tell("pause")
    assert made.run(200) == []
    made.tell("resume")
    made.run(1)
    assert made.outcomes == []
    assert [decision.trigger for decision in made.run(40)] == ["end"]
    assert made.outcomes[0].dwell == 1.0


def test_a_seek_is_not_listening(world):
    made = world()
    made.state = "calm"
    made.run(5)
    made.tell("seek", value=50.0)
    made.position = 50.0
    made.run(10)
    assert made.outcomes[0].dwell < 0.3


def test_other_people_are_ignored(world):
    made = world()
    made.state = "calm"
    made.run(20)
    made.director.on_interaction(Interaction(made.now, "next", person_id="bert"))
    made.director.on_emotion(
        Emotion(made.now + 1, "depression", world.estimate("depression"), 0.1, (), "", "bert")
    )
    assert made.run(5) == []


def test_ranking_for_the_service_changes_nothing(world):
    made, other = world(), world()
    for each in (made, other):
        each.state = "anxiety"
        each.run(20)
    for _ in range(3):
        need, ranked = made.director.rank(0.5, -0.5, 7)
        assert len(ranked) == 7
        assert need.valence > 0
    assert made.outcomes == []
    taken, expected = made.run(45)[0], other.run(45)[0]
    assert (taken.need.valence, taken.need.arousal) == (
        expected.need.valence,
        expected.need.arousal,
    )


def test_closing_ends_the_attribution(world):
    made = world()
    made.state = "calm"
    made.run(20)
    made.director.close(made.now)
    made.director.close(made.now)
    assert len(made.outcomes) == 1
    assert made.outcomes[0].interrupted


def test_one_purpose_alone_can_be_withdrawn(world):
    made = world()
    made.state = "calm"
    made.run(20)
    made.director.consent(sensing=True, learning=False)
    made.tell("rate", value=1.0)
    made.run(200)
    assert made.memory.updates == 0
    assert made.memory.person("anna").tracks == {}
    assert made.decisions[-1].action == "play"  # music goes on
    assert not any(outcome.learned for outcome in made.outcomes)
    made.director.consent(sensing=True, learning=True)
    made.run(200)
    assert made.memory.person("anna").listens > 0


def test_a_ranking_is_made_for_the_person_it_names(world):
    made = world()
    made.memory.block("bert", "t3", 0.0, "distress")
    ranked = {name: {entry.track.track_id for entry in made.director.rank(0.3, 0.0, 50, name)[1]}
              for name in ("", "bert")}  # fmt: skip
    assert ranked[""] - ranked["bert"] == {"t3"}


def test_forgetting_also_drops_what_is_going_on(world):
    made = world()
    made.state = "calm"
    made.run(130)
    assert made.memory.person("anna").listens == 2
    assert made.director.forget("anna") > 0
    made.tell("next")
    made.run(1)
    assert made.memory.person("anna").tracks == {}
    assert len(made.outcomes) == 3


def test_the_player_may_report_views_before_events_and_late_ones(world):
    made = world(patience=0.0)
    made.director.on_player(PlayerView(world.START, "stopped"))
    made.director.on_emotion(Emotion(world.START + 1, "calm", world.estimate("calm"), 0.1, (), ""))
    decision = made.director.step(world.START + 1)
    track = decision.ranked[0].track.track_id
    view = PlayerView(world.START + 2, "playing", track, 0.5, 60.0, decision.recommendation_id)
    made.director.on_player(view)
    made.director.on_interaction(Interaction(world.START + 1.5, "track_started", track))
    assert made.outcomes == []
    made.director.on_interaction(Interaction(world.START + 61.5, "track_finished", track))
    assert len(made.outcomes) == 1
    made.director.on_player(
        PlayerView(world.START + 61.6, "fading", track, 60.0, 60.0, decision.recommendation_id)
    )
    made.director.on_player(PlayerView(world.START + 62, "stopped"))
    assert len(made.outcomes) == 1
    assert made.outcomes[0].recommendation_id == decision.recommendation_id


def test_a_view_that_was_overtaken_is_ignored(world):
    made = world()
    made.state = "calm"
    made.run(10)
    made.director.on_player(PlayerView(made.now - 1.0, "stopped"))
    made.director.on_player(PlayerView(NAN, "stopped"))
    assert made.outcomes == []


def test_an_hour_of_music_repeats_nothing_while_there_are_others(world):
    made = world(distress_stop=False)
    moods = np.random.default_rng(2).choice([*STATES, UNKNOWN], 120)
    for mood in moods:
        made.state = mood
        made.run(30)
    assert len(made.played) > 50
    for index in range(2, len(made.played)):
        assert made.played[index] not in made.played[index - 2 : index]
    assert len(set(made.played)) > 0.6 * len(made.tracks)
    assert len(made.outcomes) == len(made.played) - (made.track is not None)


ACTS = st.one_of(
    st.tuples(st.just("run"), st.floats(0.25, 30.0)),
    st.tuples(st.just("state"), st.sampled_from((*STATES, UNKNOWN))),
    st.tuples(
        st.sampled_from(
            ["next", "stop", "play", "pause", "resume", "repeat", "volume", "seek", "nonsense"]
        ),
        st.just(0.0),
    ),
    st.tuples(st.just("rate"), st.one_of(st.just(NAN), st.floats(-3, 3))),
    st.tuples(st.just("consent"), st.sampled_from([0.0, 1.0])),
    st.tuples(st.just("select"), st.sampled_from(["t0", "t3", "none", ""])),
    st.tuples(st.just("rogue"), st.integers(0, 30)),
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(ACTS, min_size=1, max_size=25),
    st.integers(0, 5),
    st.sampled_from([RandomRecommender, TherapeuticRecommender]),
)
def test_whatever_happens_every_track_has_one_outcome(world, acts, size, plugin):
    made = world(
        tracks=world.library(size, duration=20.0), recommender=plugin(), min_dwell=5.0, stable=2.0
    )
    asked = {"repeat": 0, "select": 0}
    rogues = []
    for act, value in acts:
        if act == "run":
            made.run(value)
        elif act == "state":
            made.state = value
        elif act == "rogue":  # something else plays a track by itself
            made.track = Track(f"rogue{value}", "", duration=10.0)
            made.recommendation, made.position = "", 0.0
            made.now += 0.01
            made.played.append(made.track.track_id)
            made.report("track_started")
            rogues.append(made.track.track_id)
        else:
            asked[act] = asked.get(act, 0) + 1
            made.tell(act, value if act == "select" else "", value if act != "select" else 0.0)
        made.run(0.25)
    made.director.close(made.now)
    numbers = [outcome.listen_id for outcome in made.outcomes]
    first = [
        outcome
        for index, outcome in enumerate(made.outcomes)
        if not outcome.listen_id or outcome.listen_id not in numbers[:index]  # else a correction
    ]
    assert [outcome.track.track_id for outcome in first] == made.played
    for outcome in made.outcomes:
        assert 0 <= outcome.dwell <= 1
        assert -1 <= outcome.reward <= 1 or not outcome.signals
        assert math.isfinite(outcome.reward) == bool(outcome.signals)
        assert not (outcome.skipped and outcome.interrupted)
    if size > 1 and not (asked["repeat"] or asked["select"]):
        assert all(a != b for a, b in zip(made.played, made.played[1:]) if a not in rogues)
