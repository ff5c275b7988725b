# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""``emo-music replay``: the whole loop on a recording."""

from __future__ import annotations

import argparse

from emo_music_ros.commands.companion import declare_run


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line: ``companion --input replay --replay ...`` in short."""
    one = commands.add_parser("replay", help="run the whole loop on a recording")
    one.add_argument("replay", metavar="RECORDING", help="folder or MCAP recording")
    declare_run(one)
    one.set_defaults(input="replay")
