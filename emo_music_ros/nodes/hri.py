"""What is recognised, in the terms of ROS4HRI: expressions and engagement."""

from __future__ import annotations

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
        root = self.options.humans
        self._out = Outlets(self)
        self._known: set[str] = set()  # topics that said something last
        self._engagements: dict[str, Engagement] = {}
        self._tracked = {
            kind: humans.Tracked(self, f"{root}/{kind}", gone=self._gone_from(kind))
            for kind in ("faces", "voices")
        }
        self._persons = humans.Persons(self, root, "face_id", "voice_id", gone=self._person_gone)
        for modality in ("face", "speech", "text"):
            self.listen(msg.ModalityEncoding, f"encoding/{modality}", self._on_encoding)
        self.listen(msg.EmotionState, "emotion", self._on_emotion)
        if self.options.engagement:
            self.every(0.5, self._tell_engagement)

    def deactivate(self) -> None:
        """Take back what was said of engagement."""
        for person in list(getattr(self, "_engagements", ())):
            self._end_engagement(person)

    def consent_changed(self) -> None:
        """Drop what is known of the person."""
        self._end_engagement(self.person_id)

    def person_forgotten(self, person_id: str) -> None:
        """Drop what is known of the person."""
        self._end_engagement(person_id)

    def details(self) -> dict[str, Any]:
        """Return who is there."""
        tracked = getattr(self, "_tracked", None)
        if tracked is None:
            return {}
        ids = {**{kind: each.ids for kind, each in tracked.items()}, "persons": self._persons.ids}
        return {kind: ", ".join(names) for kind, names in ids.items()}

    # -- expressions -------------------------------------------------------------------------

    def _on_encoding(self, message: msg.ModalityEncoding) -> None:
        encoding = convert.encoding(message)
        person = encoding.person_id or self.person_id
        if not self.allows(SENSING, person):
            return
        kind, part = ("faces", "face_id") if encoding.modality == "face" else ("voices", "voice_id")
        root = self.resolve_topic_name(f"{self.options.humans}/{kind}")
        whose = humans.id_in(encoding.source, root) or self._persons.part(person, part)
        if whose in self._tracked[kind].ids:
            self._express(kind, whose, encoding.time, expressed(encoding.estimate))
        if encoding.modality == "face" and person in self._persons.ids:
            seen = self._engagements.setdefault(person, Engagement())
            features = encoding.features
            missing = float("nan")
            seen.see(
                self.arrival(encoding.time, topic="encoding/face"),
                features.get("yaw", missing),
                features.get("pitch", missing),
            )

    def _on_emotion(self, message: msg.EmotionState) -> None:
        emotion = convert.emotion(message)
        person = emotion.person_id or self.person_id
        if person in self._persons.ids and self.allows(SENSING, person):
            self._express("persons", person, emotion.time, expressed_state(emotion))

    def _express(self, kind: str, whose: str, time: float, said: Expressed | None) -> None:
        """Say what is known; when that is nothing any more, take back once what was said."""
        topic = f"{self.options.humans}/{kind}/{whose}/expression"
        if said is None and topic not in self._known:
            return
        self._known.discard(topic) if said is None else self._known.add(topic)
        word, valence, arousal, confidence = said or NOTHING
        message = fill(
            humans.messages.Expression,
            expression=word,
            valence=valence,
            arousal=arousal,
            confidence=confidence,
        )
        message.header = header(time, f"{kind.removesuffix('s')}_{whose}")
        self._out.publish(topic, message)

    def _gone_from(self, kind: str) -> Any:
        def gone(whose: str) -> None:
            topic = f"{self.options.humans}/{kind}/{whose}/expression"
            self._known.discard(topic)
            self._out.close(topic)

        return gone

    # -- engagement --------------------------------------------------------------------------

    def _tell_engagement(self) -> None:
        for person in self._persons.ids:
            if self.allows(SENSING, person):
                engagement = self._engagements.setdefault(person, Engagement())
                self._publish_engagement(person, engagement.step(self.steady()))

    def _publish_engagement(self, person: str, level: str) -> None:
        value = getattr(humans.messages.EngagementLevel, level.upper())
        message = humans.messages.EngagementLevel(
            header=header(self.now(), f"person_{person}"), level=value
        )
        self._out.publish(f"{self.options.humans}/persons/{person}/engagement_status", message)

    def _end_engagement(self, person: str) -> None:
        known = getattr(self, "_engagements", {}).pop(person, None)
        if known is not None and known.level != UNKNOWN:
            self._publish_engagement(person, UNKNOWN)

    def _person_gone(self, person: str) -> None:
        self._end_engagement(person)
        self._out.close(f"{self.options.humans}/persons/{person}/engagement_status")
        self._gone_from("persons")(person)


def main() -> int:
    """Run the node."""
    return run_node(HriNode)
