# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""``emo-music explain``: why a recording was felt as it was, in lines and as a picture."""

from __future__ import annotations

import argparse
from pathlib import Path

from emo_music_ros.fusion.base import DEFAULT


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    one = commands.add_parser(
        "explain", help="the moments of a recording that mattered, and a picture of why"
    )
    one.add_argument("recording", metavar="RECORDING", help="folder as for `replay`")
    one.add_argument(
        "--out", default="explanation.svg", help="picture to write: .svg, .png or .pdf"
    )
    one.add_argument("--strategy", default=DEFAULT, help="fusion plugin")
    one.set_defaults(run=explain)


def explain(arguments: argparse.Namespace) -> int:
    """Print each change of state with what moved it, and draw all of it."""
    from emo_music_ros import plugins
    from emo_music_ros.commands.fused_recording import moments
    from emo_music_ros.errors import InputError, StorageError
    from emo_music_ros.fusion.explanation import changes
    from emo_music_ros.fusion.picture import draw
    from emo_music_ros.fusion.timeline import FusionOptions
    from emo_music_ros.names import printable

    out, folder = Path(arguments.out), Path(arguments.recording)
    if out.exists():
        raise StorageError(f"'{out}' is there already", "Name another file, or remove it")
    options = FusionOptions()
    strategy = plugins.create("fusion", arguments.strategy)
    found = [
        (number * options.step, emotion)
        for number, emotion in enumerate(
            moments(folder, strategy, arguments.strategy, options, explains=True), 1
        )
    ]
    if len(found) < 2:
        raise InputError(f"'{folder}' is too short to explain", "Give a longer recording")
    for change in changes(found):
        print(change)
    draw(found, out, f"{printable(folder.name)}: what was felt, and what it rests on")
    print(f"picture: {out}")
    return 0
