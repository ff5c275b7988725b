# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Muse recordings of three people in three states of mind (Bird et al. 2018).

Files are ``<person>-<state>-<take>.csv`` with the columns timestamps, TP9, AF7, AF8, TP10.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from emo_music_ros.encoding.eeg.encoder import LABELS, EegFeatures
from emo_music_ros.errors import InputError
from emo_music_ros.io.muse import read_muse
from emo_music_ros.training.corpora.base import Corpus

NAME = "Muse mental state"


def files(folder: Path) -> list[Path]:
    """Return the takes of a folder, or of ``muse_mental_state`` in it, in order of name."""
    for inner in (folder, folder / "muse_mental_state"):
        found = sorted(
            path
            for path in inner.glob("*-*-*.csv")
            if len(path.stem.split("-")) == 3 and path.stem.split("-")[1] in LABELS
        )
        if found:
            return found
    return []


def load(folder: Path, update: float = 1.0) -> Corpus:
    """Return the usable windows of 4 s, one every `update` seconds; items are `EegWindow`.

    Raises
    ------
    InputError
        If there are no takes, or one cannot be read.
    """
    paths = files(Path(folder))
    if not paths:
        raise InputError(
            f"no <person>-<state>-<take>.csv in {folder}",
            "Give the folder of the Muse mental-state recordings",
        )
    items, labels, people = [], [], []
    for path in paths:
        person, state, _ = path.stem.split("-")
        features = EegFeatures(update)
        for block in read_muse(path):
            for moment in features.push(block):
                if np.isfinite(moment.spectrum.measures).all():
                    items.append(moment)
                    labels.append(LABELS.index(state))
                    people.append(person)
    return Corpus(
        name=NAME,
        source="Bird et al. (2018), IEEE Intelligent Systems",
        licence="research only",
        items=items,
        labels=np.array(labels, np.int64),
        classes=LABELS,
        people=np.array(people),
    )
