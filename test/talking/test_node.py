# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The node: what is asked for is done by the nodes that can, and answered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from inprocess import Graph
from rclpy.node import Node
from std_msgs.msg import Bool, String

import emo_music_ros.msg as msg
import emo_music_ros.srv as srv
from emo_music_ros import plugins
from emo_music_ros.errors import ModelError, PluginError
from emo_music_ros.nodes import talking
from emo_music_ros.nodes.talking import TalkingNode
from emo_music_ros.ros import signals
from emo_music_ros.streams import AudioBlock, Utterance
from emo_music_ros.talking.base import NoRecogniser, NoVoice, Transcript
from emo_music_ros.talking.lines import FAILED, line


class Voice(NoVoice):
    """Keeps what it says."""

    said: list[tuple[str, str]] = []
    error: PluginError | None = None

    def say(self, text: str, language: str) -> None:
        if Voice.error is not None:
            raise Voice.error
        Voice.said.append((text, language))


class Hears:
    """Understands the same in every utterance."""

    def __init__(self, options: Any = None) -> None:
        del options

    def prepare(self, phrases: Any) -> None:
        del phrases

    def __call__(self, samples: Any) -> Transcript:
        del samples
        return Transcript("stop", "en", 0.9)


class Broken(Hears):
    """Has no model."""

    def prepare(self, phrases: Any) -> None:
        raise ModelError("the model is missing", "Bring one")


class Player:
    """Answers as the player and the interaction node do, and keeps what was asked."""

    def __init__(self, node: Node) -> None:
        self.asked: list[tuple[int, float]] = []
        self.rated: list[float] = []
        self.refuses = ""
        node.create_service(srv.SetPlayback, "player/set", self._set)
        node.create_service(srv.RateTrack, "rate_track", self._rate)

    def _set(self, request: Any, response: Any) -> Any:
        self.asked.append((request.command, round(request.value, 3)))
        response.success, response.message = not self.refuses, self.refuses
        return response

    def _rate(self, request: Any, response: Any) -> Any:
        self.rated.append(request.rating)
        response.success = True
        return response


class World(Graph):
    """The node, what it asks and a listener, on a domain of their own."""

    def __init__(self) -> None:
        super().__init__()
        self.player = Player(self.probe)
        self.says = self.probe.create_publisher(msg.Utterance, "conversation/utterance", 10)
        self.plays = self.probe.create_publisher(msg.PlayerState, "player/state", 10)
        self.sounds = self.probe.create_publisher(msg.AudioChunk, "microphone/audio", 100)
        self.node: Any = None

    def start(self, recogniser: str = "none", **parameters: Any) -> Any:
        chosen = {"plugin": recogniser, "voice": "espeak", **parameters}
        self.node = self.active(TalkingNode, **chosen)
        clients = (self.node._steering._player, self.node._steering._rating)
        self.until(lambda: all(client.service_is_ready() for client in clients))
        self.until(lambda: self.says.get_subscription_count() == 1)
        self.until(lambda: self.plays.get_subscription_count() == 1)
        return self.node

    def listen(self, kind: type, topic: str) -> list[Any]:
        found: list[Any] = []
        self.probe.create_subscription(kind, topic, found.append, 20)
        self.until(lambda: self.probe.count_publishers(topic))
        return found

    def say(self, text: str, language: str = "en", confidence: float = 1.0) -> None:
        said = Utterance(self.node.now(), text, language, confidence, source="live:terminal")
        self.says.publish(signals.utterance_message(said))

    def faults(self) -> str:
        return self.node._health.worst(self.node.steady())[1]


