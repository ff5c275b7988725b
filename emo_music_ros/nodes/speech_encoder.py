# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Sound of the microphone to encodings of each utterance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import emo_music_ros.msg as msg
from emo_music_ros.ros import signals
from emo_music_ros.ros.audio_common import ForeignAudio, RawAudioOptions, info_kind, kinds
from emo_music_ros.ros.encoder_node import Conversion, EncoderNode, Input
from emo_music_ros.ros.host import run_node
from emo_music_ros.ros.qos import EVENT, SIGNAL
from emo_music_ros.ros.speaking import Speaking, SpeakingOptions
from emo_music_ros.streams import AudioBlock

AUDIO = "microphone/audio"


class SpeechEncoderNode(EncoderNode):
    """Sound of the microphone to encodings of each utterance.

    While the robot itself speaks, nothing is heard.
    """

    node_name = "speech_encoder"
    purposes = ("speech",)
    stages = {"plugin": ("encoder", "speech")}

    @dataclass(frozen=True)
    class Options(SpeakingOptions, RawAudioOptions, EncoderNode.Options):
        """Who is being heard, how foreign sound comes, and where the robot says that it speaks."""

    def inputs(self) -> list[Input]:
        """Return the one topic this encoder takes, in every form that is known here."""
        foreign = ForeignAudio(self.options, self.now, f"live:{AUDIO}")
        takes: dict[type, Conversion] = {msg.AudioChunk: self._heard(signals.audio_block)}
        takes |= {kind: self._heard(foreign) for kind in kinds()}
        described = info_kind()
        if described is not None:
            self.listen(described, "microphone/info", foreign.describe, EVENT)
        return [Input(AUDIO, takes, SIGNAL)]

    def activate(self) -> None:
        """Subscribe to the sound, and to whether the robot speaks."""
        self._speaking = Speaking(self, self.options.speaking_topic, self._robot_turns)
        super().activate()

    def facts(self) -> dict[str, Any]:
        """Return what the diagnostics show."""
        told = "paused while the robot speaks" if getattr(self, "_speaking", False) else ""
        self.fault("robot", told, "ok")
        return super().facts()

    def _heard(self, conversion: Conversion) -> Conversion:
        def convert(message: Any) -> AudioBlock | None:
            block = conversion(message)
            return None if self._speaking else block  # type: ignore[return-value]

        return convert

    def _robot_turns(self, speaks: bool) -> None:
        # What the person began to say goes on in the voice of the robot.
        self._begin_anew()


def main() -> int:
    """Run the node."""
    return run_node(SpeechEncoderNode)
