# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Body signals to encodings of stress and arousal."""

from __future__ import annotations

import emo_music_ros.msg as msg
from emo_music_ros.ros import signals
from emo_music_ros.ros.encoder_node import EncoderNode, Input
from emo_music_ros.ros.host import run_node
from emo_music_ros.ros.qos import SIGNAL
from emo_music_ros.ros.source_node import BIOSIGNALS


class PhysiologyEncoderNode(EncoderNode):
    """Body signals to encodings of stress and arousal."""

    node_name = "physiology_encoder"
    purposes = ("physiology",)
    stages = {"plugin": ("encoder", "physiology")}

    def inputs(self) -> list[Input]:
        """Return every biosignal but the EEG, which has an encoder of its own."""
        return [
            Input(f"biosignals/{kind}", {msg.BiosignalChunk: signals.biosignal_block}, SIGNAL)
            for kind in BIOSIGNALS
            if kind != "eeg"
        ]


def main() -> int:
    """Run the node."""
    return run_node(PhysiologyEncoderNode)
