# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Voices that a table lists: EMOVO, or any corpus brought into this form.

The folder holds ``index.csv`` with the columns ``file`` (below ``audio`` or the folder itself),
``speaker``, ``gender`` (female, male), ``language`` (such as it) and ``emotion``, and may hold
``age`` [years] and ``name`` of the corpus; further columns are ignored.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from tqdm import tqdm

from emo_music_ros.emotion import RAVDESS, canonical
from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.corpora.recordings import voice

TABLE = "index.csv"
NEEDED = ("file", "speaker", "gender", "language", "emotion")
#: What is known of corpora by the name of their folder: name, source, licence.
KNOWN = {
    "emovo": (
        "EMOVO",
        "Costantini et al. (2014), EMOVO corpus: an Italian emotional speech database",
        "free for research",
    ),
}


def load(folder: Path) -> Corpus:
    """Return the recordings with an emotion of RAVDESS; items are float32 [samples] at 16 kHz.

    Raises
    ------
    InputError
        If there is no such table, or a row names no file, speaker or emotion.
    """
    path = folder / TABLE
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, ValueError, csv.Error) as error:
        raise InputError(
            f"{path} cannot be read: {error}", f"Give a folder with {TABLE}"
        ) from error
    missing = [name for name in NEEDED if not rows or name not in rows[0]]
    if missing:
        raise InputError(f"{path} has no column {missing[0]}", f"It needs {', '.join(NEEDED)}")
    kept = []
    for line, row in enumerate(rows, 2):
        found = [place for place in (folder / "audio", folder) if (place / row["file"]).is_file()]
        if not (row["file"] and found and row["speaker"]):
            raise InputError(
                f"{path}, line {line}: speaker {row['speaker']!r} or file {row['file']!r} is not"
                " there",
                "Restore the recording, or remove the row",
            )
        try:
            emotion = canonical(row["emotion"])
        except KeyError as error:
            raise InputError(
                f"{path}, line {line}: emotion {row['emotion']!r} is not known",
                "Write it in English, such as anger or boredom",
            ) from error
        if emotion in RAVDESS:
            kept.append((found[0] / row["file"], row, RAVDESS.index(emotion)))
    if not kept:
        raise InputError(
            f"{path} lists no emotion of {', '.join(RAVDESS)}", "Rename the emotions in the table"
        )
    name, source, licence = KNOWN.get(
        folder.name.lower(), (folder.name, f"listed in {TABLE}", "not known")
    )
    return Corpus(
        name=name,
        source=source,
        licence=licence,
        items=[voice(row[0]) for row in tqdm(kept, desc=name, mininterval=10, disable=None)],
        labels=np.array([row[2] for row in kept], np.int64),
        classes=RAVDESS,
        people=np.array([row[1]["speaker"] for row in kept]),
        unit="speakers",
        groups={
            "sex": np.array([row[1]["gender"] or "not known" for row in kept]),
            "language": np.array([row[1]["language"] or "not known" for row in kept]),
        },
    )
