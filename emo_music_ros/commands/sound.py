# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""``emo-music calibrate`` and ``emo-music sound``: how loud it is, and whether rules are kept."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
from typing import Any

from emo_music_ros.errors import InputError
from emo_music_ros.paths import expand

#: After so many sessions the table is saved as far as it is.
SAVED = 200


def add(commands: Any) -> None:
    """Add the commands to the parser."""
    one = commands.add_parser("calibrate", help="find the level at the listener by a meter")
    _device(one)
    one.add_argument("--namespace", default="", help="of the player")
    one.set_defaults(run=calibrate)
    other = commands.add_parser("sound", help="judge the rules of safe sound")
    kinds = other.add_subparsers(dest="what", required=True, metavar="WHAT")
    sessions = kinds.add_parser("simulate", help="simulated sessions: how many violate a rule")
    sessions.add_argument("--sessions", type=int, default=1000)
    sessions.add_argument("--seed", type=int, default=1)
    sessions.add_argument("--processes", type=int, default=1)
    sessions.add_argument("--save", default="", help="a Markdown file for the table")
    sessions.set_defaults(run=simulate)
    dry = kinds.add_parser("underruns", help="how often a real device runs dry under load")
    _device(dry)
    dry.add_argument("--minutes", type=float, default=1.0)
    dry.add_argument("--load", type=int, default=2, help="processes that keep a core busy each")
    dry.set_defaults(run=underruns)


def _device(one: argparse.ArgumentParser) -> None:
    one.add_argument("--player", default="pulse", help="player plugin: pulse or pyaudio")
    one.add_argument("--device", default="", help="part of the loudspeaker's name; empty = default")


def _backend(arguments: argparse.Namespace) -> Any:
    from emo_music_ros import plugins

    values = {"device": arguments.device} if arguments.device else {}
    return plugins.create("player", arguments.player, values)


def calibrate(arguments: argparse.Namespace) -> int:
    """Play known noise, ask for readings, keep what they say."""
    from emo_music_ros.playback import assistant
    from emo_music_ros.playback.exposure import SoundOptions
    from emo_music_ros.playback.ledger import default_ledger
    from emo_music_ros.playback.loudness import TARGET

    print(
        "Put a sound level meter (A, slow) where the listener's head is, switch off everything\n"
        "that makes a noise, and leave the volume of loudspeaker and system as they will stay.",
        flush=True,
    )
    found = assistant.calibrate(_backend(arguments), input)
    default_ledger(arguments.namespace).calibrate(found)
    start = 10 ** ((SoundOptions().start_level - found.level(TARGET)) / 20)
    print(
        f"'{found.device}' is calibrated: full scale is {found.sensitivity:.1f} dBA at the"
        f" listener, music starts at volume {min(start, 1.0):.2f}.\nCalibrate again when the"
        " loudspeaker, its own volume, that of the system or its place change."
    )
    return 0


def simulate(arguments: argparse.Namespace) -> int:
    """Print how many sessions violated a rule; the exit code is 1 if any did."""
    from tqdm import tqdm

    from emo_music_ros.simulation.sound import Report, run

    if arguments.sessions < 1 or arguments.processes < 1:
        raise InputError("sessions and processes have to be above 0", "Give larger numbers")
    first = arguments.seed * 1_000_003
    seeds = range(first, first + arguments.sessions)
    context = multiprocessing.get_context("spawn")
    with context.Pool(arguments.processes) as pool:
        found = []
        for rules in tqdm(
            pool.imap_unordered(run, seeds, chunksize=8),
            total=len(seeds),
            unit="session",
            leave=False,
            disable=None,
            file=sys.stderr,
        ):
            found.append(rules)
            if arguments.save and (len(found) % SAVED == 0 or len(found) == len(seeds)):
                path = expand(arguments.save, "report")
                path.write_text(f"{Report.of(found).text()}\n", encoding="utf-8")
    report = Report.of(found)
    print(report.text())
    return 1 if report.violated else 0


def underruns(arguments: argparse.Namespace) -> int:
    """Play on a real device while the cores are busy, and print what was counted."""
    from emo_music_ros.simulation.underruns import measure

    if arguments.minutes <= 0 or arguments.load < 0:
        raise InputError("minutes have to be above 0 and load not below", "Give larger numbers")
    found = measure(_backend(arguments), 60 * arguments.minutes, arguments.load)
    print(json.dumps(found))
    return 0
