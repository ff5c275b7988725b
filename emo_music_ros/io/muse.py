# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Muse headband recordings: one CSV file with a time stamp in each row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.errors import InputError
from emo_music_ros.io.signals import UNIX_TIMES, Signal, blocks, clock_of
from emo_music_ros.io.tables import Table, numbers, read_table
from emo_music_ros.io.units import conversion
from emo_music_ros.streams import UNITS, BiosignalBlock

#: Electrodes of the headband in the order of its file.
MUSE_CHANNELS = ("TP9", "AF7", "AF8", "TP10")
#: Name of the first column.
STAMPS = "timestamps"
#: Rate of the electrodes [Hz]. Packets are stamped in bunches and some are lost, so that what is
#: counted comes out a little off it; within this share of it, it is meant.
RATE, TOLERANCE = 256.0, 0.05
#: Steps of the time stamps from this on are a gap: seconds, and usual steps.
GAP, GAP_STEPS = 0.5, 3.0
_REMEDY = f"A Muse csv has the columns {STAMPS}, {', '.join(MUSE_CHANNELS)}"


def recognised(table: Table) -> bool:
    """Return whether a table begins as the files of the device do."""
    return bool(table.lines) and table.fields(0)[0].lower() == STAMPS


def muse_signal(table: Table, kind: str = "eeg") -> Signal:
    """Return the signal of a file; of ``eeg`` the electrodes, of other kinds all columns.

    Raises
    ------
    InputError
        If a column is missing, or there are no samples with times that increase.
    """
    path = table.path
    names = table.fields(0) if table.lines else []
    lowered = [name.lower() for name in names]
    stamps = [place for place, name in enumerate(lowered) if name == STAMPS]
    others = [name for name in names if name.lower() != STAMPS]
    wanted = MUSE_CHANNELS if kind == "eeg" else tuple(others)
    missing = [name for name in wanted if name.lower() not in lowered]
    if not stamps or not wanted or missing:
        absent = ([] if stamps else [STAMPS]) + missing
        raise InputError(f"{path} has no column {', '.join(absent) or 'of samples'}", _REMEDY)
    found = numbers(table, 1, len(names), whole_lines=True)
    timed = np.isfinite(found.values[:, stamps[0]])
    rows = found.values[timed]
    if len(rows) < 2:
        raise InputError(f"{path} holds no samples", "Name a complete Muse csv file")
    notes = [*table.notes, *found.notes]
    if not timed.all():
        notes.append(f"{path.name}: {(~timed).sum()} lines without a time were left out")
    time, said = _seconds(rows[:, stamps[0]])
    notes += [f"{path.name}: {said}"] if said else []
    rate, gaps = _timing(time, path)
    begin = float(time[0]) if time[0] > UNIX_TIMES else 0.0
    values = rows[:, [lowered.index(name.lower()) for name in wanted]].astype(np.float32)
    runs = tuple((int(place), float(time[place] - time[0])) for place in (0, *gaps))
    unit = table.settings.get("unit", "") or UNITS[kind]
    change = conversion(kind, unit, str(path))
    if change is not None:
        values = np.asarray(change(values), np.float32)
        notes.append(f"{path.name}: its {unit} were converted to {UNITS[kind]}")
        unit = UNITS[kind]
    return Signal(kind, values, rate, tuple(wanted), unit, begin, runs, tuple(notes))


def _seconds(time: NDArray[np.float64]) -> tuple[NDArray[np.float64], str]:
    """Return time stamps in seconds, and in words what they were in if it was something else."""
    clock = clock_of(float(time[0]))
    if clock is not None:
        said = "" if clock.seconds == 1 else f"its times are {clock.name}"
        return time * clock.seconds, said
    # Counted from a start the size says nothing, but the rate of the headband does.
    mean = float(np.mean(np.diff(time)))
    for name, seconds in (("milliseconds", 1e-3), ("microseconds", 1e-6)):
        if mean > 0 and abs(1 / (mean * seconds) / RATE - 1) < TOLERANCE:
            return time * seconds, f"its times are in {name}"
    return time, ""


def _timing(time: NDArray[np.float64], path: Path) -> tuple[float, NDArray[np.intp]]:
    """Return the rate [Hz] of time stamps [s], and the samples before which there is a gap."""
    steps = np.diff(time)
    forward = steps[steps > 0]
    longest = max(GAP, GAP_STEPS * float(np.median(forward))) if len(forward) else GAP
    gaps = np.abs(steps) > longest
    # Rows of one packet may have the same stamp: they count too.
    usual = steps[~gaps]
    mean = float(usual.mean()) if len(usual) else 0.0
    if mean <= 0:
        raise InputError(f"{path} has time stamps that stand still", "Record it again")
    rate = 1 / mean
    if abs(rate / RATE - 1) < TOLERANCE:
        rate = RATE
    return rate, np.flatnonzero(gaps) + 1


def read_muse(
    path: Path, seconds: float = 1.0, notes: list[str] | None = None
) -> Iterator[BiosignalBlock]:
    """Yield the EEG blocks of a file (timestamps, TP9, AF7, AF8, TP10, ...).

    A pause in the time stamps becomes a gap.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    seconds : float
        Length of a block [s].
    notes : list of str, optional
        Gets what was left out of the file or assumed of it, before the first block.

    Raises
    ------
    InputError
        If the file is missing, a column is, or there are no samples.
    """
    path = Path(path)
    signal = muse_signal(read_table(path, "Name a Muse csv file"))
    if notes is not None:
        notes += signal.notes
    yield from blocks(signal, seconds, signal.begin, f"recorded:{path.stem}")
