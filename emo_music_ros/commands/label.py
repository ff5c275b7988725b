# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""``emo-music label``: say who felt what during a recording, so that fusion can learn from it."""

from __future__ import annotations

import argparse
import contextlib
import getpass
import sys
from collections.abc import Callable
from pathlib import Path

from emo_music_ros.emotion import STATES


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    one = commands.add_parser(
        "label", help="say what somebody felt during a recording, for training and measuring"
    )
    one.add_argument("recording", metavar="RECORDING", help=".mcap file of `record`")
    one.add_argument("--state", choices=STATES, help="what was felt")
    one.add_argument("--from", dest="start", type=float, help="seconds from the beginning")
    one.add_argument("--to", dest="end", type=float, help="seconds from the beginning")
    one.add_argument("--person", default="", help="whose; default: whom the recording is of")
    one.add_argument("--by", default="", help="who says so; default: the user")
    one.add_argument("--remove", type=int, metavar="NUMBER", help="take back a label of the list")
    one.set_defaults(run=label)


def label(arguments: argparse.Namespace) -> int:
    """Add or remove one label, or without any ask for them line by line; print all."""
    from emo_music_ros.errors import InputError
    from emo_music_ros.training.corpora import labels

    recording = Path(arguments.recording)
    if not recording.is_file():
        raise InputError(f"'{recording}' is no recording", "Give an .mcap file of emo-music record")
    path = labels.path_of(recording)
    found, problems = labels.read(path) if path.exists() else ([], [])
    if problems:
        raise InputError("; ".join(problems), f"Correct {path}")
    given = (arguments.state, arguments.start, arguments.end)
    by = arguments.by or getpass.getuser()

    def added(state: str, start: float, end: float) -> None:
        one = labels.Label(start, end, state, arguments.person, by)
        labels.refuse_overlap(one, found)
        labels.write(path, sorted([*found, one]))
        found.append(one)
        found.sort()

    if arguments.remove is not None:
        if not 1 <= arguments.remove <= len(found):
            raise InputError(f"there is no label {arguments.remove}", "Take a number of the list")
        found.pop(arguments.remove - 1)
        labels.write(path, found)
    elif None not in given:
        added(*given)
    elif any(one is not None for one in given):
        raise InputError("a label is a state and a stretch", "Give --state, --from and --to")
    elif sys.stdin.isatty():
        _ask(added)
    for number, one in enumerate(found, start=1):
        whose = f" of {one.person}" if one.person else ""
        print(f"{number:3} {one.start:8.1f} - {one.end:8.1f} s  {one.state}{whose}  (by {one.by})")
    print(f"{len(found)} labels in {path}")
    return 0


def _ask(added: Callable[[str, float, float], None]) -> None:
    """Take ``from to state`` line by line until an empty one."""
    from emo_music_ros.errors import CompanionError

    print(f"FROM TO STATE, such as '12 40 {STATES[-1]}'; an empty line ends it")
    with contextlib.suppress(EOFError):
        while line := input("> ").split():
            try:
                start, end, state = line
                added(state, float(start), float(end))
            except ValueError:
                print(f"'{' '.join(line)}' is not FROM TO STATE")
            except CompanionError as error:
                print(error)
