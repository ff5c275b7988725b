# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Empatica E4 exports: a folder of CSV files, each with its start time, its rate and numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from emo_music_ros.errors import InputError
from emo_music_ros.io.signals import UNIX_TIMES, Signal, blocks, clock_of
from emo_music_ros.io.tables import Table, channel_names, number, numbers, read_table
from emo_music_ros.streams import UNITS, BiosignalBlock

#: File name in lower case without ending -> kind.
KINDS = {"bvp": "ppg", "eda": "eda", "temp": "temperature", "acc": "acceleration"}
#: The same of files that hold results or marks instead of a signal.
RESULTS = ("hr", "ibi", "tags")
#: Unit of the acceleration [g].
ACCELERATION = 1 / 64
_REMEDY = "Give the file as the device exported it"


def recognised(table: Table) -> bool:
    """Return whether a table begins as the files of the device do: start [unix s], rate."""
    if table.settings or len(table.lines) < 2:
        return False
    return all(number(table.fields(line)[0]) > bound for line, bound in ((0, UNIX_TIMES), (1, 0)))


def e4_signal(table: Table, kind: str) -> Signal:
    """Return the signal of one file.

    Raises
    ------
    InputError
        If it does not begin with a start time and a rate, or has no samples.
    """
    head = [number(table.fields(line)[0]) for line in range(min(2, len(table.lines)))]
    clock = clock_of(head[0]) if head else None
    if len(head) < 2 or not all(math.isfinite(value) for value in head) or head[1] <= 0:
        raise InputError(f"{table.path} does not begin with its start time and rate", _REMEDY)
    found = numbers(table, 2)
    values = found.values
    if not np.isfinite(values).any():
        raise InputError(f"{table.path} holds no samples", _REMEDY)
    if kind == "acceleration":
        values = values * ACCELERATION
    width = values.shape[1]
    names = (kind,) if width == 1 else channel_names(kind, width)
    notes = [*table.notes, *found.notes]
    if clock is not None and clock.seconds < 1:
        notes.append(f"{table.path.name}: its start is {clock.name}")
    begin = head[0] * (clock.seconds if clock else 1.0)
    samples = values.astype(np.float32)
    return Signal(kind, samples, head[1], names, UNITS[kind], begin, notes=tuple(notes))


def read_e4(
    folder: Path, seconds: float = 5.0, notes: list[str] | None = None
) -> Iterator[BiosignalBlock]:
    """Yield the blocks of an export in order of time.

    BVP.csv or EDA.csv must be there; EDA, TEMP and ACC are used if they are, other files not.

    Parameters
    ----------
    folder : pathlib.Path
        The unpacked export.
    seconds : float
        Length of a block [s].
    notes : list of str, optional
        Gets what was left out of the files or assumed of them, before the first block.

    Raises
    ------
    InputError
        If the folder or both main files are missing, or a file does not have that form.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(
            f"E4 export {folder} is not a folder", "Unpack the export, name its folder"
        )
    found = {
        KINDS[path.stem.lower()]: path
        for path in sorted(folder.iterdir(), reverse=True)  # BVP.csv goes before bvp.csv
        if path.suffix.lower() == ".csv" and path.stem.lower() in KINDS and path.is_file()
    }
    if not {"ppg", "eda"} & set(found):
        raise InputError(
            f"E4 export {folder} has neither BVP.csv nor EDA.csv",
            "Name the folder that holds the csv files",
        )
    whole: list[BiosignalBlock] = []
    for kind in KINDS.values():
        if kind in found:
            signal = e4_signal(read_table(found[kind], _REMEDY), kind)
            if notes is not None:
                notes += signal.notes
            whole += blocks(signal, seconds, signal.begin, f"recorded:{folder.name}")
    yield from sorted(whole, key=lambda block: block.time)
