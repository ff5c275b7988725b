# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Publishers that come and go, and leave a topic to whoever serves it already."""

from __future__ import annotations

from copy import copy
from typing import Any

from rclpy.publisher import Publisher

from emo_music_ros.ros.parts import PartsNode
from emo_music_ros.ros.qos import EVENT


class Outlets:
    """Publishes on topics that come and go, while a node is active.

    Two nodes that say different things on one topic would mislead everybody: where another one
    publishes, nothing is, and the diagnostics say so.

    Parameters
    ----------
    node : PartsNode
        Whose publishers they are.
    """

    def __init__(self, node: PartsNode) -> None:
        self._node = node
        self._publishers: dict[str, Publisher] = {}
        self._left: dict[str, str] = {}  # topic -> node that serves it
        node.ends(self.close)
        node.every(1.0, self._look)

    def publish(self, topic: str, message: Any) -> None:
        """Publish a message, unless another node publishes on its topic."""
        if topic not in self._publishers and topic not in self._left:
            self._leave(topic)
        if topic in self._left:
            return
        if topic not in self._publishers:
            kind, quality = type(message), copy(EVENT)
            self._publishers[topic] = self._node.create_publisher(kind, topic, quality)
        self._publishers[topic].publish(message)

    def close(self, topic: str = "") -> None:
        """End the publisher of a topic, or all of them."""
        for name in [topic] if topic else [*self._publishers, *self._left]:
            self._left.pop(name, None)
            publisher = self._publishers.pop(name, None)
            if publisher is not None:
                self._node.destroy_publisher(publisher)

    def _look(self) -> None:
        for topic in [*self._publishers, *self._left]:
            self._leave(topic)
        left = [f"{topic} is left to '{node}'" for topic, node in self._left.items()]
        self._node.fault("topics of others", "; ".join(left), "ok")

    def _leave(self, topic: str) -> None:
        """Leave a topic to another node that publishes there, or take it back."""
        own = (self._node.get_namespace(), self._node.get_name())
        name = self._node.resolve_topic_name(topic)
        others = [
            info.node_name
            for info in self._node.get_publishers_info_by_topic(name)
            # of two like this one, which would both leave, the first stays
            if info.node_name != own[1] or (info.node_namespace, info.node_name) < own
        ]
        if others:
            self.close(topic)
            self._left[topic] = others[0]
        else:
            self._left.pop(topic, None)
