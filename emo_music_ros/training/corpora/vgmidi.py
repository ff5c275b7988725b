# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""VGMIDI: piano music of video games with what listeners heard in it (Ferreira & Whitehead 2019).

The folder holds ``labels.csv`` (file, piece, game, valence, arousal; signs -1 or 1 of a phrase),
``listeners.json`` (continuous ratings -1..1, one a measure, with age band and sex) and the MIDI
files of both. Titles of one series of games share composers and sounds, so a row belongs to its
series, the first word of its file name.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros import emotion
from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora.base import Corpus

SOURCE = "Ferreira & Whitehead (2019), Learning to Generate Music with Sentiment, ISMIR"
LICENCE = "research; the pieces are commercial compositions"
AXES = ("valence", "arousal")
#: Ages from which a listener counts as older.
OLDER = ("55-60", "61-65", "66-70", "71-75", "76-80", "81-85")
#: Group of listeners -> field of a listener, its values.
GROUPS = {
    "listeners from 55 years": ("age", OLDER),
    "women": ("gender", ("Female",)),
    "men": ("gender", ("Male",)),
}
#: Ratings of fewer listeners of a group than this are no mean.
LEAST = 2
_REMEDY = "Give the folder that holds labels.csv and listeners.json of VGMIDI"


@dataclass(frozen=True)
class Pieces:
    """Whole pieces with ratings over time.

    Attributes
    ----------
    files : list of pathlib.Path
        MIDI files.
    series : numpy.ndarray
        Series of games [pieces].
    durations : list of float
        Length in seconds.
    ratings : list of numpy.ndarray
        Mean valence and arousal [measures, 2] of the listeners, -1..1.
    groups : dict of str to list of numpy.ndarray
        That of each group of listeners of :data:`GROUPS`; NaN where they are fewer than two.
    listeners : int
        Listening sessions in all.
    """

    files: list[Path]
    series: NDArray[np.str_]
    durations: list[float]
    ratings: list[NDArray[np.float64]]
    groups: dict[str, list[NDArray[np.float64]]]
    listeners: int


def load(folder: Path) -> Corpus:
    """Read the labelled phrases.

    Returns
    -------
    Corpus
        Items are the MIDI files, labels the quadrants of :data:`emo_music_ros.emotion.QUADRANTS`,
        `people` the series.

    Raises
    ------
    InputError
        If a file is missing or not as published.
    """
    path = Path(folder) / "labels.csv"
    files: list[Path] = []
    labels: list[int] = []
    try:
        with path.open(encoding="utf-8", newline="") as content:
            for row in csv.DictReader(content):
                pleasant, active = (_sign(row[axis]) for axis in AXES)
                files.append(Path(folder) / row["file"])
                labels.append(2 * (not pleasant) + (not active))
    except OSError as error:
        raise InputError(f"'{path}' cannot be read: {error.strerror}", _REMEDY) from error
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"row {len(files) + 1} of '{path}' is not as published: {error!r}", _REMEDY
        ) from error
    if not files:
        raise InputError(f"'{path}' holds no phrase", _REMEDY)
    _require(files)
    return Corpus(
        name="VGMIDI phrases",
        source=SOURCE,
        licence=LICENCE,
        items=files,
        labels=np.array(labels, np.int64),
        classes=emotion.QUADRANTS,
        people=_series(files),
        unit="series",
    )


def load_pieces(folder: Path) -> Pieces:
    """Read the whole pieces and what their listeners rated.

    Raises
    ------
    InputError
        If a file is missing or not as published.
    """
    path = Path(folder) / "listeners.json"
    try:
        content = json.loads(path.read_text("utf-8"))
        pieces = content["pieces"]
        files = [Path(folder) / "pieces" / piece["midi"] for piece in pieces.values()]
        durations = [float(piece["duration"]) for piece in pieces.values()]
        rows = [content["listeners"][name] for name in pieces]
        ratings = [_mean(people) for people in rows]
        groups = {
            name: [
                _mean([person for person in people if person[field] in values], LEAST, rating)
                for people, rating in zip(rows, ratings, strict=True)
            ]
            for name, (field, values) in GROUPS.items()
        }
    except OSError as error:
        raise InputError(f"'{path}' cannot be read: {error.strerror}", _REMEDY) from error
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"'{path}' is not as published: {error!r}", _REMEDY) from error
    _require(files)
    return Pieces(
        files=files,
        series=_series(files),
        durations=durations,
        ratings=ratings,
        groups=groups,
        listeners=sum(len(people) for people in rows),
    )


def _sign(text: str) -> bool:
    value = int(text)
    if value not in (-1, 1):
        raise ValueError(f"{text} is neither -1 nor 1")
    return value > 0


def _series(files: Sequence[Path]) -> NDArray[np.str_]:
    return np.array([file.name.split("_")[0] for file in files])


def _require(files: Sequence[Path]) -> None:
    for file in files:
        if not file.is_file():
            raise InputError(f"'{file}' is missing", _REMEDY)


def _mean(
    people: Sequence[dict[str, Any]], least: int = 1, like: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Return the mean valence and arousal [measures, 2]; NaN, shaped as `like`, of too few."""
    if like is not None and len(people) < least:
        return np.full_like(like, np.nan)
    measures = max(len(person[axis]) for person in people for axis in AXES)
    table = np.full((len(people), measures, 2), np.nan)
    for row, person in zip(table, people, strict=True):
        for column, axis in enumerate(AXES):
            row[: len(person[axis]), column] = person[axis]
    known = np.isfinite(table)
    total = np.where(known, table, 0).sum(axis=0)
    return total / np.where(known.any(axis=0), known.sum(axis=0), np.nan)  # type: ignore[no-any-return]
