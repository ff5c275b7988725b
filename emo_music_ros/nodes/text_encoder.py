# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What is said or typed to encodings of its words."""

from __future__ import annotations

import emo_music_ros.msg as msg
from emo_music_ros.ros import signals
from emo_music_ros.ros.encoder_node import EncoderNode, Input
from emo_music_ros.ros.host import run_node
from emo_music_ros.ros.qos import EVENT


class TextEncoderNode(EncoderNode):
    """What is said or typed to encodings of its words."""

    node_name = "text_encoder"
    purposes = ("text",)
    stages = {"plugin": ("encoder", "text")}

    def inputs(self) -> list[Input]:
        """Return the one topic this encoder takes."""
        return [Input("conversation/utterance", {msg.Utterance: signals.utterance}, EVENT)]


def main() -> int:
    """Run the node."""
    return run_node(TextEncoderNode)
