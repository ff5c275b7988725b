"""What a person says or types: the terminal, a text topic and ROS4HRI speech."""

from __future__ import annotations

import fnmatch
import time
from dataclasses import dataclass
from typing import Any

from std_msgs.msg import String

from emo_music_ros import streams
from emo_music_ros.options import option
from emo_music_ros.ros.host import run_node
from emo_music_ros.ros.listening import Listener, type_name
from emo_music_ros.ros.source_node import SourceNode
from emo_music_ros.ros.stamps import seconds
from emo_music_ros.sensing import conversation

try:  # only where ROS4HRI is installed
    from hri_msgs.msg import LiveSpeech
except ImportError:
    LiveSpeech = None


class ConversationNode(SourceNode):
    """What a person says or types: the terminal, a text topic and ROS4HRI speech."""

    node_name = "conversation"
    stages = {"plugin": ("source", "terminal")}
    publishes = (streams.Utterance,)

    @dataclass(frozen=True)
    class Options(SourceNode.Options):
        """Who speaks and where to listen."""

        live_speech_topic: str = option(
            "/humans/voices/*/speech",
            "ROS4HRI speech to take, where hri_msgs is installed; * stands for every voice",
        )

    def activate(self) -> None:
        """Listen to text and speech beside the source plugin."""
        super().activate()
        self.listen(String, "conversation/text", self._on_text)
        self._voices: dict[str, tuple[Listener, conversation.LiveSpeech]] = {}
        if LiveSpeech is not None:
            self.every(0.5, self._follow_voices)

    def details(self) -> dict[str, Any]:
        """Return the counters, and the voices that are listened to."""
        return {**super().details(), "voices": ", ".join(getattr(self, "_voices", ()))}

    def _on_text(self, message: Any) -> None:
        text = message.data.strip()
        if text:
            source = "live:conversation/text"
            language = conversation.language_of(text)
            self.deliver(streams.Utterance(time.time(), text, language, source=source))

    def _follow_voices(self) -> None:
        """Listen to the voices there are now, and to no others."""
        pattern = self.resolve_topic_name(self.options.live_speech_topic.replace("*", "_star_"))
        pattern = pattern.replace("_star_", "*")
        present = {
            name
            for name, types in self.get_topic_names_and_types()
            if type_name(LiveSpeech) in types
            and fnmatch.fnmatchcase(name, pattern)
            and self.count_publishers(name)
        }
        for name in present - self._voices.keys():
            voice = conversation.LiveSpeech(f"live:{name}")
            self._voices[name] = self.listen(LiveSpeech, name, self._hear(voice)), voice
        for name in self._voices.keys() - present:
            listener, _ = self._voices.pop(name)
            self.unlisten(listener)
        for _, voice in self._voices.values():
            said = voice.unfinished(self.steady())
            if said is not None:
                self.deliver(said)

    def _hear(self, voice: conversation.LiveSpeech) -> Any:
        def hear(message: Any) -> None:
            stamp = seconds(message.header.stamp)
            if stamp <= 0:
                told = "speech with the stamp 0 came; it is taken for said when it came"
                self.fault("live speech", f"{told}. Stamp it with ROS time", "warn", lasts=60.0)
            said = voice(
                message.final,
                message.incremental,
                getattr(message, "locale", "") or getattr(message, "language", ""),
                message.confidence,
                # Sources stamp with the clock of the system.
                time=time.time() - (self.now() - stamp if stamp > 0 else 0.0),
                now=self.steady(),
            )
            if said is not None:
                self.deliver(said)

        return hear


def main() -> int:
    """Run the node."""
    return run_node(ConversationNode)
