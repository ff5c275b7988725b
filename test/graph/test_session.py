# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A session that is asked for does what its goal says, and puts back what it changed."""

import contextlib
import json
import math
import re
import threading
import time

import pytest
from action_msgs.msg import GoalStatus
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rclpy.action import ActionClient

from emo_music_ros import msg, srv
from emo_music_ros.action import RunSession
from emo_music_ros.ros.qos import LATCHED


@pytest.fixture
def ask(probe, until):
    """Return a function that asks for a session and returns its goal handle."""
    client = ActionClient(probe.node, RunSession, "run_session")

    def send(**goal):
        until(client.server_is_ready, "the session node")
        request = RunSession.Goal(**{"duration": 60.0, **goal})
        for _ in range(3):  # a client of actions may lose an answer
            future = probe.run(client.send_goal_async, request)
            with contextlib.suppress(AssertionError):
                return until(future.done, "the answer", 20.0) and future.result()
        raise AssertionError("no answer to three goals")

    yield send
    client.destroy()


def ended(probe, until, handle):
    future = probe.run(handle.get_result_async)
    until(future.done, "the result")
    return future.result()


@pytest.mark.parametrize(
    "wrong",
    [
        {"duration": 0.0},
        {"duration": math.nan},
        {"duration": math.inf},
        {"duration": 1e6},
        {"scenario": "moon"},
        {"goal": "depression"},
        {"person_id": "somebody else"},
        {"summary_path": "/outside.json"},
        {"summary_path": "../../outside.json"},
        {"summary_path": "x" * 5000},
    ],
)
def test_goals_that_cannot_be_are_refused(start, ask, wrong):
    start("session")
    assert not ask(**wrong).accepted


def test_a_goal_that_can_be_is_accepted(start, ask):
    start("session")
    assert ask(scenario="group", goal="calm", person_id="resident").accepted


def test_a_session_runs_for_its_own_time_and_leaves_its_summary(probe, start, until, ask, tmp_path):
    start("session", duration=80000.0)
    handle = ask(duration=1.5, goal="calm", scenario="group", summary_path="one.json")
    done = ended(probe, until, handle)
    assert done.status == GoalStatus.STATUS_SUCCEEDED
    assert done.result.success
    path = tmp_path / "cache" / "session-summaries" / "resident" / "one.json"
    summary = json.loads(path.read_text())
    assert (summary["goal"], summary["scenario"]) == ("calm", "group")
    assert summary["duration_s"] == pytest.approx(1.5, abs=1.0)
    assert ask().accepted  # the next one


def test_deactivating_the_node_ends_the_goal_and_takes_the_plan_back(probe, start, until, ask):
    start("session")
    plans = probe.listen(msg.SessionPlan, "session/plan", LATCHED)
    handle = ask(goal="positive", duration=500.0)
    until(lambda: plans and plans[-1].goal == "positive", "the plan")
    assert plans[-1].remaining == 500.0
    request = ChangeState.Request(transition=Transition(id=Transition.TRANSITION_DEACTIVATE))
    assert probe.call(ChangeState, "/session/change_state", request).success
    done = ended(probe, until, handle)
    assert done.status == GoalStatus.STATUS_ABORTED
    assert "deactivated" in done.result.message
    until(lambda: plans[-1].remaining == 0.0, "the end of the plan")
    assert not ask().accepted  # inactive


def test_cancelling_ends_it(probe, start, until, ask):
    start("session")
    handle = ask()
    probe.run(handle.cancel_goal_async)
    done = ended(probe, until, handle)
    assert done.status == GoalStatus.STATUS_CANCELED
    assert not done.result.success


def test_the_recommender_does_what_the_plan_says_while_it_lasts(probe, start, until, tmp_path):
    (tmp_path / "music").mkdir()
    parameters = {"therapeutic__goal": "positive", "therapeutic__time_of_day": False}
    start("recommender", folder__path=str(tmp_path / "music"), **parameters)
    plan = probe.publisher(msg.SessionPlan, "session/plan", LATCHED)

    def need():
        request = srv.RecommendTracks.Request(valence=-0.5, arousal=0.5)
        answer = probe.call(srv.RecommendTracks, "recommend_tracks", request)
        return answer.recommendation.need_arousal

    configured = need()
    plan.publish(msg.SessionPlan(person_id="resident", goal="calm", remaining=3.0))
    until(lambda: need() < 0 < configured, "the goal of the session")
    # nobody ends it: it ends by itself
    until(lambda: need() == configured, "what was configured")
    plan.publish(msg.SessionPlan(person_id="resident", goal="calm", remaining=500.0))
    until(lambda: need() < 0, "the goal of the session")
    plan.publish(msg.SessionPlan(person_id="resident", remaining=0.0))
    until(lambda: need() == configured, "what was configured")
    plan.publish(msg.SessionPlan(person_id="resident", goal="angry", remaining=math.inf))
    plan.publish(msg.SessionPlan(person_id="somebody else", goal="calm", remaining=500.0))
    probe.spin(1.0)
    assert need() == configured


def test_a_session_that_was_killed_goes_on_with_the_clock_of_its_run(start, until, monkeypatch):
    monkeypatch.setenv("EMO_MUSIC_RUN", "one")
    first = start("session", duration=600.0)
    until(lambda: "active" in first.output, "the session")
    active = time.monotonic()
    threading.Event().wait(3.0)
    first.kill()
    again = start("session", duration=600.0, report_every=0.5)

    def reported():
        return re.search(r"(\d\d):(\d\d) unknown", again.output)

    until(lambda: "active" in again.output, "the session again")
    passed = time.monotonic() - active
    minutes, seconds = map(int, until(reported, "a status line").groups())
    assert 60 * minutes + seconds >= int(passed) - 1


def test_a_session_that_was_killed_leaves_no_plan(probe, start, until, ask):
    first = start("session")
    plans = probe.listen(msg.SessionPlan, "session/plan", LATCHED)
    assert ask(goal="calm", duration=80000.0).accepted
    until(lambda: plans and plans[-1].goal == "calm", "the plan")
    first.kill()
    start("session")
    until(lambda: plans[-1].remaining == 0.0, "the end of the plan")


def test_everybody_of_a_run_has_a_summary_with_a_name_of_bounded_length(
    probe, start, until, tmp_path
):
    path = tmp_path / "run.json"
    process = start("session", summary=str(path))
    keeper = start("interaction")
    until(lambda: "active" in process.output and "active" in keeper.output, "the nodes")
    persons = probe.listen(msg.Person, "person", LATCHED)
    for name in ("anna", "bert", "anna"):
        request = srv.SetPerson.Request(person_id=name)
        assert probe.call(srv.SetPerson, "set_person", request).success
        until(lambda name=name: persons and persons[-1].person_id == name, "the person")
        probe.spin(0.5)  # the session hears it, too
    assert process.interrupt() == 0
    found = sorted(entry.name for entry in tmp_path.glob("run*.json"))
    assert found == ["run.1.anna.json", "run.2.bert.json", "run.3.anna.json", "run.json"]
    people = [json.loads((tmp_path / name).read_text())["person_id"] for name in found]
    assert people == ["anna", "bert", "anna", "resident"]
