# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What a piece of music sounds like, as a track with its content vector."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np

from emo_music_ros.errors import InputError
from emo_music_ros.io.loudness import Measured, measure
from emo_music_ros.names import shown
from emo_music_ros.recommendation.library.files import refuse_truncated_ogg
from emo_music_ros.streams import FloatArray, MusicDescription, Track

log = logging.getLogger(__name__)

#: Changes whenever an analysis means something else than before.
ANALYSIS = "2"
#: What `Track.features` holds, each about -1..1.
FEATURES = (
    "tempo",
    "mode",
    "energy",
    "valence",
    "arousal",
    "dominance",
    *(f"timbre_{i}" for i in range(13)),
    *(f"chroma_from_tonic_{i}" for i in range(12)),
)
#: Typical mean and spread of the MFCC of music: puts `timbre_*` on about -1..1.
_TIMBRE_MEAN = np.array([-240.0, 120, -5, 25, 5, 8, 2, 4, 1, 2, 0, 1, 0])
_TIMBRE_SPREAD = np.array([200.0, 80, 50, 40, 30, 25, 25, 20, 20, 20, 20, 20, 20])


class Analyser(Protocol):
    """Listens to a whole file; the music encoder is one.

    Attributes
    ----------
    version : str
        Changes whenever it may describe the same file differently.
    """

    version: str

    def describe(self, path: Path) -> MusicDescription:
        """Return what a file sounds like.

        Raises
        ------
        InputError
            If it holds no sound that can be decoded.
        """
        ...


def version_of(analyser: Analyser) -> str:
    """Return what changes whenever the same file may become another track."""
    return f"{ANALYSIS}.{analyser.version}"


def describe(path: Path, track_id: str, analyser: Analyser) -> Track:
    """Analyse one file; title, artist and genre stay empty.

    Raises
    ------
    InputError
        If it holds no sound that can be decoded, is truncated or silent.
    """
    refuse_truncated_ogg(path)
    heard = analyser.describe(path)
    mood = heard.estimate
    if not len(mood.probabilities):
        raise InputError(f"'{path}' is silent", "Replace the file or remove it")
    loud = _loudness(path)
    track = Track(
        track_id,
        "",
        loudness=loud.integrated,
        loudest=loud.loudest,
        peak=loud.peak,
        duration=heard.duration,
        tempo=heard.tempo,
        mode=heard.mode,
        energy=heard.energy,
        valence=mood.valence,
        arousal=mood.arousal,
        dominance=mood.dominance,
    )
    return replace(track, features=content_vector(track, heard.timbre, heard.harmony))


def _loudness(path: Path) -> Measured:
    """Return how loud a file is; where it cannot be measured it is not known, and played softly."""
    try:
        return measure(path)
    except InputError as error:
        log.warning("the loudness of '%s' is not known: %s", shown(path), error)
        return Measured()


def content_vector(track: Track, timbre: FloatArray, harmony: FloatArray) -> FloatArray:
    """Return float32 [len(FEATURES)] of a track, its MFCC [13] and chroma [12] from the tonic."""
    rhythm = np.log2(track.tempo / 120) if track.tempo > 0 else 0.0
    return np.concatenate(
        [
            [np.clip(rhythm, -1, 1), track.mode, 2 * track.energy - 1],
            [track.valence, track.arousal, track.dominance],
            np.clip((timbre - _TIMBRE_MEAN) / _TIMBRE_SPREAD, -1, 1),
            2 * harmony - 1,
        ]
    ).astype(np.float32)
