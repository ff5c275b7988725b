# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Rule 9: a group gets what is least bad for the worst served, and nobody is held up to others."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.care.profile import Profile, Song
from emo_music_ros.recommendation.base import RankedTrack
from emo_music_ros.recommendation.session.choosing import least_misery
from emo_music_ros.recommendation.session.programme import Programme
from emo_music_ros.streams import Interaction, Track

GROUP = Programme(True, "company", group=True, members=("bert", "carla"))


def entry(name, score, propensity=1.0):
    return RankedTrack(Track(name, ""), score, 0.5, 0.5, 0.5, 0.2, propensity)


def names(ranked):
    return [each.track.track_id for each in ranked]


def test_the_worst_served_member_decides():
    ours = [entry("a", 0.9), entry("b", 0.5), entry("c", 0.1)]
    theirs = [entry("c", 0.9), entry("b", 0.45), entry("a", 0.1)]
    found = least_misery([ours, theirs])
    assert names(found) == ["b", "a", "c"]
    assert [each.score for each in found] == [0.45, 0.1, 0.1]
    assert [each.propensity for each in found] == [1.0, 0.0, 0.0]


def test_what_answers_the_need_of_nobody_comes_last():
    ranked = [entry("a", 0.2), entry("b", 0.9, 0.0)]
    assert names(least_misery([ranked, ranked])) == ["a", "b"]


@given(st.lists(st.lists(st.floats(0, 1), min_size=4, max_size=4), min_size=1, max_size=4))
def test_nothing_is_worse_for_the_worst_than_what_is_first(scores):
    rankings = [[entry(name, score) for name, score in zip("abcd", each)] for each in scores]
    first = least_misery(rankings)[0]
    worst = {name: min(each[place] for each in scores) for place, name in enumerate("abcd")}
    assert worst[first.track.track_id] == max(worst.values())


def listening(world, **profiles):
    made = world(patience=1.0)
    made.profiles.update(profiles)
    made.director.follow(GROUP, made.now)
    made.state = "calm"
    made.run(10)
    return made


def test_never_again_of_any_member_is_played_to_nobody(world):
    banned = [f"Piece {number}" for number in range(0, 20, 2)]
    made = listening(world, carla=Profile(never=tuple(map(Song, banned))))
    made.run(600)
    assert len(made.played) >= 8
    assert not {made.director._attribution.find(name).title for name in made.played} & set(banned)


def test_own_songs_of_one_are_not_those_of_another_whose_risk_is_high(world):
    made = listening(
        world,
        anna=Profile(own=(Song("Piece 1"),), risk="low"),
        bert=Profile(own=(Song("Piece 2"),), risk="high"),
    )
    assert set(made.played) == {"t2"}
    assert "risk" not in made.decisions[0].reason


def test_the_stop_of_one_stops_all(world):
    made = listening(world)
    stop = Interaction(made.now, "stop", "", 0.0, 0.0, "bert", "live:band")
    made.director.on_interaction(stop)
    made.run(1)
    assert (made.decisions[-1].action, made.decisions[-1].trigger) == ("stop", "stop")
    made.played.clear()
    made.run(100)
    assert made.played == []
    made.director.on_interaction(
        Interaction(made.now, "play", "", 0.0, 0.0, "carla", "live:dashboard")
    )
    made.run(5)
    assert made.played
    made.director.on_interaction(
        Interaction(made.now, "stop", "", 0.0, 0.0, "dora", "live:dashboard")
    )
    made.run(1)
    assert made.decisions[-1].action == "play"  # she is not of the group


def test_nothing_is_learned_from_what_a_group_hears(world):
    made = listening(world)
    made.tell("rate", value=1.0)
    made.run(70)
    made.tell("next")
    made.run(70)
    assert made.memory.updates == 0
    assert not any(each.learned for each in made.outcomes)
    assert all(math.isnan(each.before.valence) for each in made.outcomes)
    assert made.memory.person("anna").listens == 0
    made.director.follow(Programme(), made.now)
    made.run(30)
    made.tell("next")  # that piece began in the group
    made.run(5)
    assert made.memory.person("anna").listens == 0
    made.run(20)
    made.tell("next")
    made.run(5)
    assert made.memory.person("anna").listens == 1


def test_nobodys_emotion_is_told_to_others(world):
    made = listening(world)
    made.state = "anxiety"
    made.run(120)
    assert made.decisions
    for each in made.decisions:
        assert each.state == "unknown"
        assert math.isnan(each.estimate.valence)
        told = each.reason.lower()
        assert not any(word in told for word in ("anxi", "distressed", "seem", "tense", "uneasy"))
    assert made.decisions[-1].trigger == "distress"
