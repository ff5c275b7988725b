# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.simulation.player import TYPICAL, PlayerFaults, VirtualPlayer
from emo_music_ros.streams import Track

A, B = Track("a", "", duration=10.0), Track("b", "", duration=20.0)


class Desk:
    """A player and what it reported."""

    def __init__(self, **faults):
        self.events = []
        self.player = VirtualPlayer(self.note, "anna")
        self.player.faults = PlayerFaults(**faults)
        self.now = 0.0

    def note(self, event):
        assert event.person_id == "anna"
        self.events.append((event.time, event.action, event.track_id))

    def run(self, seconds, step=0.25):
        for _ in range(round(seconds / step)):
            self.now += step
            self.player.advance(self.now)
        return self.player.view()


def test_a_track_starts_plays_and_ends():
    desk = Desk()
    assert desk.player.view().status == "stopped"
    desk.player.play(A, "r1")
    view = desk.run(5)
    assert (view.status, view.track_id, view.recommendation_id) == ("playing", "a", "r1")
    assert view.position == pytest.approx(4.75)
    assert view.duration == 10.0
    assert desk.run(6).status == "stopped"
    assert desk.events == [(0.25, "track_started", "a"), (10.25, "track_finished", "a")]
    assert desk.player.started == [(0.25, A)]


def test_a_slow_player_starts_later_and_the_latest_request_wins():
    desk = Desk(start_delay=1.0)
    desk.player.play(A, "r1")
    assert desk.run(0.75).status == "stopped"
    desk.player.play(B, "r2")
    assert desk.run(0.75).status == "stopped"
    assert desk.run(0.25).track_id == "b"
    assert [event[2] for event in desk.events] == ["b"]


def test_a_track_that_fails_does_not_bring_back_the_one_asked_for_before():
    desk = Desk(start_delay=1.0, fails=frozenset({"b"}))
    desk.player.play(A, "r1")
    desk.player.play(B, "r2")
    assert desk.run(5).status == "stopped"
    desk.player.play(A, "r3")
    assert desk.run(2).track_id == "a"


def test_a_dead_player_starts_nothing():
    desk = Desk(fails=True)
    desk.player.play(A, "r1")
    assert desk.run(30).status == "stopped"
    assert desk.events == []


def test_what_fails_leaves_on_what_sounds():
    desk = Desk(fails=frozenset({"b"}))
    desk.player.play(A, "r1")
    desk.run(1)
    desk.player.play(B, "r2")
    assert desk.run(1).track_id == "a"


def test_a_stop_fades_within_two_seconds_and_forgets_what_was_asked_for():
    desk = Desk()
    desk.player.play(A, "r1")
    desk.run(2)
    desk.player.faults = PlayerFaults(start_delay=1.0)
    desk.player.play(B, "r2")
    desk.player.stop()
    assert desk.run(0.5).status == "fading"
    assert desk.player.moving
    assert desk.run(1.5).status == "stopped"
    assert desk.run(10).status == "stopped"
    assert [event[1] for event in desk.events] == ["track_started"]


def test_pause_seek_and_resume():
    desk = Desk()
    desk.player.play(A, "r1")
    desk.run(2)
    desk.player.pause()
    view = desk.run(60)
    assert view.status == "paused"
    assert not desk.player.moving
    before = view.position
    desk.player.resume()
    assert desk.run(1).position == pytest.approx(before + 1)
    desk.player.seek(99.0)
    desk.run(0.25)
    assert desk.events[-1][1] == "track_finished"
    desk.player.seek(1.0)  # nothing is on
    desk.player.pause()
    assert desk.player.view().status == "stopped"


def test_a_length_that_is_not_known_is_taken_as_a_typical_one():
    desk = Desk()
    desk.player.play(Track("x", ""), "r")
    assert desk.run(1).duration == TYPICAL


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "stop", "next", "pause", "resume", "seek"]),
            st.floats(0, 12),
        ),
        max_size=20,
    ),
    st.floats(0, 3),
)
def test_whatever_is_asked_it_reports_each_track_once(acts, delay):
    desk = Desk(start_delay=delay)
    for act, wait in acts:
        if act in ("a", "b"):
            desk.player.play({"a": A, "b": B}[act], act)
        elif act == "seek":
            desk.player.seek(wait)
        else:
            getattr(desk.player, act)()
        view = desk.run(wait)
        assert 0 <= view.position <= max(view.duration, 0)
        assert (view.status == "stopped") == (view.track_id == "")
    started = [event for event in desk.events if event[1] == "track_started"]
    finished = [event for event in desk.events if event[1] == "track_finished"]
    assert len(started) == len(desk.player.started)
    assert len(finished) <= len(started)
