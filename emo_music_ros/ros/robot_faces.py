# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The faces that the robot itself detects and follows, in place of pictures of a camera."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sensor_msgs.msg import CompressedImage, Image

from emo_music_ros import streams
from emo_music_ros.consent.rules import SENSING
from emo_music_ros.ros import signals
from emo_music_ros.ros.encoder_node import Conversion, EncoderNode, Input
from emo_music_ros.ros.humans import PERIOD, Persons, Tracked
from emo_music_ros.ros.listening import Listener
from emo_music_ros.ros.qos import FRAME_IN

#: What is taken of a face, the first that is published.
PICTURES = ("cropped", "aligned")
#: A face that is tracked for so long [s] has a picture, or something is wrong.
PATIENCE = 5.0


@dataclass
class _Face:
    """One face that is followed."""

    since: float  # [steady s]
    picture: str
    listener: Listener


class RobotFaces:
    """Takes the picture of every face that the robot follows, while a node is active.

    Each is of the person that the robot knows it to belong to, else of its own id.

    Parameters
    ----------
    node : EncoderNode
        What encodes them.
    root : str
        Of the ROS4HRI topics, such as ``/humans``.
    """

    def __init__(self, node: EncoderNode, root: str) -> None:
        self._node, self._root = node, f"{root}/faces"
        self._faces: dict[str, _Face] = {}
        self._persons = Persons(node, root, "face_id")
        self._tracked = Tracked(node, self._root, self._come, self._gone)
        self._met = False  # somebody the node works for
        node.every(PERIOD, self._look)

    def persons(self) -> dict[str, str]:
        """Return whose each face is, as far as that is known: else its own."""
        return {face: self._persons.person("face_id", face) or face for face in self._faces}

    def _come(self, face: str) -> None:
        picture = PICTURES[0]
        self._faces[face] = _Face(self._node.steady(), picture, self._listen(face, picture))

    def _gone(self, face: str) -> None:
        self._node.unlisten(self._faces.pop(face).listener)

    def _topic(self, face: str, picture: str) -> str:
        return f"{self._root}/{face}/{picture}"

    def _listen(self, face: str, picture: str) -> Listener:
        topic = self._topic(face, picture)
        source = f"live:{self._node.resolve_topic_name(topic)}"
        takes = dict.fromkeys((Image, CompressedImage), self._seen(face, source))
        return self._node.attach(Input(topic, takes, FRAME_IN), lasting=False)

    def _seen(self, face: str, source: str) -> Conversion:
        def convert(message: Any) -> streams.ImageFrame:
            person = self._persons.person("face_id", face) or face
            frame = signals.image_frame(message, source)
            return replace(frame, source=source, face=face, person_id=person)

        return convert

    def _look(self) -> None:
        """Take the picture that is published, and say what is missing."""
        missing = []
        for name, face in self._faces.items():
            topics = {each: self._topic(name, each) for each in (face.picture, *PICTURES)}
            published = [each for each in topics if self._node.count_publishers(topics[each])]
            if not published:
                missing.append(name)
            elif published[0] != face.picture:
                self._node.unlisten(face.listener)
                face.picture, face.listener = published[0], self._listen(name, published[0])
        self._say(missing)

    def _say(self, missing: list[str]) -> None:
        now = self._node.steady()
        missing = [face for face in missing if now - self._faces[face].since > PATIENCE]
        told = ""
        if missing:
            told = (
                f"the face '{missing[0]}' is tracked, and nobody publishes "
                f"{self._topic(missing[0], 'cropped')} or aligned. Let the face detector publish it"
            )
        self._node.fault("faces", told, "warn")
        persons = set(self.persons().values())
        own = self._node.person_id
        self._met = self._met or own in persons
        told = ""
        if persons and not self._met:
            told = (
                f"the run is for '{own}', and the robot sees {_list(persons)}. Call set_person, or "
                "start with person_id as the robot names the person"
            )
        self._node.fault("person", told, "warn")
        reasons = (self._node.subject.consents.reason(each, SENSING) for each in sorted(persons))
        self._node.fault("others", "; ".join(filter(None, reasons)), "ok")


def _list(names: set[str]) -> str:
    return ", ".join(f"'{name}'" for name in sorted(names))
