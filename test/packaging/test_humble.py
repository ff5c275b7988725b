# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The sources use nothing of rclpy and launch that ROS 2 Humble has not got."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = [*sorted((ROOT / "emo_music_ros").rglob("*.py")), *sorted((ROOT / "launch").glob("*.py"))]
FILES += sorted((ROOT / "examples").glob("*.py"))

# What the branch jazzy of ros2/rclpy, ros2/launch and ros2/launch_ros has and the branch humble has
# not, by comparing the two; without what only annotations need.
MODULES = {
    "rclpy.clock_type", "rclpy.destroyable", "rclpy.event_handler", "rclpy.logging_service",
    "rclpy.parameter_client", "rclpy.parameter_event_handler", "rclpy.service_introspection",
    "rclpy.type_description_service", "rclpy.type_hash",
}  # fmt: skip
#: Of modules that both have.
NAMES = {
    "rclpy.logging": {"get_logger_level", "RcutilsLogger"},
    "rclpy.parameter": {"get_parameter_value", "parameter_dict_from_yaml_file"},
    "rclpy.qos": {"qos_profile_best_available", "qos_profile_default"},
    "rclpy.publisher": {"EventHandler"},
    "rclpy.subscription": {"EventHandler"},
}
#: Of classes that both have; no other class of ours has members of these names.
MEMBERS = {
    "add_post_set_parameters_callback", "add_pre_set_parameters_callback",
    "remove_post_set_parameters_callback", "remove_pre_set_parameters_callback",
    "configure_introspection", "count_clients", "count_services", "get_fully_qualified_node_names",
    "get_publisher_count", "list_parameters", "service_name", "topic_type_hash", "wait_for_node",
    "BEST_AVAILABLE", "get_logger_level",
}  # fmt: skip
#: Arguments, by the name of what is called.
ARGUMENTS = {
    "Node": {"enable_logger_service"},
    "create_node": {"enable_logger_service"},
    "create_timer": {"autostart"},
    "set_logger_level": {"detailed_error"},
    "SubscriptionEventCallbacks": {"incompatible_type", "matched"},
    "PublisherEventCallbacks": {"incompatible_type", "matched"},
    "ExecuteProcess": {"respawn_max_retries"},
    "ExecuteLocal": {"respawn_max_retries"},
}


def guarded(tree: ast.AST) -> set[ast.AST]:
    """Return what is tried, with another way where it cannot be imported."""
    return {
        node
        for attempt in ast.walk(tree)
        if isinstance(attempt, ast.Try)
        and any("ImportError" in ast.dump(handler) for handler in attempt.handlers)
        for statement in attempt.body
        for node in ast.walk(statement)
    }


def called(node: ast.Call) -> str:
    """Return the last name of what is called."""
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def newer(source: str) -> Iterator[str]:
    """Yield what a source uses that Humble has not got."""
    tree = ast.parse(source)
    allowed = guarded(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and node not in allowed:
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and node not in allowed:
            module = node.module or ""
            names = {alias.name for alias in node.names}
            if module in MODULES:
                yield module
            yield from (f"{module}.{name}" for name in names & NAMES.get(module, set()))
            yield from (name for name in names if f"{module}.{name}" in MODULES)
        elif isinstance(node, ast.Attribute) and node.attr in MEMBERS:
            yield node.attr
        elif isinstance(node, ast.Call):
            given = {word.arg for word in node.keywords}
            used = given & ARGUMENTS.get(called(node), set())
            yield from (f"{called(node)}({name})" for name in used)
            if called(node) == "__init__":  # of Node, by way of super()
                yield from given & ARGUMENTS["Node"]
        elif isinstance(node, ast.With):
            for item in node.items:
                call = item.context_expr
                if isinstance(call, ast.Call) and ast.unparse(call.func) == "rclpy.init":
                    yield "with rclpy.init()"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_used_that_humble_has_not_got(path: Path) -> None:
    assert not list(newer(path.read_text("utf-8")))


@pytest.mark.parametrize(
    "line",
    [
        "from rclpy.event_handler import SubscriptionEventCallbacks",
        "import rclpy.type_hash",
        "from rclpy import event_handler",
        "from rclpy.qos import qos_profile_best_available",
        "node.add_post_set_parameters_callback(f)",
        "policy = ReliabilityPolicy.BEST_AVAILABLE",
        "node.create_timer(1.0, f, autostart=False)",
        "super().__init__('x', enable_logger_service=True)",
        "SubscriptionEventCallbacks(matched=f)",
        "with rclpy.init(): pass",
        "try:\n    from rclpy.event_handler import A\nexcept ValueError:\n    pass",
    ],
)
def test_what_is_newer_is_found(line: str) -> None:
    assert list(newer(line))


@pytest.mark.parametrize(
    "line",
    [
        "try:\n    from rclpy.event_handler import A\nexcept ImportError:\n"
        "    from rclpy.qos_event import A",
        "from rclpy.qos import QoSProfile",
        "node.create_timer(1.0, f)",
        "rclpy.init()",
    ],
)
def test_what_both_have_is_let_through(line: str) -> None:
    assert not list(newer(line))
