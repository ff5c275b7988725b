# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Pictures of the camera, or of the faces that the robot follows, to encodings of the face."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import String

from emo_music_ros import streams
from emo_music_ros.options import option
from emo_music_ros.ros import humans, signals
from emo_music_ros.ros.encoder_node import EncoderNode, Input
from emo_music_ros.ros.host import run_node
from emo_music_ros.ros.qos import FRAME_IN, LATCHED
from emo_music_ros.ros.robot_faces import RobotFaces
from emo_music_ros.ros.source_node import IMAGE, IMAGE_SOURCE


class FaceEncoderNode(EncoderNode):
    """Pictures of the camera, or of the faces that the robot follows, to encodings of the face."""

    node_name = "face_encoder"
    purposes = ("face",)
    stages = {"plugin": ("encoder", "face")}

    @dataclass(frozen=True)
    class Options(humans.HumansOptions, EncoderNode.Options):
        """Who is being observed, and who finds the faces."""

        faces: str = option(
            "camera",
            "who finds the faces: camera (we, in camera/image_raw) or hri (the robot, by ROS4HRI: "
            "every face in faces/tracked, its picture cropped or aligned)",
            choices=("camera", "hri"),
        )

    def configure(self) -> None:
        """Make sure that the faces of the robot can be taken."""
        if self.options.faces == "hri":
            humans.require("faces:=camera")

    def inputs(self) -> list[Input]:
        """Return the one topic this encoder takes: pictures as they are, or compressed."""
        if self.options.faces == "hri":
            return []  # they come and go
        return [Input(IMAGE, {Image: self._frame, CompressedImage: self._frame}, FRAME_IN)]

    def mailbox(self, inputs: list[Input]) -> str:
        """Return what the mailbox of all pictures is called."""
        return super().mailbox(inputs) if inputs else f"{self.options.root}/faces/*"

    def activate(self) -> None:
        """Subscribe to the pictures, and to where they come from or whose they are."""
        if self.options.faces == "hri":
            self.slots = humans.MOST
            super().activate()
            self._faces: RobotFaces | None = RobotFaces(self, self.options.root)
            return
        self.slots, self._faces = 1, None  # only the newest counts
        self._source = ""
        self.listen(String, IMAGE_SOURCE, self._on_source, LATCHED)
        super().activate()

    def person_forgotten(self, person_id: str) -> None:
        """Drop what was seen of the person."""
        if self._faces is not None and person_id in self._faces.persons().values():
            self._begin_anew()
        super().person_forgotten(person_id)

    def details(self) -> dict[str, Any]:
        """Return the counters, and whose faces are in view where the robot says it."""
        faces = getattr(self, "_faces", None)
        whose = faces.persons().items() if faces is not None else ()
        told = {"faces": ", ".join(f"{face} of {person}" for face, person in whose)}
        return {**super().details(), **(told if faces is not None else {})}

    def _on_source(self, message: String) -> None:
        self._source = message.data

    def _frame(self, message: Image | CompressedImage) -> streams.ImageFrame:
        return signals.image_frame(message, self._source or self._unsaid(message))

    def _unsaid(self, message: Image | CompressedImage) -> str:
        """Return the source while nobody named it."""
        if self.count_publishers(self.resolve_topic_name(IMAGE_SOURCE)):
            return ""  # its word is on the way: better unknown than live
        return f"live:{message.header.frame_id or IMAGE}"


def main() -> int:
    """Run the node."""
    return run_node(FaceEncoderNode)
