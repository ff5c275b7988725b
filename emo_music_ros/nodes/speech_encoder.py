# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Sound of the microphone to encodings of each utterance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

import emo_music_ros.msg as msg
from emo_music_ros.options import option
from emo_music_ros.ros import signals
from emo_music_ros.ros.audio_common import ForeignAudio, RawAudioOptions, info_kind, kinds
from emo_music_ros.ros.encoder_node import Conversion, EncoderNode, Input
from emo_music_ros.ros.host import run_node
from emo_music_ros.ros.qos import EVENT, SIGNAL
from emo_music_ros.ros.speaking import Speaking, SpeakingOptions
from emo_music_ros.ros.voices import HeardVoices, VoiceOptions
from emo_music_ros.streams import AudioBlock, Sample
from emo_music_ros.talking.echo import EchoCanceller

AUDIO, PLAYED = "microphone/audio", "player/audio"
#: So long [s] a player may play before its sound comes.
PATIENCE = 5.0


@dataclass(frozen=True)
class _Played(AudioBlock):
    """Sound that the player plays."""


class SpeechEncoderNode(EncoderNode):
    """Sound of the microphone to encodings of each utterance of whom the run is for.

    While the robot itself speaks, nothing is heard; what the player plays is taken out, and
    utterances of others are dropped.
    """

    node_name = "speech_encoder"
    purposes = ("speech",)
    stages = {"plugin": ("encoder", "speech")}

    @dataclass(frozen=True)
    class Options(VoiceOptions, SpeakingOptions, RawAudioOptions, EncoderNode.Options):
        """Who is being heard, how foreign sound comes, and where the robot says that it speaks."""

        echo: bool = option(True, "take what the player plays out of what the microphone hears")

    def inputs(self) -> list[Input]:
        """Return the one topic this encoder takes, in every form that is known here."""
        foreign = ForeignAudio(self.options, self.now, f"live:{AUDIO}")
        takes: dict[type, Conversion] = {msg.AudioChunk: self._heard(signals.audio_block)}
        takes |= {kind: self._heard(foreign) for kind in kinds()}
        described = info_kind()
        if described is not None:
            self.listen(described, "microphone/info", foreign.describe, EVENT)
        found = [Input(AUDIO, takes, SIGNAL)]
        if self.options.echo:
            found.append(Input(PLAYED, {msg.AudioChunk: _played}, SIGNAL))
        return found

    def mailbox(self, inputs: list[Input]) -> str:
        """Return what the mailbox is called: sound that is played only helps."""
        return inputs[0].topic

    def activate(self) -> None:
        """Subscribe to the sound, and to whether the robot speaks."""
        self._echo: EchoCanceller | None = None  # until something is played
        self._plays = self._hears = False  # the player, a microphone
        self._played_at = self.steady()
        if self.options.echo:
            self.listen(msg.PlayerState, "player/state", self._on_player)
        self._speaking = Speaking(self, self.options.speaking_topic, self._robot_turns)
        self._voices = HeardVoices(self, self.options.require_attribution)
        self._voices.serve()
        if hasattr(self.plugin, "admits"):
            self.plugin.admits = self._voices.admits
        else:
            told = f"{self.get_parameter('plugin').value} cannot tell voices apart"
            self.fault("voices of the plugin", told, "warn")
        super().activate()

    def prepared(self, sample: Sample) -> Iterable[Sample]:
        """Return sound of a microphone without what is played; recordings hear nothing of it."""
        if isinstance(sample, _Played):
            self._played_at = self.steady()
            if self._echo is None and sample.samples.any():
                self._echo = EchoCanceller()
            if self._echo is not None:
                self._echo.played(sample)
            return ()
        if isinstance(sample, AudioBlock):
            self._hears = sample.source.startswith("live:")
            if self._hears and self._echo is not None:
                return self._echo(sample)
        return (sample,)

    def person_forgotten(self, person_id: str) -> None:
        """Drop what was heard of the person, and what is being learnt of their voice."""
        self._voices.forgotten(person_id)
        super().person_forgotten(person_id)

    def details(self) -> dict[str, Any]:
        """Return the counters, and whose voices are told apart."""
        voices = getattr(self, "_voices", None)
        return {**super().details(), **(voices.details() if voices is not None else {})}

    def facts(self) -> dict[str, Any]:
        """Return what the diagnostics show."""
        told = "paused while the robot speaks" if getattr(self, "_speaking", False) else ""
        self.fault("robot", told, "ok")
        if hasattr(self, "_echo"):
            self.fault("echo", self._complaint(), "warn")
        return super().facts()

    def _on_player(self, message: msg.PlayerState) -> None:
        plays = message.status == msg.PlayerState.PLAYING
        if plays and not self._plays:
            self._played_at = self.steady()
        self._plays = plays

    def _complaint(self) -> str:
        """Return what keeps what is played from being taken out; empty = nothing."""
        if self._hears and self._plays and self.steady() - self._played_at > PATIENCE:
            return (
                f"the player plays and nothing comes on {PLAYED}: its music is heard as it is. "
                "Players of others (mpd, spotify) do not give their sound; pause while people speak"
            )
        return self._echo.complaint() if self._echo is not None and self._hears else ""

    def _heard(self, conversion: Conversion) -> Conversion:
        def convert(message: Any) -> AudioBlock | None:
            block = conversion(message)
            return None if self._speaking else block  # type: ignore[return-value]

        return convert

    def _robot_turns(self, speaks: bool) -> None:
        # What the person began to say goes on in the voice of the robot.
        self._begin_anew()


def _played(message: msg.AudioChunk) -> _Played:
    block = signals.audio_block(message)
    return _Played(**{each.name: getattr(block, each.name) for each in fields(block)})


def main() -> int:
    """Run the node."""
    return run_node(SpeechEncoderNode)
