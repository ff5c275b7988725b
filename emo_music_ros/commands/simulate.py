# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The command ``simulate``: many sessions of simulated listeners."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
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
        "--policy", nargs="+", default=[], help="recommender plugins to compare (therapeutic)"
    )
    one.add_argument(
        "--weeks",
        action="store_true",
        help="instead: four weeks of people fitted to SiTunes, all policies in three scenarios",
    )
    one.add_argument("--people", type=int, default=40, help="with --weeks: in each scenario")
    one.add_argument("--days", type=int, default=28, help="with --weeks: a session on each")
    one.add_argument("--minutes", type=float, default=20.0, help="length of a session")
    one.add_argument(
        "--library", default="", help="TRACKS.json or folder; default: the built-in library"
    )
    one.add_argument("--processes", type=int, default=2)
    one.add_argument(
        "--work", default="", help="folder of finished sessions, from which a run goes on"
    )
    one.add_argument(
        "--save", default="", help="folder for simulation.md or weeks.md, and results/"
    )
    one.set_defaults(run=carry_out)


def carry_out(arguments: argparse.Namespace) -> int:
    """Run it, print the tables and keep them on request."""
    from tqdm import tqdm

    with tqdm(unit="session", leave=False, disable=None, file=sys.stderr) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        report, found = (_weeks if arguments.weeks else _sessions)(arguments, progress)
    print(report.markdown(found), end="")  # noqa: T201 - the result of the command
    if arguments.save:
        report.save(Path(arguments.save), found)
    return 0


def _work(arguments: argparse.Namespace) -> Path:
    return Path(arguments.work) if arguments.work else cache("simulation")


def _sessions(
    arguments: argparse.Namespace, progress: Callable[[int, int], None]
) -> tuple[ModuleType, dict[str, Any]]:
    from emo_music_ros.simulation import report
    from emo_music_ros.simulation.dry_run import library
    from emo_music_ros.simulation.simulate import simulate

    return report, simulate(
        library(arguments.library),
        sessions=arguments.sessions,
        seed=arguments.seed,
        policies=arguments.policy or ["therapeutic"],
        seconds=60 * arguments.minutes,
        work=_work(arguments),
        processes=arguments.processes,
        progress=progress,
    )


def _weeks(
    arguments: argparse.Namespace, progress: Callable[[int, int], None]
) -> tuple[ModuleType, dict[str, Any]]:
    from emo_music_ros.simulation.weeks import report
    from emo_music_ros.simulation.weeks.experiment import POLICIES, experiment

    return report, experiment(
        people=arguments.people,
        seed=arguments.seed,
        policies=arguments.policy or POLICIES,
        days=arguments.days,
        work=_work(arguments),
        processes=arguments.processes,
        progress=progress,
    )
