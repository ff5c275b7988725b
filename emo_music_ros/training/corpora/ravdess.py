# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""RAVDESS speech: 24 actors say two sentences in eight emotions (Livingstone & Russo, 2018).

The published files are ``Actor_NN/03-01-EE-II-SS-RR-AA.wav``: modality 03 (audio only), channel 01
(speech), emotion EE 01..08, intensity II, statement SS, repetition RR, actor AA (odd: men).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tqdm import tqdm

from emo_music_ros.emotion import RAVDESS
from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.corpora.recordings import voice


def files(folder: Path) -> list[Path]:
    """Return the speech files below a folder, or below ``ravdess`` in it, in order of name."""
    root = folder / "ravdess" if (folder / "ravdess").is_dir() else folder
    found = [path for kind in ("wav", "flac") for path in root.rglob(f"03-01-*.{kind}")]
    return sorted(found, key=lambda path: path.name)


def load(folder: Path) -> Corpus:
    """Return all speech recordings below a folder; items are float32 [samples] at 16 kHz.

    ``.flac`` is read beside the published ``.wav``; song (03-02) and video are left out.

    Raises
    ------
    InputError
        If there are none, or one has an odd name, occurs twice or cannot be read.
    """
    paths = files(folder)
    if not paths:
        raise InputError(
            f"{folder} holds no RAVDESS speech (03-01-*.wav or .flac)",
            "Give the folder with Actor_01, Actor_02 and so on",
        )
    codes = [_code(path) for path in paths]
    stems = [path.stem for path in paths]
    twice = next((one for one, two in zip(stems, stems[1:]) if one == two), None)
    if twice is not None:
        raise InputError(f"{folder} holds {twice} twice", "Keep one copy of every recording")
    actors = np.array([code[6] for code in codes])
    return Corpus(
        name="RAVDESS speech",
        source="Livingstone & Russo (2018), PLoS ONE 13(5) e0196391",
        licence="CC BY-NC-SA 4.0",
        items=[voice(path) for path in tqdm(paths, desc="RAVDESS", mininterval=10, disable=None)],
        labels=np.array([code[2] - 1 for code in codes], np.int64),
        classes=RAVDESS,
        people=actors,
        unit="actors",
        groups={
            "sex": np.where(actors % 2 == 1, "male", "female"),
            "intensity": np.where([code[3] == 2 for code in codes], "strong", "normal"),
        },
    )


def _code(path: Path) -> list[int]:
    """Return the seven numbers of a file name."""
    parts = path.stem.split("-")
    if len(parts) != 7 or not all(len(part) == 2 and part.isdecimal() for part in parts):
        raise InputError(
            f"{path} is not named as in RAVDESS (03-01-EE-II-SS-RR-AA)", "Restore its name"
        )
    code = [int(part) for part in parts]
    if not 1 <= code[2] <= len(RAVDESS) or not 1 <= code[6] <= 24:
        raise InputError(
            f"{path}: emotion {code[2]} or actor {code[6]} does not exist in RAVDESS",
            "Restore its name",
        )
    return code
