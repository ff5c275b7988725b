"""One listening session: watches all topics, reports, and ends the run after its duration."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.task import Future

import emo_music_ros.msg as msg
from emo_music_ros.action import RunSession
from emo_music_ros.errors import CompanionError
from emo_music_ros.fusion.timeline import CONTEXT, MODALITIES
from emo_music_ros.options import option
from emo_music_ros.ros.conversions import STATE_NAMES
from emo_music_ros.ros.host import run_node
from emo_music_ros.ros.node import LEVELS, CompanionNode
from emo_music_ros.ros.stamps import seconds
from emo_music_ros.summary import Summary

_LEVEL_NAMES = {value: name for name, value in LEVELS.items()} | {DiagnosticStatus.STALE: "error"}
_STATUS = {
    msg.PlayerState.STOPPED: "silent",
    msg.PlayerState.PLAYING: "playing",
    msg.PlayerState.PAUSED: "paused",
    msg.PlayerState.FADING: "fading",
}


class SessionNode(CompanionNode):
    """One listening session: watches all topics, reports, and ends the run after its duration.

    With `duration` above 0 the session starts with the node and the process ends after it; the
    action ``run_session`` runs one at any time without ending the process.
    """

    node_name = "session"

    @dataclass(frozen=True)
    class Options:
        """How long, and where the summary goes."""

        person_id: str = option("resident", "person the session is for")
        scenario: str = option("home", "scenario", choices=("home", "daycare", "group"))
        duration: float = option(0.0, "length [s]; 0 = until the process ends", low=0, high=86400)
        end_process: bool = option(True, "end the process after `duration`")
        summary: str = option("", "file for the summary JSON; empty = none")
        print_table: bool = option(True, "print the summary table at the end")
        report_every: float = option(5.0, "period of the status line [s]", low=0.5, high=3600)

    def activate(self) -> None:
        """Watch every topic; start the session."""
        options = self.options
        self._began = self.now()
        self._state = 0
        self._playing = ""
        self._player_counts: tuple[int, int, int] | None = None
        self._written = False
        self._goal: tuple[ServerGoalHandle, Future, float, Summary] | None = None
        self.summary = self._new_summary(options.scenario, options.person_id)
        self.listen(msg.EmotionState, "emotion", self._on_emotion)
        for modality in (*MODALITIES, *CONTEXT):
            self.listen(msg.ModalityEncoding, f"encoding/{modality}", self._on_encoding)
        self.listen(msg.Recommendation, "recommendation", self._on_recommendation)
        self.listen(msg.PlayerState, "player/state", self._on_player)
        self.listen(msg.ListeningOutcome, "listening/outcome", self._on_outcome)
        self.listen(DiagnosticArray, "/diagnostics", self._on_diagnostics)
        self.every(0.25, self._tick)
        self.every(options.report_every, self._report)
        server = ActionServer(
            self,
            RunSession,
            "run_session",
            self._run,
            goal_callback=self._on_goal,
            cancel_callback=lambda handle: CancelResponse.ACCEPT,
        )
        self._entities.append(server.destroy)

    def deactivate(self) -> None:
        """Write what was counted; a session cut short is still a session."""
        if hasattr(self, "summary") and not self._written:
            self._written = True
            self._publish_summary(self.summary, self.options.summary)
            if self.options.print_table:
                print("\n" + self.summary.table(), flush=True)  # noqa: T201 - meant for people

    # -- what is watched ---------------------------------------------------------------------

    def _summaries(self) -> list[Summary]:
        return [self.summary] + ([self._goal[3]] if self._goal else [])

    def _on_emotion(self, message: msg.EmotionState) -> None:
        age = self.now() - seconds(message.header.stamp)
        name = STATE_NAMES[message.state] if message.state < len(STATE_NAMES) else STATE_NAMES[0]
        self._state = message.state
        for summary in self._summaries():
            summary.emotion_states[name] += 1
            if any(part.weight > 0 for part in message.contributions):
                summary.latency("emotion", age)

    def _on_encoding(self, message: msg.ModalityEncoding) -> None:
        for summary in self._summaries():
            summary.encoding(message.modality, message.source)

    def _on_recommendation(self, message: msg.Recommendation) -> None:
        age = self.now() - seconds(message.header.stamp)
        for summary in self._summaries():
            summary.recommendations += 1
            summary.latency("recommendation", age)
        best = message.tracks[0].track.title if message.tracks else "nothing"
        self.get_logger().info(f"recommended '{best}': {message.reason}")

    def _on_player(self, message: msg.PlayerState) -> None:
        counts = (message.tracks_started, message.tracks_finished, message.tracks_skipped)
        before = self._player_counts or (0, 0, 0)
        self._player_counts = counts
        steps = [max(0, new - old) for new, old in zip(counts, before)]
        title = message.track.title or message.track.track_id
        for summary in self._summaries():
            for name, step in zip(("started", "finished", "skipped"), steps):
                summary.tracks[name] += step
            summary.underruns = message.underruns
            if steps[0]:
                summary.played.append(title)
                if seconds(message.recommended) > 0:
                    summary.latency(
                        "sound", seconds(message.started) - seconds(message.recommended)
                    )
        self._playing = f"{_STATUS.get(message.status, '?')} {title}".strip()

    def _on_outcome(self, message: msg.ListeningOutcome) -> None:
        for summary in self._summaries():
            summary.memory_updates += 1

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if status.hardware_id != "emo_music_ros":
                continue
            values = {pair.key: pair.value for pair in status.values}
            dropped = {
                key.removeprefix("dropped "): int(value)
                for key, value in values.items()
                if key.startswith("dropped ") and value.isdigit()
            }
            for summary in self._summaries():
                summary.node(
                    status.name,
                    _LEVEL_NAMES[status.level],
                    status.message,
                    dropped,
                    int(values.get("pid", 0)),
                    float(values.get("peak_rss_mb", 0)),
                )

    # -- what is said ------------------------------------------------------------------------

    def _new_summary(self, scenario: str, person_id: str) -> Summary:
        return Summary({"scenario": scenario, "person_id": person_id})

    def _publish_summary(self, summary: Summary, path: str) -> None:
        summary.about["duration_s"] = round(self.now() - self._began, 1)
        if not path:
            return
        try:
            summary.write(Path(path).expanduser())
        except CompanionError as error:
            self.health("error", str(error))

    def _report(self) -> None:
        elapsed = int(self.now() - self._began)
        name = STATE_NAMES[self._state] if self._state < len(STATE_NAMES) else STATE_NAMES[0]
        counts = ", ".join(
            f"{key} {value}" for key, value in sorted(self.summary.encodings.items())
        )
        self.get_logger().info(
            f"{elapsed // 60:02d}:{elapsed % 60:02d} {name:<10} | {self._playing or 'silent'} | "
            f"encodings: {counts or 'none yet'}"
        )

    def _tick(self) -> None:
        duration = self.options.duration
        if duration and self.now() - self._began >= duration and self.options.end_process:
            self.finish()
        if self._goal is None:
            return
        handle, done, ends, _ = self._goal
        remaining = ends - self.now()
        if handle.is_cancel_requested or remaining <= 0:
            if not done.done():
                done.set_result(handle.is_cancel_requested)
            return
        handle.publish_feedback(
            RunSession.Feedback(
                elapsed=float(handle.request.duration - remaining),
                remaining=float(remaining),
                state=self._state,
                track_title=self._playing,
            )
        )

    # -- action ------------------------------------------------------------------------------

    def _on_goal(self, request: RunSession.Goal) -> GoalResponse:
        sound = math.isfinite(request.duration) and request.duration > 0
        scenario = request.scenario in ("", "home", "daycare", "group")
        if self._goal is not None or not sound or not scenario:
            self.get_logger().error(
                "session refused: give a duration above 0 s and a scenario of home, daycare or "
                "group, and wait for the running session to end"
            )
            return GoalResponse.REJECT
        return GoalResponse.ACCEPT

    async def _run(self, handle: ServerGoalHandle) -> RunSession.Result:
        goal: Any = handle.request
        summary = self._new_summary(
            goal.scenario or self.options.scenario, goal.person_id or self.options.person_id
        )
        done: Future = Future(executor=self.executor)
        self._goal = (handle, done, self.now() + goal.duration, summary)
        cancelled = await done
        self._goal = None
        self._publish_summary(summary, goal.summary_path or self.options.summary)
        if cancelled:
            handle.canceled()
        else:
            handle.succeed()
        return RunSession.Result(
            success=not cancelled,
            message="cancelled" if cancelled else "",
            summary=json.dumps(summary.as_dict(), ensure_ascii=False),
        )


def main() -> int:
    """Run the node."""
    return run_node(SessionNode)
