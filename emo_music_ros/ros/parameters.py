# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Options dataclasses as ROS parameters: declared, validated and refused with a reason."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rclpy.node import Node
from rclpy.parameter import Parameter

from emo_music_ros.errors import OptionError
from emo_music_ros.options import Rule, build, check, default_of, nearest, rule_of

#: Declared by rclpy itself or by the base node, never by an options dataclass.
FOREIGN = ("use_sim_time", "start_type_description_service", "qos_overrides", "autostart", "plugin")


class Parameters:
    """Keeps the parameters of one node in step with its options dataclasses.

    The node hands what was set to `changed`: ROS 2 Humble has no callback for that.

    Parameters
    ----------
    node : rclpy.node.Node
        The node.
    is_idle : callable
        True while any parameter may change (the node is not configured).
    on_change : callable
        Called after a change at run time.

    Attributes
    ----------
    foreign : set of str
        Parameters that may be meant for other nodes: no word is said of them.
    """

    def __init__(
        self, node: Node, is_idle: Callable[[], bool], on_change: Callable[[], None]
    ) -> None:
        self._node = node
        self._is_idle = is_idle
        self._on_change = on_change
        self._declared: dict[str, tuple[Any, Rule]] = {}
        self._refused: dict[str, str] = {}
        self._declaring = False
        self.foreign: set[str] = set()
        node.add_on_set_parameters_callback(self._validate)

    def declare(self, options: type, prefix: str = "") -> None:
        """Declare every option under ``<prefix><name>``; a refused override is remembered."""
        for entry in fields(options):
            self._declare(prefix + entry.name, default_of(entry), rule_of(entry))

    def declare_one(self, name: str, default: Any, rule: Rule) -> None:
        """Declare one parameter that belongs to no dataclass."""
        self._declare(name, default, rule)

    def values(self, options: type[Any], prefix: str = "") -> Any:
        """Return the options dataclass filled with the parameters as they are now."""
        return build(options, self.mapping(options, prefix), prefix)

    def mapping(self, options: type[Any], prefix: str = "") -> dict[str, Any]:
        """Return the parameters of an options dataclass by field name."""
        found = {}
        for entry in fields(options):
            value = self._node.get_parameter(prefix + entry.name).value
            found[entry.name] = list(value) if isinstance(default_of(entry), list) else value
        return found

    def mistyped(self) -> list[str]:
        """Return the parameters the node was started with that do not exist."""
        return [
            f"parameter '{name}' does not exist. {nearest(name, list(self._declared))}"
            for name in self._node._parameter_overrides
            if name not in self._declared
            and name not in self.foreign
            and not name.startswith(FOREIGN)
        ]

    def refused(self) -> list[str]:
        """Return the values that were refused; the node must not work with a default instead."""
        return list(self._refused.values())

    def _declare(self, name: str, default: Any, rule: Rule) -> None:
        if name in self._declared:
            return
        value = default
        if name in self._node._parameter_overrides:
            try:
                value = check(name, self._node._parameter_overrides[name].value, default, rule)
            except OptionError as error:
                self._refused[name] = str(error)
        self._declared[name] = (default, rule)
        self._declaring = True  # rclpy runs the callbacks of a change for a declaration too
        try:
            self._node.declare_parameter(
                name, value, _descriptor(default, rule), ignore_override=True
            )
        finally:
            self._declaring = False

    def _validate(self, parameters: list[Parameter]) -> SetParametersResult:
        for parameter in parameters:
            if self._declaring or parameter.name not in self._declared:
                continue
            default, rule = self._declared[parameter.name]
            now = self._node.get_parameter(parameter.name).value
            stays = plain(now) == plain(parameter.value)
            if not rule.dynamic and not stays and not self._is_idle():
                return SetParametersResult(
                    successful=False,
                    reason=f"'{parameter.name}' cannot change while the node is configured. "
                    "Clean the node up first: ros2 lifecycle set <node> deactivate, then cleanup",
                )
            try:
                check(parameter.name, parameter.value, default, rule)
            except OptionError as error:
                return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    def changed(self, parameters: list[Parameter]) -> None:
        """Take over parameters that were set."""
        names = [parameter.name for parameter in parameters if parameter.name in self._declared]
        for name in names:
            self._refused.pop(name, None)
        if names and not self._is_idle():
            self._on_change()


def plain(value: Any) -> Any:
    """Return the value of a parameter so that it can be compared."""
    return list(value) if isinstance(value, tuple | array) else value


def _descriptor(default: Any, rule: Rule) -> ParameterDescriptor:
    text = rule.description + ("" if rule.dynamic else " (fixed while configured)")
    if rule.choices:
        text += "; one of " + ", ".join(str(choice) for choice in rule.choices)
    descriptor = ParameterDescriptor(description=text)
    if rule.low is not None and rule.high is not None:
        if isinstance(default, float):
            descriptor.floating_point_range = [
                FloatingPointRange(from_value=float(rule.low), to_value=float(rule.high))
            ]
        elif isinstance(default, int) and not isinstance(default, bool):
            descriptor.integer_range = [
                IntegerRange(from_value=int(rule.low), to_value=int(rule.high), step=1)
            ]
    return descriptor
