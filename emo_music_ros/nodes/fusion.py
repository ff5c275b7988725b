"""Encodings of all modalities to one emotion state per person, on a common time grid."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import emo_music_ros.msg as msg
from emo_music_ros.consent.rules import SENSING, valid_person
from emo_music_ros.fusion.base import DEFAULT
from emo_music_ros.fusion.group import group_of
from emo_music_ros.fusion.people import People
from emo_music_ros.fusion.sampling import Sampling, ranges
from emo_music_ros.fusion.timeline import FusionOptions, stale_after
from emo_music_ros.ros import conversions as convert
from emo_music_ros.ros.host import run_node
from emo_music_ros.ros.node import CompanionNode
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
        self._people = People(self.plugin, name, self.options, self.person_id, explains=True)
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
        self.every(self.options.step, self._step)

    def options_changed(self) -> None:
        """Hand changed options to the timelines."""
        self._people.reconfigure(self.options)

    def person_changed(self, before: str) -> None:
        """Follow another person; the one before counts as anybody."""
        self._people.expect(self.person_id)

    def consent_changed(self) -> None:
        """Drop what is known of the person."""
        self.person_forgotten(self.person_id)

    def person_forgotten(self, person_id: str) -> None:
        """Drop what is known of the person."""
        self._people.forget(person_id)
        self._sampling.forget(person_id)

    def details(self) -> dict[str, Any]:
        """Return how many people are followed."""
        return {"people": len(getattr(self, "_people", ()))}

    def _on_encoding(self, message: msg.ModalityEncoding) -> None:
        encoding = convert.encoding(message)
        time = self.arrival(encoding.time)
        person_id = valid_person(encoding.person_id or self.person_id)
        if math.isnan(time) or not self.allows(SENSING, person_id):
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

    def _publish(self, emotion: Emotion, now: float) -> None:
        """Publish an emotion and remember that it was."""
        self._told[emotion.person_id] = (emotion, now)
        self._stepped[emotion.person_id] = now
        stamped = replace(emotion, time=self.wall(emotion.time))
        self._publisher.publish(convert.emotion_message(stamped))


def main() -> int:
    """Run the node."""
    return run_node(FusionNode)
