# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What acts of a person and reports of the player do, at their limits."""

from __future__ import annotations

import math

import pytest

from emo_music_ros.emotion import UNKNOWN
from emo_music_ros.recommendation.base import Need
from emo_music_ros.recommendation.memory.store import Memory
from emo_music_ros.recommendation.session.director import Director
from emo_music_ros.recommendation.session.options import RecommenderOptions
from emo_music_ros.recommendation.session.views import PlayerView
from emo_music_ros.streams import Interaction

NAN = math.nan


def calm(world, **options):
    made = world(**options)
    made.state = "calm"
    made.run(20)
    return made


@pytest.mark.parametrize(("value", "rating"), [(7.0, 1.0), (-7.0, -1.0), (0.3, 0.3)])
def test_a_rating_counts_within_its_range(world, value, rating):
    made = calm(world)
    made.tell("rate", "", value)
    made.tell("rate", "", NAN)  # says nothing
    made.tell("next")
    made.run(1)
    assert made.outcomes[0].rating == rating


def test_a_rating_in_silence_is_of_what_was_heard_last(world):
    made = calm(world)
    on = made.played[-1]
    made.tell("stop")
    made.run(2)
    made.tell("rate", "", -1.0)
    assert [outcome.track.track_id for outcome in made.outcomes] == [on, on]
    assert made.outcomes[-1].rating == -1.0


def test_only_praise_clears_a_track_that_was_kept_back(world):
    made = calm(world)
    made.memory.block("anna", "t7", 0.0, "distress")
    for value in (0.0, -1.0, NAN):
        made.tell("rate", "t7", value)
        assert "t7" in made.memory.person("anna").blocked
    made.tell("rate", "t7", 0.01)
    assert made.memory.person("anna").blocked == set()


@pytest.mark.parametrize(("value", "given"), [(0.5, True), (0.49, False)])
def test_consent_is_given_from_a_half_on(world, value, given):
    made = calm(world)
    made.tell("consent", value=value)
    taken = made.run(1)
    assert [each.trigger for each in taken] == ([] if given else ["consent"])
    assert (made.director.waiting == "there is no consent") != given


def test_the_start_that_a_view_told_is_not_told_again_by_its_report(world):
    made = calm(world)
    began = made.now
    made.director.on_player(PlayerView(began + 0.1, "playing", "t3", 0.0, 60.0, "r"))
    made.director.on_interaction(
        Interaction(began + 0.5, "track_started", "t3", 0.0, 0.0, "anna", "live:player")
    )
    assert len(made.outcomes) == 1  # of the one before
    made.director.close(began + 10)
    assert [outcome.track.track_id for outcome in made.outcomes[1:]] == ["t3"]


@pytest.mark.parametrize("late", [0.0, 0.1])
def test_the_end_of_a_track_before_it_began_is_that_of_another_listen(world, late):
    made = calm(world)
    on = made.director._listening
    made.director.on_interaction(
        Interaction(on.began - late, "track_finished", on.track.track_id, person_id="anna")
    )
    assert len(made.outcomes) == (0 if late else 1)
    made.director.on_interaction(
        Interaction(made.now, "track_finished", "another", person_id="anna")
    )
    assert len(made.outcomes) == (0 if late else 1)


def test_every_wish_to_hear_it_again_counts(world):
    made = calm(world)
    made.tell("repeat")
    made.tell("repeat")
    made.tell("next")
    made.run(1)
    assert made.outcomes[0].repeats == 2


class Asked:
    """A recommender that keeps what it was asked."""

    def rank(self, *arguments):
        self.arguments = arguments
        return Need(0.0, 0.0, 0.0, "Because."), []


def test_ranking_for_a_place_asks_for_its_state_surely_and_without_a_past(tmp_path):
    asked = Asked()
    director = Director(asked, Memory(tmp_path / "memory.sqlite"), list, person_id="anna")
    need, ranked = director.rank(-0.5, 0.1, 3)
    state, estimate, tracks, person, recent, count = asked.arguments
    assert (state, estimate.valence, estimate.arousal) == ("anxiety", -0.5, 0.1)
    assert math.isnan(estimate.dominance)
    assert (estimate.confidence, tracks, recent, count) == (1.0, [], [], 3)
    assert person.person_id != "anna"
    assert (need.reason, ranked) == ("Because.", [])


def test_where_nothing_can_be_ranked_the_reason_is_waited_with(world):
    made = world(recommender=Asked())
    made.state = "calm"
    assert made.run(30) == []
    assert made.director.waiting == "Because."


def test_what_is_set_by_default_is_what_the_memory_does_by_default(tmp_path):
    memory = Memory(tmp_path / "memory.sqlite")
    assert memory.retention ** RecommenderOptions().half_life == pytest.approx(0.5)


def test_an_unknown_emotion_is_not_what_was_felt_before_a_track(world):
    made = world()
    made.run(12)
    assert made.director._listening is not None
    assert made.director._listening.state == UNKNOWN
    assert math.isnan(made.director._listening.before.valence)
