# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""EMO-DB: ten German actors say ten sentences in seven emotions (Burkhardt et al., 2005).

The published files are ``wav/SSTTTEv.wav``: speaker SS, text TTT, emotion E (a German letter) and
version v.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from tqdm import tqdm

from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.corpora.recordings import voice

#: Letter in the file name -> emotion. Boredom has no counterpart among RAVDESS' classes.
LETTERS = {
    "N": "neutral",
    "F": "happiness",
    "T": "sadness",
    "W": "anger",
    "A": "fear",
    "E": "disgust",
    "L": "boredom",
}
MEN = ("03", "10", "11", "12", "15")
WOMEN = ("08", "09", "13", "14", "16")
NAME = re.compile(r"(\d\d)([ab]\d\d)([A-Z])([a-z])")


def files(folder: Path) -> list[Path]:
    """Return the recordings of EMO-DB below a folder, ``.wav`` or ``.flac``, in order of name."""
    paths = [path for kind in ("wav", "flac") for path in folder.rglob(f"*.{kind}")]
    found = [path for path in paths if NAME.fullmatch(path.stem)]
    return sorted(found, key=lambda path: path.name)


def load(folder: Path, boredom: bool = False) -> Corpus:
    """Return all recordings below a folder; items are float32 [samples] at 16 kHz.

    Parameters
    ----------
    folder : pathlib.Path
        Any folder above the recordings.
    boredom : bool
        Whether to keep the recordings of boredom.

    Raises
    ------
    InputError
        If there are none, or one names an unknown speaker or emotion or cannot be read.
    """
    kept: list[tuple[Path, str, str]] = []
    for path in files(folder):
        speaker, _, letter, _ = NAME.fullmatch(path.stem).groups()  # type: ignore[union-attr]
        if letter not in LETTERS or speaker not in MEN + WOMEN:
            raise InputError(
                f"{path}: speaker {speaker} or emotion {letter} does not exist in EMO-DB",
                "Restore its name",
            )
        if boredom or LETTERS[letter] != "boredom":
            kept.append((path, speaker, LETTERS[letter]))
    if not kept:
        raise InputError(
            f"{folder} holds no recordings of EMO-DB (such as 03a01Fa.wav)",
            "Give the folder with wav",
        )
    classes = tuple(name for name in LETTERS.values() if boredom or name != "boredom")
    return Corpus(
        name="EMO-DB",
        source="Burkhardt et al. (2005), Interspeech 2005",
        licence="free for research",
        items=[voice(row[0]) for row in tqdm(kept, desc="EMO-DB", mininterval=10, disable=None)],
        labels=np.array([classes.index(row[2]) for row in kept], np.int64),
        classes=classes,
        people=np.array([row[1] for row in kept]),
        unit="actors",
        groups={"sex": np.array(["male" if row[1] in MEN else "female" for row in kept])},
    )
