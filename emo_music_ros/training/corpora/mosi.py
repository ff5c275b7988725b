"""CMU-MOSI: opinions on films, voice, face and words of 62 speakers (Zadeh et al. 2016).

``index.csv`` has a row for every utterance (``speaker_video``, ``positive`` 0/1), ``features.npz``
the features of the same rows: ``audio`` [n, 73] (openSMILE), ``video`` [n, 100], ``text`` [n, 100].
"""

from __future__ import annotations

import csv
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.emotion import POLARITY
from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora.base import Corpus

FILES = ("index.csv", "features.npz")
#: Name of the features -> modality.
MODALITIES = {"video": "face", "audio": "voice", "text": "words"}


def find(folder: Path) -> Path | None:
    """Return the folder of the corpus, `folder` or one below, None if there is none."""
    places = (folder, folder / "cmu_mosi", folder / "multimodal" / "cmu_mosi")
    return next((one for one in places if all((one / name).is_file() for name in FILES)), None)


def load(folder: Path) -> tuple[Corpus, dict[str, NDArray[np.float64]]]:
    """Return the sign of valence of every utterance, and features [n, k] by modality.

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
        with np.load(place / FILES[1], allow_pickle=False) as kept:
            found: dict[str, NDArray[Any]] = {
                modality: np.nan_to_num(kept[name].astype(float))
                for name, modality in MODALITIES.items()
            }
    except (OSError, UnicodeDecodeError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise InputError(f"{place} is not as published: {error!r}", "Restore it") from error
    if any(len(table) != len(rows) for table in found.values()):
        raise InputError(f"{place}: index and features differ in length", "Restore it")
    corpus = Corpus(
        name="CMU-MOSI",
        source="Zadeh et al. (2016), IEEE Intelligent Systems 31(6)",
        licence="research only",
        items=np.arange(len(rows)),
        labels=labels,
        classes=POLARITY,
        people=people,
        unit="speakers",
    )
    return corpus, found
