# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The music that is being played to encodings of its character."""

from __future__ import annotations

import emo_music_ros.msg as msg
from emo_music_ros.ros import signals
from emo_music_ros.ros.encoder_node import EncoderNode, Input
from emo_music_ros.ros.host import run_node
from emo_music_ros.ros.qos import SIGNAL


class MusicEncoderNode(EncoderNode):
    """The music that is being played to encodings of its character."""

    node_name = "music_encoder"
    stages = {"plugin": ("encoder", "music")}
    purposes = ()  # it hears music, not people

    def inputs(self) -> list[Input]:
        """Return the one topic this encoder takes."""
        return [Input("player/audio", {msg.AudioChunk: signals.audio_block}, SIGNAL)]


def main() -> int:
    """Run the node."""
    return run_node(MusicEncoderNode)
