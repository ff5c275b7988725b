# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The command line: run the loop, predict from files, look at machine and plugins, train."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from emo_music_ros import __version__
from emo_music_ros.commands import (
    companion,
    doctor,
    dry_run,
    enrol,
    explain,
    label,
    library,
    own_data,
    plugins,
    predict,
    questionnaire,
    record,
    reference,
    replay,
    report,
    simulate,
    sound,
    training,
)
from emo_music_ros.commands.run import run


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(prog="emo-music", description=__doc__)
    top.add_argument("--version", action="version", version=__version__)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in (
        *(companion, replay, record, doctor, dry_run, simulate, sound, enrol, predict, explain),
        *(label, library, report, own_data, questionnaire, plugins, reference, training),
    ):
        command.add(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; an error is one line on standard error and exit code 2."""
    return run(parser(), arguments)
