# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""EEG to encodings of the mental state."""

from __future__ import annotations

import emo_music_ros.msg as msg
from emo_music_ros.ros import signals
from emo_music_ros.ros.encoder_node import EncoderNode, Input
from emo_music_ros.ros.host import run_node
from emo_music_ros.ros.qos import SIGNAL


class EegEncoderNode(EncoderNode):
    """EEG to encodings of the mental state."""

    node_name = "eeg_encoder"
    purposes = ("eeg",)
    stages = {"plugin": ("encoder", "eeg")}

    def inputs(self) -> list[Input]:
        """Return the one topic this encoder takes."""
        return [Input("biosignals/eeg", {msg.BiosignalChunk: signals.biosignal_block}, SIGNAL)]


def main() -> int:
    """Run the node."""
    return run_node(EegEncoderNode)
