# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Encodings of all modalities to one emotion state per person, on a common time grid."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import emo_music_ros.msg as msg
import emo_music_ros.srv as srv
from emo_music_ros.consent.rules import LEARNING, MODALITIES, SENSING, valid_person
from emo_music_ros.emotion import STATES
from emo_music_ros.errors import InputError
from emo_music_ros.fusion.adaptation import watch
from emo_music_ros.fusion.adaptation.head import Head, Moment
from emo_music_ros.fusion.adaptation.learner import Adaptation, Learned, default_path
from emo_music_ros.fusion.base import DEFAULT
from emo_music_ros.fusion.group import group_of
from emo_music_ros.fusion.people import People
from emo_music_ros.fusion.sampling import Sampling, ranges
from emo_music_ros.fusion.timeline import FusionOptions, stale_after
from emo_music_ros.ros import conversions as convert
from emo_music_ros.ros.host import run_node
from emo_music_ros.ros.node import CompanionNode
from emo_music_ros.ros.stamps import seconds
from emo_music_ros.streams import REPORTS, Emotion

#: Between two steps on arrival are at least so many seconds, whoever sent how much.
PAUSE = 0.04


class FusionNode(CompanionNode):
    """Encodings of all modalities to one emotion state per person, on a common time grid."""

    node_name = "fusion"
    stages = {"plugin": ("fusion", DEFAULT)}
    purposes = (SENSING,)
    Options = FusionOptions

    def configure(self) -> None:
        """Make sure that the rates to ask for can be used."""
        self._ranges = ranges(self.options.sampling, stale_after(self.options))

    def activate(self) -> None:
        """Subscribe to every modality; step along the grid and when news arrives."""
        name = self.get_parameter("plugin").value
        self._adaptation = Adaptation(default_path(self.get_namespace()), name, own=True)
        self._unwatched = ""
        self._people = People(
            self.plugin, name, self.options, self.person_id, explains=True, head_of=self._head
        )
        self._told: dict[str, tuple[Emotion, float]] = {}
        self._stepped: dict[str, float] = {}
        self._publisher = self.advertise(msg.EmotionState, "emotion")
        self._group_publisher = self.advertise(msg.GroupState, "emotion/group")
        self._sampling = Sampling(self._ranges)
        self._requests = {
            modality: self.advertise(msg.SamplingRequest, f"sampling/{modality}")
            for modality in self._ranges
        }
        for modality in stale_after(self.options):
            self.listen(msg.ModalityEncoding, f"encoding/{modality}", self._on_encoding)
        self.listen(msg.InteractionEvent, "interaction/event", self._on_interaction)
        self.serve(srv.ConfirmEmotion, "confirm_emotion", self._on_confirm)
        self.serve(srv.RevertAdaptation, "revert_adaptation", self._on_revert)
        self._watcher = self.work(self._prepare, 1, "")
        self.every(self.options.step, self._step)
        self.every(1.0, self._look)

    def deactivate(self) -> None:
        """Close what was learned."""
        if hasattr(self, "_adaptation"):
            self._adaptation.close()

    def options_changed(self) -> None:
        """Hand changed options to the timelines."""
        self._people.reconfigure(self.options)

    def person_changed(self, before: str) -> None:
        """Follow another person; the one before counts as anybody."""
        self._people.expect(self.person_id)

    def consent_changed(self) -> None:
        """Drop what is known of the person."""
        self._people.forget(self.person_id)
        self._sampling.forget(self.person_id)

    def person_forgotten(self, person_id: str) -> None:
        """Drop what is known and was learned of the person."""
        self._people.forget(person_id)
        self._sampling.forget(person_id)
        self._adaptation.forget(person_id)

    def details(self) -> dict[str, Any]:
        """Return how many people are followed, how many are adapted to, and who watches that."""
        if not hasattr(self, "_people"):
            return {"people": 0}
        adapted = self._adaptation.adapted
        return {"people": len(self._people), "adapted": adapted, "unwatched": self._unwatched}

    def _on_encoding(self, message: msg.ModalityEncoding) -> None:
        encoding = convert.encoding(message)
        time = self.arrival(encoding.time)
        person_id = valid_person(encoding.person_id or self.person_id)
        modality = encoding.modality if encoding.modality in MODALITIES else SENSING
        if math.isnan(time) or not self.allows(modality, person_id):
            return
        now = self.steady()
        encoding = replace(encoding, time=time, person_id=person_id)
        added = self._people.add(encoding, now)
        self._sampling.add(encoding, now)
        if added and now - self._stepped.get(person_id, -math.inf) >= PAUSE:
            emotion = self._people.news(person_id, now)
            if emotion is not None:
                self._publish(emotion, now)

    def _on_interaction(self, message: msg.InteractionEvent) -> None:
        event = convert.interaction(message)
        person_id = valid_person(message.person_id or self.person_id)
        if event is not None and event.action not in REPORTS and self.allows(SENSING, person_id):
            self._people.sign(person_id, self.steady())

    def _step(self) -> None:
        now = self.steady()
        allowed = [one for one in self._people.step(now) if self.allows(SENSING, one.person_id)]
        for request in self._sampling.step(allowed, now):
            stamped = replace(request, time=self.wall(now))
            self._requests[request.modality].publish(convert.sampling_message(stamped))
        if len(allowed) > 1:
            group = group_of(allowed, self.wall(now))
            self._group_publisher.publish(convert.group_message(group))
        for emotion in allowed:
            # Of others what has not changed is told once a second.
            told, when = self._told.get(emotion.person_id, (None, now))
            if emotion is told and now - when < 1.0:
                continue
            self._publish(emotion, now)
        if len(self._told) > len(self._people):
            self._told = {name: self._told[name] for name in self._people if name in self._told}
            self._stepped = {name: when for name, (_, when) in self._told.items()}

    # -- what was learned --------------------------------------------------------------------

    def _head(self, person_id: str) -> Head | None:
        used = self.options.adaptation and self.allows(LEARNING, person_id)
        return self._adaptation.head(person_id) if used else None

    def _look(self) -> None:
        """Take over what other programs learned; show what is wrong with it."""
        self._adaptation.refresh()
        self.fault("adaptation", self._adaptation.error)
        names = ", ".join(map(repr, self._adaptation.fallen))
        told = (
            f"what was learned of {names} did worse than the shipped weights, which hold again."
            " Confirm further moments, or go back to an earlier version"
        )
        self.fault("drift", told if names else "", "warn")

    def _prepare(self, _: None) -> None:
        self._unwatched = "" if watch.prepare() else watch.UNWATCHED

    def _on_confirm(self, request: Any, response: Any) -> Any:
        person_id = valid_person(request.person_id or self.person_id)
        for purpose in (SENSING, LEARNING):
            if not self.allows(purpose, person_id):
                reason = self.subject.consents.reason(person_id, purpose)
                raise InputError(f"nothing is learned: {reason}", "Ask the person for consent")
        if not self.options.adaptation:
            raise InputError("the parameter adaptation is false", "Set it to true")
        if not 1 <= request.state <= len(STATES):
            raise InputError(
                f"{request.state} is no state that can be confirmed",
                f"Give 1 to {len(STATES)}: {', '.join(STATES)}",
            )
        stamp = seconds(request.stamp)
        age = self.now() - stamp if stamp else 0.0
        answer = self._people.answer(person_id, age, self.steady())
        moment = Moment(answer, request.state - 1, self.now() - max(age, 0.0))
        learned = self._adaptation.confirm(person_id, moment)
        self._watcher.put(None)
        return self._told_of(person_id, learned, response)

    def _on_revert(self, request: Any, response: Any) -> Any:
        person_id = valid_person(request.person_id or self.person_id)
        return self._told_of(
            person_id, self._adaptation.revert(person_id, request.version), response
        )

    def _told_of(self, person_id: str, learned: Learned, response: Any) -> Any:
        self._people.learned(person_id)
        self._look()
        response.success, response.message = True, learned.message
        response.version = learned.version
        return response

    # -- what goes out -----------------------------------------------------------------------

    def _publish(self, emotion: Emotion, now: float) -> None:
        """Publish an emotion and remember that it was."""
        self._told[emotion.person_id] = (emotion, now)
        self._stepped[emotion.person_id] = now
        stamped = replace(emotion, time=self.wall(emotion.time))
        self._publisher.publish(convert.emotion_message(stamped))


def main() -> int:
    """Run the node."""
    return run_node(FusionNode)
