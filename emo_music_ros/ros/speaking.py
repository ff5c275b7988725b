# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Whether the robot itself speaks: its voice is no voice of the person, and must be understood."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from std_msgs.msg import Bool

from emo_music_ros.options import option
from emo_music_ros.ros.parts import PartsNode

#: A robot that says it speaks and then nothing more is taken for silent after this [s].
LONGEST = 60.0


@dataclass(frozen=True)
class SpeakingOptions:
    """Where the robot says that it speaks."""

    speaking_topic: str = option(
        "robot/speaking", "std_msgs/Bool, true while the robot speaks; empty = it never does"
    )


class Speaking:
    """Follows whether the robot speaks, while a node is active.

    Parameters
    ----------
    node : PartsNode
        Whose subscription it is.
    topic : str
        Of type std_msgs/Bool; empty = the robot never speaks.
    changed : callable
        Gets whether it speaks, when that changes.
    """

    def __init__(self, node: PartsNode, topic: str, changed: Callable[[bool], None]) -> None:
        self._node, self._changed = node, changed
        self._speaks = False
        self._since = 0.0
        if topic:
            node.listen(Bool, topic, self._hear)
            node.every(1.0, self._expire)

    def __bool__(self) -> bool:
        """Whether it speaks now."""
        return self._speaks

    def _hear(self, message: Bool) -> None:
        self._since = self._node.steady()
        self._turn(bool(message.data))

    def _expire(self) -> None:
        if self._speaks and self._node.steady() - self._since > LONGEST:
            self._turn(False)

    def _turn(self, speaks: bool) -> None:
        if speaks != self._speaks:
            self._speaks = speaks
            self._changed(speaks)
