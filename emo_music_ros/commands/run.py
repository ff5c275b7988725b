# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Run what a command line chose, and tell its errors."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from emo_music_ros.errors import CompanionError
from emo_music_ros.ros.ending import restore_signals


def run(parser: argparse.ArgumentParser, arguments: Sequence[str] | None = None) -> int:
    """Run one command; an error is one line on standard error and exit code 2.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Finds a function `run` of the arguments that returns the exit code.
    arguments : sequence of str, optional
        The command line; default: that of the process.
    """
    chosen = parser.parse_args(arguments)
    restore_signals()  # commands that do not end on a signal as nodes do take Python's way
    try:
        return int(chosen.run(chosen))
    except CompanionError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
