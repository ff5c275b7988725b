# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Understands what people ask for aloud or in writing, does it, and answers in a short line."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future as Promise
from dataclasses import dataclass
from typing import Any, NamedTuple

from std_msgs.msg import Bool, String

import emo_music_ros.msg as msg
from emo_music_ros.consent.rules import SENSING
from emo_music_ros.encoding.speech.voice_activity import Endpointer
from emo_music_ros.errors import CompanionError, InputError
from emo_music_ros.options import option
from emo_music_ros.ros import signals
from emo_music_ros.ros.audio_common import ForeignAudio, RawAudioOptions, info_kind, kinds
from emo_music_ros.ros.host import run_node
from emo_music_ros.ros.node import CompanionNode
from emo_music_ros.ros.qos import EVENT, SIGNAL
from emo_music_ros.ros.source_node import AUDIO, UTTERANCE
from emo_music_ros.ros.speaking import Speaking, SpeakingOptions
from emo_music_ros.ros.steering import Steering
from emo_music_ros.ros.voices import HeardVoices
from emo_music_ros.srv import SetPlayback
from emo_music_ros.streams import AudioBlock, Utterance
from emo_music_ros.talking.commands import understand
from emo_music_ros.talking.ear import LONGEST, Ear, complaint, ready
from emo_music_ros.talking.echo import EchoCanceller
from emo_music_ros.talking.lines import FAILED, line

#: What is heard here, among utterances.
SOURCE = f"live:{AUDIO}"
#: Pause that ends an utterance, and the least of speech in one [s].
PAUSE, SHORTEST = 0.5, 0.15
#: The same command within this time [s] was heard by two recognisers, and is done once.
AGAIN = 1.0
#: How long a call for help is shown among the health [s].
SHOWN = 120.0


class _Played(NamedTuple):
    """Sound that the player plays."""

    block: AudioBlock


