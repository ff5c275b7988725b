# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The faces of RAVDESS speech as action units: means over a clip of what OpenFace measured.

``ravdess_au_mean.csv`` has a row for every clip: 17 intensities (``AUxx_r_mean``, 0..5), 18
presences (``AUxx_c_mean``, 0..1), and ``audio_clip``, the name of the recording of the same take.
Extracted from the RAVDESS facial landmark tracking data (Swanson, Livingstone & Russo 2019).
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from emo_music_ros.emotion import RAVDESS
from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora.base import Corpus

NAME = "ravdess_au_mean.csv"
REMEDY = "Give the folder with ravdess_face_au/ravdess_au_mean.csv"
#: Columns of action units begin so.
UNIT = "AU"


def find(folder: Path) -> Path | None:
    """Return the file below a folder, None if there is none."""
    places = (folder, folder / "ravdess_face_au", folder / "multimodal" / "ravdess_face_au")
    return next((place / NAME for place in places if (place / NAME).is_file()), None)


def load(folder: Path) -> tuple[Corpus, list[str]]:
    """Return the action units of all clips, and the name of the recording of each take.

    Items are float64 [n, 35].

    Raises
    ------
    InputError
        If the file is missing, lacks a column or holds what is no number.
    """
    path = find(folder)
    if path is None:
        raise InputError(f"{folder} holds no {NAME}", REMEDY)
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        units = [name for name in rows[0] if name.startswith(UNIT)]
        items = np.array([[float(row[name]) for name in units] for row in rows])
        labels = np.array([int(row["audio_clip"].split("-")[2]) - 1 for row in rows], np.int64)
        actors = np.array([int(row["actor"]) for row in rows])
        clips = [row["audio_clip"] for row in rows]
    except (OSError, UnicodeDecodeError, IndexError, KeyError, ValueError, TypeError) as error:
        raise InputError(f"{path} is not as published: {error!r}", "Restore it") from error
    if not units or not np.isfinite(items).all() or len(set(clips)) != len(clips):
        raise InputError(f"{path} lacks action units, or has a clip twice", "Restore it")
    corpus = Corpus(
        name="RAVDESS faces",
        source="Livingstone & Russo (2018); action units by OpenFace (Baltrušaitis et al. 2018)",
        licence="CC BY-NC-SA 4.0",
        items=items,
        labels=labels,
        classes=RAVDESS,
        people=actors,
        unit="actors",
        groups={"sex": np.where(actors % 2 == 1, "male", "female")},
    )
    return corpus, clips
