# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""``emo-music plugins``: what is installed."""

from __future__ import annotations

import argparse

from emo_music_ros import plugins
from emo_music_ros.errors import CompanionError


def list_plugins(arguments: argparse.Namespace) -> int:
    """Print every installed plugin by stage, and whether it can be imported."""
    for stage in plugins.GROUPS:
        for name, point in sorted(plugins.available(stage).items()):
            try:
                plugins.find(stage, name)
                note = ""
            except CompanionError as error:
                note = f"  BROKEN: {error}"
            print(f"{stage:<12} {name:<14} {point.value}{note}")
    return 0


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    one = commands.add_parser("plugins", help="list the installed plugins")
    one.set_defaults(run=list_plugins)
