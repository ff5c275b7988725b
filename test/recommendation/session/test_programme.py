# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What carers and therapists entered is obeyed: lists, locks, the day plan, never again, picks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.care.profile import HardTime, Profile, Song
from emo_music_ros.errors import InputError
from emo_music_ros.recommendation.session.programme import Course, Programme

LIST = ("t7", "t3", "t11")
LOCKED = Programme(True, "washing", "p", LIST, locked=True)
OPEN = Programme(True, "washing", "p", LIST)
SCHEDULED = Programme(True, "washing", "p", LIST, locked=True, scheduled=True)


def playing(world, state="calm"):
    made = world(patience=1.0)
    made.state = state
    made.run(10)
    assert made.played
    return made


def start(made, programme):
    made.director.follow(programme, made.now)


@given(
    st.lists(st.sampled_from("abcdef"), max_size=8),
    st.sets(st.sampled_from("abcdef")),
    st.booleans(),
)
def test_a_list_is_played_in_its_order_each_piece_once(tracks, left_out, locked):
    course = Course()
    assert course.follow(Programme(True, "x", "p", tuple(tracks), locked=locked))
    found = []
    while piece := course.next("end", lambda name: name in left_out):
        found.append(piece)
        assert not course.follow(Programme(True, "x", "p", tuple(tracks), locked=not locked))
    assert found == [each for each in tracks if each not in left_out]
    assert course.over


def test_a_locked_list_is_played_exactly_in_its_order_and_then_nothing(world):
    made = playing(world)
    start(made, LOCKED)
    made.played.clear()
    made.state = "depression"  # a change of state that would replace a piece
    made.run(400)
    assert made.played == list(LIST)
    assert {each.trigger for each in made.decisions[-3:]} == {"plan"}
    assert made.director.waiting == "the list of 'washing' is at its end"
    assert "piece 3 of 3" in made.decisions[-1].reason
    assert made.track is None


def test_nothing_replaces_a_piece_of_a_locked_list(world):
    made = playing(world)
    start(made, LOCKED)
    made.played.clear()
    made.run(2)
    made.tell("select", "t1")
    made.tell("repeat")
    with pytest.raises(InputError, match="locked"):
        made.director.pick("t1", made.now)
    made.run(60)
    assert made.played == ["t7", "t3"]
    made.tell("next")  # another: the next of the list
    made.run(5)
    assert made.played == list(LIST)
    made.tell("next")
    made.run(20)
    assert made.played == list(LIST)
    assert made.decisions[-1].action == "stop"


def test_after_a_stop_a_locked_list_goes_on_when_somebody_asks(world):
    made = playing(world)
    start(made, LOCKED)
    made.run(5)
    made.played.clear()
    made.tell("stop")
    made.run(100)
    assert made.played == []
    made.tell("play")
    made.run(100)
    assert made.played == ["t3", "t11"]


def test_never_again_stops_a_piece_of_a_locked_list_and_nothing_takes_its_place(world):
    made = playing(world)
    made.profiles["anna"] = Profile(never=(Song("Piece 3"),))
    start(made, LOCKED)
    made.played.clear()
    made.run(5)
    made.profiles["anna"] = Profile(never=(Song("Piece 3"), Song("Piece 7")))
    made.director.reconsider(made.now)
    made.run(5)
    assert made.played == ["t7", "t11"]


def test_distress_stops_a_locked_list_and_it_does_not_begin_again_by_itself(world):
    made = world(patience=1.0, distress_pause=60.0)
    made.state = "calm"
    made.run(150)
    start(made, SCHEDULED)
    made.run(2)
    made.state = "anxiety"
    made.run(58)
    assert [each.trigger for each in made.decisions].count("distress") == 1
    made.state = "calm"
    made.played.clear()
    made.run(300)
    assert made.played == []
    assert "broken off by distress" in made.director.waiting
    made.tell("play")
    made.run(10)
    assert made.played == ["t3"] or made.played == ["t11"]


def test_what_is_kept_back_or_not_in_the_library_is_left_out(world):
    made = playing(world)
    made.memory.block("anna", "t3", made.now, "distress")
    start(made, Programme(True, "x", "p", ("gone", "t3", "t5"), locked=True))
    made.played.clear()
    made.run(10)
    assert made.played == ["t5"]


def test_an_open_list_may_be_left_and_goes_on_by_choice_at_its_end(world):
    made = playing(world)
    start(made, OPEN)
    made.played.clear()
    made.run(5)
    made.tell("select", "t1")
    made.run(70)
    assert made.played[:3] == ["t7", "t1", "t3"]
    made.run(200)
    assert made.played[3] == "t11"
    assert len(made.played) > 4
    assert made.decisions[-1].trigger == "end"


def test_an_open_list_is_left_where_the_person_turns(world):
    made = playing(world)
    start(made, OPEN)
    made.run(3)
    made.state = "depression"
    made.run(54)
    assert made.decisions[-1].trigger == "state"


def test_unlocking_keeps_the_place_in_the_list(world):
    made = playing(world)
    start(made, LOCKED)
    made.played.clear()
    made.run(5)
    start(made, OPEN)
    made.director.pick("t1", made.now)
    made.run(80)
    assert made.played == ["t7", "t1", "t3"]


def test_after_the_end_of_a_session_choice_is_free_again(world):
    made = playing(world)
    start(made, LOCKED)
    made.run(5)
    start(made, Programme())
    made.played.clear()
    made.run(130)
    assert len(made.played) >= 2
    assert {each.trigger for each in made.decisions[-2:]} == {"end"}


