# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""WESAD as tables of measures: rest, stress and amusement in a laboratory (Schmidt et al. 2018).

``wesad_segments_hr_hrv_eda.csv.gz`` holds what others measured in segments of 30 s, one every 15 s
(half of each is in the next: rows never part), of a chest strap and a wristband. The recordings
themselves are not needed.

Its meditation runs from the first of two meditations to the end of the second, with all that lies
between: the stress or the amusement, pauses and questionnaires. Only the length of one meditation
at either end is kept.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora.base import Corpus

NAME = "WESAD"
TABLE = "wesad_segments_hr_hrv_eda.csv.gz"
#: People whose answers are kept apart for an independent test; never learnt from or looked at.
APART = frozenset({4, 9, 14})
#: Samples per second of the chest strap, in which the table counts time.
RATE = 700.0
#: Length of a segment, and of one meditation, a little less than the published 7 minutes [s].
SEGMENT, MEDITATION = 30.0, 390.0
CONDITIONS = ("baseline", "stress", "amusement", "meditation", "none")
NONE = CONDITIONS.index("none")
#: Column -> the name here. Rates are per minute, variability is in ms, conductance in uS.
MEASURES = {
    "Heart_Rate": "heart_rate",
    "SDNN": "sdnn",
    "RMSSD": "rmssd",
    "Wrist_EDA_Mean": "eda_level",
    "Wrist_EDA_Std": "wrist_eda_spread",
    "Wrist_SCR_Count": "wrist_scr_count",
    "Wrist_SCR_Amplitude_Mean": "wrist_scr_amplitude",
    "Chest_EDA_Mean": "chest_eda_level",
    "Chest_EDA_Std": "chest_eda_spread",
    "Chest_SCR_Count": "chest_scr_count",
    "Chest_SCR_Amplitude_Mean": "chest_scr_amplitude",
    "EMG_Std": "emg_spread",
    "BVP_Std": "pulse_spread",
    "Pulse_Rate": "pulse_rate",
}
REMEDY = f"Copy {TABLE} of WESAD again"


def find(folder: Path) -> Path | None:
    """Return the table in a folder or in ``wesad`` below it, None if it is not there."""
    for root in (Path(folder), Path(folder) / "wesad"):
        if (root / TABLE).is_file():
            return root / TABLE
    return None


def load(folder: Path) -> Corpus:
    """Return the segments of every person in order of time.

    Items are [n, 1 + measures]: the end of the segment [s since the recording began] and
    `MEASURES`, NaN where one is missing. A segment that is nothing (a pause, a questionnaire, or
    what is called meditation between the two) has the label `NONE`.

    Raises
    ------
    InputError
        If the table is missing or damaged.
    """
    path = find(Path(folder))
    if path is None:
        raise InputError(f"{folder} has no {TABLE}", "Give the folder of the WESAD tables")
    people, conditions, items = [], [], []
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                people.append(int(row["subject"]))
                conditions.append(row["Condition_Name"])
                measures = [float(row[column] or "nan") for column in MEASURES]
                items.append([int(row["End_Sample"]) / RATE, *measures])
    except (OSError, EOFError, ValueError, KeyError, TypeError, csv.Error, zlib.error) as error:
        raise InputError(f"{path} is damaged: {error!r}", REMEDY) from error
    if not items:
        raise InputError(f"{path} holds no segments", REMEDY)
    who, table = np.array(people), np.array(items)
    kept = ~np.isin(who, list(APART))
    order = np.lexsort((table[:, 0], who))
    order = order[kept[order]]
    who, table = who[order], table[order]
    return Corpus(
        name=NAME,
        source="Schmidt et al. (2018), ICMI, pages 400-408; measures by others",
        licence="scientific, non-commercial",
        items=table,
        labels=_labels(who, table[:, 0], np.array(conditions)[order]),
        classes=CONDITIONS,
        people=who,
    )


def _labels(
    people: NDArray[Any], ends: NDArray[np.float64], conditions: NDArray[Any]
) -> NDArray[np.int64]:
    labels = np.full(len(people), NONE, np.int64)
    for number, name in enumerate(CONDITIONS[:3]):
        labels[conditions == name] = number
    for person in np.unique(people):
        rows = np.flatnonzero((people == person) & (conditions == "meditation"))
        if len(rows):
            first, last = ends[rows].min() - SEGMENT, ends[rows].max()
            inside = (ends[rows] <= first + MEDITATION) | (
                ends[rows] - SEGMENT >= last - MEDITATION
            )
            labels[rows[inside]] = CONDITIONS.index("meditation")
    return labels
