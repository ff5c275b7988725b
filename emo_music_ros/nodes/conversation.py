"""What a person says or types: the terminal, a text topic and ROS4HRI speech."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from std_msgs.msg import String

from emo_music_ros import streams
from emo_music_ros.options import option
from emo_music_ros.ros.host import run_node
from emo_music_ros.ros.source_node import SourceNode
from emo_music_ros.sensing.conversation import language_of, utterance_from_live_speech

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
            "/humans/voices/anonymous_speaker/speech",
            "ROS4HRI speech to take, where hri_msgs is installed",
        )

    def activate(self) -> None:
        """Listen to text and speech beside the source plugin."""
        super().activate()
        self.listen(String, "conversation/text", self._on_text)
        if LiveSpeech is not None:
            self.listen(LiveSpeech, self.options.live_speech_topic, self._on_speech)

    def _on_text(self, message: Any) -> None:
        text = message.data.strip()
        if text:
            source = "live:conversation/text"
            self.deliver(streams.Utterance(time.time(), text, language_of(text), source=source))

    def _on_speech(self, message: Any) -> None:
        utterance = utterance_from_live_speech(
            message.final,
            message.incremental,
            getattr(message, "locale", "") or getattr(message, "language", ""),
            message.confidence,
            time=time.time(),
        )
        if utterance is not None:
            self.deliver(utterance)


def main() -> int:
    """Run the node."""
    return run_node(ConversationNode)
