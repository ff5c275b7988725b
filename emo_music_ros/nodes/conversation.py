# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What a person says or types: the terminal, a text topic and ROS4HRI speech."""

from __future__ import annotations

import math
import posixpath
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from std_msgs.msg import String

from emo_music_ros import streams
from emo_music_ros.clock import MOST_AHEAD, MOST_BEHIND
from emo_music_ros.options import option
from emo_music_ros.ros import humans
from emo_music_ros.ros.host import run_node
from emo_music_ros.ros.listening import Listener
from emo_music_ros.ros.source_node import SourceNode
from emo_music_ros.ros.stamps import seconds
from emo_music_ros.sensing import conversation


class _Voice(NamedTuple):
    """One voice that is listened to."""

    listener: Listener
    speech: conversation.LiveSpeech


class ConversationNode(SourceNode):
    """What a person says or types: the terminal, a text topic and ROS4HRI speech."""

    node_name = "conversation"
    purposes = ("text",)
    stages = {"plugin": ("source", "terminal")}
    publishes = (streams.Utterance,)

    @dataclass(frozen=True)
    class Options(humans.HumansOptions, SourceNode.Options):
        """Who speaks and where to listen."""

        live_speech_topic: str = option(
            "voices/*/speech",
            "ROS4HRI speech to take, where hri_msgs is installed, below `humans` unless it begins "
            "with a slash; * stands for every voice",
        )

    def activate(self) -> None:
        """Listen to text and speech beside the source plugin."""
        super().activate()
        self.listen(String, "conversation/text", self._on_text)
        self._voices: dict[str, _Voice] = {}
        if humans.messages is not None:
            root = self.options.root
            self._speech = posixpath.join(root, self.options.live_speech_topic)
            self._persons = humans.Persons(self, root, "voice_id")
            self._tracked = humans.Tracked(self, f"{root}/voices", come=self._hear)
            self.every(humans.PERIOD, self._follow_voices)

    def details(self) -> dict[str, Any]:
        """Return the counters, and the voices that are listened to."""
        return {**super().details(), "voices": ", ".join(getattr(self, "_voices", ()))}

    def _on_text(self, message: Any) -> None:
        text = message.data.strip()
        if text:
            source = "live:conversation/text"
            language = conversation.language_of(text)
            self.deliver(streams.Utterance(time.time(), text, language, source=source))

    def _topic(self, voice: str) -> str:
        return self.resolve_topic_name(self._speech.replace("*", voice, 1))

    def _follow_voices(self) -> None:
        """Listen to the voices that are tracked or speak, and to no others."""
        present = {self._topic(voice): voice for voice in self._tracked.ids}
        known = humans.matching(
            self._topic("_any_voice_"),
            "_any_voice_" if "*" in self._speech else "",
            (name for name, _ in self.get_topic_names_and_types()),
        )
        present |= {name: voice for name, voice in known.items() if self.count_publishers(name)}
        for name, voice in present.items():
            if name not in self._voices:
                self._hear(voice)
        for name in self._voices.keys() - present.keys():
            gone = self._voices.pop(name)
            self.unlisten(gone.listener)
            self._say(gone.speech.unfinished(math.inf))
        for each in self._voices.values():
            self._say(each.speech.unfinished(self.steady()))

    def _hear(self, voice: str) -> None:
        """Listen to a voice."""
        topic = self._topic(voice)
        if topic not in self._voices:
            speech = conversation.LiveSpeech(f"live:{topic}")
            lasting = "*" not in self._speech
            hear = self._heard(voice, topic, speech)
            listener = self.listen(humans.messages.LiveSpeech, topic, hear, lasting=lasting)
            self._voices[topic] = _Voice(listener, speech)

    def _heard(
        self, voice: str, topic: str, speech: conversation.LiveSpeech
    ) -> Callable[[Any], None]:
        def hear(message: Any) -> None:
            person = self._persons.person("voice_id", voice)
            if not self.allows("text", person):
                return  # before anything is looked at
            age = self.now() - seconds(message.header.stamp)
            if not -MOST_AHEAD <= age <= MOST_BEHIND:
                told = (
                    f"the stamp is {seconds(message.header.stamp):.0f}, and it is {self.now():.0f}"
                )
                remedy = "It is taken for said when it came; stamp it with the time of ROS"
                self.fault(f"stamps of {topic}", f"{told}. {remedy}", "warn", lasts=60.0)
                age = 0.0
            self._say(
                speech(
                    message.final,
                    message.incremental,
                    getattr(message, "locale", "") or getattr(message, "language", ""),
                    message.confidence,
                    time=time.time() - age,  # sources stamp with the clock of the system
                    now=self.steady(),
                    person_id=person,
                )
            )

        return hear

    def _say(self, said: streams.Utterance | None) -> None:
        if said is not None and self.allows("text", said.person_id):
            self.deliver(said)


def main() -> int:
    """Run the node."""
    return run_node(ConversationNode)
