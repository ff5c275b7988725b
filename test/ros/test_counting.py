# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What the summary counts of what the topics carry."""

from __future__ import annotations

import pytest
from inprocess import Graph

import emo_music_ros.msg as msg
from emo_music_ros.nodes.session import SessionNode
from emo_music_ros.ros.stamps import stamp


@pytest.fixture
def graph():
    graph = Graph()
    yield graph
    graph.close()


def test_a_sample_is_answered_once_however_often_it_is_told(graph):
    session = graph.active(SessionNode, duration=0.0)
    emotions = graph.probe.create_publisher(msg.EmotionState, "emotion", 20)
    graph.until(emotions.get_subscription_count)
    now = session.now()

    def tell(age):
        message = msg.EmotionState(state=msg.EmotionState.CALM)
        message.header.stamp = stamp(now - age)
        message.contributions = [msg.Contribution(modality="face", weight=1.0)]
        emotions.publish(message)

    for age in (3.0, 2.0, 2.0, 2.0, 1.0):
        tell(age)
    summary = session.summary
    graph.until(lambda: summary.emotion_states["calm"] == 5)
    assert summary.as_dict()["latency_ms"]["emotion"]["n"] == 3
