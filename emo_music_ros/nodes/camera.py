"""Pictures of a camera, file, stream or folder."""

from emo_music_ros import streams
from emo_music_ros.ros.host import run_node
from emo_music_ros.ros.source_node import PictureOptions, SourceNode


class CameraNode(SourceNode):
    """Pictures of a camera, file, stream or folder."""

    node_name = "camera"
    stages = {"plugin": ("source", "camera")}
    Options = PictureOptions
    publishes = (streams.ImageFrame,)


def main() -> int:
    """Run the node."""
    return run_node(CameraNode)
