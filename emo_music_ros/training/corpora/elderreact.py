# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""ElderReact: clips of 46 adults over 50 who react to videos (Ma et al. 2019).

``train_audio.txt`` and ``dev_audio.txt`` hold a clip a line: name, tab, mean and standard
deviation of 74 COVAREP features; ``train_labels.txt`` and ``dev_labels.txt``: file name, anger,
disgust, fear, happiness, sadness and surprise (0 or 1), sex (f or m), valence 1..7. The files do
not say who is seen, but a clip is named after the video it is cut from.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.emotion import ELDERREACT, from_scale
from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora.base import Corpus

NAME = "ElderReact"
PARTS = ("train", "dev")
FEATURES = 148
REMEDY = "Copy the features and annotations of the corpus again"


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path} cannot be read: {error}", "Give the folder with train_audio.txt and the others"
        ) from error


def _features(path: Path) -> dict[str, NDArray[np.float64]]:
    """Return clip -> features [148]."""
    found = {}
    for number, line in enumerate(_lines(path), 1):
        name, *values = line.split()
        try:
            row = np.array(values, float)
        except ValueError as error:
            raise InputError(f"{path}, line {number}: {error}", REMEDY) from error
        if len(row) != FEATURES:
            raise InputError(
                f"{path}, line {number}: {len(row)} numbers in place of {FEATURES}", REMEDY
            )
        found[name] = np.nan_to_num(row)
    return found


def load(folder: Path) -> Corpus:
    """Return the clips of both parts; items are float64 [148], labels bool [n, 6].

    `people` are the videos the clips are cut from. `groups` has ``sex``, and ``part`` (train or
    dev). The valence of a clip is in :func:`valence`.

    Raises
    ------
    InputError
        If a file is missing or damaged, or a clip lacks features or labels.
    """
    rows = _rows(Path(folder))
    return Corpus(
        name=NAME,
        source="Ma et al. (2019), ICMI '19",
        licence="academic research",
        items=np.array([row[1] for row in rows]),
        labels=np.array([[value == "1" for value in row[2][1:7]] for row in rows]),
        classes=ELDERREACT,
        people=np.array([row[2][0].rpartition("_")[0] for row in rows]),
        unit="videos",
        groups={
            "sex": np.array([{"f": "female", "m": "male"}[row[2][7]] for row in rows]),
            "part": np.array([row[0] for row in rows]),
        },
    )


def valence(folder: Path) -> NDArray[np.float64]:
    """Return the valence of the clips in the order of :func:`load`, -1..1."""
    return from_scale([float(row[2][8]) for row in _rows(Path(folder))], NAME)


def _rows(folder: Path) -> list[tuple[str, NDArray[np.float64], list[str]]]:
    """Return part, features and fields of the label of every clip."""
    root = folder / "elderreact" if (folder / "elderreact").is_dir() else folder
    rows = []
    for part in PARTS:
        features = _features(root / f"{part}_audio.txt")
        path = root / f"{part}_labels.txt"
        for number, line in enumerate(_lines(path), 1):
            fields = line.split()
            if not _sound(fields):
                raise InputError(
                    f"{path}, line {number} is no label: {line!r}",
                    "It needs a name, six times 0 or 1, f or m, and a valence 1..7",
                )
            name = fields[0].removesuffix(".mp4")
            if name not in features:
                raise InputError(f"{name} of {path} has no features", REMEDY)
            rows.append((part, features[name], [name, *fields[1:]]))
    return rows


def _sound(fields: list[str]) -> bool:
    if len(fields) != 9 or fields[7] not in ("f", "m"):
        return False
    try:
        rating = float(fields[8])
    except ValueError:
        return False
    return all(value in ("0", "1") for value in fields[1:7]) and 1.0 <= rating <= 7.0
