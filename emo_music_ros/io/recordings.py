"""Read physiological recordings as published: Empatica E4 exports and Muse csv files."""

from __future__ import annotations

import csv
import math
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.errors import InputError
from emo_music_ros.streams import BiosignalBlock

Floats = NDArray[np.float64]

#: File of an E4 export -> kind, unit, scale to that unit.
E4_FILES = {
    "BVP.csv": ("ppg", "a.u.", 1.0),
    "EDA.csv": ("eda", "uS", 1.0),
    "TEMP.csv": ("temperature", "degC", 1.0),
    "ACC.csv": ("acceleration", "g", 1.0 / 64.0),
}
#: Electrodes of the Muse headband in the order of its csv file.
MUSE_CHANNELS = ("TP9", "AF7", "AF8", "TP10")


def _numbers(path: Path, skip: int = 0) -> Floats:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an empty file is told by its shape
            try:  # ten times as fast, but without missing values
                table = np.loadtxt(path, delimiter=",", skiprows=skip, encoding="utf-8", ndmin=2)
            except ValueError:
                table = np.genfromtxt(
                    path, delimiter=",", skip_header=skip, encoding="utf-8", ndmin=2
                )
    except (OSError, ValueError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path} cannot be read as numbers: {error}", "Give the file as the device exported it"
        ) from error
    return table


def read_e4(folder: Path, seconds: float = 5.0) -> Iterator[BiosignalBlock]:
    """Yield the blocks of an Empatica E4 export in order of time.

    Each file holds the start [unix s] in its first line, the rate [Hz] in its second, and then
    the samples. BVP.csv or EDA.csv must be there; EDA, TEMP and ACC are used if they are.

    Parameters
    ----------
    folder : pathlib.Path
        The unpacked export.
    seconds : float
        Length of a block [s].

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
    found = {name: folder / name for name in E4_FILES if (folder / name).is_file()}
    if not {"BVP.csv", "EDA.csv"} & set(found):
        raise InputError(
            f"E4 export {folder} has neither BVP.csv nor EDA.csv",
            "Name the folder that holds the csv files",
        )
    blocks: list[BiosignalBlock] = []
    for name, path in found.items():
        kind, unit, scale = E4_FILES[name]
        table = _numbers(path)
        header, samples = table[:2], table[2:] * scale
        if len(header) < 2 or not np.isfinite(header[:, 0]).all() or header[1, 0] <= 0:
            raise InputError(
                f"{path} does not begin with its start time and rate",
                "Give the file as the device exported it",
            )
        start, rate = float(header[0, 0]), float(header[1, 0])
        channels = tuple("xyz"[: samples.shape[1]]) if kind == "acceleration" else (kind,)
        size = max(1, round(seconds * rate))
        blocks += [
            BiosignalBlock(
                start + first / rate,
                kind,
                samples[first : first + size].astype(np.float32),
                rate,
                channels,
                (unit,) * len(channels),
                first_index=first,
                source=f"recorded:{folder.name}",
            )
            for first in range(0, len(samples), size)
        ]
    yield from sorted(blocks, key=lambda block: block.time)


def read_muse(path: Path, seconds: float = 1.0) -> Iterator[BiosignalBlock]:
    """Yield the EEG blocks of a Muse csv file (timestamps, TP9, AF7, AF8, TP10, ...).

    The rate is that of the time stamps; a pause in them becomes a gap.

    Raises
    ------
    InputError
        If the file is missing, a column is, or there are no samples.
    """
    path = Path(path)
    try:
        with path.open(newline="", encoding="utf-8") as file:
            names = [name.strip() for name in next(csv.reader(file), [])]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}", "Name a Muse csv file") from error
    missing = [name for name in ("timestamps", *MUSE_CHANNELS) if name not in names]
    if missing:
        raise InputError(
            f"{path} has no column {', '.join(missing)}",
            "A Muse csv has the columns timestamps, " + ", ".join(MUSE_CHANNELS),
        )
    table = _numbers(path, skip=1)
    if table.shape[1] == len(names):
        table = table[np.isfinite(table[:, names.index("timestamps")])]
    if len(table) < 2 or table.shape[1] != len(names):
        raise InputError(f"{path} holds no samples", "Name a complete Muse csv file")
    time = table[:, names.index("timestamps")]
    samples = table[:, [names.index(name) for name in MUSE_CHANNELS]].astype(np.float32)
    rate = _rate(time)
    if not math.isfinite(rate):
        raise InputError(f"{path} has time stamps that stand still", "Record it again")
    size = max(1, round(seconds * rate))
    # A gap starts a new run of samples; within one, samples are counted at the rate.
    edges = [0, *(np.flatnonzero(np.abs(np.diff(time)) > 0.5) + 1).tolist(), len(time)]
    for begin, end in zip(edges, edges[1:]):
        for first in range(begin, end, size):
            yield BiosignalBlock(
                float(time[begin]) + (first - begin) / rate,
                "eeg",
                samples[first : min(first + size, end)],
                rate,
                MUSE_CHANNELS,
                ("uV",) * len(MUSE_CHANNELS),
                first_index=first,
                source=f"recorded:{path.stem}",
            )


def _rate(time: Floats) -> float:
    steps = np.diff(time)
    steps = steps[(steps > 0) & (steps < 0.5)]
    return float(1.0 / steps.mean()) if len(steps) else float("nan")
