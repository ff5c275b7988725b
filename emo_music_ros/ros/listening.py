# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A subscription that follows who publishes: other message types, other qualities of service.

What a topic carries is known only when somebody publishes it, and a robot's drivers publish as
they like. A mismatch would be silence; here it is taken over where it can be, else told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from typing import TYPE_CHECKING, Any

from rclpy.qos import DurabilityPolicy, QoSPolicyKind, QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions

try:
    from rclpy.event_handler import SubscriptionEventCallbacks
except ImportError:  # ROS 2 Humble
    from rclpy.qos_event import SubscriptionEventCallbacks

if TYPE_CHECKING:
    from rclpy.node import Node
    from rclpy.subscription import Subscription

#: Policies that a parameter file may set of every topic: ``qos_overrides.<topic>.<role>.<policy>``.
OVERRIDES = QoSOverridingOptions(
    [
        QoSPolicyKind.HISTORY,
        QoSPolicyKind.DEPTH,
        QoSPolicyKind.RELIABILITY,
        QoSPolicyKind.DURABILITY,
    ]
)
#: Looks in a row at the same number of publishers that do not ask who they are, which costs more.
SKIPPED = 9


def type_name(kind: type) -> str:
    """Return the name of a message class as the graph has it, such as ``std_msgs/msg/String``."""
    return f"{kind.__module__.split('.')[0]}/msg/{kind.__name__}"


class Listener:
    """One topic, taken in any of several types.

    Parameters
    ----------
    node : rclpy.node.Node
        Whose subscription it is.
    topic : str
        As the node knows it.
    takes : mapping of type to callable
        Message class -> what gets its messages; the first one is meant where nobody publishes.
    qos : rclpy.qos.QoSProfile
        What is asked for first. A publisher that offers less is taken too.
    lost : callable
        Gets the number of messages that were lost, whenever some are.
    told : callable
        Gets in words why what is published cannot be taken; empty = all is well.
    watched : bool
        Whether lost messages and mismatches are looked for. Watching costs: an executor asks every
        part after every message.
    lasting : bool
        Whether parameters may set its quality of service; once declared they stay.
    """

    def __init__(
        self,
        node: Node,
        topic: str,
        takes: Mapping[type, Callable[[Any], None]],
        qos: QoSProfile,
        lost: Callable[[int], None],
        told: Callable[[str], None],
        watched: bool = True,
        lasting: bool = True,
    ) -> None:
        self._node, self.topic, self._takes = node, topic, dict(takes)
        self._qos = copy(qos)  # overrides are written into it
        self._lost, self._told, self._watched = lost, told, watched
        self._kind = next(iter(self._takes))
        self._refused: QoSPolicyKind | None = None
        self._count = -1  # publishers at the last look that asked who they are
        self._skipped = 0  # looks since then
        self._settled = True  # no publisher is left out because of its quality of service
        # Only the first time: what is lowered later would be raised again by the parameters.
        self._subscription: Subscription = self._subscribe(OVERRIDES if lasting else None)

    @property
    def kind(self) -> type:
        """The message class that is taken now."""
        return self._kind

    def look(self) -> None:
        """Look at who publishes, and follow; to be called now and then by the node's executor."""
        if not self._watched:
            return
        name = self._node.resolve_topic_name(self.topic)
        count = self._node.count_publishers(name)
        if count == self._count and self._refused is None and self._skipped < SKIPPED:
            self._skipped += 1
            return
        self._count, self._skipped = count, 0
        published = {
            info.topic_type: info.node_name
            for info in self._node.get_publishers_info_by_topic(name)
        }
        known = {type_name(kind): kind for kind in self._takes}
        if type_name(self._kind) not in published:
            other = next((kind for kind in known if kind in published), None)
            if other is not None:
                self._again(known[other])
        foreign = sorted(set(published) - set(known))
        if foreign:
            self._told(
                f"'{published[foreign[0]]}' publishes {foreign[0]}. "
                f"Publish {' or '.join(known)}, or remap the topic"
            )
        elif self._refused is not None:
            refused, self._refused = self._refused, None
            if self._lower(refused):
                self._again(self._kind)
        elif self._settled:
            self._told("")

    def close(self) -> None:
        """End the subscription."""
        self._node.destroy_subscription(self._subscription)

    def _subscribe(self, overrides: QoSOverridingOptions | None = None) -> Subscription:
        def lost(event: Any) -> None:
            self._lost(event.total_count_change)

        def mismatch(event: Any) -> None:
            # Followed later: an entity must not go away while its event is handled.
            self._refused = event.last_policy_kind

        watch = {"message_lost": lost, "incompatible_qos": mismatch} if self._watched else {}
        return self._node.create_subscription(
            self._kind,
            self.topic,
            self._takes[self._kind],
            self._qos,
            event_callbacks=SubscriptionEventCallbacks(use_default_callbacks=False, **watch),
            qos_overriding_options=overrides,
        )

    def _again(self, kind: type) -> None:
        self.close()
        self._kind = kind
        self._subscription = self._subscribe()

    def _lower(self, policy: QoSPolicyKind) -> bool:
        """Ask for no more than what every publisher offers; return whether that can be done."""
        name = self._node.resolve_topic_name(self.topic)
        chosen = f"qos_overrides.{name}.subscription.{QoSPolicyKind(policy).name.lower()}"
        asked = (self._qos.reliability, self._qos.durability)
        if chosen not in self._node._parameter_overrides:  # not by somebody's will
            if policy == QoSPolicyKind.RELIABILITY:
                self._qos.reliability = ReliabilityPolicy.BEST_EFFORT
            elif policy == QoSPolicyKind.DURABILITY:
                self._qos.durability = DurabilityPolicy.VOLATILE
        self._settled = asked != (self._qos.reliability, self._qos.durability)
        if not self._settled:
            self._told(
                "a publisher offers an incompatible QoS. Compare both with: ros2 topic info -v "
                f"{name}"
            )
        return self._settled
