# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Read a folder in the layout of SiTunes (Grigorev et al. 2024, CHIIR '24).

``interactions.csv`` has a listen a row, ``env.json`` time of day, weather and place by
``inter_id``, ``wrist.npy`` [listens, 30, 4] heart rate, intensity, steps and activity of every
minute of the half hour before, in the order of the rows; ``../music_metadata/music_info.csv`` has
the tracks. Laboratory sessions have neither ``inter_id`` nor emotion before, ``env.json`` or
``wrist.npy``. Places are not read: they say who somebody is, not what they like.
"""

from __future__ import annotations

import csv
import json
import math
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.errors import InputError
from emo_music_ros.io.pickles import ArraysOnly
from emo_music_ros.io.tables import number
from emo_music_ros.recommendation.response.listens import (
    CONTENT,
    GENRES,
    SITUATION,
    Floats,
    Listens,
    Tracks,
)

MINUTES = 30
#: Activity codes; later stages spell them out.
ACTIVITIES = ("still", "act2still", "walking", "none", "sleep", "running")
WALKING = ACTIVITIES.index("walking")
REMEDY = "Give a folder with interactions.csv in the layout of SiTunes"


@dataclass(frozen=True)
class Folder:
    """One stage.

    Parameters
    ----------
    listens : Listens
        The rows, also bad ones; what is bad of them is NaN.
    ids : tuple of (int or str or None)
        ``inter_id`` of every row.
    problems : tuple of tuple of str
        What is missing or wrong in every row.
    """

    listens: Listens
    ids: tuple[int | str | None, ...]
    problems: tuple[tuple[str, ...], ...]


def read(folder: Path, outcomes: bool) -> Folder:
    """Read the listens of a folder.

    Parameters
    ----------
    folder : pathlib.Path
        One stage.
    outcomes : bool
        Whether rating and emotion after are read; otherwise their columns are never looked at.

    Raises
    ------
    InputError
        If ``interactions.csv`` is missing or has no people and tracks, or ``env.json`` or
        ``wrist.npy`` is damaged.
    """
    lines = _lines(folder / "interactions.csv")
    count = len(lines)
    problems: list[list[str]] = [[] for _ in lines]
    ids = tuple(_id(line.get("inter_id")) for line in lines)
    lab = all("emo_pre_valence" not in line for line in lines)
    columns = _columns(outcomes, lab)
    values = {
        name: np.array([_within(line.get(name), *limits) for line in lines], float)
        for name, limits in columns.items()
    }
    for name in ("user_id", "item_id"):
        for row, line in enumerate(lines):
            if not (line.get(name) or "").strip():
                problems[row].append(f"{name} is missing")
    for name, column in values.items():
        for row in np.flatnonzero(~np.isfinite(column)):
            problems[row].append(f"{name} is missing or out of range")
    minutes, faults = _wrist(folder / "wrist.npy", count, lab)
    surroundings = _environment(folder / "env.json", lab)
    situation = np.full((count, len(SITUATION)), np.nan)
    situation[:, :12] = _before(minutes)
    for row, (found, fault) in enumerate(zip(ids, faults)):
        problems[row] += [fault] if fault else []
        situation[row, 12:], missing = _around(surroundings.get(str(found)), lab)
        problems[row] += [missing] if missing else []
    pairs = {
        name: np.stack([values.get(f"{name}_{axis}", np.full(count, np.nan)) for axis in AXES], 1)
        for name in ("emo_pre", "emo_post", "emo")
    }
    listens = Listens(
        tuple((line.get("user_id") or "").strip() for line in lines),
        tuple(_plain(line.get("item_id") or "") for line in lines),
        values["timestamp"],
        pairs["emo_pre"],
        pairs["emo"] if lab else pairs["emo_post"],
        values.get("rating", np.full(count, np.nan)),
        situation,
        _idle_walk(minutes),
    )
    return Folder(listens, ids, tuple(map(tuple, problems)))


AXES = ("valence", "arousal")


def read_tracks(folder: Path) -> Tracks:
    """Read the tracks beside a stage; a later row of the same track does not count.

    Raises
    ------
    InputError
        If the file is missing or lacks columns.
    """
    path = folder.resolve().parent / "music_metadata" / "music_info.csv"
    rows: dict[str, dict[str, str]] = {}
    for line in _lines(path):
        rows.setdefault(_plain(line.get("item_id") or ""), line)
    first = next(iter(rows.values()), {})
    missing = [name for name in ("item_id", *CONTENT, "general_genre") if name not in first]
    if missing:
        raise InputError(f"{path} lacks {', '.join(missing)}", "Copy music_info.csv again")
    content = [[_finite(line.get(name)) for name in CONTENT] for line in rows.values()]
    genre = [
        [float(line.get("general_genre") == name) for name in GENRES] for line in rows.values()
    ]
    return Tracks(tuple(rows), np.array(content), np.array(genre))


def _columns(outcomes: bool, lab: bool) -> dict[str, tuple[float, float]]:
    """Return the columns that are read and their ranges."""
    found = {"timestamp": (0.0, math.inf)}
    if not lab:
        found |= {f"emo_pre_{axis}": (-1.0, 1.0) for axis in AXES}
    if outcomes:
        prefix = "emo" if lab else "emo_post"
        found |= {"rating": (1.0, 5.0)} | {f"{prefix}_{axis}": (-1.0, 1.0) for axis in AXES}
    return found


def _lines(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
            lines = list(csv.DictReader(file))
    except (OSError, csv.Error) as error:
        raise InputError(f"{path} cannot be read: {error}", REMEDY) from error
    if not lines or "item_id" not in lines[0]:
        raise InputError(f"{path} has no row with an item_id", REMEDY)
    return lines


def _finite(field: str | None) -> float:
    value = number(field or "")
    return value if math.isfinite(value) else math.nan


def _within(field: str | None, low: float, high: float) -> float:
    value = _finite(field)
    return value if low <= value <= high else math.nan


def _plain(field: str) -> str:
    """Return the name of a track; ``874.0`` is ``874``."""
    return field.strip().removesuffix(".0")


def _id(field: str | None) -> int | str | None:
    text = _plain(field or "")
    return int(text) if text.isdecimal() else (text or None)


def _environment(path: Path, lab: bool) -> dict[str, Any]:
    if lab or not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}", "Copy env.json again") from error
    if not isinstance(found, Mapping):
        raise InputError(f"{path} holds no table by inter_id", "Copy env.json again")
    return dict(found)


def _around(entry: Any, lab: bool) -> tuple[Floats, str]:
    """Return time of day, weather and temperature [7], and what is wrong with them."""
    values = np.full(7, np.nan)
    if lab:
        return values, ""
    try:
        time, weather, warmth = int(entry["time"]), int(entry["weather"][0]), entry["weather"][2]
        if time not in (1, 2, 3) or weather not in (0, 1, 2) or not math.isfinite(warmth):
            raise ValueError
    except (TypeError, ValueError, KeyError, IndexError):
        return values, "env.json has no sound entry for it"
    values[:6] = 0.0
    values[time - 1] = values[3 + weather] = 1.0
    values[6] = float(np.clip(warmth, -40.0, 50.0))
    return values, ""


def _wrist(path: Path, count: int, lab: bool) -> tuple[Floats, list[str]]:
    """Return the minutes [count, 30, 4] with activity as its number, NaN where bad, and why."""
    minutes = np.full((count, MINUTES, 4), np.nan)
    if lab:
        return minutes, [""] * count
    if not path.is_file():
        return minutes, ["there is no wrist.npy"] * count
    table = _array(path)
    if table.ndim != 3 or table.shape[1:] != (MINUTES, 4):
        raise InputError(f"{path} is {table.shape}, not [listens, 30, 4]", "Copy wrist.npy again")
    faults = []
    for row in range(count):
        if row < len(table):
            minutes[row] = _minutes(table[row])
        faults.append("" if np.isfinite(minutes[row]).all() else "its wrist record has gaps")
    return minutes, faults


def _minutes(record: NDArray[Any]) -> Floats:
    codes = [
        float(ACTIVITIES.index(value)) if value in ACTIVITIES else value for value in record[:, 3]
    ]
    rows = np.array(
        [[_finite(str(value)) for value in (*row[:3], code)] for row, code in zip(record, codes)]
    )
    rows[~np.isin(rows[:, 3], range(len(ACTIVITIES))), 3] = np.nan
    return rows


def _array(path: Path) -> NDArray[Any]:
    """Read an array, also one of Python objects, without running what a pickle might hold."""
    damaged = "Copy wrist.npy again"
    try:
        with path.open("rb") as file:
            version = np.lib.format.read_magic(file)
            header = (
                np.lib.format.read_array_header_1_0
                if version == (1, 0)
                else np.lib.format.read_array_header_2_0
            )
            shape, _, dtype = header(file)
            if dtype.hasobject:
                found = _Scalars(file).load()
                return np.asarray(found, object).reshape(shape)
        return np.asarray(np.load(path, allow_pickle=False))
    except (OSError, ValueError, EOFError, pickle.UnpicklingError, TypeError) as error:
        raise InputError(f"{path} cannot be read: {error}", damaged) from error


class _Scalars(ArraysOnly):
    """Admits single numbers of NumPy as well."""

    def find_class(self, module: str, name: str) -> Any:
        if name == "scalar" and module in ("numpy.core.multiarray", "numpy._core.multiarray"):
            return np.float64(0).__reduce__()[0]
        return super().find_class(module, name)


def _before(minutes: Floats) -> Floats:
    """Return means, spreads and shares of activities [n, 12]."""
    signals, activity = minutes[:, :, :3], minutes[:, :, 3]
    shares = np.stack([(activity == code).mean(axis=1) for code in range(len(ACTIVITIES))], 1)
    shares[~np.isfinite(activity).any(axis=1)] = np.nan
    known = np.isfinite(signals)
    count = np.maximum(known.sum(axis=1), 1)
    mean = np.where(known, signals, 0.0).sum(axis=1) / count
    square = (np.where(known, signals - mean[:, None], 0.0) ** 2).sum(axis=1) / count
    empty = ~known.any(axis=1)
    mean[empty], square[empty] = np.nan, np.nan
    return np.column_stack([mean, np.sqrt(square), shares])


def _idle_walk(minutes: Floats) -> Floats:
    idle = (minutes[:, :, 3] == WALKING) & (minutes[:, :, 2] == 0)
    return (idle.mean(axis=1) > 0.5).astype(float)
