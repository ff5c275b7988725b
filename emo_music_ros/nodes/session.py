# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""One listening session: watches all topics, reports, and ends the run after its duration."""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.task import Future

import emo_music_ros.msg as msg
from emo_music_ros.action import RunSession
from emo_music_ros.care.plans import Plan
from emo_music_ros.care.store import default_store
from emo_music_ros.consent.register import default_register
from emo_music_ros.consent.rules import SENSING, valid_person
from emo_music_ros.consent.traces import remove_folder, summary_folder
from emo_music_ros.errors import CompanionError, InputError, StorageError
from emo_music_ros.options import option
from emo_music_ros.paths import expand, inside
from emo_music_ros.report.write import render, save
from emo_music_ros.ros.counting import Counting
from emo_music_ros.ros.environment import RUN
from emo_music_ros.ros.host import run_node
from emo_music_ros.ros.node import CompanionNode
from emo_music_ros.ros.plan import LONGEST
from emo_music_ros.ros.planning import Planning, asked
from emo_music_ros.ros.qos import LATCHED
from emo_music_ros.ros.session_recording import Recordings, SessionRecording
from emo_music_ros.ros.stamps import header
from emo_music_ros.summary import Summary

#: Fact of the run: when its session began [steady s].
BEGAN = "session"
SCENARIOS = ("home", "daycare", "group")
GOALS = ("", "positive", "calm")


@dataclass
class _Goal:
    """A session that was asked for: what was asked, until when [steady s], and what is counted."""

    handle: ServerGoalHandle
    done: Future
    ends: float
    summary: Summary
    path: Path
    recording: SessionRecording | None
    plan: Plan | None
    told: msg.SessionPlan


