# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""AMIGOS: 40 people watch 16 short and some also 4 long films (Miranda-Correa et al. 2018).

The published preprocessed version has a MATLAB file a person,
``Data_Preprocessed_P01/Data_Preprocessed_P01.mat``: ``joined_data`` is a row of 20 cells of
float64 [samples, 17] at 128 Hz (14 EEG, 2 ECG, 1 GSR; the first 5 s before the film),
``labels_selfassessment`` as many cells of [1, 12]: arousal, valence, dominance, liking,
familiarity, neutral and six emotions. Cells of films that were not seen are empty.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.io import loadmat
from tqdm import tqdm

from emo_music_ros.emotion import from_scale
from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.corpora.trials import DIMENSIONS, Trial

NAME = "AMIGOS"
RATE, REST = 128.0, 5.0
EEG = (
    *("AF3", "F7", "F3", "FC5", "T7", "P7", "O1"),
    *("O2", "P8", "T8", "FC6", "F4", "F8", "AF4"),
)
#: Kind -> columns of the signals.
COLUMNS = {"eeg": tuple(range(14)), "ecg": (14, 15), "eda": (16,)}
NAMES = {"eeg": EEG, "ecg": ("right", "left"), "eda": ("eda",)}
CHANNELS = 17
#: Columns of the self-assessment.
AROUSAL, VALENCE = 0, 1
REMEDY = "Unpack it again from the preprocessed data of the corpus"


def files(folder: Path) -> list[Path]:
    """Return ``Data_Preprocessed_PNN.mat`` below a folder, in order of name."""
    return sorted(folder.rglob("Data_Preprocessed_P[0-9]*.mat"), key=lambda path: path.name)


def read(path: Path) -> list[tuple[NDArray[np.float32], NDArray[np.float64]]]:
    """Return signals [samples, 17] and ratings [12 or more] of every film somebody saw and rated.

    Raises
    ------
    InputError
        If the file cannot be read or has another form.
    """
    wanted = ("joined_data", "labels_selfassessment")
    try:
        content = loadmat(path, variable_names=wanted)
        cells, ratings = (content[name].ravel() for name in wanted)
    except Exception as error:  # scipy raises its own kinds, and any on damaged files
        raise InputError(f"{path} is no AMIGOS recording: {error!r}", REMEDY) from error
    if len(cells) != len(ratings) or cells.dtype != object or ratings.dtype != object:
        raise InputError(f"{path}: films and self-assessments do not match", REMEDY)
    found = []
    for number, (cell, rating) in enumerate(zip(cells, ratings), 1):
        samples, values = np.atleast_2d(cell), np.ravel(rating)
        if samples.size == 0 or values.size == 0:
            continue
        if samples.shape[1] != CHANNELS or values.size < 2:
            raise InputError(
                f"{path}: film {number} has {samples.shape[1]} channels and {values.size} ratings "
                f"in place of {CHANNELS} and 12",
                REMEDY,
            )
        rated = np.isfinite(values[[AROUSAL, VALENCE]].astype(float)).all()
        if rated and len(samples) > (REST + 1) * RATE:
            found.append((samples.astype(np.float32), values.astype(float)))
    return found


def load(folder: Path, item: Callable[[Trial], Any] = lambda trial: trial) -> Corpus:
    """Return all rated films; targets are valence and arousal, -1..1.

    Parameters
    ----------
    folder : pathlib.Path
        With ``Data_Preprocessed_P01.mat`` and so on, or folders of them.
    item : callable
        What is kept of a trial.

    Raises
    ------
    InputError
        If there are no files, or one is damaged.
    """
    paths = files(Path(folder))
    if not paths:
        raise InputError(
            f"{folder} holds no Data_Preprocessed_P01.mat",
            "Give the folder of the preprocessed data of AMIGOS",
        )
    items, targets, people = [], [], []
    for path in tqdm(paths, desc=NAME, mininterval=10, disable=None):
        for samples, ratings in read(path):
            samples = np.nan_to_num(samples)
            signals = {kind: samples[:, columns] for kind, columns in COLUMNS.items()}
            items.append(item(Trial(RATE, REST, signals, NAMES)))
            targets.append(from_scale(ratings[[VALENCE, AROUSAL]], NAME))
            people.append(path.stem.rpartition("_")[2])
    return Corpus(
        name=NAME,
        source="Miranda-Correa et al. (2018), IEEE Trans. Affective Computing 12(2)",
        licence="academic research, by agreement",
        items=items,
        labels=np.array(targets).reshape(-1, 2),
        classes=DIMENSIONS,
        people=np.array(people),
    )
