# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What carers and therapists enter is obeyed by the running nodes."""

import contextlib
import time

import pytest
from action_msgs.msg import GoalStatus
from rclpy.action import ActionClient
from std_srvs.srv import Trigger
from tones import pieces

from emo_music_ros import msg, srv
from emo_music_ros.action import RunSession
from emo_music_ros.care.plans import BEFORE
from emo_music_ros.care.profile import DAY
from emo_music_ros.ros.qos import LATCHED

TITLES = ("Aria", "Ballade", "Chanson", "Dance")


@pytest.fixture
def robot(start, probe, until, tmp_path):
    """Start recommender, player, session and interaction; return what they say."""
    folder = pieces(tmp_path / "music", TITLES)
    start("player", plugin="null", folder__path=str(folder))
    recommender = start("recommender", folder__path=str(folder), patience=1.0)
    start("session")
    start("interaction")

    class Robot:
        process = recommender
        states = probe.listen(msg.PlayerState, "player/state")
        chosen = probe.listen(msg.Recommendation, "recommendation")
        plans = probe.listen(msg.SessionPlan, "session/plan", LATCHED)
        events = probe.publisher(msg.InteractionEvent, "dashboard/event")
        sessions = ActionClient(probe.node, RunSession, "run_session")

        def ask(self, kind, name, **fields):
            return probe.call(kind, name, kind.Request(**fields))

        def done(self, kind, name, **fields):
            answer = self.ask(kind, name, **fields)
            assert answer.success, answer.message
            return answer

        @property
        def title(self):
            playing = self.states and self.states[-1].status == msg.PlayerState.PLAYING
            return self.states[-1].track.title if playing else ""

        def plays(self, *titles):
            until(lambda: self.title in titles, f"one of {titles}")

        def begin(self, **goal):
            until(self.sessions.server_is_ready, "the session node")
            for _ in range(3):  # a client of actions may lose an answer
                future = probe.run(self.sessions.send_goal_async, RunSession.Goal(**goal))
                with contextlib.suppress(AssertionError):
                    return until(future.done, "the answer", 20.0) and future.result()
            raise AssertionError("no answer to three goals")

    made = Robot()
    until(
        lambda: made.done(srv.FindTracks, "find_tracks").found == len(TITLES), "the whole library"
    )
    yield made
    made.sessions.destroy()


def find(robot, query):
    return robot.done(srv.FindTracks, "find_tracks", query=query).tracks[0].track_id


def test_profile_picks_and_never_again(robot, until):
    found = robot.done(srv.FindTracks, "find_tracks", query="AR", count=10)
    assert [track.title for track in found.tracks] == ["Aria"]
    robot.plays(*TITLES)
    robot.done(srv.PickTrack, "pick_track", track_id=find(robot, "ballade"))
    robot.plays("Ballade")
    until(lambda: robot.chosen[-1].trigger == "select", "the trigger")
    assert not robot.ask(srv.PickTrack, "pick_track", track_id="none").success

    both = [find(robot, "dance"), "none", find(robot, "aria")]
    named = robot.done(srv.FindTracks, "find_tracks", track_ids=both).tracks
    assert [track.title for track in named] == ["Dance", "Aria"]

    answer = robot.done(srv.NeverAgain, "never_again")
    assert answer.song.title == "Ballade"
    robot.plays("Aria", "Chanson", "Dance")
    assert robot.chosen[-1].trigger == "never"
    refused = robot.ask(srv.PickTrack, "pick_track", track_id=find(robot, "ballade"))
    assert "never-again list" in refused.message

    profile = msg.Profile(risk="high", own=[msg.Song(title="Dance")])
    told = robot.done(srv.ChangeProfile, "change_profile", profile=profile, fields=["own", "risk"])
    assert "own songs only" in told.message
    now = robot.done(srv.GetProfile, "get_profile").profile
    assert (now.risk, now.own[0].title, now.never[0].title) == ("high", "Dance", "Ballade")
    robot.events.publish(msg.InteractionEvent(action=msg.InteractionEvent.NEXT))
    robot.plays("Dance")
    for fields in ([], ["age"]):
        assert not robot.ask(srv.ChangeProfile, "change_profile", fields=fields).success
    wrong = msg.Profile(risk="huge")
    assert not robot.ask(
        srv.ChangeProfile, "change_profile", profile=wrong, fields=["risk"]
    ).success
    allowed = robot.done(
        srv.ChangeProfile, "change_profile", profile=msg.Profile(), fields=["never"]
    )
    assert allowed.success
    robot.done(srv.PickTrack, "pick_track", track_id=find(robot, "ballade"))
    robot.plays("Ballade")

    robot.done(srv.AddNote, "add_note", note=msg.Note(rater="carer", author="Cara", text="hummed"))
    gone = robot.done(srv.ForgetPerson, "forget_person", person_id="resident")
    assert gone.removed >= 2
    assert robot.done(srv.GetProfile, "get_profile").profile == msg.Profile(person_id="resident")
    assert not robot.done(srv.GetNotes, "get_notes").notes