class SessionNode(CompanionNode):
    """One listening session: watches all topics, reports, and ends the run after its duration.

    With `duration` above 0 the session starts with the node and the process ends after it; the
    action ``run_session`` runs one at any time without ending the process, asks the recommender
    for its scenario and goal, and puts them back when it ends, however it ends.
    """

    node_name = "session"
    purposes = (SENSING,)

    @dataclass(frozen=True)
    class Options:
        """How long, and where the summary goes."""

        person_id: str = option("resident", "person the session is for")
        scenario: str = option("home", "scenario", choices=SCENARIOS)
        duration: float = option(0.0, "length [s]; 0 = until the process ends", low=0, high=LONGEST)
        end_process: bool = option(True, "end the process after `duration`")
        summary: str = option("", "file for the summary JSON; empty = none")
        summaries: str = option(
            "", "folder of the summaries of sessions; empty = by person in the data folder"
        )
        record: bool = option(
            False, "record every session of `run_session`, as MCAP and as csv, by person"
        )
        record_raw: bool = option(
            False, "with it what sensors give, where a person consented to 'recording'"
        )
        recordings: str = option(
            "", "folder of the recordings of sessions; empty = in the data folder"
        )
        keep_days: float = option(
            90.0,
            "recordings of sessions, and our summaries, are removed after this long [days]",
            low=1,
            high=3650,
        )
        print_table: bool = option(True, "print the summary table at the end")
        report_every: float = option(5.0, "period of the status line [s]", low=0.5, high=3600)

    def configure(self) -> None:
        """Offer the action and the plan; they outlive being deactivated, so that a goal can end."""
        self._goal: _Goal | None = None
        self._active = False
        self._plan = self.create_publisher(msg.SessionPlan, "session/plan", LATCHED)
        self._server = ActionServer(
            self,
            RunSession,
            "run_session",
            self._run,
            goal_callback=self._on_goal,
            cancel_callback=self._on_cancel,
        )

    def activate(self) -> None:
        """Watch every topic; start the session."""
        options = self.options
        self._began = self._beginning()
        self._path = expand(options.summary, "summary") if options.summary else None
        self._turns = 0
        self._plan.publish(self._no_plan())  # whatever a session of before left
        self._planning = Planning(
            self, default_store(self.get_namespace()), self._plan_changed, self._end_by_hand
        )
        self.summary = self._new_summary(options.scenario)
        self._counting = Counting(self, self._summaries)
        self.every(0.25, self._tick)
        self.every(options.report_every, self._report)
        self._recordings = Recordings(
            self,
            options.recordings,
            options.keep_days,
            summary_folder(self.get_namespace(), ""),
            _write_log,
        )
        self._active = True

    def _beginning(self) -> float:
        """Return when the session of this run began [steady s], also after a restart."""
        run, now = os.environ.get(RUN, ""), self.steady()
        if not run:
            return now
        register = default_register(self.get_namespace())
        try:
            began = float(register.recall(run, BEGAN) or "nan")
            if math.isfinite(began) and began <= now:
                return began
            register.keep(run, BEGAN, repr(now))
        except (StorageError, ValueError) as error:
            self.get_logger().warning(f"the time that has passed is lost by a restart: {error}")
        return now

    def deactivate(self) -> None:
        """Write what was counted; a session cut short is still a session."""
        if not getattr(self, "_active", False):
            return
        self._active = False
        if self._goal is not None:
            self._end_goal("the session node was deactivated")
        self._publish_summary(self.summary, self._path)
        if self.options.print_table:
            print("\n" + self.summary.table(), flush=True)  # noqa: T201 - meant for people

    def cleanup(self) -> None:
        """Withdraw the action."""
        if hasattr(self, "_server"):
            self._server.destroy()
            self.destroy_publisher(self._plan)
            del self._server

    def person_changed(self, before: str) -> None:
        """Close the summary of the person before and begin another."""
        if self._goal is not None:
            self._end_goal(f"the run turned to '{self.person_id}'")
        self._publish_summary(self.summary, self._path)
        self._turns += 1
        if self.options.summary:  # everybody before keeps a file
            first = expand(self.options.summary, "summary")
            person = summary_folder("", self.person_id).name
            self._path = first.with_name(f"{first.stem}.{self._turns}.{person}{first.suffix}")
        self.summary = self._new_summary(self.options.scenario)

    def person_forgotten(self, person_id: str) -> None:
        """Drop what was counted of the person, and the summaries in a folder of the site's own."""
        if person_id == self.person_id:
            if self._goal is not None:
                self._end_goal(f"'{person_id}' was forgotten")
            self.summary = self._new_summary(self.options.scenario)
        remove_folder(self._summaries_of(person_id))
        self._recordings.forget(person_id)

    def details(self) -> dict[str, Any]:
        """Return what the day plan holds."""
        return {"day plan": self._planning.coming} if hasattr(self, "_planning") else {}

    # -- what is said ------------------------------------------------------------------------

    def _summaries(self) -> list[Summary]:
        """Return what is counted into."""
        return [self.summary] + ([self._goal.summary] if self._goal else [])

    def _new_summary(self, scenario: str) -> Summary:
        return Summary({"scenario": scenario, "person_id": self.person_id}, self.steady())

    def _publish_summary(self, summary: Summary, path: Path | None) -> None:
        summary.about["duration_s"] = round(self.steady() - summary.began, 1)
        if path is None:
            return
        try:
            summary.write(path)
        except CompanionError as error:
            self.failed("summary", error)

    def _report(self) -> None:
        elapsed = int(self.steady() - self._began)
        seen = self._counting
        counts = ", ".join(
            f"{key} {value}" for key, value in sorted(self.summary.encodings.items())
        )
        self.get_logger().info(
            f"{elapsed // 60:02d}:{elapsed % 60:02d} {seen.state_name:<10} | "
            f"{seen.playing or 'silent'} | encodings: {counts or 'none yet'}"
        )

    def _tick(self) -> None:
        duration = self.options.duration
        if duration and self.steady() - self._began >= duration and self.options.end_process:
            self.finish()
        goal = self._goal
        if goal is None:
            return
        remaining = goal.ends - self.steady()
        if goal.handle.is_cancel_requested:
            self._end_goal("cancelled")
        elif remaining <= 0:
            self._planning.count(self.person_id)
            self._end_goal("")
        else:
            goal.handle.publish_feedback(
                RunSession.Feedback(
                    elapsed=float(goal.handle.request.duration - remaining),
                    remaining=float(remaining),
                    state=self._counting.state,
                    track_title=self._counting.playing,
                )
            )

    # -- action ------------------------------------------------------------------------------

    def _on_goal(self, request: RunSession.Goal) -> GoalResponse:
        try:
            self._check(request)
        except CompanionError as error:
            self.get_logger().error(f"session refused: {error}")
            return GoalResponse.REJECT
        return GoalResponse.ACCEPT

    def _check(self, goal: Any) -> None:
        """Raise InputError with the reason why a session cannot be run."""
        if not self._active or self._goal is not None:
            what = "another session is running" if self._active else "the node is not active"
            raise InputError(what, "Wait for its end, or activate the node")
        if not 0 < goal.duration <= LONGEST:
            raise InputError(
                f"duration {goal.duration} is not possible", f"Give up to {LONGEST:.0f} seconds"
            )
        if goal.scenario not in ("", *SCENARIOS):
            raise InputError(
                f"there is no scenario '{goal.scenario}'", f"Give one of {', '.join(SCENARIOS)}"
            )
        if goal.goal not in GOALS:
            raise InputError(f"there is no goal '{goal.goal}'", "Give positive, calm or nothing")
        if goal.person_id not in ("", self.person_id):
            raise InputError(
                f"the run is for '{self.person_id}', not for '{goal.person_id}'",
                "Turn to that person by the service set_person first",
            )
        if not self.allows():
            raise InputError(self.subject.refusal(), "Ask for consent first")
        for member in goal.members:
            valid_person(member)
        self._planning.named(goal.plan_id)
        self._summary_path(goal.summary_path)

    def _on_cancel(self, _: ServerGoalHandle) -> CancelResponse:
        """A locked plan is left only by who may: it is ended by hand, or unlocked first."""
        locked = self._goal is not None and self._goal.told.locked
        if locked:
            self.get_logger().warning("the plan is locked and goes on. A therapist can end it")
        return CancelResponse.REJECT if locked else CancelResponse.ACCEPT

    def _summary_path(self, name: str) -> Path:
        """Return where the summary of a session goes; `name` is not trusted."""
        folder = self._summaries_of(self.person_id)
        began = self.get_clock().now().to_msg()
        return inside(folder, name or f"{began.sec}.{began.nanosec:09d}.json", "summary_path")

    def _summaries_of(self, person_id: str) -> Path:
        folder = summary_folder(self.get_namespace(), person_id)
        if not self.options.summaries:
            return folder
        return expand(self.options.summaries, "summaries") / folder.name

    async def _run(self, handle: ServerGoalHandle) -> RunSession.Result:
        goal: Any = handle.request
        plan = self._planning.named(goal.plan_id)
        told = asked(goal, plan, self._no_plan())
        running = _Goal(
            handle,
            Future(executor=self.executor),
            self.steady() + goal.duration,
            self._new_summary(told.scenario or self.options.scenario),
            self._summary_path(goal.summary_path),
            self._recordings.begin(self.options.record_raw) if self.options.record else None,
            plan,
            told,
        )
        running.summary.about |= {"goal": told.goal, "planned_s": goal.duration, "plan": told.name}
        self._goal = running
        if goal.scheduled:
            self._planning.began(told.name, goal.plan_id, goal.duration)
        self._plan.publish(told)
        problem = await running.done
        if not problem:
            handle.succeed()
        elif handle.is_cancel_requested:
            handle.canceled()
        else:
            handle.abort()
        kept = f"summary in {running.path}"
        if running.recording is not None:
            kept += f", recording in {running.recording.path}"
        return RunSession.Result(
            success=not problem,
            message=problem or kept,
            summary=json.dumps(running.summary.as_dict(), ensure_ascii=False),
        )

    def _end_goal(self, problem: str) -> None:
        """End the session that was asked for; a problem says why it was cut short."""
        goal, self._goal = self._goal, None
        if goal is None or goal.done.done():
            return
        self._plan.publish(self._no_plan())
        self._planning.ended()
        if goal.recording is not None:
            self._recordings.end(goal.recording)
        self._publish_summary(goal.summary, goal.path)
        goal.done.set_result(problem)

    def _end_by_hand(self, why: str) -> bool:
        running = self._goal is not None
        self._end_goal(why)
        return running

    def _plan_changed(self, plan_id: str, plan: Plan | None) -> None:
        """Let a plan that is held now be locked or unlocked at once; one that is gone unlocks."""
        goal = self._goal
        if goal is not None and plan_id and goal.told.plan_id == plan_id:
            goal.told.locked = plan is not None and plan.locked
            goal.told.remaining = max(goal.ends - self.steady(), 0.001)
            self._plan.publish(goal.told)

    def _no_plan(self) -> msg.SessionPlan:
        return msg.SessionPlan(header=header(self.now()), person_id=self.person_id)


def _write_log(recording: Path) -> None:
    save(render([recording], ".csv"), recording.with_suffix(".csv"))


def main() -> int:
    """Run the node."""
    return run_node(SessionNode)
