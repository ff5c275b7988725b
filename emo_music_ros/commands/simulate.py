# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The command ``simulate``: many sessions of simulated listeners."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from emo_music_ros.resources import cache


def add(commands: Any) -> None:
    """Add the command to the parser."""
    one = commands.add_parser(
        "simulate", help="judge the decisions of the loop with simulated listeners"
    )
    one.add_argument("--sessions", type=int, default=80, help="how many, of eight kinds")
    one.add_argument("--seed", type=int, default=1)
    one.add_argument(
        "--policy", nargs="+", default=["therapeutic"], help="recommender plugins to compare"
    )
    one.add_argument("--minutes", type=float, default=20.0, help="length of a session")
    one.add_argument(
        "--library", default="", help="TRACKS.json or folder; default: the built-in library"
    )
    one.add_argument("--processes", type=int, default=2)
    one.add_argument(
        "--work", default="", help="folder of finished sessions, from which a run goes on"
    )
    one.add_argument("--save", default="", help="folder for simulation.md and results/")
    one.set_defaults(run=carry_out)


def carry_out(arguments: argparse.Namespace) -> int:
    """Run it, print the tables and keep them on request."""
    from tqdm import tqdm

    from emo_music_ros.simulation import report
    from emo_music_ros.simulation.dry_run import library
    from emo_music_ros.simulation.simulate import simulate

    bar = tqdm(unit="session", leave=False, disable=None, file=sys.stderr)

    def progress(done: int, total: int) -> None:
        bar.total = total
        bar.update(done - bar.n)

    found = simulate(
        library(arguments.library),
        sessions=arguments.sessions,
        seed=arguments.seed,
        policies=arguments.policy,
        seconds=60 * arguments.minutes,
        work=Path(arguments.work) if arguments.work else cache("simulation"),
        processes=arguments.processes,
        progress=progress,
    )
    bar.close()
    print(report.markdown(found), end="")  # noqa: T201 - the result of the command
    if arguments.save:
        report.save(Path(arguments.save), found)
    return 0
