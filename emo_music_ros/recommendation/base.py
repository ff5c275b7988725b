# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What the parts of the recommender exchange, and the interfaces of its plugins."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from emo_music_ros.streams import Estimate, FloatArray, Track

#: Why a policy gives no track of an empty library.
EMPTY = "The music library is empty: nothing can be played."


@dataclass(frozen=True)
class ScanReport:
    """What one scan of a library found; `unreadable` maps path to reason."""

    added: int
    unchanged: int
    removed: int
    unreadable: Mapping[str, str]


class Catalogue(Protocol):
    """A library of music.

    It may have an attribute `again`: after how long another scan is worth it [s]. Without it, one
    that failed is tried again soon, and one that did not is the last.
    """

    def scan(self, progress: Callable[[int, int, str], None] | None = None) -> ScanReport:
        """Bring the library up to date; `progress` gets (done, total, file name).

        It may take long, and has a thread of its own; what it raises tells what is wrong while
        :meth:`tracks` returns what can be had all the same.
        """
        ...

    def refresh(self) -> None:
        """Take over what another process has found since; quick, unlike a scan. May be missing."""
        ...

    def tracks(self) -> Sequence[Track]:
        """Return every usable track."""
        ...


@dataclass(frozen=True)
class Need:
    """Where the music should be on (valence, arousal, dominance), -1..1 (paper A, section 2.3)."""

    valence: float
    arousal: float
    dominance: float
    reason: str

    @classmethod
    def at(cls, point: FloatArray, reason: str) -> Need:
        """Return the need at (valence, arousal, dominance), cut to -1..1."""
        valence, arousal, dominance = (float(value) for value in np.clip(point, -1.0, 1.0))
        return cls(valence, arousal, dominance, reason)


@dataclass(frozen=True)
class RankedTrack:
    """A candidate with its score split into the terms of paper A, Eq. 8 and 9."""

    track: Track
    score: float
    emotion_match: float
    preference_match: float
    history_match: float
    attention: float
    propensity: float


class Recommender(Protocol):
    """Ranks the tracks of a library for one person in one state."""

    def rank(
        self,
        state: str,
        estimate: Estimate,
        tracks: Sequence[Track],
        person: PersonMemory,
        recent: Sequence[str],
        count: int,
    ) -> tuple[Need, list[RankedTrack]]:
        """Return the need and at most `count` tracks, best first; `recent` are track ids to avoid.

        `state` is one of emotion.STATES or ``unknown``; then the safe choice is made.
        """
        ...


class PersonMemory(Protocol):
    """What is known about one person: preference vector p_u and history h_u of paper A.

    One may have a `profile`, too: what was entered for the person
    (:class:`emo_music_ros.care.profile.Profile`); and `explore`, False where nothing may be tried
    out on them now.
    """

    person_id: str

    @property
    def preference(self) -> FloatArray:
        """Return p_u, [features]; its length, 0..1, is the evidence it rests on."""
        ...

    def history(self, track_id: str) -> tuple[float, int]:
        """Return (mean reward -1..1, number of times heard) of one track."""
        ...