def test_with_a_day_plan_music_waits_for_it_or_for_who_asks(world):
    made = world(patience=1.0)
    made.profiles["anna"] = Profile(hard_times=(HardTime("washing", 960),), scheduled=True,
                                    risk="low")  # fmt: skip
    made.state = "calm"
    made.run(60)
    assert made.played == []
    assert "day plan" in made.director.waiting
    made.tell("play")
    made.run(200)
    assert len(made.played) >= 3  # a free run has no limit
    made.tell("stop")
    made.run(5)
    made.played.clear()
    start(made, Programme(True, "washing", scheduled=True))
    made.run(70)
    assert len(made.played) == 2  # it begins also after an earlier stop
    start(made, Programme())
    made.run(200)
    assert len(made.played) == 2  # the piece ends, and nothing follows by itself
    assert made.track is None


def test_never_again_goes_on_to_another_piece(world):
    made = playing(world)
    on = made.track
    made.profiles["anna"] = Profile(never=(Song(on.title),))
    made.director.reconsider(made.now)
    made.run(2)
    assert made.track.track_id != on.track_id
    assert made.decisions[-1].trigger == "never"
    assert made.outcomes[-1].skipped
    made.run(1500)
    assert on.track_id not in made.played[1:]
    with pytest.raises(InputError, match="never-again list"):
        made.director.pick(on.track_id, made.now)


def test_never_again_is_no_stand_in_and_does_not_return(world):
    made = playing(world)
    banned = tuple(Song(f"Piece {number}") for number in range(20) if number != 4)
    made.profiles["anna"] = Profile(never=banned)
    made.director.pick("t4", made.now)
    made.run(1)
    assert [each.track.track_id for each in made.decisions[-1].ranked] == ["t4"]
    made.profiles["anna"] = Profile(never=(*banned, Song("Piece 4")))
    made.director.reconsider(made.now)
    made.run(5)
    made.played.clear()
    made.tell("repeat")
    made.run(20)
    assert made.played == []


def test_nothing_stands_in_for_a_piece_of_a_locked_list_that_cannot_be_opened(world):
    made = playing(world)
    made.broken = {"t7"}
    start(made, LOCKED)
    made.played.clear()
    made.run(100)  # what played before comes to its end
    assert made.played[0] == "t3"
    assert all(len(each.ranked) == 1 for each in made.decisions[1:])


def test_where_nothing_else_may_be_played_never_again_is_silence(world):
    made = world(tracks=world.library(1), patience=1.0)
    made.state = "calm"
    made.run(10)
    made.profiles["anna"] = Profile(never=(Song("Piece 0"),))
    made.director.reconsider(made.now)
    made.run(2)
    assert made.decisions[-1].action == "stop"
    assert "no music" in made.decisions[-1].reason


def test_what_is_never_again_of_something_else_changes_nothing(world):
    made = playing(world)
    count = len(made.decisions)
    made.profiles["anna"] = Profile(never=(Song("Nothing of ours"),))
    made.director.reconsider(made.now)
    made.director.never("t19", made.now)
    made.run(5)
    assert len(made.decisions) == count


def test_a_piece_that_is_picked_plays_at_once_and_says_so(world):
    made = playing(world)
    made.director.pick("t4", made.now)
    made.run(1)
    assert made.track.track_id == "t4"
    assert made.decisions[-1].trigger == "select"
    with pytest.raises(InputError, match="not in the library"):
        made.director.pick("t99", made.now)
    made.director.consent(False, False)
    with pytest.raises(InputError, match="consent"):
        made.director.pick("t4", made.now)


def test_the_comfort_song_may_end_the_silence_after_distress(world):
    made = world(patience=1.0)
    made.state = "calm"
    made.run(150)
    made.state = "anxiety"
    made.run(60)
    assert made.decisions[-1].trigger == "distress"
    with pytest.raises(InputError, match="no comfort song"):
        made.director.comfort(made.now)
    made.profiles["anna"] = Profile(comfort=Song("Piece 9"))
    made.director.comfort(made.now)
    made.run(2)
    assert made.track.track_id == "t9"
    assert made.decisions[-1].trigger == "comfort"


def test_a_heart_that_says_nothing_earns_no_reward(world):
    for flags, counts in (((), True), (("pacemaker",), False)):
        made = world(patience=1.0, heart_reward=True)
        made.profiles["anna"] = Profile(heart=flags)
        made.state, made.bpm = "anxiety", 90.0
        made.run(40)
        made.bpm = 70.0
        made.run(40)
        assert made.outcomes
        assert ("heart" in made.outcomes[0].signals) is counts


@pytest.mark.parametrize(("risk", "slow"), [("low", True), ("high", False), ("", False)])
def test_where_risk_is_high_fifteen_seconds_of_distress_stop_the_music(world, risk, slow):
    made = world(patience=1.0)
    made.profiles["anna"] = Profile(risk=risk, own=tuple(Song(f"Piece {n}") for n in range(20)))
    made.state = "calm"
    made.run(150)
    made.state = "anxiety"
    made.run(20)
    assert made.decisions[-1].trigger != "distress" if slow else True
    assert any(each.trigger == "distress" for each in made.decisions) is not slow
    made.run(40)
    assert any(each.trigger == "distress" for each in made.decisions)


def test_after_two_stops_in_a_day_nothing_begins_until_a_carer_has_looked(world):
    made = world(patience=1.0)
    made.profiles["anna"] = Profile(stopped=True)
    made.state = "calm"
    made.run(60)
    assert made.played == []
    assert "a carer has to look first" in made.director.waiting
    made.profiles["anna"] = Profile()
    made.run(5)
    assert made.played


def test_who_asks_for_music_gets_it_also_after_two_stops(world):
    made = world(patience=1.0)
    made.profiles["anna"] = Profile(stopped=True)
    made.state = "calm"
    made.run(20)
    made.tell("play")
    made.run(5)
    assert made.played
