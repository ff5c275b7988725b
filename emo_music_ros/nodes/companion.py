"""The whole loop in one process."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Sequence

from emo_music_ros.ros.graph import NodeSpec
from emo_music_ros.ros.host import Host
from emo_music_ros.ros.node import CompanionNode


def node_class(executable: str) -> type[CompanionNode]:
    """Return the node class of ``emo_music_ros.nodes.<executable>``."""
    module = importlib.import_module(f"emo_music_ros.nodes.{executable}")
    for _, member in inspect.getmembers(module, inspect.isclass):
        if issubclass(member, CompanionNode) and member.__module__ == module.__name__:
            return member
    raise ImportError(f"{module.__name__} defines no node")


def run(
    specs: Sequence[NodeSpec],
    arguments: Sequence[str],
    started: Callable[[], None] = lambda: None,
) -> int:
    """Run the nodes of a graph in this process; return the exit code."""
    return Host(arguments).run([(node_class(spec.executable), spec) for spec in specs], started)


def main() -> int:
    """Run the loop with the arguments of ``emo-music companion``."""
    import sys

    from emo_music_ros.cli import main as command

    return command(["companion", *sys.argv[1:]])
