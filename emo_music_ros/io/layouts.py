# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Which layout a CSV file of physiology has, and reading it."""

from __future__ import annotations

from pathlib import Path

from emo_music_ros.errors import InputError
from emo_music_ros.io import empatica, muse
from emo_music_ros.io.signals import Signal
from emo_music_ros.io.tables import rated_signal, read_table
from emo_music_ros.streams import UNITS

#: File name without ending, in lower case -> kind.
STEMS = {**{kind: kind for kind in UNITS}, **empatica.KINDS, "resp": "respiration", "muse": "eeg"}


def kind_of(path: Path) -> str:
    """Return the kind of signal a CSV file holds, by its name or by Muse's columns; or empty."""
    kind = STEMS.get(path.stem.lower(), "")
    if kind:
        return kind
    try:
        return "eeg" if muse.recognised(read_table(path)) else ""
    except InputError:
        return ""


def read_signal(path: Path, kind: str) -> Signal:
    """Read a CSV file of one kind of signal.

    Three layouts are known: ``# rate: 64`` (and optionally ``# unit: uS``), then a row of
    channel names, then numbers; an Empatica E4 export (start time, rate, numbers); and a Muse
    recording (``timestamps,TP9,...``). Fields that are no numbers become NaN.

    Raises
    ------
    InputError
        If the file cannot be read, names no rate, lacks a column or has no samples.
    """
    table = read_table(path)
    if muse.recognised(table):
        return muse.muse_signal(table, kind)
    if empatica.recognised(table):
        return empatica.e4_signal(table, kind)
    return rated_signal(table, kind)