class TalkingNode(CompanionNode):
    """Understands what people ask for aloud or in writing, does it, and answers in a short line.

    Every utterance counts, whoever recognised it: this node, a robot's own recogniser, or
    somebody who types. What does not work is shown, and the rest goes on without it.
    """

    node_name = "talking"
    stages = {
        "plugin": ("recogniser", "pocketsphinx"),
        "second": ("recogniser", "none"),
        "voice": ("voice", "espeak"),
    }
    purposes = (SENSING,)

    @dataclass(frozen=True)
    class Options(SpeakingOptions, RawAudioOptions):
        """Who is heard, and how sure and loud it has to be."""

        person_id: str = option("resident", "person the run is for")
        confidence: float = option(
            0.5, "confidence that a command needs", low=0.0, high=1.0, dynamic=True
        )
        step: float = option(
            0.1, "how much louder or softer at once, of 0..1", low=0.01, high=0.5, dynamic=True
        )
        calm: float = option(
            1800.0, "how long calmer music is asked for [s]", low=60.0, high=14400.0, dynamic=True
        )
        everything: bool = option(
            False, "publish whatever is understood, not only commands", dynamic=True
        )
        echo: bool = option(True, "take what the player plays out of what the microphone hears")
        answers: bool = option(True, "answer in a short line", dynamic=True)

    def configure(self) -> None:
        """Have nothing that listens yet."""
        self._ear: Ear | None = None
        self._voices: HeardVoices | None = None

    def activate(self) -> None:
        """Listen to the microphone and to utterances of others."""
        self._playing = msg.PlayerState()
        self._done: tuple[str, float] = ("", 0.0)
        self._counts = {"heard": 0, "commands": 0, "calls": 0}
        self._heard_at = self.steady()
        self._steering = Steering(self, "live:talking")
        self._utterances = self.advertise(msg.Utterance, UTTERANCE, EVENT)
        self._calls = self.advertise(String, "carer/call", EVENT)
        self._lines = self.advertise(String, "robot/say", EVENT)
        topic = self.options.speaking_topic
        self._speaks = self.advertise(Bool, topic, EVENT) if topic else None
        self._mouth = self.work(self._say, 1, "")
        self.listen(msg.PlayerState, "player/state", self._on_player)
        self.listen(msg.Utterance, UTTERANCE, self._on_utterance)
        ear = self._make_ear()
        if ear is not None:
            self._voices = HeardVoices(self)
            ear.admits = self._voices.commands
            self._attend()
        self._ear = ear

    def deactivate(self) -> None:
        """Fall silent."""
        if hasattr(self, "_steering"):
            self.plugins["voice"].hush()
            self._steering.close()
            del self._steering

    def person_changed(self, before: str) -> None:
        """Forget what somebody else began to say."""
        self._forget()

    def consent_changed(self) -> None:
        """Forget what was heard before."""
        self._forget()

    def options_changed(self) -> None:
        """Take over how sure a command has to be."""
        if self._ear is not None:
            self._ear.least = self.options.confidence

    def details(self) -> dict[str, Any]:
        """Return the counters, and whose voices are told apart."""
        voices = getattr(self, "_voices", None)
        return {**getattr(self, "_counts", {}), **(voices.details() if voices is not None else {})}

    # -- what is heard -------------------------------------------------------------------------

    def _make_ear(self) -> Ear | None:
        """Return an ear of the recognisers that work; None if none does."""
        recognisers = []
        for stage in ("plugin", "second"):
            try:
                if ready(self.plugins[stage]):
                    recognisers.append(self.plugins[stage])
            except CompanionError as error:
                self.fault(f"recogniser {self.get_parameter(stage).value}", str(error), "warn")
        if not recognisers:
            return None
        try:
            cutter = Endpointer(PAUSE, SHORTEST, LONGEST)
        except CompanionError as error:
            self.fault("voice activity", str(error), "warn")
            return None
        return Ear(cutter, recognisers, self.options.confidence)

    def _attend(self) -> None:
        """Subscribe to the microphone, in every form that is known here."""
        self._hearing = self.work(self._hear, 100, AUDIO)
        self._echo = EchoCanceller() if self.options.echo else None
        if self._echo is not None:
            self.listen(msg.AudioChunk, "player/audio", self._on_played, SIGNAL)
        foreign = ForeignAudio(self.options, self.now, SOURCE)
        described = info_kind()
        if described is not None:
            self.listen(described, "microphone/info", foreign.describe, EVENT)
        others = {kind: self._taking(foreign) for kind in kinds()}
        self.listen(msg.AudioChunk, AUDIO, self._taking(signals.audio_block), SIGNAL, others=others)
        Speaking(self, self.options.speaking_topic, self._hearing.put)
        self.every(1.0, self._watch)

    def _on_played(self, message: msg.AudioChunk) -> None:
        self._hearing.put(_Played(signals.audio_block(message)))

    def _taking(self, conversion: Callable[[Any], AudioBlock]) -> Callable[[Any], None]:
        def take(message: Any) -> None:
            if not self.allows():
                return  # before anything is looked at
            try:
                block = conversion(message)
            except InputError as error:
                self.unusable(AUDIO, error)
                return
            self.usable(AUDIO)
            self._heard_at = self.steady()
            self._hearing.put(block)

        return take

    def _hear(self, item: AudioBlock | _Played | bool | None) -> None:
        """Take sound, whether the robot speaks, or None to begin anew; on a thread of its own."""
        ear = self._ear
        assert ear is not None
        if item is None:
            ear.reset()
            return
        if isinstance(item, bool):
            ear.robot_speaks(item)
            return
        if isinstance(item, _Played):
            assert self._echo is not None
            self._echo.played(item.block)
            return
        blocks = [item] if self._echo is None else self._echo(item)
        for heard in [each for block in blocks for each in ear.push(block)]:
            if not self.allows() or not (heard.command or self.options.everything):
                continue
            said = heard.said
            self._utterances.publish(
                signals.utterance_message(
                    Utterance(heard.time, said.text, said.language, said.confidence, source=SOURCE)
                )
            )

    def _forget(self) -> None:
        if self._ear is not None:
            self._hearing.put(None)

    def _watch(self) -> None:
        """Show what is wrong with the sound."""
        assert self._ear is not None
        waited = self.steady() - self._heard_at if self.allows() else 0.0
        self.fault("microphone", complaint(self._ear, waited), "warn")
        self.fault("echo", self._echo.complaint() if self._echo is not None else "", "warn")

    # -- what is asked for ---------------------------------------------------------------------

    def _on_player(self, message: msg.PlayerState) -> None:
        self._playing = message

    def _on_utterance(self, message: msg.Utterance) -> None:
        said = signals.utterance(message)
        if said is None or not self.allows(SENSING, said.person_id):
            return
        self._counts["heard"] += 1
        sure = said.confidence >= self.options.confidence
        command = understand(said.text, said.language) if sure else ""
        now = self.steady()
        before, then = self._done
        if not command or (command == before and now - then < AGAIN):
            return
        self._done = command, now
        self._counts["commands"] += 1
        self.get_logger().info(f"'{command}' was asked for")  # never what was said
        self.plugins["voice"].hush()  # whoever falls into its word is listened to
        if command == "help":
            self._call(said)
        elif command == "who":
            self._answer(command, said.language)
        else:
            asked = self._obey(command)
            asked.add_done_callback(lambda done: self._settled(command, said.language, done))

    def _obey(self, command: str) -> Promise[None]:
        steering, request = self._steering, SetPlayback.Request
        if command == "stop":
            return steering.playback(request.STOP)
        if command in ("louder", "softer"):
            change = self.options.step if command == "louder" else -self.options.step
            volume = min(max(self._playing.volume + change, 0.0), 1.0)
            return steering.playback(request.VOLUME, volume)
        if command == "calmer":
            return steering.begin("", "calm", self.options.calm)
        if command == "like":
            return steering.rate(1.0)
        rated = steering.rate(-1.0)
        rated.add_done_callback(lambda _: steering.playback(request.NEXT))
        return rated

    def _settled(self, command: str, language: str, done: Promise[None]) -> None:
        error = done.exception()
        self.fault(command, f"'{command}' was not done: {error}" if error else "", "warn")
        self._answer(FAILED if error else command, language)

    def _call(self, said: Utterance) -> None:
        """Tell the carer at once."""
        told = f"{said.person_id or self.person_id} called for help"
        self._counts["calls"] += 1
        self._calls.publish(String(data=told))
        self.fault("call", f"{told}. See to them", "error", lasts=SHOWN)
        self._answer("help", said.language)

    # -- what is answered ----------------------------------------------------------------------

    def _answer(self, command: str, language: str) -> None:
        if not self.options.answers:
            return
        track = self._playing.track
        told = line(command, language, track.title, track.artist)
        self._lines.publish(String(data=told))
        self._mouth.put((told, language))

    def _say(self, item: tuple[str, str]) -> None:
        """Say a line; on a thread of its own."""
        self._tell_speaks(True)
        try:
            self.plugins["voice"].say(*item)
        finally:
            self._tell_speaks(False)

    def _tell_speaks(self, speaks: bool) -> None:
        if self._speaks is not None and self.get_parameter("voice").value != "none":
            self._speaks.publish(Bool(data=speaks))


def main() -> int:
    """Run the node."""
    return run_node(TalkingNode)
