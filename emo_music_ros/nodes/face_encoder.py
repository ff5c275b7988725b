"""Pictures of the camera to encodings of the face."""

from __future__ import annotations

from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import String

from emo_music_ros import streams
from emo_music_ros.ros import signals
from emo_music_ros.ros.encoder_node import EncoderNode, Input
from emo_music_ros.ros.host import run_node
from emo_music_ros.ros.qos import FRAME_IN, LATCHED
from emo_music_ros.ros.source_node import IMAGE, IMAGE_SOURCE


class FaceEncoderNode(EncoderNode):
    """Pictures of the camera to encodings of the face."""

    node_name = "face_encoder"
    stages = {"plugin": ("encoder", "face")}

    slots = 1

    def inputs(self) -> list[Input]:
        """Return the one topic this encoder takes: pictures as they are, or compressed."""
        return [Input(IMAGE, {Image: self._frame, CompressedImage: self._frame}, FRAME_IN)]

    def activate(self) -> None:
        """Subscribe to where the pictures come from, and to the pictures."""
        self._source = ""
        self.listen(String, IMAGE_SOURCE, self._on_source, LATCHED)
        super().activate()

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
