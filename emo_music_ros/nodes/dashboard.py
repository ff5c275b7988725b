"""The pages by which people watch and steer, with accounts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future as Promise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diagnostic_msgs.msg import DiagnosticArray

import emo_music_ros.msg as msg
from emo_music_ros.consent.rules import SENSING
from emo_music_ros.consent.traces import folder_of, recordings_folder
from emo_music_ros.dashboard.options import DashboardOptions
from emo_music_ros.dashboard.records import Records
from emo_music_ros.dashboard.situations import Situation
from emo_music_ros.dashboard.state import Board, Choice, Part, Plan, Playing, Ranked
from emo_music_ros.errors import InputError, PluginError
from emo_music_ros.paths import expand
from emo_music_ros.report.process import ReportProcess
from emo_music_ros.resources import data_of
from emo_music_ros.ros import conversions as convert
from emo_music_ros.ros.host import run_node
from emo_music_ros.ros.node import CompanionNode
from emo_music_ros.ros.plan import LONGEST
from emo_music_ros.ros.qos import LATCHED
from emo_music_ros.ros.reports import reports
from emo_music_ros.ros.steering import Steering
from emo_music_ros.srv import SetPlayback

if TYPE_CHECKING:  # a web framework that may be missing
    from emo_music_ros.dashboard.site import Site

#: How long an answer to a button may take [s].
PATIENCE = 5.0
#: What of the body is shown.
MEASURES = ("heart_rate", "eda_level")
_STATUS = {
    msg.PlayerState.STOPPED: "stopped",
    msg.PlayerState.PLAYING: "playing",
    msg.PlayerState.PAUSED: "paused",
    msg.PlayerState.FADING: "fading",
}
_COMMANDS = {
    "pause": SetPlayback.Request.PAUSE,
    "skip": SetPlayback.Request.NEXT,
    "stop": SetPlayback.Request.STOP,
    "volume": SetPlayback.Request.VOLUME,
}
_RATINGS = {"like": 1.0, "dislike": -1.0}
_GOALS = {"calmer": "calm", "livelier": "positive"}


class DashboardNode(CompanionNode):
    """The pages by which people watch and steer, with accounts.

    What is shown comes from the topics, what is steered goes through the services of the other
    nodes, and their answers are shown.
    """

    node_name = "dashboard"
    purposes = (SENSING,)
    Options = DashboardOptions

    def configure(self) -> None:
        """Load the web framework.

        Raises
        ------
        PluginError
            If it is not installed.
        """
        try:
            from emo_music_ros.dashboard.site import Site
        except ModuleNotFoundError as error:
            raise PluginError(
                f"the dashboard needs '{error.name}', which is not installed",
                "Install it: pip install argon2-cffi starlette uvicorn",
            ) from error
        self._make: type[Site] = Site

    def activate(self) -> None:
        """Collect what is told and serve the pages."""
        self._board = Board(self.steady)
        self.consent_changed()
        self._steering = Steering(self)
        namespace = self.get_namespace()
        self._reports = ReportProcess()
        self._site = self._make(
            self.options,
            accounts=data_of(namespace, "dashboard-accounts.sqlite"),
            audit=data_of(namespace, "dashboard-audit.sqlite"),
            board=self._board,
            control=self._control,
            records=Records(self._recordings, self._reports.make),
            show=_show,
            failed=lambda error: self.failed("pages", error),
            on_trouble=lambda text: self.fault("audit", text),
        )
        self.listen(msg.EmotionState, "emotion", self._on_emotion)
        self.listen(msg.PlayerState, "player/state", self._on_player)
        self.listen(msg.Recommendation, "recommendation", self._on_recommendation)
        self.listen(msg.ModalityEncoding, "encoding/physiology", self._on_physiology)
        self.listen(msg.SessionPlan, "session/plan", self._on_plan, LATCHED)
        self.listen(DiagnosticArray, "/diagnostics", self._on_diagnostics, watched=False)
        _show(f"dashboard: {self._site.address}")

    def deactivate(self) -> None:
        """Let everybody go."""
        if hasattr(self, "_site"):
            self._reports.close()
            self._site.stop()
            del self._site
        if hasattr(self, "_steering"):
            self._steering.close()
            del self._steering

    def details(self) -> dict[str, Any]:
        """Return where the pages are and how many watch."""
        if not hasattr(self, "_site"):
            return {}
        return {"address": self._site.address, "viewers": self._site.viewers}

    def person_changed(self, before: str) -> None:
        """Show nothing any more of the person before."""
        self.consent_changed()

    def consent_changed(self) -> None:
        """Show what is sensed only where it may be."""
        if hasattr(self, "_board"):
            self._board.person(self.person_id, self.subject.refusal())

    def person_forgotten(self, person_id: str) -> None:
        """Drop what is shown of a person."""
        if person_id == self.person_id:
            self._board.forget()

    def _recordings(self) -> Path:
        """Return where the sessions of the person are recorded."""
        named = self.options.recordings
        space = self.get_namespace()
        folder = expand(named, "recordings") if named else recordings_folder(space)
        return folder_of(folder, self.person_id)

    # -- what is shown -----------------------------------------------------------------------

    def _own(self, person_id: str) -> bool:
        return self.allows() and person_id in ("", self.person_id)

    def _on_emotion(self, message: msg.EmotionState) -> None:
        if self._own(message.person_id):
            self._board.emotion(convert.emotion(message))

    def _on_player(self, message: msg.PlayerState) -> None:
        track = message.track
        self._board.playing(
            Playing(
                _STATUS.get(message.status, "stopped"),
                track.track_id,
                track.title,
                track.artist,
                message.position,
                track.duration,
                message.volume,
                message.backend,
                message.error,
                message.recommendation_id,
            )
        )

    def _on_recommendation(self, message: msg.Recommendation) -> None:
        if not self._own(message.person_id):
            return
        ranked = (
            Ranked(
                each.track.title or each.track.track_id,
                each.track.artist,
                each.score,
                each.emotion_match,
                each.preference_match,
                each.history_match,
            )
            for each in message.tracks
        )
        target = (message.need_valence, message.need_arousal) if message.tracks else None
        self._board.choice(Choice(message.reason, target, tuple(ranked), message.recommendation_id))

    def _on_physiology(self, message: msg.ModalityEncoding) -> None:
        if self._own(message.person_id):
            features = convert.encoding(message).features
            self._board.body({name: features[name] for name in MEASURES if name in features})

    def _on_plan(self, message: msg.SessionPlan) -> None:
        plan = None
        if message.person_id in ("", self.person_id) and message.remaining > 0:
            ends = self.steady() + min(message.remaining, LONGEST)
            plan = Plan(message.scenario, message.goal, ends)
        self._board.plan(plan)

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for report in reports(message, self.get_namespace()):
            self._board.part(Part(report.name, report.level, report.text))

    # -- what is steered ---------------------------------------------------------------------

    async def _control(self, name: str, value: float | Situation | None) -> None:
        """Do what a button says; called on the thread of the pages.

        Raises
        ------
        InputError
            If it is refused or nobody answers.
        """
        promise: Promise[None] = Promise()

        def settle(done: Promise[None]) -> None:
            if not promise.done():
                error = done.exception()
                promise.set_exception(error) if error else promise.set_result(None)

        def begin() -> None:
            try:
                asked = self._steer(name, value)
            except Exception as error:  # it goes to whoever pressed the button
                promise.set_exception(error)
                return
            asked.add_done_callback(settle)
            promise.add_done_callback(lambda _: asked.cancel())  # nobody waits any longer

        assert self.executor is not None
        self.executor.create_task(begin)
        try:
            await asyncio.wait_for(asyncio.wrap_future(promise), PATIENCE)
        except asyncio.TimeoutError:
            raise InputError(
                f"there was no answer for {PATIENCE:.0f} s", "Try again, or see the health"
            ) from None

    def _steer(self, name: str, value: float | Situation | None) -> Promise[None]:
        if name in _COMMANDS:
            number = value if isinstance(value, float) else 0.0
            return self._steering.playback(_COMMANDS[name], number)
        if name in _RATINGS:
            return self._steering.rate(_RATINGS[name])
        if name in _GOALS:
            return self._session("", _GOALS[name], self.options.lasts)
        if isinstance(value, Situation):
            return self._session(value.scenario, value.goal, value.duration, self._steering.play)
        done: Promise[None] = Promise()
        self._steering.play()
        done.set_result(None)
        return done

    def _session(
        self,
        scenario: str,
        goal: str,
        duration: float,
        then: Callable[[], None] = lambda: None,
    ) -> Promise[None]:
        """Begin a session, which says nothing of why it refuses one."""
        if not self.allows():
            raise InputError(self.subject.refusal(), "Ask for consent first")
        begun = self._steering.begin(scenario, goal, duration)
        begun.add_done_callback(lambda done: None if done.exception() else then())
        return begun


def _show(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - meant for people, and never for a log


def main() -> int:
    """Run the node."""
    return run_node(DashboardNode)
