# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""``emo-music companion`` and ``ros2 run emo_music_ros companion``: the whole loop at once."""

from __future__ import annotations

import argparse
import importlib
import inspect
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from emo_music_ros.commands.run import run
from emo_music_ros.errors import CompanionError
from emo_music_ros.resources import data, share
from emo_music_ros.ros.ending import quit_on_signal

if TYPE_CHECKING:  # other commands need no ROS
    from emo_music_ros.ros.node import CompanionNode


def node_class(executable: str) -> type[CompanionNode]:
    """Return the node class of ``emo_music_ros.nodes.<executable>``."""
    from emo_music_ros.ros.node import CompanionNode

    module = importlib.import_module(f"emo_music_ros.nodes.{executable}")
    for _, member in inspect.getmembers(module, inspect.isclass):
        if issubclass(member, CompanionNode) and member.__module__ == module.__name__:
            return member
    raise ImportError(f"{module.__name__} defines no node")


def companion(arguments: argparse.Namespace) -> int:
    """Prepare the music library and run the loop."""
    quit_on_signal()  # until the nodes run
    os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    from emo_music_ros.ros.graph import graph

    data("x")  # where nothing may be kept no node would start, the one that keeps time neither
    began = time.monotonic()
    prepare_library(arguments.library)
    specs = graph(
        input=arguments.input,
        replay=arguments.replay,
        library=arguments.library,
        scenario=arguments.scenario,
        duration=arguments.duration,
        summary=arguments.summary,
        consent=arguments.consent,
        without=arguments.without,
        encoders=arguments.encoders,
        dashboard=arguments.dashboard,
        talking=arguments.talking,
    )
    from emo_music_ros.ros.environment import prepare_environment

    prepare_environment(specs)  # before anything loads the middleware
    from emo_music_ros.ros.host import Host

    files = [share("config", "companion.yaml"), share("config", f"{arguments.scenario}.yaml")]
    files += [Path(name) for name in arguments.params_file]
    ros = ["--ros-args"]
    for path in files:
        ros += ["--params-file", str(path)]
    ros += arguments.ros
    return Host(["emo-music", *ros]).run(
        [(node_class(spec.executable), spec) for spec in specs],
        lambda: print(f"all nodes started after {time.monotonic() - began:.1f} s", flush=True),
    )


def prepare_library(folder: str) -> None:
    """Analyse a music library nothing is known of yet, with a progress bar; trouble is told.

    What is known already is there at once. Whether something changed is looked up while the music
    plays.
    """
    from tqdm import tqdm

    from emo_music_ros.recommendation.library.folder import FolderCatalogue

    where = f"'{folder}'" if folder else "built-in, rendered on the first run (minutes)"
    print(f"music library: {where}", flush=True)
    tqdm.monitor_interval = 0  # no thread of its own, which would outlive the bar
    bar = tqdm(unit="piece", leave=False, disable=None, file=sys.stdout)

    def progress(done: int, total: int, name: str) -> None:
        bar.total = total
        bar.set_description(f"music library: {name[:40]}", refresh=False)
        bar.update(done - bar.n)

    try:
        catalogue = FolderCatalogue(FolderCatalogue.Options(path=folder))
        report = None if catalogue.tracks() else catalogue.scan(progress)
        bar.close()
        if report is None:
            known = len(catalogue.tracks())
            print(f"music library: {known} pieces known, changes are looked for", flush=True)
            return
        print(f"music library: {len(catalogue.tracks())} pieces, {report.added} new", flush=True)
        for path, reason in report.unreadable.items():
            print(f"left out of the library: {path}: {reason}", flush=True)
    except CompanionError as error:
        bar.close()
        print(f"music library: {error}", file=sys.stderr, flush=True)


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    _declare(commands.add_parser("companion", help="run the whole loop in one process"))


def _declare(one: argparse.ArgumentParser) -> None:
    one.add_argument("--input", choices=("auto", "devices", "demo", "replay"), default="auto")
    one.add_argument("--replay", default="", help="folder or MCAP recording for --input replay")
    declare_run(one)


def declare_run(one: argparse.ArgumentParser) -> None:
    """Add the arguments of a run, whatever its input is."""
    one.add_argument("--library", default="", help="folder of music; default: the built-in library")
    one.add_argument("--scenario", choices=("home", "daycare", "group"), default="home")
    one.add_argument("--duration", type=float, default=90.0, help="seconds; 0 = until Ctrl-C")
    one.add_argument("--summary", default="", help="file for the summary JSON")
    one.add_argument(
        "--consent", choices=("", "yes"), default="", help="yes = the person consents to be sensed"
    )
    one.add_argument("--without", default="", help="nodes to leave out, such as eeg,physiology")
    one.add_argument("--encoders", default="", help="modalities to recognise from; default: all")
    one.add_argument(
        "--dashboard",
        nargs="?",
        choices=("true", "false", "open"),
        const="open",
        default="open",
        help="serve the pages by which people watch and steer; open = show them where there is a"
        " display (the default)",
    )
    one.add_argument(
        "--talking",
        nargs="?",
        choices=("true", "false"),
        const="true",
        default="false",
        help="understand what is asked for aloud, and answer",
    )
    one.add_argument("--params-file", action="append", default=[], help="ROS parameter file")
    one.add_argument("--ros", nargs=argparse.REMAINDER, default=[], help="further ROS arguments")
    one.set_defaults(run=companion)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the loop as an executable of its own."""
    parser = argparse.ArgumentParser(prog="companion", description=companion.__doc__)
    _declare(parser)
    return run(parser, arguments)
