"""Encodings of all modalities to one emotion state per person, on a common time grid."""

from __future__ import annotations

from dataclasses import dataclass

import emo_music_ros.msg as msg
from emo_music_ros.fusion.timeline import MODALITIES, Timeline, TimelineOptions
from emo_music_ros.options import option
from emo_music_ros.ros import conversions as convert
from emo_music_ros.ros.host import run_node
from emo_music_ros.ros.node import CompanionNode


class FusionNode(CompanionNode):
    """Encodings of all modalities to one emotion state per person, on a common time grid."""

    node_name = "fusion"
    stages = {"plugin": ("fusion", "weighted")}

    @dataclass(frozen=True)
    class Options(TimelineOptions):
        """Whose emotion, and the time grid."""

        person_id: str = option("resident", "person expected; others are added when sensed")

    def activate(self) -> None:
        """Subscribe to every modality and step along the grid."""
        self._people: dict[str, Timeline] = {}
        self._timeline(self.options.person_id)  # expected, even before anything is sensed
        self._publisher = self.advertise(msg.EmotionState, "emotion")
        for modality in MODALITIES:
            self.listen(msg.ModalityEncoding, f"encoding/{modality}", self._on_encoding)
        self.every(self.options.step, self._step)

    def options_changed(self) -> None:
        """Hand changed options to the timelines."""
        for timeline in self._people.values():
            timeline.options = self.options

    def _on_encoding(self, message: msg.ModalityEncoding) -> None:
        self._timeline(message.person_id).add(convert.encoding(message))

    def _timeline(self, person: str) -> Timeline:
        if person not in self._people:
            name = self.get_parameter("plugin").value
            self._people[person] = Timeline(self.plugin, name, self.options)
        return self._people[person]

    def _step(self) -> None:
        now = self.now()
        for person, timeline in self._people.items():
            self._publisher.publish(convert.emotion_message(timeline.step(now, person)))


def main() -> int:
    """Run the node."""
    return run_node(FusionNode)
