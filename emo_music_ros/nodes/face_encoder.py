"""Pictures of the camera to encodings of the face."""

from __future__ import annotations

from typing import Any

from sensor_msgs.msg import Image

from emo_music_ros.ros import signals
from emo_music_ros.ros.encoder_node import EncoderNode
from emo_music_ros.ros.host import run_node
from emo_music_ros.ros.qos import FRAME_IN


class FaceEncoderNode(EncoderNode):
    """Pictures of the camera to encodings of the face."""

    node_name = "face_encoder"
    stages = {"plugin": ("encoder", "face")}

    slots = 1

    def inputs(self) -> list[tuple[Any, ...]]:
        """Return the one topic this encoder takes."""
        return [(Image, "camera/image_raw", signals.image_frame, FRAME_IN)]


def main() -> int:
    """Run the node."""
    return run_node(FaceEncoderNode)
