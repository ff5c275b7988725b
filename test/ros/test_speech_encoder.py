# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The speech encoder as a node: others are dropped before the encoder, own music is taken out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest
from inprocess import Graph

import emo_music_ros.msg as msg
import emo_music_ros.srv as srv
from emo_music_ros import plugins
from emo_music_ros.consent.register import default_register
from emo_music_ros.consent.rules import VOICE, Consent
from emo_music_ros.nodes import speech_encoder
from emo_music_ros.nodes.speech_encoder import SpeechEncoderNode
from emo_music_ros.ros import signals
from emo_music_ros.ros import voices as heard
from emo_music_ros.streams import AudioBlock, Encoding, Estimate

RATE = 16000
ADA, CARER = 0.1, 0.9


class Angles:
    """Makes one print of an utterance: how loud it is, as an angle."""

    same, strange, apart, command, version = 0.9, 0.8, 0.7, 0.75, "1"

    def __call__(self, samples):
        angle = np.float32(1.5 * np.abs(samples).max())
        return np.array([[np.cos(angle), np.sin(angle)]], np.float32)


class Whole:
    """Takes every block of a second for an utterance, and keeps what it infers something from."""

    modality: ClassVar[str] = "speech"
    version = "1"

    @dataclass(frozen=True)
    class Options:
        """None."""

    def __init__(self, options: Any = None) -> None:
        self.admits: Callable[[Any, float], bool] = lambda samples, ended: True
        self.blocks: list[AudioBlock] = []

    def reset(self) -> None:
        pass

    def push(self, block: AudioBlock) -> list[Encoding]:
        self.blocks.append(block)
        if len(block.samples) < RATE or not self.admits(block.samples, block.time):
            return []
        level = float(np.abs(block.samples).max())
        estimate = Estimate(("x",), np.ones(1, np.float32), level, 0.0, 0.0, 1.0, 1.0)
        return [
            Encoding("speech", block.time, block.time, estimate, np.zeros(1, np.float32), {}, "")
        ]


class Deaf(Whole):
    """Cannot be told whose utterance counts."""

    def __init__(self, options: Any = None) -> None:
        super().__init__()
        del self.admits


class World(Graph):
    """The node and a probe, on a domain of their own."""

    def __init__(self) -> None:
        super().__init__()
        self.sounds = self.probe.create_publisher(msg.AudioChunk, "microphone/audio", 100)
        self.plays = self.probe.create_publisher(msg.AudioChunk, "player/audio", 100)
        self.found: list[Any] = []
        self.probe.create_subscription(
            msg.ModalityEncoding, "encoding/speech", self.found.append, 20
        )
        self.node: Any = None
        self.sent = 0

    def start(self, plugin: str = "whole", **parameters: Any) -> Any:
        chosen = {"plugin": plugin, "person_id": "ada", **parameters}
        self.node = self.active(SpeechEncoderNode, **chosen)
        self.until(lambda: self.sounds.get_subscription_count())
        self.until(lambda: self.probe.count_publishers("encoding/speech"))
        return self.node

    def say(self, level: float, source: str = "live:room", publisher: Any = None) -> None:
        """Publish a second of sound and wait until the encoder had it."""
        samples = np.full(RATE, level, np.float32)
        block = AudioBlock(self.node.now() - 1.0, samples, RATE, self.sent, 0, source)
        self.sent += RATE
        before = len(self.node.plugin.blocks)
        (publisher or self.sounds).publish(signals.audio_message(block))
        if publisher is None:
            self.until(lambda: len(self.node.plugin.blocks) > before)

    def levels(self) -> list[float]:
        return [round(one.estimate.valence, 3) for one in self.found]


@pytest.fixture
def graph(tmp_path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("EMO_MUSIC_DATA", str(tmp_path))
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    monkeypatch.setattr(heard, "Voiceprint", Angles)
    monkeypatch.setattr(plugins, "find", lambda stage, name: {"whole": Whole, "deaf": Deaf}[name])
    default_register("").store([Consent("ada", VOICE, True, 0.0, "herself")])
    made = World()
    yield made
    made.close()


def enrol(graph: World) -> None:
    client = graph.probe.create_client(srv.EnrolVoice, "enrol_voice")
    graph.until(client.service_is_ready)
    asked = client.call_async(srv.EnrolVoice.Request(seconds=10.0))
    graph.until(asked.done)
    assert asked.result().success, asked.result().message
    for _ in range(10):
        graph.say(ADA)
    graph.until(lambda: "'ada' is told from others" in graph.node.details()["voices"])


def test_two_speakers_the_carer_angry_nothing_of_the_carer_is_published(graph):
    node = graph.start()
    enrol(graph)
    assert graph.found == []  # what is learnt from is no evidence
    for level in (CARER, ADA, CARER, CARER, ADA):
        graph.say(level)
    graph.until(lambda: len(graph.found) == 2)
    assert graph.levels() == [ADA, ADA]
    assert node.details()["speech of others"] == 3


def test_two_speakers_and_nobody_enrolled_nothing_is_published_any_more(graph):
    node = graph.start()
    for level in (ADA, CARER, ADA, CARER):
        graph.say(level)
    graph.until(lambda: graph.found)
    assert "nobody enrolled: speech is dropped" in node.details()["voices"]
    assert graph.levels() == [ADA]  # before anybody else was heard


def test_with_require_attribution_nothing_is_published_before_an_enrolment(graph):
    node = graph.start(require_attribution=True)
    graph.say(ADA)
    graph.until(lambda: "require_attribution is set" in node._health.worst(node.steady())[1])
    assert graph.found == []
    enrol(graph)
    graph.say(ADA)
    graph.until(lambda: graph.levels() == [ADA])


def test_a_plugin_that_cannot_tell_voices_apart_is_named(graph):
    node = graph.start("deaf")
    assert "deaf cannot tell voices apart" in node._health.worst(node.steady())[1]


def test_what_is_played_is_taken_out_of_a_microphone_and_not_of_a_recording(graph):
    node = graph.start()
    graph.until(lambda: graph.plays.get_subscription_count())
    graph.say(0.2)
    assert len(node.plugin.blocks[-1].samples) == RATE  # nothing was played: as it came
    graph.say(0.3, publisher=graph.plays)
    graph.until(lambda: node._echo is not None)
    graph.say(0.2, source="recorded:voice.wav")
    assert len(node.plugin.blocks[-1].samples) == RATE
    graph.say(0.2)
    assert len(node.plugin.blocks[-1].samples) % 256 == 0  # through the canceller


def test_a_player_that_plays_and_gives_no_sound_is_named(graph, monkeypatch):
    node = graph.start()
    states = graph.probe.create_publisher(msg.PlayerState, "player/state", 10)
    graph.until(states.get_subscription_count)
    graph.say(0.2)
    states.publish(msg.PlayerState(status=msg.PlayerState.PLAYING))
    graph.until(lambda: node._plays)
    node.facts()
    assert "nothing comes on" not in node._health.worst(node.steady())[1]
    monkeypatch.setattr(speech_encoder, "PATIENCE", -1.0)
    node.facts()
    assert "nothing comes on player/audio" in node._health.worst(node.steady())[1]
    states.publish(msg.PlayerState(status=msg.PlayerState.STOPPED))
    graph.until(lambda: not node._plays)
    node.facts()
    assert "nothing comes on" not in node._health.worst(node.steady())[1]


def test_without_echo_nothing_that_is_played_is_listened_to(graph):
    graph.start(echo=False)
    assert graph.plays.get_subscription_count() == 0