def test_a_locked_plan_is_obeyed_until_somebody_who_may_unlocks_or_ends_it(robot, until, probe):
    tracks = [find(robot, title) for title in ("chanson", "aria")]
    plan = msg.MusicPlan(name="washing", minutes=5, track_ids=tracks, locked=True, author="Thea")
    plan.plan_id = robot.done(srv.SetPlan, "set_plan", plan=plan).plan_id
    assert robot.begin(plan_id="none", duration=60.0).accepted is False
    handle = robot.begin(plan_id=plan.plan_id, duration=60.0)
    assert handle.accepted
    until(lambda: robot.chosen and robot.chosen[-1].trigger == "plan", "the choice of the plan")
    robot.plays("Chanson")
    assert "piece 1 of 2" in robot.chosen[-1].reason
    refused = robot.ask(srv.PickTrack, "pick_track", track_id=find(robot, "dance"))
    assert "locked" in refused.message
    probe.run(handle.cancel_goal_async)  # refused, too
    robot.events.publish(msg.InteractionEvent(action=msg.InteractionEvent.NEXT))
    robot.plays("Aria")
    assert "piece 2 of 2" in robot.chosen[-1].reason

    plan.locked = False
    robot.done(srv.SetPlan, "set_plan", plan=plan)
    until(lambda: not robot.plans[-1].locked, "the lock to open")
    robot.done(srv.PickTrack, "pick_track", track_id=find(robot, "dance"))
    robot.plays("Dance")
    robot.done(Trigger, "end_session")
    until(lambda: robot.plans[-1].remaining == 0, "the end")
    future = probe.run(handle.get_result_async)
    until(future.done, "the result")
    assert future.result().status == GoalStatus.STATUS_ABORTED
    assert not robot.ask(Trigger, "end_session").success
    assert len(robot.done(srv.GetPlans, "get_plans").plans) == 1
    robot.done(srv.SetPlan, "set_plan", plan=plan, remove=True)
    assert not robot.done(srv.GetPlans, "get_plans").plans


def test_the_day_plan_begins_by_itself(robot, until):
    robot.plays(*TITLES)
    robot.events.publish(msg.InteractionEvent(action=msg.InteractionEvent.STOP))
    local = time.localtime()
    hard = (local.tm_hour * 60 + local.tm_min + BEFORE - 1) % DAY
    plan = msg.MusicPlan(name="washing", minutes=30, track_ids=[find(robot, "dance")], locked=True)
    robot.done(srv.SetPlan, "set_plan", plan=plan)
    profile = msg.Profile(risk="low", hard_times=[msg.HardTime(name="washing", minute=hard)])
    robot.done(srv.ChangeProfile, "change_profile", profile=profile, fields=["hard_times", "risk"])
    until(lambda: robot.plans and robot.plans[-1].scheduled, "the session")
    told = robot.plans[-1]
    assert (told.name, told.locked) == ("washing", True)
    assert 27 * 60 < told.remaining <= 30 * 60
    robot.plays("Dance")
    assert robot.done(srv.GetPlans, "get_plans").plans[0].held == 1
    robot.done(Trigger, "end_session")
    until(lambda: robot.plans[-1].remaining == 0, "the end")
    until(lambda: "washing" in robot.done(srv.GetPlans, "get_plans").message, "what the day holds")
    robot.done(Trigger, "looked_after")
    assert robot.plans[-1].remaining == 0  # held once, and not again


def test_a_rating_carries_the_role_of_who_rates(robot, probe, until):
    events = probe.listen(msg.InteractionEvent, "interaction/event")
    robot.plays(*TITLES)
    robot.done(srv.RateTrack, "rate_track", rating=1.0, rater="carer")
    until(
        lambda: [each for each in events if each.action == each.RATE and each.rater == "carer"],
        "the rating",
    )
    assert not robot.ask(srv.RateTrack, "rate_track", rating=1.0, rater="neighbour").success
