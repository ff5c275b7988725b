# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Listens as columns: who heard what, when, in which situation, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]

#: Measures of a track: those of Spotify, then those of openSMILE, as SiTunes names them.
CONTENT = (
    "popularity",
    "loudness",
    "danceability",
    "energy",
    "key",
    "speechiness",
    "acousticness",
    "instrumentalness",
    "valence",
    "tempo",
    "duration",
    "F0final_sma_amean",
    "F0final_sma_stddev",
    "audspec_lengthL1norm_sma_stddev",
    "pcm_RMSenergy_sma_stddev",
    "pcm_fftMag_psySharpness_sma_amean",
    "pcm_fftMag_psySharpness_sma_stddev",
    "pcm_zcr_sma_amean",
    "pcm_zcr_sma_stddev",
)
GENRES = (
    *("alternative", "country", "electronic", "hip-hop", "indie", "jazz", "metal", "new age"),
    *("other", "pop", "reggae", "rnb", "rock"),
)
#: Measures of the half hour before a listen, then time of day and weather.
SITUATION = (
    *("heart rate", "intensity", "steps", "heart rate spread", "intensity spread", "steps spread"),
    *("still", "coming to rest", "walking", "unknown activity", "asleep", "running"),
    *("morning", "afternoon", "evening", "sunny", "cloudy", "rainy", "temperature"),
)


@dataclass(frozen=True)
class Tracks:
    """What is known of tracks; NaN = not known.

    Parameters
    ----------
    ids : tuple of str
        One each.
    content : array [tracks, CONTENT]
        In the units of the source.
    genre : array [tracks, GENRES]
        1 for its genre, else 0.
    """

    ids: tuple[str, ...]
    content: Floats
    genre: Floats


@dataclass(frozen=True)
class Listens:
    """Listens, a row each; NaN = not known.

    Parameters
    ----------
    people, tracks : tuple of str
        Who heard what.
    time : array [n]
        Start [unix s].
    before, after : array [n, 2]
        Valence and arousal, -1..1.
    rating : array [n]
        1..5.
    situation : array [n, SITUATION]
        Heart rate against what is usual for the person, counts a minute, shares of half an hour,
        0 or 1, degrees Celsius.
    idle_walk : array [n]
        Whether most of the half hour before is said to be walking without a step, 0 or 1. No
        person does that: it marks records that were filled in.
    """

    people: tuple[str, ...]
    tracks: tuple[str, ...]
    time: Floats
    before: Floats
    after: Floats
    rating: Floats
    situation: Floats
    idle_walk: Floats

    def __len__(self) -> int:
        return len(self.people)

    @property
    def in_daily_life(self) -> Floats:
        """Whether the emotion before is known, 0 or 1 [n]; in the laboratory it is not."""
        return np.isfinite(self.before).all(axis=1).astype(float)

    def subset(self, rows: NDArray[np.int64]) -> Listens:
        """Return some rows."""
        order = rows.tolist()
        return Listens(
            tuple(self.people[row] for row in order),
            tuple(self.tracks[row] for row in order),
            *(getattr(self, name)[rows] for name in COLUMNS),
        )

    def asked(self) -> Listens:
        """Return the rows without what came of them."""
        return replace(
            self, after=np.full((len(self), 2), np.nan), rating=np.full(len(self), np.nan)
        )


COLUMNS = ("time", "before", "after", "rating", "situation", "idle_walk")


def join(parts: Sequence[Listens]) -> Listens:
    """Return the rows of all parts, one after the other; of none there are no rows."""
    if not parts:
        return nothing(0)
    return Listens(
        tuple(person for part in parts for person in part.people),
        tuple(track for part in parts for track in part.tracks),
        *(np.concatenate([getattr(part, name) for part in parts]) for name in COLUMNS),
    )


def nothing(count: int, person: str = "", track: str = "") -> Listens:
    """Return rows of which only person and track are known."""
    return Listens(
        (person,) * count,
        (track,) * count,
        np.full(count, np.nan),
        np.full((count, 2), np.nan),
        np.full((count, 2), np.nan),
        np.full(count, np.nan),
        np.full((count, len(SITUATION)), np.nan),
        np.zeros(count),
    )


def feelings_changed(before: Floats, after: Floats, step: float = 0.125) -> NDArray[np.int64]:
    """Return 0 = drop, 1 = keep, 2 = lift of valence [n]; half a step of the rating grid counts."""
    return np.digitize(after - before, (-step, step), right=True).astype(np.int64)
