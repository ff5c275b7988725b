# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What is recognised, in the terms of ROS4HRI: expressions and engagement."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import emo_music_ros.msg as msg
from emo_music_ros.consent.rules import SENSING
from emo_music_ros.fusion.engagement import UNKNOWN, Engagement
from emo_music_ros.options import option
from emo_music_ros.ros import conversions as convert
from emo_music_ros.ros import humans
from emo_music_ros.ros.expressions import NOTHING, Expressed, expressed, expressed_state
from emo_music_ros.ros.fields import fill
from emo_music_ros.ros.host import run_node
from emo_music_ros.ros.node import CompanionNode
from emo_music_ros.ros.outlets import Outlets
from emo_music_ros.ros.stamps import header

#: Kind of what is tracked -> what its frames begin with.
_FRAMES = {"faces": "face", "voices": "voice", "persons": "person"}


class HriNode(CompanionNode):
    """What is recognised, in the terms of ROS4HRI: expressions and engagement.

    Of every face, voice and person that the robot tracks, as far as it is known whose is what.
    """

    node_name = "hri"
    purposes = (SENSING,)

    @dataclass(frozen=True)
    class Options(humans.HumansOptions):
        """Where people are, and what is said of them."""

        person_id: str = option("resident", "person whom signals without a name belong to")
        engagement: bool = option(
            True,
            "tell how persons engage, by whether their heads are turned to the camera: for cameras "
            "on the robot",
        )

    def configure(self) -> None:
        """Make sure that the messages are there."""
        humans.require("leave this node out")

    def activate(self) -> None:
        """Follow who is there, and what is recognised of them."""
        root = self.options.root
        self._out = Outlets(self)
        self._known: dict[str, str] = {}  # topics that said something last -> of whom
        self._engagements: dict[str, Engagement] = {}
        self._tracked = {
            kind: humans.Tracked(self, f"{root}/{kind}", gone=self._gone_from(kind))
            for kind in ("faces", "voices")
        }
        self._persons = humans.Persons(self, root, "face_id", "voice_id", gone=self._person_gone)
        for modality in ("face", "speech", "text"):
            self.listen(msg.ModalityEncoding, f"encoding/{modality}", self._on_encoding)
        self.listen(msg.EmotionState, "emotion", self._on_emotion)
        self.every(humans.PERIOD, self._look)

    def deactivate(self) -> None:
        """Take back what was said: it does not hold any more."""
        for person in self._spoken_of():
            self._take_back(person)

    def person_forgotten(self, person_id: str) -> None:
        """Take back what was said of the person."""
        self._take_back(person_id)

    def details(self) -> dict[str, Any]:
        """Return who is there."""
        tracked = getattr(self, "_tracked", None)
        if tracked is None:
            return {}
        ids = {**{kind: each.ids for kind, each in tracked.items()}, "persons": self._persons.ids}
        return {kind: ", ".join(names) for kind, names in ids.items()}

    def _look(self) -> None:
        """Tell how persons engage; take back what was said of who consents no longer."""
        for person in self._spoken_of():
            if not self.allows(SENSING, person):
                self._take_back(person)
        if not self.options.engagement:
            return
        for person in self._persons.ids:
            if self.allows(SENSING, person):
                engagement = self._engagements.setdefault(person, Engagement())
                self._publish_engagement(person, engagement.step(self.steady()))

    def _spoken_of(self) -> set[str]:
        return {*getattr(self, "_known", {}).values(), *getattr(self, "_engagements", ())}

    def _take_back(self, person: str) -> None:
        engagement = self._engagements.pop(person, None)
        if engagement is not None and engagement.level != UNKNOWN:
            self._publish_engagement(person, UNKNOWN)
        for topic in [each for each, whose in self._known.items() if whose == person]:
            del self._known[topic]
            self._publish_expression(topic, self.now(), NOTHING)

    # -- what is recognised ------------------------------------------------------------------

    def _on_encoding(self, message: msg.ModalityEncoding) -> None:
        encoding = convert.encoding(message)
        person = encoding.person_id or self.person_id
        if not self.allows(SENSING, person):
            return
        kind, part = ("faces", "face_id") if encoding.modality == "face" else ("voices", "voice_id")
        root = self.resolve_topic_name(f"{self.options.root}/{kind}")
        whose = humans.id_in(encoding.source, root)
        if not whose and encoding.modality != "text":  # which may be typed
            whose = self._persons.part(person, part)
        if whose in self._tracked[kind].ids:
            self._express(kind, whose, person, encoding.time, expressed(encoding.estimate))
        watched = self.options.engagement and person in self._persons.ids
        if encoding.modality == "face" and watched:
            missing = float("nan")
            yaw, pitch = (encoding.features.get(name, missing) for name in ("yaw", "pitch"))
            arrival = self.arrival(encoding.time, topic="encoding/face")
            self._engagements.setdefault(person, Engagement()).see(arrival, yaw, pitch)

    def _on_emotion(self, message: msg.EmotionState) -> None:
        emotion = convert.emotion(message)
        person = emotion.person_id or self.person_id
        if person in self._persons.ids and self.allows(SENSING, person):
            self._express("persons", person, person, emotion.time, expressed_state(emotion))

    def _express(
        self, kind: str, whose: str, person: str, time: float, said: Expressed | None
    ) -> None:
        """Say what is known; when that is nothing any more, take back once what was said."""
        topic = self._topic(kind, whose, "expression")
        if said is not None:
            self._known[topic] = person
            self._publish_expression(topic, time, said)
        elif self._known.pop(topic, ""):
            self._publish_expression(topic, time, NOTHING)

    # -- what is published -------------------------------------------------------------------

    def _topic(self, kind: str, whose: str, name: str) -> str:
        return f"{self.options.root}/{kind}/{whose}/{name}"

    def _publish_expression(self, topic: str, time: float, said: Expressed) -> None:
        message = fill(
            humans.messages.Expression,
            expression=said.word,
            valence=said.valence,
            arousal=said.arousal,
            confidence=said.confidence,
        )
        kind, whose, _ = topic.removeprefix(f"{self.options.root}/").split("/")
        message.header = header(time, f"{_FRAMES[kind]}_{whose}")
        self._out.publish(topic, message)

    def _publish_engagement(self, person: str, level: str) -> None:
        value = getattr(humans.messages.EngagementLevel, level.upper())
        message = humans.messages.EngagementLevel(
            header=header(self.now(), f"person_{person}"), level=value
        )
        self._out.publish(self._topic("persons", person, "engagement_status"), message)

    def _gone_from(self, kind: str) -> Callable[[str], None]:
        def gone(whose: str) -> None:
            topic = self._topic(kind, whose, "expression")
            self._known.pop(topic, None)
            self._out.close(topic)

        return gone

    def _person_gone(self, person: str) -> None:
        self._take_back(person)
        self._out.close(self._topic("persons", person, "engagement_status"))
        self._gone_from("persons")(person)


def main() -> int:
    """Run the node."""
    return run_node(HriNode)
