"""Encodings of all modalities to one emotion state per person, on a common time grid."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import emo_music_ros.msg as msg
from emo_music_ros.fusion.timeline import MODALITIES, FusionOptions, Timeline
from emo_music_ros.ros import conversions as convert
from emo_music_ros.ros.host import run_node
from emo_music_ros.ros.node import CompanionNode

#: Reports and formalities of the player, which say nothing of somebody being there.
_REPORTS = {
    msg.InteractionEvent.TRACK_STARTED,
    msg.InteractionEvent.TRACK_FINISHED,
    msg.InteractionEvent.CONSENT,
}


class FusionNode(CompanionNode):
    """Encodings of all modalities to one emotion state per person, on a common time grid."""

    node_name = "fusion"
    stages = {"plugin": ("fusion", "weighted")}
    Options = FusionOptions

    def activate(self) -> None:
        """Subscribe to every modality and step along the grid."""
        self._people: dict[str, Timeline] = {}
        self._timeline(self.options.person_id)  # expected, even before anything is sensed
        self._publisher = self.advertise(msg.EmotionState, "emotion")
        for modality in MODALITIES:
            self.listen(msg.ModalityEncoding, f"encoding/{modality}", self._on_encoding)
        self.listen(msg.InteractionEvent, "interaction/event", self._on_interaction)
        self.every(self.options.step, self._step)

    def options_changed(self) -> None:
        """Hand changed options to the timelines."""
        for timeline in self._people.values():
            timeline.options = self.options

    def details(self) -> dict[str, Any]:
        """Return how many people are followed."""
        return {"people": len(getattr(self, "_people", {}))}

    def _on_encoding(self, message: msg.ModalityEncoding) -> None:
        encoding = convert.encoding(message)
        time = self.arrival(encoding.time)
        self._timeline(message.person_id).add(replace(encoding, time=time))

    def _on_interaction(self, message: msg.InteractionEvent) -> None:
        if message.action not in _REPORTS:
            person = message.person_id or self.options.person_id
            self._timeline(person).presence.sign(self.steady())

    def _timeline(self, person: str) -> Timeline:
        if person not in self._people:
            name = self.get_parameter("plugin").value
            self._people[person] = Timeline(self.plugin, name, self.options)
        return self._people[person]

    def _step(self) -> None:
        now = self.steady()
        for person, timeline in self._people.items():
            emotion = timeline.step(now, person)
            stamped = replace(emotion, time=self.wall(emotion.time))
            self._publisher.publish(convert.emotion_message(stamped))


def main() -> int:
    """Run the node."""
    return run_node(FusionNode)
