# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""``emo-music questionnaire``: reliability, groups and correlations of a csv file of answers."""

from __future__ import annotations

import argparse
import json
from pathlib import Path


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    one = commands.add_parser(
        "questionnaire",
        help="Cronbach's alpha, analysis of variance and correlations of a csv file",
    )
    one.add_argument("answers", metavar="FILE.csv", help="person, group, q1, q2, ..., measures")
    one.add_argument("--lowest", type=float, default=1.0, help="lowest answer of an item")
    one.add_argument("--highest", type=float, default=7.0, help="highest answer of an item")
    one.add_argument("--json", action="store_true", help="as JSON instead of text")
    one.set_defaults(run=questionnaire)


def questionnaire(arguments: argparse.Namespace) -> int:
    """Print the report."""
    from emo_music_ros.report import questionnaire as report

    answers = report.read(Path(arguments.answers), arguments.lowest, arguments.highest)
    found = report.analyse(answers)
    print(json.dumps(found, indent=1, allow_nan=False) if arguments.json else report.text(found))
    return 0
