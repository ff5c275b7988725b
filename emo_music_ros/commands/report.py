# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""``emo-music report``: what recorded sessions came to, for carers and therapists."""

from __future__ import annotations

import argparse

from emo_music_ros.paths import expand, regular_file


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    one = commands.add_parser("report", help="report on recorded sessions: .html, .pdf or .csv")
    one.add_argument("recordings", nargs="+", metavar="RECORDING", help=".mcap file of `record`")
    one.add_argument("--out", required=True, help="file that ends in .html, .pdf or .csv")
    one.add_argument("--language", choices=("en", "zh"), default="en", help="default: en")
    one.add_argument("--person", default="", help="whom it is about; default: everybody, apart")
    one.add_argument(
        "--notes", default="", help="JSON list of notes: time, rater, author, text, session"
    )
    one.set_defaults(run=report)


def report(arguments: argparse.Namespace) -> int:
    """Write one report and say where it is."""
    from emo_music_ros.report.write import read_notes, render, save

    files = [regular_file(each, "recording") for each in arguments.recordings]
    path = expand(arguments.out, "report")
    notes = read_notes(regular_file(arguments.notes, "notes")) if arguments.notes else []
    form = path.suffix.lower()
    save(render(files, form, arguments.language, arguments.person, notes), path)
    print(f"report in {path}")
    return 0
