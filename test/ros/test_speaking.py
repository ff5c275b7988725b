# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from types import SimpleNamespace

from std_msgs.msg import Bool

from emo_music_ros.ros import speaking
from emo_music_ros.ros.speaking import Speaking


class Node(SimpleNamespace):
    """What is asked of a node, in the hands of the test."""

    def __init__(self) -> None:
        super().__init__(now=0.0, topics={}, ticks=[])

    def listen(self, kind, topic, callback):
        self.topics[topic] = callback

    def every(self, period, callback):
        self.ticks.append(callback)

    def steady(self):
        return self.now


def test_changes_are_told_once():
    node, told = Node(), []
    robot = Speaking(node, "robot/speaking", told.append)
    for speaks in (False, True, True, False, True):
        node.topics["robot/speaking"](Bool(data=speaks))
        assert bool(robot) is speaks
    assert told == [True, False, True]


def test_a_robot_that_falls_silent_without_a_word_is_not_waited_for_for_ever():
    node, told = Node(), []
    robot = Speaking(node, "x", told.append)
    node.topics["x"](Bool(data=True))
    node.now = speaking.LONGEST
    node.ticks[0]()
    assert robot
    node.now += 0.1
    node.ticks[0]()
    assert not robot
    assert told == [True, False]


def test_without_a_topic_the_robot_never_speaks():
    node = Node()
    assert not Speaking(node, "", print)
    assert not node.topics
