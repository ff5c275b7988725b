# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Sound of a microphone or audio file."""

from emo_music_ros import streams
from emo_music_ros.ros.host import run_node
from emo_music_ros.ros.source_node import SourceNode


class MicrophoneNode(SourceNode):
    """Sound of a microphone or audio file."""

    node_name = "microphone"
    purposes = ("speech",)
    stages = {"plugin": ("source", "microphone")}
    publishes = (streams.AudioBlock,)


def main() -> int:
    """Run the node."""
    return run_node(MicrophoneNode)
