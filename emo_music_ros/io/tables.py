"""CSV files: signals with a rate, texts with times, pictures with times."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.errors import InputError
from emo_music_ros.io.signals import Signal
from emo_music_ros.streams import UNITS

#: What to do about a file of a signal that has no known layout.
REMEDY = "Begin the file with '# rate: 64' and a row of channel names, then the numbers"
#: Longest line of a text file; what has a longer one is something else.
LONGEST = 100_000


@dataclass(frozen=True)
class Table:
    """The lines of a CSV file that are not blank, and its settings: ``# name: value`` lines."""

    path: Path
    settings: dict[str, str]
    lines: list[str]

    def fields(self, line: int) -> list[str]:
        """Return the fields of a line, without spaces around them; none beyond the last line."""
        found = next(csv.reader(self.lines[line : line + 1]), [])
        return [field.strip() for field in found]


def read_table(path: Path, remedy: str = REMEDY) -> Table:
    """Read the lines of a CSV file.

    Raises
    ------
    InputError
        If the file cannot be read, or holds bytes that no text has.
    """
    try:
        content = path.read_text("utf-8-sig", errors="replace")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error}", remedy) from error
    lines = [line for line in content.splitlines() if line.strip()]
    if "\0" in content or max(map(len, lines), default=0) > LONGEST:
        raise InputError(f"{path} is no text", remedy)
    settings: dict[str, str] = {}
    count = 0
    for line in lines:
        if not line.lstrip().startswith("#"):
            break
        name, _, value = line.strip(" #,").partition(":")
        settings[name.strip().lower()] = value.strip()
        count += 1
    return Table(path, settings, lines[count:])


def number(field: str) -> float:
    """Return a field as a number, NaN if it is none."""
    try:
        return float(field)
    except ValueError:
        return math.nan


def numbers(lines: Sequence[str], width: int = 0) -> NDArray[np.float64]:
    """Return lines of a CSV file as numbers [lines, width]; what is missing or no number is NaN.

    Parameters
    ----------
    lines : sequence of str
        Without the head of the file.
    width : int
        Fields that count; 0 = as many as the longest line has.
    """
    if not lines:
        return np.full((0, width), np.nan)
    try:  # ten times as fast, but without missing values
        whole = np.loadtxt(lines, delimiter=",", ndmin=2, comments=None)
    except ValueError:
        pass
    else:
        if width in (0, whole.shape[1]):
            return whole
    rows = list(csv.reader(lines))
    width = width or max(len(row) for row in rows)
    values = np.full((len(rows), width), np.nan)
    for place, row in enumerate(rows):
        found = [number(field) for field in row[:width]]
        values[place, : len(found)] = found
    return values


def channel_names(kind: str, count: int) -> tuple[str, ...]:
    """Return names for the channels of a file that gives none."""
    if kind == "acceleration" and count == 3:
        return ("x", "y", "z")
    return tuple(f"{kind}{place + 1}" for place in range(count))


def rated_signal(table: Table, kind: str) -> Signal:
    """Return a signal: ``# rate: 64``, optionally ``# unit: uS`` and channel names, then numbers.

    Raises
    ------
    InputError
        If the file names no rate or has no samples.
    """
    rate = number(table.settings.get("rate", ""))
    lines = table.lines
    names: tuple[str, ...] = ()
    if lines and all(math.isnan(number(field)) for field in table.fields(0)):
        names, lines = tuple(table.fields(0)), lines[1:]
    if not 0 < rate < math.inf:
        raise InputError(f"{table.path} names no sample rate", REMEDY)
    if not lines:
        raise InputError(f"{table.path} holds no samples", REMEDY)
    values = numbers(lines, len(names)).astype(np.float32)
    names = names or channel_names(kind, values.shape[1])
    return Signal(kind, values, rate, names, table.settings.get("unit", UNITS[kind]))


def timed_texts(path: Path) -> list[tuple[float, str]]:
    """Return lines of ``time_s<TAB or ,>text`` in order; those without a time are left out.

    Raises
    ------
    InputError
        If no line can be used.
    """
    remedy = "Write one utterance a line: seconds, a tab or comma, the text"
    found: list[tuple[float, str]] = []
    try:
        content = path.read_text("utf-8-sig", errors="replace").splitlines()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error}", remedy) from error
    for line in content:
        if "\t" in line:
            fields = line.split("\t", 1)
        else:
            fields = next(csv.reader([line]), [])
        time, text = number(fields[0]) if fields else math.nan, ",".join(fields[1:]).strip()
        if math.isfinite(time) and time >= 0 and text:
            found.append((time, text))
    if not found:
        raise InputError(f"{path} holds no line with a time and a text", remedy)
    return sorted(found)


def picture_times(path: Path) -> list[tuple[float, Path]]:
    """Return when each picture of ``images.csv`` (``time_s,file``) is shown [s], in order.

    Raises
    ------
    InputError
        If the file cannot be read or names no picture.
    """
    table = read_table(path, "Check the file")
    rows = [row for row in csv.reader(table.lines) if len(row) >= 2]
    timed = [(number(row[0]), path.parent / row[1].strip()) for row in rows]
    timed = sorted(entry for entry in timed if math.isfinite(entry[0]))
    if not timed:
        raise InputError(f"{path} names no picture", "Write lines of 'time_s,file'")
    return timed
