# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""CMU-MOSI: opinions on films, voice and words of 62 speakers (Zadeh et al. 2016).

``index.csv`` has a row for every utterance (``speaker_video``, ``positive`` 0/1, ``transcript``),
``features.npz`` the features of the same rows: ``audio`` [n, 73] (openSMILE). Its ``video`` and
``text`` are left alone: they are the last layers of networks that learnt these very labels, and a
linear classifier on them is right in .92 and .98 of the utterances of speakers it never saw.
"""

from __future__ import annotations

import csv
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.emotion import POLARITY
from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora.base import Corpus

FILES = ("index.csv", "features.npz")


def find(folder: Path) -> Path | None:
    """Return the folder of the corpus, `folder` or one below, None if there is none."""
    places = (folder, folder / "cmu_mosi", folder / "multimodal" / "cmu_mosi")
    return next((one for one in places if all((one / name).is_file() for name in FILES)), None)


def load(folder: Path) -> tuple[Corpus, NDArray[np.float64]]:
    """Return the utterances, items are their words, with the sign of valence; and voices [n, 73].

    Raises
    ------
    InputError
        If a file is missing or they do not fit together.
    """
    place = find(folder)
    if place is None:
        raise InputError(
            f"{folder} holds no CMU-MOSI", f"Give the folder with {' and '.join(FILES)}"
        )
    try:
        with (place / FILES[0]).open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        labels = np.array([int(row["positive"]) for row in rows], np.int64)
        people = np.array([row["speaker_video"] for row in rows])
        words = [row["transcript"] for row in rows]
        with np.load(place / FILES[1], allow_pickle=False) as kept:
            voices: NDArray[np.float64] = np.nan_to_num(kept["audio"].astype(float))
    except (OSError, UnicodeDecodeError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise InputError(f"{place} is not as published: {error!r}", "Restore it") from error
    if len(voices) != len(rows):
        raise InputError(f"{place}: index and features differ in length", "Restore it")
    corpus = Corpus(
        name="CMU-MOSI",
        source="Zadeh et al. (2016), IEEE Intelligent Systems 31(6)",
        licence="research only",
        items=words,
        labels=labels,
        classes=POLARITY,
        people=people,
        unit="speakers",
    )
    return corpus, voices
