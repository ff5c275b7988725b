# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""CSV files: signals with a rate, texts with times, pictures with times."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.errors import InputError
from emo_music_ros.io.signals import UNIX_TIMES, Signal, clock_of
from emo_music_ros.io.units import conversion
from emo_music_ros.names import one_line
from emo_music_ros.paths import kind
from emo_music_ros.streams import UNITS, FloatArray

T = TypeVar("T")

#: What to do about a file of a signal that has no known layout.
REMEDY = "Begin the file with '# rate: 64' and a row of channel names, then the numbers"
#: Longest line of a text file; what has a longer one is something else.
LONGEST = 100_000
#: Lines of numbers that are looked at for what is between their fields.
SAMPLE = 20
#: What ends a line of text; other signs that Python takes for an end are part of it.
_LINE_ENDS = re.compile("\r\n|\n|\r")


#: Bytes a text may begin with that say how it is written.
_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_DECIMAL_COMMA = re.compile(r"\s*[-+]?\d+,\d+(?:[eE][-+]?\d+)?\s*")


@dataclass(frozen=True)
class Table:
    """The lines of a CSV file that are not blank, and its settings: ``# name: value`` lines.

    Attributes
    ----------
    path : pathlib.Path
        The file.
    settings : dict
        Name in lower case -> value.
    lines : list of str
        Without the settings.
    numbered : list of int
        Where each of them stands in the file, from 1 on.
    delimiter : str
        Between fields.
    comma : bool
        Whether numbers have a decimal comma.
    """

    path: Path
    settings: dict[str, str]
    lines: list[str]
    numbered: list[int]
    delimiter: str = ","
    comma: bool = False

    def rows(self, first: int = 0, last: int | None = None) -> Iterator[list[str]]:
        """Yield the fields of lines, without spaces around them and with decimal points."""
        for row in csv.reader(self.lines[first:last], delimiter=self.delimiter):
            fields = [field.strip() for field in row]
            yield [field.replace(",", ".") for field in fields] if self.comma else fields

    def fields(self, line: int) -> list[str]:
        """Return the fields of a line; none beyond the last line."""
        return next(self.rows(line, line + 1), [])

    @property
    def notes(self) -> tuple[str, ...]:
        """What was assumed of the file."""
        return (f"{self.path.name}: its decimal commas were read as points",) * self.comma


def read_text(path: Path, remedy: str) -> str:
    """Return a text file in UTF-8 or UTF-16, with a mark at its beginning or without.

    Raises
    ------
    InputError
        If it cannot be read, is a pipe or device, or holds bytes that no text has.
    """
    try:
        found = kind(path)
        if found and found != "file":  # reading a pipe might wait for ever
            raise InputError(f"{path} is a {found}, not a file", remedy)
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error}", remedy) from error
    text = content.decode(_MARKS.get(content[:2], "utf-8-sig"), errors="replace")
    if "\0" in text:
        raise InputError(f"{path} is no text", remedy)
    return text


def read_table(path: Path, remedy: str = REMEDY) -> Table:
    """Read the lines of a CSV file, with commas, semicolons or tabs between fields.

    Raises
    ------
    InputError
        If the file cannot be read, or holds bytes that no text has.
    """
    numbered = [
        (place, line)
        for place, line in enumerate(read_text(path, remedy).splitlines(), start=1)
        if line.strip()
    ]
    if max((len(line) for _, line in numbered), default=0) > LONGEST:
        raise InputError(f"{path} is no text", remedy)
    settings: dict[str, str] = {}
    count = 0
    for _, line in numbered:
        if not line.lstrip().startswith("#"):
            break
        name, _, value = line.strip(" #,;\t").partition(":")
        settings[name.strip().lower()] = value.strip()
        count += 1
    rest = numbered[count:]
    lines = [line for _, line in rest]
    delimiter, comma = _dialect(lines)
    return Table(path, settings, lines, [place for place, _ in rest], delimiter, comma)


def _dialect(lines: Sequence[str]) -> tuple[str, bool]:
    """Return what is between fields, and whether numbers have a decimal comma.

    A comma in every line of one-channel numbers is that of a decimal, as German, French and other
    spreadsheets write it: between fields it would stand in the names of the channels too.
    """
    sample = lines[: 1 + SAMPLE]
    for delimiter in (";", "\t"):
        if sample and all(delimiter in line for line in sample):
            fields = [field for line in sample for field in line.split(delimiter)]
            numbers_ = [field for field in fields if _DECIMAL_COMMA.fullmatch(field)]
            return delimiter, bool(numbers_) and not any("." in field for field in fields)
    decimals = [line for line in sample if _DECIMAL_COMMA.fullmatch(line)]
    if not decimals or len(decimals) < len(sample) - 1:
        return ",", False
    if len(decimals) < len(sample):  # a head with the name of one channel
        comma = sample[0] not in decimals and "," not in sample[0]
    else:  # without a head only a start time, unlike what follows its comma, tells
        start, _, fraction = sample[0].strip().partition(",")
        comma = float(start) > UNIX_TIMES and float(start) != float(fraction)
    return (";", True) if comma else (",", False)


def number(field: str) -> float:
    """Return a field as a number, NaN if it is none."""
    try:
        return float(field)
    except ValueError:
        return math.nan


@dataclass(frozen=True)
class Numbers:
    """Numbers of a file, and where there were none.

    Attributes
    ----------
    values : numpy.ndarray
        float64 [lines, width]; what is missing or no number is NaN.
    notes : tuple of str
        How many lines are not all numbers, and the first of them.
    """

    values: NDArray[np.float64]
    notes: tuple[str, ...] = ()


