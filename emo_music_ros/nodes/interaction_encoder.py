# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What people do with the player to weak evidence of engagement and mood."""

from __future__ import annotations

import emo_music_ros.msg as msg
from emo_music_ros.ros import conversions as convert
from emo_music_ros.ros.encoder_node import EncoderNode, Input
from emo_music_ros.ros.host import run_node
from emo_music_ros.ros.qos import EVENT


class InteractionEncoderNode(EncoderNode):
    """What people do with the player to weak evidence of engagement and mood."""

    node_name = "interaction_encoder"
    purposes = ("interaction",)
    stages = {"plugin": ("encoder", "interaction")}

    def inputs(self) -> list[Input]:
        """Return the one topic this encoder takes."""
        return [Input("interaction/event", {msg.InteractionEvent: convert.interaction}, EVENT)]


def main() -> int:
    """Run the node."""
    return run_node(InteractionEncoderNode)
