# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A recording or the demonstration in place of camera, microphone and conversation.

Body signals of the recording leave through LSL outlets and come back through the biosignals node.
"""

from emo_music_ros import streams
from emo_music_ros.ros.host import run_node
from emo_music_ros.ros.source_node import PictureOptions, SourceNode


class ReplayNode(SourceNode):
    """A recording or the demonstration in place of camera, microphone and conversation."""

    node_name = "replay"
    stages = {"plugin": ("source", "demo")}
    Options = PictureOptions
    publishes = (streams.ImageFrame, streams.AudioBlock, streams.Utterance)


def main() -> int:
    """Run the node."""
    return run_node(ReplayNode)
