# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""SiTunes: listens in daily life with emotion before and after (Grigorev et al. 2024, CHIIR '24).

``Stage1`` is a laboratory session in which 30 people rate 20 of 25 tracks, ``Stage2`` a week of
their daily life. A later stage there is is never read.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.errors import InputError
from emo_music_ros.recommendation.response.layout import read, read_tracks
from emo_music_ros.recommendation.response.listens import Listens, Tracks, join

NAME = "SiTunes"
SOURCE = "Grigorev et al. (2024), CHIIR '24"
LICENCE = "open source, without a licence file: research"
STAGES = ("Stage1", "Stage2")


@dataclass(frozen=True)
class Situnes:
    """Both stages.

    Parameters
    ----------
    tracks : Tracks
        The library.
    listens : Listens
        Laboratory first.
    daily : array of int
        Rows of daily life.
    chosen_by : tuple of str
        What chose the track of every row, such as ``Rand``; empty = not known.
    """

    tracks: Tracks
    listens: Listens
    daily: NDArray[np.int64]
    chosen_by: tuple[str, ...]


def load(folder: Path) -> Situnes:
    """Return the listens of the folder, or of ``situnes`` or ``listening/situnes`` below it.

    Raises
    ------
    InputError
        If a stage is missing or damaged.
    """
    places = [folder, folder / "situnes", folder / "listening" / "situnes"]
    root = next((place for place in places if (place / STAGES[1]).is_dir()), None)
    if root is None:
        raise InputError(
            f"{folder} has no folder {STAGES[1]}", "Give the folder of SiTunes with both stages"
        )
    parts = [read(root / stage, outcomes=True).listens for stage in STAGES]
    whole = join(parts)
    return Situnes(
        read_tracks(root / STAGES[1]),
        whole,
        np.arange(len(parts[0]), len(whole)),
        ("",) * len(parts[0]) + _chosen_by(root / STAGES[1], len(parts[1])),
    )


def _chosen_by(stage: Path, count: int) -> tuple[str, ...]:
    """Return the column ``rec_type``, for off-policy evaluation only: no model sees it."""
    import csv

    with (stage / "interactions.csv").open(encoding="utf-8-sig", newline="") as file:
        found = tuple((line.get("rec_type") or "").strip() for line in csv.DictReader(file))
    assert len(found) == count
    return found


def published_splits(
    people: NDArray[np.str_], rows: NDArray[np.int64]
) -> list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]]:
    """Return training, validation and test rows as published, for the seeds 101..110.

    As ``data_generator.py`` of JiayuLi-997/SiTunes_dataset parts them: NumPy is seeded once a
    split, every person's rows are shuffled in the order of their numbers, and 70, 10 and 20 %
    are cut off. The test rows of seed 102 there are the same ones.

    Parameters
    ----------
    people : array of str
        Who every row belongs to.
    rows : array of int
        Their numbers, returned parted.
    """
    splits = []
    for seed in range(101, 111):
        draw = np.random.RandomState(seed)  # noqa: NPY002 - the generator they used
        parts: tuple[list[NDArray[np.int64]], ...] = ([], [], [])
        for person in sorted(set(people.tolist()), key=lambda name: (len(name), name)):
            mine = rows[people == person]
            mine = mine[draw.choice(len(mine), size=len(mine), replace=False)]
            # 0.7 + 0.1 is a little less than 0.8, which decides where 20 rows are cut.
            cuts = int(len(mine) * 0.7), int(len(mine) * (0.7 + 0.1))
            for part, some in zip(parts, np.split(mine, cuts)):
                part.append(some)
        splits.append(tuple(np.concatenate(part) for part in parts))
    return splits  # type: ignore[return-value]


def later(people: NDArray[np.str_], time: NDArray[np.float64], share: float) -> NDArray[np.bool_]:
    """Return which rows are among the last of their person, all but the first `share` [n]."""
    found = np.zeros(len(people), bool)
    for person in np.unique(people):
        mine = np.flatnonzero(people == person)
        order = mine[np.argsort(time[mine], kind="stable")]
        found[order[int(len(order) * share) :]] = True
    return found
