# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Nodes of this process on a domain of their own, with a probe beside them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.node import Node
from rclpy.parameter import Parameter

DEADLINE = 120.0


class Graph:
    """A probe, and the nodes that are started."""

    def __init__(self) -> None:
        self.context = Context()
        rclpy.init(context=self.context, domain_id=101 + os.getpid() % 99)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.probe = Node("probe", context=self.context)
        self.nodes = [self.probe]

    def active(self, kind: type, **parameters: Any) -> Any:
        """Return a node that works."""
        overrides = [Parameter(name, value=value) for name, value in parameters.items()]
        node = kind(
            context=self.context,
            parameter_overrides=[Parameter("autostart", value=False), *overrides],
        )
        assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS, node._health
        assert node.trigger_activate() == TransitionCallbackReturn.SUCCESS, node._health
        self.nodes.append(node)
        return node

    def listen(self, kind: type, topic: str, qos: Any = 20) -> list[Any]:
        """Return a list that fills with what is published."""
        found: list[Any] = []
        self.probe.create_subscription(kind, topic, found.append, qos)
        return found

    def until(self, condition: Callable[[], Any]) -> Any:
        """Let the nodes work until something is so."""
        end = time.monotonic() + DEADLINE
        for node in self.nodes:
            if node not in self.executor.get_nodes():
                self.executor.add_node(node)
        while not (found := condition()):
            assert time.monotonic() < end, "the condition never held"
            self.executor.spin_once(timeout_sec=0.02)
        return found

    def close(self) -> None:
        """End the nodes."""
        for node in self.nodes:
            if node is not self.probe:
                node.close()
            node.destroy_node()
        self.executor.shutdown()
        rclpy.shutdown(context=self.context)
