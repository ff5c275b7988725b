# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Rules of the session that hold whatever the policy wants."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from emo_music_ros.emotion import UNKNOWN


def test_when_nobody_was_there_for_minutes_the_music_fades_and_waits(world):
    made = world(absence=180.0)
    made.state = "calm"
    made.run(30)
    made.state, made.present = UNKNOWN, False
    gone = made.now
    stops = [each for each in made.run(400) if each.action == "stop"]
    assert [each.trigger for each in stops] == ["absent"]
    assert stops[0].time - gone == pytest.approx(180.0, abs=6)
    assert made.run(600) == []
    assert made.director.waiting == "nobody is here"
    assert "Nobody" in stops[0].reason


def test_when_somebody_comes_back_a_stable_state_is_waited_for(world):
    made = world(absence=60.0)
    made.state = "calm"
    made.run(10)
    made.state, made.present = UNKNOWN, False
    made.run(200)
    made.present = True  # seen, but not yet understood
    assert made.run(3) == []
    made.state = "depression"
    (decision,) = made.run(6)
    assert (decision.trigger, decision.state) == ("start", "depression")


def test_whoever_asks_in_an_empty_room_gets_music(world):
    made = world(absence=60.0)
    made.present = False
    made.run(200)
    assert made.director.waiting == "nobody is here"
    made.tell("play")
    assert [each.trigger for each in made.run(1)] == ["asked"]


def test_where_nothing_senses_people_music_lasts_as_long_as_it_is_wanted(world):
    made = world(absence=60.0)
    made.present = False
    made.tell("play")
    assert "stop" not in [each.action for each in made.run(1800)]


def test_after_distress_the_track_is_kept_back(world):
    made = world(tracks=world.library(duration=900.0))
    made.state = "calm"
    made.run(60)
    made.state = "anxiety"
    made.run(60)
    stop = made.decisions[-1]
    assert stop.trigger == "distress"
    on = made.played[-1]
    assert made.memory.person("anna").blocked == {on}
    made.state = "calm"
    before = len(made.played)
    made.run(1300)
    for _ in range(15):
        made.tell("next")
        made.run(1)
    assert len(made.played) >= before + 15
    assert on not in made.played[before:]
    made.tell("select", on)
    made.run(1)
    assert made.played[-1] == on


def test_neither_next_nor_repeat_outlast_the_rest_after_distress(world):
    made = world(tracks=world.library(duration=900.0))
    made.state = "calm"
    made.run(60)
    made.state = "anxiety"
    made.run(60)
    on = made.played[-1]
    made.state = "calm"
    made.tell("repeat")
    made.tell("next")
    assert made.run(1100) == []
    taken = made.run(120)
    assert [each.trigger for each in taken] == ["start"]
    assert made.played[-1] != on


def test_distress_that_begins_near_the_end_of_a_track_is_seen(world):
    for lead in (5.0, 20.0, 40.0):
        made = world(tracks=world.library(duration=120.0))
        made.state = "calm"
        made.run(4 + 120.0 - lead)
        made.state = "anxiety"
        began = made.now
        made.run(60)
        stops = [each for each in made.decisions if each.trigger == "distress"]
        assert stops
        assert stops[0].time - began <= 60


def test_sadness_changes_the_music_and_never_stops_it(world):
    made = world(tracks=world.library(duration=600.0))
    made.state = "positive"
    made.run(60)
    made.state = "depression"
    taken = made.run(500)
    assert [each.trigger for each in taken] == ["state"]


def test_after_rest_who_is_still_tense_gets_time_with_other_music(world):
    made = world(tracks=world.library(duration=900.0))
    made.state = "calm"
    made.run(60)
    made.state = "anxiety"
    made.run(60)
    assert made.decisions[-1].trigger == "distress"
    made.run(1200)
    again = [each for each in made.decisions if each.time > made.now - 100]
    start = next(each for each in again if each.action == "play")
    later = [each for each in made.run(60) if each.action == "stop"]
    assert all(each.time - start.time >= 34 for each in later)


def test_twenty_quick_skips_bring_other_tracks(world):
    made = world(tracks=world.library(60))
    made.state = "anxiety"
    made.run(6)
    for _ in range(20):
        made.tell("next")
        made.run(2)
    offered = [each.ranked[0].track.track_id for each in made.decisions]
    assert len(offered) == 21
    assert all(a != b for a, b in zip(offered, offered[1:]))
    assert len(set(offered)) >= 15


@pytest.mark.parametrize("size", [3, 12])
def test_skips_before_anything_is_heard_bring_other_tracks_too(world, size):
    """Also in a library so small that all of it has been skipped."""
    made = world(tracks=world.library(size))
    made.state = "calm"
    made.broken = {track.track_id for track in made.tracks}
    made.run(6)
    for _ in range(20):
        made.tell("next")
        made.run(0.5)
    offered = [each.ranked[0].track.track_id for each in made.decisions]
    assert len(offered) == 21
    assert all(a != b for a, b in zip(offered, offered[1:]))
    assert set(offered) == {track.track_id for track in made.tracks}


def test_a_dead_player_is_asked_at_growing_intervals(world):
    made = world(start_timeout=5.0)
    made.state = "calm"
    made.broken = {track.track_id for track in made.tracks}
    made.run(2000)
    times = [each.time for each in made.decisions]
    gaps = [later - earlier for earlier, later in zip(times, times[1:])]
    assert gaps == sorted(gaps)
    assert gaps[0] == pytest.approx(5.0, abs=0.5)
    assert gaps[-1] > 300
    assert len({(each.need.valence, each.need.arousal) for each in made.decisions}) == 1


def test_own_songs_first_for_who_is_agitated(world):
    tracks = world.library(30)
    tracks = [replace(track, own=number in (3, 7)) for number, track in enumerate(tracks)]
    made = world(tracks=tracks, distress_stop=False)
    made.state = "anxiety"
    made.run(400)
    assert set(made.played) == {"t3", "t7"}
    assert "Own songs" in made.decisions[0].reason


def test_a_track_asked_for_is_scored_among_its_library(world):
    made = world(tracks=world.library(30))
    made.state = "calm"
    made.run(20)
    made.tell("select", "t7")
    (decision,) = made.run(0.25)
    best = decision.ranked[0]
    assert best.track.track_id == "t7"
    assert math.isnan(best.propensity)  # not the policy's choice
    assert 0 < best.attention < 1
    assert len(decision.ranked) == 5