def numbers(table: Table, first: int = 0, width: int = 0, whole_lines: bool = False) -> Numbers:
    """Return the lines of a table from `first` on as numbers.

    Parameters
    ----------
    table : Table
        The file.
    first : int
        Lines before are its head.
    width : int
        Fields that count; 0 = as many as the longest line has.
    whole_lines : bool
        Leave out a last line that ends in the middle: the recording stopped while it was written.
    """
    lines = table.lines[first:]
    if not lines:
        return Numbers(np.full((0, width), np.nan))
    if table.delimiter == "," and not table.comma:
        try:  # ten times as fast, but without missing values
            whole = np.loadtxt(lines, delimiter=",", ndmin=2, comments=None)
        except ValueError:
            pass
        else:
            if width in (0, whole.shape[1]):
                return Numbers(whole)
    rows = list(table.rows(first))
    width = width or max(len(row) for row in rows)
    values: NDArray[np.float64] = np.full((len(rows), width), np.nan)
    bad: list[int] = []
    for place, row in enumerate(rows):
        found = [number(field) for field in row[:width]]
        values[place, : len(found)] = found
        missing = sum(not field or field.lower() == "nan" for field in row[:width])
        if int(np.isnan(found).sum()) > missing or len(row) < width:
            bad.append(place)
    notes = []
    if whole_lines and len(rows[-1]) < width:
        values, bad = values[:-1], bad[:-1]
        notes.append(f"{table.path.name}: its last line is cut short and was left out")
    if bad:
        place = table.numbered[first + bad[0]]
        said = one_line(table.lines[first + bad[0]], 60)
        notes.append(
            f"{table.path.name}: {len(bad)} of {len(rows)} lines are not all numbers, the first is"
            f" line {place}: {said}"
        )
    return Numbers(values, tuple(notes))


def channel_names(kind: str, count: int) -> tuple[str, ...]:
    """Return names for the channels of a file that gives none."""
    if kind == "acceleration" and count == 3:
        return ("x", "y", "z")
    return tuple(f"{kind}{place + 1}" for place in range(count))


def rated_signal(table: Table, kind: str) -> Signal:
    """Return a signal: ``# rate: 64``, optionally ``# unit: uS`` and channel names, then numbers.

    Values in another unit of that kind are converted.

    Raises
    ------
    InputError
        If the file names no rate, another kind of unit or has no samples.
    """
    rate = number(table.settings.get("rate", "").replace(",", "."))
    first = 0
    names: tuple[str, ...] = ()
    if table.lines and all(math.isnan(number(field)) for field in table.fields(0)):
        names, first = tuple(table.fields(0)), 1
    if not 0 < rate < math.inf:
        raise InputError(f"{table.path} names no sample rate", REMEDY)
    if len(table.lines) <= first:
        raise InputError(f"{table.path} holds no samples", REMEDY)
    found = numbers(table, first, len(names))
    values: FloatArray = found.values.astype(np.float32)
    names = names or channel_names(kind, values.shape[1])
    unit = table.settings.get("unit", "") or UNITS[kind]
    notes = [*table.notes, *found.notes]
    change = conversion(kind, unit, str(table.path))
    if change is not None:
        values = change(values)
        notes.append(f"{table.path.name}: its {unit} were converted to {UNITS[kind]}")
        unit = UNITS[kind]
    return Signal(kind, values, rate, names, unit, notes=tuple(notes))


@dataclass(frozen=True)
class Timed(Generic[T]):
    """What a file says at which time [s], in order, and what was left out of it."""

    entries: list[tuple[float, T]]
    notes: tuple[str, ...] = ()


def timed_texts(path: Path) -> Timed[str]:
    """Return lines of ``time_s<TAB or ,>text``; those without a time are left out.

    Raises
    ------
    InputError
        If no line can be used.
    """
    remedy = "Write one utterance a line: seconds, a tab or comma, the text"
    found: list[tuple[float, str]] = []
    bad: list[tuple[int, str]] = []
    for place, line in enumerate(_LINE_ENDS.split(read_text(path, remedy)), start=1):
        if "\t" in line:
            fields = line.split("\t", 1)
        else:
            fields = next(csv.reader([line]), [])
        time, text = number(fields[0]) if fields else math.nan, ",".join(fields[1:]).strip()
        if math.isfinite(time) and time >= 0 and text:
            found.append((time, text))
        elif line.strip() and place > 1:  # the first one may be a head
            bad.append((place, line))
    if not found:
        raise InputError(f"{path} holds no line with a time and a text", remedy)
    return _timed(path, found, bad)


def picture_times(path: Path) -> Timed[Path]:
    """Return when each picture of ``images.csv`` (``time_s,file``) is shown.

    Raises
    ------
    InputError
        If the file cannot be read or names no picture.
    """
    table = read_table(path, "Check the file")
    found, bad = [], []
    for place, (row, line) in enumerate(zip(table.rows(), table.lines)):
        time = number(row[0]) if row else math.nan
        if len(row) >= 2 and math.isfinite(time):
            found.append((time, path.parent / row[1]))
        elif place:
            bad.append((table.numbered[place], line))
    if not found:
        raise InputError(f"{path} names no picture", "Write lines of 'time_s,file'")
    return _timed(path, found, bad)


def _timed(path: Path, found: list[tuple[float, T]], bad: list[tuple[int, str]]) -> Timed[T]:
    notes = []
    if bad:
        place, line = bad[0]
        notes.append(
            f"{path.name}: {len(bad)} lines have no time or nothing at it, the first is line "
            f"{place}: {one_line(line, 60)}"
        )
    found.sort(key=lambda entry: entry[0])
    clock = clock_of(found[0][0])
    if clock is not None:
        begin = found[0][0]
        found = [((time - begin) * clock.seconds, entry) for time, entry in found]
        notes.append(f"{path.name}: its times are {clock.name}; they count from the first")
    return Timed(found, tuple(notes))
