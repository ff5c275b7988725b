# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What the topics of one robot say, gathered on a board for people to look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.qos import QoSProfile

import emo_music_ros.msg as msg
from emo_music_ros.consent.rules import SENSING
from emo_music_ros.dashboard.state import Board, Choice, Part, Plan, Playing, Ranked
from emo_music_ros.notifying.calls import DISTRESS, HELP, Call
from emo_music_ros.ros import conversions as convert
from emo_music_ros.ros.consents import consent_of
from emo_music_ros.ros.plan import LONGEST
from emo_music_ros.ros.qos import EVENT, LATCHED
from emo_music_ros.ros.reports import reports
from emo_music_ros.ros.stamps import seconds
from emo_music_ros.ros.subject import Subject

#: What of the body is shown.
MEASURES = ("heart_rate", "eda_level")
_STATUS = {
    msg.PlayerState.STOPPED: "stopped",
    msg.PlayerState.PLAYING: "playing",
    msg.PlayerState.PAUSED: "paused",
    msg.PlayerState.FADING: "fading",
}


class Watched(NamedTuple):
    """A topic to subscribe to."""

    kind: type
    topic: str
    callback: Callable[[Any], None]
    qos: QoSProfile


def choice_of(message: msg.Recommendation) -> Choice:
    """Return what a recommendation says."""
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
    return Choice(message.reason, target, tuple(ranked), message.recommendation_id, message.trigger)


class Watcher:
    """Puts on a board what concerns one person, as far as that person allows it.

    Parameters
    ----------
    board : Board
        Where it is put.
    subject : Subject
        Whom it is about; a subject without a name is everybody, until it is told who.
    namespace : str
        Of the robot.
    steady : callable
        Returns seconds of a clock that nobody sets.
    """

    def __init__(
        self, board: Board, subject: Subject, namespace: str, steady: Callable[[], float]
    ) -> None:
        self._board = board
        self._subject = subject
        self._namespace = namespace
        self._steady = steady
        self.turned()

    def turned(self) -> None:
        """Take over that the person, or what the person allows, has changed."""
        self._board.person(self._subject.person_id, self._subject.refusal())

    def forgotten(self, person_id: str) -> None:
        """Drop what is shown of a person."""
        if self._concerns(person_id):
            self._board.forget()

    def topics(self) -> Iterator[Watched]:
        """Yield what there is to subscribe to."""
        yield Watched(msg.EmotionState, "emotion", self._on_emotion, EVENT)
        yield Watched(msg.PlayerState, "player/state", self._on_player, EVENT)
        yield Watched(msg.Recommendation, "recommendation", self._on_recommendation, EVENT)
        yield Watched(msg.ModalityEncoding, "encoding/physiology", self._on_physiology, EVENT)
        yield Watched(msg.SessionPlan, "session/plan", self._on_plan, LATCHED)
        yield Watched(msg.CarerCalls, "carer/calls", self._on_calls, LATCHED)
        yield Watched(msg.ConsentState, "consent/state", self._on_consents, LATCHED)
        yield Watched(DiagnosticArray, "/diagnostics", self._on_diagnostics, EVENT)

    def _concerns(self, person_id: str) -> bool:
        own = self._subject.person_id
        return not own or person_id in ("", own)

    def _own(self, person_id: str) -> bool:
        return self._subject.allows(SENSING) and self._concerns(person_id)

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
                message.advice,
            )
        )

    def _on_recommendation(self, message: msg.Recommendation) -> None:
        if not self._own(message.person_id):
            return
        self._board.choice(choice_of(message))

    def _on_physiology(self, message: msg.ModalityEncoding) -> None:
        if self._own(message.person_id):
            features = convert.encoding(message).features
            self._board.body({name: features[name] for name in MEASURES if name in features})

    def _on_plan(self, message: msg.SessionPlan) -> None:
        plan = None
        if self._concerns(message.person_id) and message.remaining > 0:
            ends = self._steady() + min(message.remaining, LONGEST)
            group = message.scenario == "group" or bool(message.members)
            plan = Plan(message.scenario, message.goal, ends, message.name, message.locked, group)
        self._board.plan(plan)

    def _on_calls(self, message: msg.CarerCalls) -> None:
        self._board.calls(
            tuple(
                Call(
                    each.id,
                    each.person_id,
                    DISTRESS if each.kind == msg.CarerCall.DISTRESS else HELP,
                    each.count,
                    seconds(each.began),
                    seconds(each.latest),
                    each.pushed,
                    each.escalated,
                    seconds(each.acknowledged_at) if each.acknowledged else 0.0,
                    each.acknowledged_by,
                    each.false_alarm,
                )
                for each in message.calls
            )
        )

    def _on_consents(self, message: msg.ConsentState) -> None:
        self._board.consents(tuple(map(consent_of, message.consents)))
        self._subject.on_state(message)  # and why nothing is sensed, where that alone changed
        self.turned()

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for report in reports(message, self._namespace):
            self._board.part(Part(report.name, report.level, report.text))
