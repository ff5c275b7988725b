# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""One robot, as the panel watches and steers it: a node in its namespace, on its own thread."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future as Promise
from copy import copy

import rclpy
from rclpy.context import Context
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node

import emo_music_ros.msg as msg
from emo_music_ros.consent.rules import SENSING
from emo_music_ros.dashboard.state import Board, Snapshot
from emo_music_ros.ros.listening import type_name
from emo_music_ros.ros.qos import EVENT, LATCHED
from emo_music_ros.ros.steering import Steering
from emo_music_ros.ros.subject import Subject
from emo_music_ros.ros.watching import Watcher
from emo_music_ros.srv import SetPlayback

#: How long an answer to a button may take [s].
PATIENCE = 5.0
#: Topic that tells a robot, and its type.
_TELLS = {
    "player/state": type_name(msg.PlayerState),
    "emotion": type_name(msg.EmotionState),
}
#: Button -> command of the player.
COMMANDS = {
    "pause": SetPlayback.Request.PAUSE,
    "skip": SetPlayback.Request.NEXT,
    "stop": SetPlayback.Request.STOP,
    "volume": SetPlayback.Request.VOLUME,
}


def robots(node: Node) -> list[str]:
    """Return the namespaces in which somebody tells a state or plays."""
    found = set()
    for topic, types in node.get_topic_names_and_types():
        for ending, kind in _TELLS.items():
            if topic.endswith(f"/{ending}") and kind in types and node.count_publishers(topic):
                found.add(topic.removesuffix(f"/{ending}") or "/")
    return sorted(found)


class Robot:
    """What is known of one robot, and what it is asked to do.

    Parameters
    ----------
    name : str
        Of the node, in the namespace of the robot.
    namespace : str
        Of the robot.
    context : rclpy.context.Context
        In which the node is made.

    Raises
    ------
    rclpy.exceptions.InvalidNamespaceException
        If the namespace is none.
    """

    def __init__(self, name: str, namespace: str, context: Context) -> None:
        self.namespace = namespace
        self._node = rclpy.create_node(
            name, namespace=namespace, context=context, start_parameter_services=False
        )
        self._board = Board(time.monotonic)
        self._subject = Subject("", "", (SENSING,), False, namespace, self._turned, self._turned)
        self._watcher = Watcher(self._board, self._subject, namespace, time.monotonic)
        self._steering = Steering(self._node, "live:rqt")
        for kind, topic, callback, qos in (
            *self._watcher.topics(),
            (msg.Person, "person", self._subject.on_person, LATCHED),
            (msg.Person, "person/forgotten", self._on_forgotten, EVENT),
            (msg.ConsentState, "consent/state", self._subject.on_state, LATCHED),
        ):
            self._node.create_subscription(kind, topic, callback, copy(qos))
        self._closing = False
        self._executor = SingleThreadedExecutor(context=context)
        self._executor.add_node(self._node)
        self._thread = threading.Thread(target=self._spin, name=name, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Let go of the robot."""
        self._closing = True
        self._executor.shutdown()
        self._thread.join()
        self._steering.close()
        self._node.destroy_node()

    def snapshot(self) -> Snapshot:
        """Return what is known now."""
        return self._board.snapshot()

    def ask(self, name: str, value: float = 0.0) -> Promise[None]:
        """Do what a button says: `play`, or one of `COMMANDS`.

        Returns
        -------
        Promise
            Fails with `InputError` where it is refused or nobody is there. Whoever gives up
            waiting cancels it.
        """
        if name == "play":
            return self._steering.later(self._steering.play)
        return self._steering.later(lambda: self._steering.playback(COMMANDS[name], value))

    def _spin(self) -> None:
        while not self._closing and rclpy.ok(context=self._node.context):
            try:
                self._executor.spin_once()
            except ExternalShutdownException:
                return
            except Exception as error:  # one bad message ends nothing
                self._node.get_logger().error(repr(error), throttle_duration_sec=10.0)

    def _turned(self, before: str = "") -> None:
        self._watcher.turned()

    def _on_forgotten(self, message: msg.Person) -> None:
        self._watcher.forgotten(message.person_id)
