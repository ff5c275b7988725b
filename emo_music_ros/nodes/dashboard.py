# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The pages by which people watch and steer, with accounts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future as Promise
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emo_music_ros.care.notes import Note
from emo_music_ros.care.store import default_store
from emo_music_ros.consent.register import default_register
from emo_music_ros.consent.rules import SENSING
from emo_music_ros.consent.traces import folder_of, recordings_folder
from emo_music_ros.dashboard import browser
from emo_music_ros.dashboard.judging import JudgeProcess
from emo_music_ros.dashboard.options import DashboardOptions
from emo_music_ros.dashboard.records import Records
from emo_music_ros.dashboard.situations import Situation
from emo_music_ros.dashboard.state import Board
from emo_music_ros.errors import InputError, PluginError
from emo_music_ros.paths import expand
from emo_music_ros.report.process import ReportProcess
from emo_music_ros.resources import data_of
from emo_music_ros.ros.asking import Asker
from emo_music_ros.ros.host import run_node
from emo_music_ros.ros.node import CompanionNode
from emo_music_ros.ros.services import NodeServices
from emo_music_ros.ros.steering import Steering, pass_on
from emo_music_ros.ros.watching import Watcher
from emo_music_ros.srv import SetPlayback

if TYPE_CHECKING:  # a web framework that may be missing
    from emo_music_ros.dashboard.app import Value
    from emo_music_ros.dashboard.site import Site

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
        namespace = self.get_namespace()
        self._board = Board(self.steady)
        self._watcher = Watcher(self._board, self.subject, namespace, self.steady)
        self._steering = Steering(self, "live:dashboard")
        self._asker = Asker(self, self._steering, lambda: self.person_id, self._people)
        self._reports = ReportProcess()
        self._others = NodeServices(
            self, self._steering, self._own_data, self._refusal, JudgeProcess()
        )
        self._site = self._make(
            self.options,
            accounts=data_of(namespace, "dashboard-accounts.sqlite"),
            audit=data_of(namespace, "dashboard-audit.sqlite"),
            board=self._board,
            control=self._control,
            records=Records(self._recordings, self._reports.make, self._notes),
            asking=self._asker,
            services=self._others,
            show=_show,
            failed=lambda error: self.failed("pages", error),
            on_trouble=lambda text: self.fault("audit", text),
        )
        for kind, topic, callback, qos in self._watcher.topics():
            self.listen(kind, topic, callback, qos, watched=not topic.startswith("/"))
        _show(f"dashboard: {self._site.address}")
        if self.options.open:
            browser.show(self._site.address)

    def deactivate(self) -> None:
        """Let everybody go."""
        if hasattr(self, "_site"):
            self._reports.close()
            self._site.stop()
            del self._site
        if hasattr(self, "_steering"):
            self._asker.close()
            self._others.close()
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
        if hasattr(self, "_watcher"):
            self._watcher.turned()

    def person_forgotten(self, person_id: str) -> None:
        """Drop what is shown of a person."""
        self._watcher.forgotten(person_id)

    def _refusal(self, purpose: str) -> str:
        """Return why something may not be done with the person."""
        return self.subject.consents.reason(self.person_id, purpose)

    def _own_data(self, person_id: str) -> bytes:
        """Return what is kept of a person."""
        return self._reports.own_data(person_id, self.get_namespace(), self.options.recordings)

    def _recordings(self) -> Path:
        """Return where the sessions of the person are recorded."""
        named = self.options.recordings
        space = self.get_namespace()
        folder = expand(named, "recordings") if named else recordings_folder(space)
        return folder_of(folder, self.person_id)

    def _people(self) -> list[str]:
        """Return who decided or was entered here, and whom the run is for."""
        space = self.get_namespace()
        known = {each.person_id for each in default_register(space).consents() if each.given}
        return sorted({*known, *default_store(space).persons(), self.person_id})

    def _notes(self) -> list[Note]:
        """Return what was noted about the person, for reports."""
        return default_store(self.get_namespace()).notes(self.person_id)

    # -- what is steered ---------------------------------------------------------------------

    async def _control(self, name: str, value: Value) -> None:
        """Do what a button says; called on the thread of the pages.

        Raises
        ------
        InputError
            If it is refused or nobody answers.
        """
        await self._steering.answer(lambda: self._steer(name, value))

    def _steer(self, name: str, value: Value) -> Promise[None]:
        if name in _COMMANDS:
            number = value if isinstance(value, float) else 0.0
            return self._steering.playback(_COMMANDS[name], number)
        if name in _RATINGS:
            return self._steering.rate(_RATINGS[name], value if isinstance(value, str) else "")
        plan = self._board.snapshot().plan
        if plan is not None and plan.locked and (name in _GOALS or isinstance(value, Situation)):
            raise InputError("a locked plan is held", "A therapist can end or unlock it")
        if name in _GOALS:
            return self._session("", _GOALS[name], self.options.lasts)
        if isinstance(value, Situation):
            return self._session(
                value.scenario, value.goal, value.duration, self._steering.play, value.members
            )
        return self._steering.play()

    def _session(
        self,
        scenario: str,
        goal: str,
        duration: float,
        then: Callable[[], Promise[None]] | None = None,
        members: Sequence[str] = (),
    ) -> Promise[None]:
        """Begin a session, which says nothing of why it refuses one."""
        if not self.allows():
            raise InputError(self.subject.refusal(), "Ask for consent first")
        begun = self._steering.begin(scenario, goal, duration, members=members)
        if then is None:
            return begun
        promise: Promise[None] = Promise()

        def go_on(done: Promise[None]) -> None:
            last = done if done.exception() else then()
            last.add_done_callback(partial(pass_on, promise))

        begun.add_done_callback(go_on)
        return promise


def _show(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - meant for people, and never for a log


def main() -> int:
    """Run the node."""
    return run_node(DashboardNode)
