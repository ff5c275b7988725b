# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Labels of a recording: who felt what from when to when, as somebody saw it.

A file ``NAME.labels.csv`` beside ``NAME.mcap``: a head ``start,end,state,person,by``, then a line
each; times [s] count from the first message of the recording.
"""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from emo_music_ros.emotion import STATES
from emo_music_ros.errors import InputError, StorageError
from emo_music_ros.io.tables import number, read_text
from emo_music_ros.names import one_line, printable

ENDING = ".labels.csv"
REMEDY = "Make it by: emo-music label RECORDING --state STATE --from SECONDS --to SECONDS"


@dataclass(frozen=True, order=True)
class Label:
    """What one person felt during a stretch of a recording.

    Attributes
    ----------
    start, end : float
        Since the first message of the recording [s]; the end is not part of it.
    state : str
        One of :data:`emo_music_ros.emotion.STATES`.
    person : str
        Whose; empty is the person whom the recording is of.
    by : str
        Who said so.

    Raises
    ------
    InputError
        If the stretch is none, or there is no such state.
    """

    start: float
    end: float
    state: str
    person: str = ""
    by: str = ""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.end) and 0 <= self.start < self.end):
            raise InputError(
                f"from {self.start:g} s to {self.end:g} s is no stretch of a recording",
                "Give seconds from its beginning, the end after the start",
            )
        if self.state not in STATES:
            raise InputError(
                f"'{printable(self.state)}' is no state", f"Give one of {', '.join(STATES)}"
            )


HEAD = [field.name for field in fields(Label)]


def path_of(recording: Path) -> Path:
    """Return where the labels of a recording are."""
    return recording.with_name(recording.name.split(".mcap")[0] + ENDING)


def read(path: Path) -> tuple[list[Label], list[str]]:
    """Return the labels of a file in order, and in words which lines cannot be used.

    Raises
    ------
    InputError
        If the file cannot be read, or its first line is not the head.
    """
    rows = list(csv.reader(read_text(path, REMEDY).splitlines()))
    if not rows or [name.strip() for name in rows[0]] != HEAD:
        raise InputError(f"{path} does not begin with '{','.join(HEAD)}'", REMEDY)
    found: list[Label] = []
    problems = []
    for place, row in enumerate(rows[1:], start=2):
        if not any(row):
            continue
        start, end, state, person, by = (*(field.strip() for field in row[:5]), *[""] * 5)[:5]
        try:
            label = Label(number(start), number(end), state, person, by)
            refuse_overlap(label, found)
        except InputError as error:
            problems.append(f"{path.name}, line {place}: {one_line(error.cause, 120)}")
        else:
            found.append(label)
    return sorted(found), problems


def refuse_overlap(label: Label, others: Sequence[Label]) -> None:
    """Check that nobody is said to have felt two things at once.

    Raises
    ------
    InputError
        If a label of the same person shares some time.
    """
    for other in others:
        if other.person == label.person and label.start < other.end and other.start < label.end:
            raise InputError(
                f"from {other.start:g} s to {other.end:g} s is '{other.state}' already",
                "Remove that label first, or give another stretch",
            )


def write(path: Path, labels: Sequence[Label]) -> None:
    """Write labels in order; the file is whole at every moment, and only its owner may read it.

    Raises
    ------
    StorageError
        If it cannot be written.
    """
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(HEAD)
            for one in sorted(labels):
                writer.writerow([f"{one.start:g}", f"{one.end:g}", one.state, one.person, one.by])
        os.replace(new, path)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise StorageError(
            f"'{path}' cannot be written: {error.strerror}",
            "Free space, or copy the recording into a folder that can be written",
        ) from error
