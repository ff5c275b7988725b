"""Physiology and text in CSV files as lanes of a recording."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emo_music_ros.errors import InputError
from emo_music_ros.sensing.conversation import language_of
from emo_music_ros.sensing.outlet import KINDS
from emo_music_ros.sensing.recording import Lane
from emo_music_ros.streams import BiosignalBlock, FloatArray, Sample, Utterance

#: File name without ending, in lower case -> kind.
STEMS = {
    **{kind: kind for kind in KINDS},
    "bvp": "ppg",
    "temp": "temperature",
    "acc": "acceleration",
    "resp": "respiration",
    "muse": "eeg",
}
#: Time one block covers [s]; slow signals have at least one sample in it.
BLOCK = 0.05
#: Unit of the acceleration of an Empatica E4 [g].
E4_ACCELERATION = 1 / 64
#: Numbers above this in the first line are times, those below are samples [unix s].
UNIX_TIMES = 1e9


@dataclass(frozen=True)
class Signal:
    """Physiology read from a file: float32 [samples, channels]; `begin` in unix s, 0 = none."""

    kind: str
    values: FloatArray
    rate: float
    channels: tuple[str, ...]
    unit: str
    begin: float = 0.0


def kind_of(path: Path) -> str:
    """Return the kind of signal a CSV file holds, by its name or by Muse's columns; or empty."""
    kind = STEMS.get(path.stem.lower(), "")
    if kind:
        return kind
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return "eeg" if file.readline().lower().startswith("timestamps,") else ""
    except OSError:
        return ""


def read_signal(path: Path, kind: str) -> Signal:
    """Read a CSV file of one kind of signal.

    Three layouts are known: ``# rate: 64`` (and optionally ``# unit: uS``), then a row of
    channel names, then numbers; an Empatica E4 export (start time, rate, numbers); and a Muse
    recording (``timestamps,TP9,...``). Fields that are no numbers become NaN.

    Raises
    ------
    InputError
        If the file cannot be read, names no rate or has no samples.
    """
    remedy = "Begin the file with '# rate: 64' and a row of channel names, then the numbers"
    try:
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            rows = [row for row in csv.reader(file) if any(field.strip() for field in row)]
    except (OSError, csv.Error) as error:
        raise InputError(f"{path} cannot be read: {error}", remedy) from error
    settings: dict[str, str] = {}
    while rows and rows[0][0].lstrip().startswith("#"):
        name, _, value = ",".join(rows.pop(0)).strip(" #").partition(":")
        settings[name.strip().lower()] = value.strip()
    unit = settings.get("unit", KINDS[kind][1])
    if rows and rows[0][0].strip().lower() == "timestamps":
        return _muse(path, kind, rows, unit, remedy)
    rate = _number(settings.get("rate", ""))
    names: tuple[str, ...] = ()
    begin, scale = 0.0, 1.0
    if len(rows) > 1 and not settings and _number(rows[0][0]) > UNIX_TIMES:
        begin, rate = _number(rows[0][0]), _number(rows[1][0])
        scale = E4_ACCELERATION if kind == "acceleration" else 1.0
        rows = rows[2:]
    elif rows and all(math.isnan(_number(field)) for field in rows[0]):
        names = tuple(field.strip() for field in rows.pop(0))
    if not 0 < rate < math.inf:
        raise InputError(f"{path} names no sample rate", remedy)
    if not rows:
        raise InputError(f"{path} holds no samples", remedy)
    width = len(names) or max(len(row) for row in rows)
    default = ("x", "y", "z") if kind == "acceleration" and width == 3 else ()
    names = names or default or tuple(f"{kind}{place + 1}" for place in range(width))
    return Signal(kind, _array(rows, width) * np.float32(scale), rate, names, unit, begin)


def _muse(path: Path, kind: str, rows: list[list[str]], unit: str, remedy: str) -> Signal:
    names = tuple(field.strip() for field in rows[0][1:])
    times = np.array([_number(row[0]) for row in rows[1:]])
    times = times[np.isfinite(times)]
    if len(times) < 2 or times[-1] <= times[0]:
        raise InputError(f"{path} holds no samples with times that increase", remedy)
    rate = (len(times) - 1) / float(times[-1] - times[0])
    if abs(rate / 256 - 1) < 0.05:  # its packets are stamped in bunches; the device has 256 Hz
        rate = 256.0
    begin = float(times[0]) if times[0] > UNIX_TIMES else 0.0
    return Signal(kind, _array([row[1:] for row in rows[1:]], len(names)), rate, names, unit, begin)


def _number(field: str) -> float:
    try:
        return float(field)
    except ValueError:
        return math.nan


def _array(rows: list[list[str]], width: int) -> FloatArray:
    values = np.full((len(rows), width), np.nan, np.float32)
    for place, row in enumerate(rows):
        numbers = [_number(field) for field in row[:width]]
        values[place, : len(numbers)] = numbers
    return values


def signal_lane(signal: Signal, start: float, source: str) -> Lane:
    """Return a signal in blocks of about 50 ms as a lane that begins at `start` [s]."""
    step = max(1, round(signal.rate * BLOCK))

    def samples() -> Iterator[Sample]:
        for first in range(0, len(signal.values), step):
            yield BiosignalBlock(
                time=start + first / signal.rate,
                kind=signal.kind,
                samples=signal.values[first : first + step],
                rate=signal.rate,
                channels=signal.channels,
                units=(signal.unit,) * len(signal.channels),
                first_index=first,
                source=source,
            )

    return Lane(source, samples)


def text_lane(path: Path, source: str) -> Lane:
    """Return lines of ``time_s<TAB or ,>text`` as a lane; lines without a time are left out.

    Raises
    ------
    InputError
        If no line can be used.
    """
    remedy = "Write one utterance a line: seconds, a tab or comma, the text"
    lines: list[tuple[float, str]] = []
    try:
        content = path.read_text("utf-8-sig", errors="replace").splitlines()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error}", remedy) from error
    for line in content:
        if "\t" in line:
            fields = line.split("\t", 1)
        else:
            fields = next(csv.reader([line]), [])
        time, text = _number(fields[0]) if fields else math.nan, ",".join(fields[1:]).strip()
        if math.isfinite(time) and time >= 0 and text:
            lines.append((time, text))
    if not lines:
        raise InputError(f"{path} holds no line with a time and a text", remedy)
    lines.sort()
    return Lane(
        source,
        lambda: (Utterance(time, text, language_of(text), source=source) for time, text in lines),
    )


def picture_times(path: Path) -> list[tuple[float, Path]]:
    """Return when each picture of ``images.csv`` (``time_s,file``) is shown [s], in order.

    Raises
    ------
    InputError
        If the file cannot be read or names no picture.
    """
    try:
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            rows = [row for row in csv.reader(file) if len(row) >= 2]
    except (OSError, csv.Error) as error:
        raise InputError(f"{path} cannot be read: {error}", "Check the file") from error
    timed = [(_number(row[0]), path.parent / row[1].strip()) for row in rows]
    timed = sorted(entry for entry in timed if math.isfinite(entry[0]))
    if not timed:
        raise InputError(f"{path} names no picture", "Write lines of 'time_s,file'")
    return timed
