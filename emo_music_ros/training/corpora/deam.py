# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""DEAM: excerpts of songs with valence and arousal (Aljanaki, Yang & Soleymani 2017).

The folder holds, at any depth as the published archives unpack,
``static_annotations_averaged_songs_1_2000.csv`` (and ``..._2000_2058.csv``) with the columns
``song_id, valence_mean, valence_std, arousal_mean, arousal_std`` (a blank after every comma of the
header) on a scale of 1..9, and ``MEMD_audio/<song_id>.mp3``.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora.base import Corpus

SOURCE = "Aljanaki, Yang & Soleymani (2017), Developing a benchmark for emotional analysis of music"
LICENCE = "CC BY-NC 4.0"
AXES = ("valence", "arousal")
_ANNOTATIONS = "static_annotations_averaged_songs_*.csv"
_REMEDY = "Unpack DEAM_Annotations.zip and DEAM_audio.zip of the published corpus into one folder"


def load(folder: Path) -> Corpus:
    """Read the songs and their mean ratings.

    Returns
    -------
    Corpus
        Items are the audio files, labels float [songs, 2] valence and arousal, -1..1; `people` are
        the songs.

    Raises
    ------
    InputError
        If annotations or audio are missing or not as published.
    """
    folder = Path(folder)
    tables = sorted(folder.rglob(_ANNOTATIONS))
    if not tables:
        raise InputError(f"there is no {_ANNOTATIONS} below '{folder}'", _REMEDY)
    audio = {path.stem: path for path in folder.rglob("MEMD_audio/*.mp3")}
    songs: dict[str, tuple[float, float]] = {}
    for table in tables:
        songs |= _read(table)
    missing = [song for song in songs if song not in audio]
    if missing:
        raise InputError(
            f"{len(missing)} of {len(songs)} songs have no audio, the first is "
            f"MEMD_audio/{missing[0]}.mp3",
            _REMEDY,
        )
    return Corpus(
        name="DEAM",
        source=SOURCE,
        licence=LICENCE,
        items=[audio[song] for song in songs],
        labels=np.array(list(songs.values())),
        classes=AXES,
        people=np.array(list(songs)),
        unit="songs",
    )


def _read(table: Path) -> dict[str, tuple[float, float]]:
    """Return song -> valence and arousal, -1..1."""
    found: dict[str, tuple[float, float]] = {}
    try:
        with table.open(encoding="utf-8-sig", newline="") as content:
            for row in csv.DictReader(content, skipinitialspace=True):
                song = str(int(row["song_id"]))
                valence, arousal = ((float(row[f"{axis}_mean"]) - 5) / 4 for axis in AXES)
                if not (abs(valence) <= 1 and abs(arousal) <= 1):
                    raise ValueError("a rating is outside of 1..9")
                found[song] = (valence, arousal)
    except OSError as error:
        raise InputError(f"'{table}' cannot be read: {error.strerror}", _REMEDY) from error
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"row {len(found) + 1} of '{table}' is not as published: {error!r}", _REMEDY
        ) from error
    if not found:
        raise InputError(f"'{table}' holds no song", _REMEDY)
    return found
