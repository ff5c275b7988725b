# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Stress-Predict: an Empatica E4 on the wrist through three stressful tasks (Iqbal et al. 2022).

Each person has a folder ``S01``, ``S02``... with the csv files of the device, below the corpus or
``Raw_data``. A table names the seconds of stress: ``Improved_All_Combined_hr_rsp_binary.csv``
(published in ``Processed_data``) or ``hr_rsp_binary.csv``, with the columns participant, heart
rate, respiration rate, unix second, label.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.emotion import STRESS
from emo_music_ros.encoding.physiology.encoder import WINDOW, PhysiologyFeatures, PhysiologyWindow
from emo_music_ros.errors import InputError
from emo_music_ros.io.empatica import read_e4
from emo_music_ros.training.corpora.base import Corpus

NAME = "Stress-Predict"
TABLES = (
    "hr_rsp_binary.csv",
    "Improved_All_Combined_hr_rsp_binary.csv",
    "Processed_data/Improved_All_Combined_hr_rsp_binary.csv",
)
#: Distance of the windows [s].
UPDATE = 10.0


@dataclass(frozen=True)
class Minute:
    """A labelled window: what the encoder sees of it and the share of its seconds with stress."""

    moment: PhysiologyWindow
    share: float
    elapsed: float  # since the first window of the person [s]


def find(folder: Path) -> tuple[Path, Path] | None:
    """Return the table of labels and the folder of the recordings, None if it is not here."""
    for root in (folder, folder / "stress_predict"):
        for name in TABLES:
            if (root / name).is_file():
                raw = root / "Raw_data"
                return root / name, raw if raw.is_dir() else root
    return None


def people(folder: Path) -> Iterator[tuple[str, Path, NDArray[np.float64]]]:
    """Yield name, E4 folder and labelled seconds [n, 2] (unix second, 0 or 1) of every person.

    Raises
    ------
    InputError
        If the table is missing or damaged, or none of its people has recordings.
    """
    found = find(Path(folder))
    if found is None:
        raise InputError(
            f"{folder} has no hr_rsp_binary.csv", "Give the folder of the Stress-Predict corpus"
        )
    path, raw = found
    remedy = "Copy it again from the corpus"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an empty table is told below
            table = np.genfromtxt(path, delimiter=",", skip_header=1, usecols=(0, 3, 4), ndmin=2)
    except (OSError, ValueError) as error:
        raise InputError(f"{path} is damaged: {error}", remedy) from error
    if not len(table) or not np.isfinite(table).all() or not np.isin(table[:, 2], (0, 1)).all():
        raise InputError(f"{path} has rows without participant, time or label 0 or 1", remedy)
    any_recorded = False
    for number in np.unique(table[:, 0]).astype(int):
        name = f"S{number:02d}"
        if (raw / name).is_dir():
            any_recorded = True
            yield name, raw / name, table[table[:, 0] == number, 1:]
    if not any_recorded:
        raise InputError(f"{raw} holds no recordings (S01, S02...)", "Copy Raw_data beside them")


def load(folder: Path, update: float = UPDATE) -> Corpus:
    """Return the windows of 60 s that end every `update` seconds; items are `Minute`.

    A window counts as stress if most of its labelled seconds do; less than half a minute of labels
    or no usable signal leaves it out.

    Raises
    ------
    InputError
        If the corpus is not there or damaged.
    """
    items, who = [], []
    for name, recording, seconds in people(folder):
        features = PhysiologyFeatures(update)
        first = float("nan")
        for block in read_e4(recording):
            for moment in features.push(block):
                first = moment.time if np.isnan(first) else first
                inside = (seconds[:, 0] >= moment.time - WINDOW) & (seconds[:, 0] < moment.time)
                if inside.sum() < WINDOW / 2 or not moment.mask.any():
                    continue
                items.append(Minute(moment, float(seconds[inside, 1].mean()), moment.time - first))
                who.append(name)
    return Corpus(
        name=NAME,
        source="Iqbal et al. (2022), Sensors 22(21) 8135",
        licence="MIT",
        items=items,
        labels=np.array([item.share >= 0.5 for item in items], np.int64),
        classes=STRESS,
        people=np.array(who),
    )
