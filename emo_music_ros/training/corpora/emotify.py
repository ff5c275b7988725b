# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Emotify: real recordings with what listeners felt (Aljanaki, Wiering & Veltkamp 2016).

The folder holds ``annotations.csv`` (one row a listener and track: ``track_id``, ``genre``, the
nine emotions of the Geneva Emotional Music Scale and ``liked`` as 0 or 1, ``age``) and
``snippets10s/<track_id, three digits>.opus``. Nobody is known by name, so a row belongs to its
track. Tracks divisible by five are kept for independent tests: they are left out wherever they
appear.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.emotion import GEMS
from emo_music_ros.errors import InputError

SOURCE = "Aljanaki, Wiering & Veltkamp (2016), Studying emotion induced by music, IPM 52"
LICENCE = "music CC BY-NC-SA (Magnatune); annotations for research"
#: What each listener said of a track: felt or not, liked or not.
ANSWERS = (*GEMS, "liked")
#: Genres of the tracks.
GENRES = ("classical", "electronic", "pop", "rock")
#: Ages outside of this are mistakes of typing.
YOUNGEST, OLDEST = 12, 90
#: From above this age a listener counts as older.
OLDER = 60
_REMEDY = "Give the folder that holds annotations.csv and snippets10s of Emotify"


@dataclass(frozen=True)
class Tracks:
    """Recordings with the answers of their listeners.

    Attributes
    ----------
    files : list of pathlib.Path
        Audio of each track.
    names : numpy.ndarray
        Number of each track as published.
    genres : numpy.ndarray
        Genre of each track.
    answers : numpy.ndarray
        Share of the listeners [tracks, 10] who felt each emotion, and who liked it, 0..1.
    listeners : numpy.ndarray
        How many there were [tracks].
    older : numpy.ndarray
        Share of the listeners over 60 years alone, NaN where there was none.
    older_listeners : numpy.ndarray
        How many of them there were.
    left_out : int
        Rows that were dropped for an impossible age.
    features : numpy.ndarray
        Those that come with the corpus as ``track_features.csv`` [tracks, ...]; none [0, 0]
        without that file.
    """

    files: list[Path]
    names: NDArray[np.int64]
    genres: NDArray[np.str_]
    answers: NDArray[np.float64]
    listeners: NDArray[np.int64]
    older: NDArray[np.float64]
    older_listeners: NDArray[np.int64]
    left_out: int
    features: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 0)))

    def __len__(self) -> int:
        return len(self.files)


def derived_axes(answers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return valence and arousal [tracks, 2], -1..1, derived from answers [tracks, 9 or more].

    Nobody rated the axes. Valence is joyful activation less sadness; arousal is the mean of joyful
    activation, power and tension less the mean of calmness and tenderness.
    """

    def felt(*names: str) -> NDArray[np.float64]:
        return answers[:, [GEMS.index(name) for name in names]].mean(axis=1)

    valence = felt("joyful_activation") - felt("sadness")
    arousal = felt("joyful_activation", "power", "tension") - felt("calmness", "tenderness")
    return np.stack([valence, arousal], axis=1)


def load(folder: Path) -> Tracks:
    """Read the tracks that may be trained on.

    Raises
    ------
    InputError
        If annotations or audio are missing or not as published.
    """
    path = Path(folder) / "annotations.csv"
    rows: dict[int, list[tuple[float, ...]]] = defaultdict(list)
    genres: dict[int, str] = {}
    read = left_out = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as content:
            for row in csv.DictReader(content):
                track, age = int(row["track_id"]), float(row["age"])
                answers = [int(row[name]) for name in ANSWERS]
                if not set(answers) <= {0, 1}:
                    raise ValueError("an answer is neither 0 nor 1")
                read += 1
                if track % 5 == 0:
                    continue
                if not YOUNGEST <= age <= OLDEST:
                    left_out += 1
                    continue
                if row["genre"] not in GENRES:
                    raise ValueError(f"{row['genre']} is no genre of this corpus")
                rows[track].append((age, *answers))
                genres[track] = row["genre"]
    except OSError as error:
        raise InputError(f"'{path}' cannot be read: {error.strerror}", _REMEDY) from error
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"row {read + 1} of '{path}' is not as published: {error!r}", _REMEDY
        ) from error
    if not rows:
        raise InputError(f"'{path}' holds no track", _REMEDY)
    names = sorted(rows)
    files = [Path(folder) / "snippets10s" / f"{name:03d}.opus" for name in names]
    for file in files:
        if not file.is_file():
            raise InputError(f"'{file}' is missing", _REMEDY)
    tables = [np.array(rows[name]) for name in names]
    aged = [table[table[:, 0] > OLDER] for table in tables]
    nobody = np.full(len(ANSWERS), np.nan)
    return Tracks(
        files=files,
        names=np.array(names),
        genres=np.array([genres[name] for name in names]),
        answers=np.array([table[:, 1:].mean(axis=0) for table in tables]),
        listeners=np.array([len(table) for table in tables]),
        older=np.array([part[:, 1:].mean(axis=0) if len(part) else nobody for part in aged]),
        older_listeners=np.array([len(part) for part in aged]),
        left_out=left_out,
        features=_features(Path(folder) / "track_features.csv", names),
    )


def _features(path: Path, names: list[int]) -> NDArray[np.float64]:
    """Return the features [tracks, ...] that come with the corpus, in the order of `names`."""
    if not path.is_file():
        return np.empty((0, 0))
    found: dict[int, list[float]] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as content:
            for row in csv.DictReader(content):
                track = int(row.pop("track_id"))
                found[track] = [
                    float(value) for name, value in row.items() if name not in ("genre", "file_no")
                ]
        return np.array([found[name] for name in names])
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"'{path}' is not as published: {error!r}", _REMEDY) from error