@pytest.fixture
def graph(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    found = {
        ("recogniser", "none"): NoRecogniser,
        ("recogniser", "hears"): Hears,
        ("recogniser", "broken"): Broken,
        ("voice", "espeak"): Voice,
        ("voice", "none"): NoVoice,
    }
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    monkeypatch.setattr(plugins, "find", lambda stage, name: found[stage, name])
    monkeypatch.setattr(talking, "AGAIN", 0.0)
    monkeypatch.setattr(Voice, "said", [])
    monkeypatch.setattr(Voice, "error", None)
    made = World()
    yield made
    made.close()


def test_what_is_asked_for_is_done_and_answered_in_its_language(graph):
    graph.start()
    lines = graph.listen(String, "robot/say")
    graph.plays.publish(msg.PlayerState(volume=0.5, track=msg.Track(title="月光", artist="德彪西")))
    graph.until(lambda: graph.node._playing.volume)
    request = srv.SetPlayback.Request
    wanted = [
        ("stop the music please", "en", (request.STOP, 0.0), line("stop", "en")),
        ("louder", "en", (request.VOLUME, 0.6), line("louder", "en")),
        ("小声点", "zh", (request.VOLUME, 0.4), line("softer", "zh")),
    ]
    for text, language, command, answer in wanted:
        graph.say(text, language)
        graph.until(lambda: graph.player.asked and graph.player.asked[-1] == command)  # noqa: B023
        graph.until(lambda: lines and lines[-1].data == answer)  # noqa: B023
    graph.say("I like this")
    graph.until(lambda: graph.player.rated == [1.0])
    graph.say("never again")
    graph.until(lambda: graph.player.rated == [1.0, -1.0])
    graph.until(lambda: graph.player.asked[-1][0] == request.NEXT)
    graph.say("谁在唱歌", "zh")
    graph.until(lambda: lines[-1].data == "这是德彪西的月光。")
    graph.until(lambda: (lines[-1].data, "zh") in Voice.said)


def test_a_call_for_help_reaches_the_carer_at_once_and_is_shown(graph):
    graph.start(person_id="ada")
    calls = graph.listen(String, "carer/call")
    graph.say("help me")
    graph.until(lambda: calls)
    assert calls[0].data == "ada called for help"
    assert "ada called for help" in graph.faults()
    assert graph.node.details()["calls"] == 1


def test_what_is_no_command_or_not_sure_does_nothing(graph):
    graph.start()
    for text, sure in (("do not stop", 1.0), ("it is raining", 1.0), ("help", 0.3), ("stop", 0.2)):
        graph.say(text, confidence=sure)
    graph.say("louder")
    graph.until(lambda: graph.player.asked)
    assert [command for command, _ in graph.player.asked] == [srv.SetPlayback.Request.VOLUME]
    assert graph.node.details() == {"heard": 5, "commands": 1, "calls": 0}


def test_a_refusal_is_told_and_shown(graph):
    graph.start()
    lines = graph.listen(String, "robot/say")
    graph.player.refuses = "the volume is limited"
    graph.say("louder")
    graph.until(lambda: lines)
    assert lines[0].data == line(FAILED, "en")
    assert "the volume is limited" in graph.faults()


def test_the_robot_says_that_it_speaks_and_a_voice_that_is_missing_is_named(graph):
    graph.start()
    speaking = graph.listen(Bool, "robot/speaking")
    Voice.error = PluginError("there is no espeak-ng", "Install it")
    graph.say("stop")
    graph.until(lambda: [message.data for message in speaking] == [True, False])
    graph.until(lambda: "there is no espeak-ng" in graph.faults())
    graph.say("louder")  # the loop goes on
    graph.until(lambda: len(graph.player.asked) == 2)


def test_without_its_recogniser_the_node_still_takes_what_is_typed(graph):
    graph.start("broken")
    assert "the model is missing" in graph.faults()
    graph.say("stop")
    graph.until(lambda: graph.player.asked)


def test_what_the_microphone_hears_is_understood_and_told(graph, monkeypatch):
    class Spoken:
        """Takes every block for an utterance."""

        quiet = 0.0

        def __init__(self, *arguments: Any) -> None:
            self.start = 0

        def reset(self) -> None:
            pass

        def current(self) -> None:
            return None

        def push(self, samples: Any) -> list[Any]:
            from types import SimpleNamespace

            return [SimpleNamespace(samples=samples, start=self.start)]

    monkeypatch.setattr(talking, "Endpointer", Spoken)
    node = graph.start("hears")
    said = graph.listen(msg.Utterance, "conversation/utterance")
    graph.until(lambda: graph.sounds.get_subscription_count() == 1)
    block = AudioBlock(node.now(), np.full(800, 0.1, np.float32), 16000, 0)
    graph.sounds.publish(signals.audio_message(block))
    graph.until(lambda: graph.player.asked)
    graph.until(lambda: said)
    assert (said[0].text, said[0].source) == ("stop", talking.SOURCE)


def test_without_consent_nothing_is_heard(graph):
    node = graph.start(require_consent=True)
    graph.say("stop")
    graph.until(lambda: node.steady() > 0)
    for _ in range(20):
        graph.executor.spin_once(timeout_sec=0.01)
    assert node.details()["heard"] == 0
    assert not graph.player.asked
