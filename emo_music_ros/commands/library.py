# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""``emo-music library``: make a large library of a folder of music."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from emo_music_ros.resources import cache


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    one = commands.add_parser(
        "library", help="analyse a folder of music with all cores and index it for fast choice"
    )
    one.add_argument("music", metavar="MUSIC", help="folder of audio")
    one.add_argument("out", metavar="OUT", help="folder of the library")
    one.add_argument("--database", default="", help="SQLite file of the analyses")
    one.add_argument("--processes", type=int, default=0, help="0 = as many as cores")
    one.add_argument(
        "--scheduler", default="", help="address of a Dask scheduler: its workers analyse"
    )
    one.set_defaults(run=library)


def library(arguments: argparse.Namespace) -> int:
    """Make it and print what was found."""
    from tqdm import tqdm

    from emo_music_ros.recommendation.library import building

    database = Path(arguments.database) if arguments.database else cache("library.sqlite")
    with (
        building.workers(arguments.scheduler, arguments.processes) as executor,
        tqdm(unit="track", leave=False, disable=None, file=sys.stderr) as bar,
    ):

        def progress(done: int, total: int, name: str) -> None:
            bar.total = total
            bar.update(done - bar.n)

        report = building.build(
            Path(arguments.music), Path(arguments.out), database, executor, progress
        )
    for reason in report.unreadable.values():
        print(reason, file=sys.stderr)
    count = report.added + report.unchanged
    print(f"{count} tracks, {report.added} new, {len(report.unreadable)} unusable")
    return 0
