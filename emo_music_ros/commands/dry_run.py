# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The command ``dry-run``: what the loop decides on a file of events."""

from __future__ import annotations

import argparse
import sys
from typing import Any


def add(commands: Any) -> None:
    """Add the command to the parser."""
    one = commands.add_parser(
        "dry-run", help="what the loop decides on a file of events, without ROS and at once"
    )
    one.add_argument("events", metavar="EVENTS.jsonl", help="one JSON object a line; - = stdin")
    one.add_argument(
        "--library", default="", help="TRACKS.json or folder; default: the built-in library"
    )
    one.add_argument("--memory", default="", help="database to learn in; default: a new one")
    one.add_argument("--person", default="resident", help="who the music is for")
    one.add_argument("--seed", type=int, default=1, help="of the random choice, from 1")
    one.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="node.parameter=value",
        help="any parameter of docs/reference.md; may be repeated",
    )
    one.set_defaults(run=carry_out)


def carry_out(arguments: argparse.Namespace) -> int:
    """Run it and print one JSON object a line."""
    from emo_music_ros.simulation.dry_run import run

    return run(arguments, sys.stdout, sys.stderr)
