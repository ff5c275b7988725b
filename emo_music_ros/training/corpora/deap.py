# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""DEAP: 32 people watch 40 music videos each (Koelstra et al. 2012).

The published Python version is a folder of pickles of Python 2, ``s01.dat`` to ``s32.dat``: a
dictionary with ``data`` float64 [40 trials, 40 channels, 8064 samples] at 128 Hz, the first 3 s
before the video, and ``labels`` float64 [40, 4]: valence, arousal, dominance, liking, 1..9.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from emo_music_ros.emotion import from_scale
from emo_music_ros.errors import InputError
from emo_music_ros.io.pickles import ArraysOnly
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.corpora.trials import DIMENSIONS, Trial

NAME = "DEAP"
RATE, REST = 128.0, 3.0
EEG = (
    *("Fp1", "AF3", "F3", "F7", "FC5", "FC1", "C3", "T7", "CP5", "CP1", "P3", "P7", "PO3", "O1"),
    *("Oz", "Pz", "Fp2", "AF4", "Fz", "F4", "F8", "FC6", "FC2", "Cz", "C4", "T8", "CP6", "CP2"),
    *("P4", "P8", "PO4", "O2"),
)
#: Kind -> column of the peripheral channels that are used.
PERIPHERAL = {"eda": 36, "respiration": 37, "ppg": 38, "temperature": 39}
CHANNELS = 40
REMEDY = "Copy it again from data_preprocessed_python of the corpus"


def files(folder: Path) -> list[Path]:
    """Return ``sNN.dat`` of a folder, or of ``data_preprocessed_python`` or ``deap`` in it."""
    for inner in (folder, folder / "data_preprocessed_python", folder / "deap"):
        found = sorted(inner.glob("s[0-9][0-9].dat"))
        if found:
            return found
    return []


def read(path: Path) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return data [trials, 40, samples] and labels [trials, 4] of one person.

    Raises
    ------
    InputError
        If the file cannot be read, holds anything but arrays, or has another shape.
    """
    try:
        with path.open("rb") as file:
            content = ArraysOnly(file, encoding="latin1").load()
        data = np.asarray(content["data"], np.float32)
        labels = np.asarray(content["labels"], float)
    except (
        *(OSError, EOFError, pickle.UnpicklingError, KeyError, IndexError),
        *(AttributeError, ImportError, TypeError, ValueError),
    ) as error:
        raise InputError(f"{path} is no DEAP recording: {error!r}", REMEDY) from error
    fits = data.ndim == 3 and labels.shape == (len(data), 4) and data.shape[1] == CHANNELS
    if not fits or data.shape[2] <= (REST + 1) * RATE:
        raise InputError(
            f"{path} holds data {data.shape} and labels {labels.shape} in place of "
            f"(40, {CHANNELS}, 8064) and (40, 4)",
            REMEDY,
        )
    if not np.isfinite(labels).all():
        raise InputError(f"{path} has trials without ratings", REMEDY)
    return data, labels


def load(folder: Path, item: Callable[[Trial], Any] = lambda trial: trial) -> Corpus:
    """Return all trials; targets are valence and arousal, -1..1.

    Parameters
    ----------
    folder : pathlib.Path
        With ``s01.dat`` and so on.
    item : callable
        What is kept of a trial. All signals of all people need 1.7 GB.

    Raises
    ------
    InputError
        If there are no files or one is damaged.
    """
    paths = files(Path(folder))
    if not paths:
        raise InputError(
            f"{folder} holds no s01.dat", "Give the folder data_preprocessed_python of DEAP"
        )
    items, targets, people = [], [], []
    for path in tqdm(paths, desc=NAME, mininterval=10, disable=None):
        data, labels = read(path)
        for samples, ratings in zip(data, labels):
            signals = {"eeg": samples[: len(EEG)].T}
            signals |= {kind: samples[[column]].T for kind, column in PERIPHERAL.items()}
            names = {"eeg": EEG} | {kind: (kind,) for kind in PERIPHERAL}
            items.append(item(Trial(RATE, REST, signals, names)))
            targets.append(from_scale(ratings[:2], NAME))
            people.append(path.stem)
    return Corpus(
        name=NAME,
        source="Koelstra et al. (2012), IEEE Trans. Affective Computing 3(1)",
        licence="academic research, by agreement",
        items=items,
        labels=np.array(targets),
        classes=DIMENSIONS,
        people=np.array(people),
    )
