# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Body signals from every LSL stream in reach."""

from emo_music_ros import streams
from emo_music_ros.ros.host import run_node
from emo_music_ros.ros.source_node import SourceNode


class BiosignalsNode(SourceNode):
    """Body signals from every LSL stream in reach."""

    node_name = "biosignals"
    stages = {"plugin": ("source", "lsl")}
    publishes = (streams.BiosignalBlock,)


def main() -> int:
    """Run the node."""
    return run_node(BiosignalsNode)
