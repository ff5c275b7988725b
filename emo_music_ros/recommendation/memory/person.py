# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What is known about one person: taste, what each track did, habits."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from emo_music_ros.streams import FloatArray

#: Imagined listens without effect that temper a taste learned from few.
PRIOR_LISTENS = 5.0


def retain(state: FloatArray, increment: FloatArray, retention: float) -> FloatArray:
    """Return Eq. 10 of paper A, s <- lambda s + (1 - lambda) Delta y.

    The paper does not say what Delta y is as a vector; here it is the reward times the content
    vector of the track. Its lambda is a constant; here it grows with the listens there are
    (:class:`LearnedPerson`), so that it is a half-life from the first listen on.
    """
    return retention * state + (1.0 - retention) * increment


def retention_of(half_life: float) -> float:
    """Return lambda of Eq. 10 for a half-life in listens."""
    return float(0.5 ** (1.0 / half_life))


@dataclass
class TrackHistory:
    """How often a track was heard, how often that could be judged, and the mean reward -1..1.

    `last` is the number of the listen in which it was heard last, 0 = long ago or never.
    """

    heard: int = 0
    judged: int = 0
    mean: float = 0.0
    last: int = field(default=0, compare=False)


class LearnedPerson:
    """Preference vector p_u and history h_u of paper A for one person.

    Eq. 10 starts from s = 0, so that a first reward would count 1 - lambda of what a later one
    does. Here the sum of the weights is kept beside it: `taste` is the mean of reward times
    content vector in which a listen counts half after `half_life` others, from the first one on.

    Attributes
    ----------
    taste : ndarray
        float64 [features of a track]; empty = nothing learned.
    weight : float
        Listens it rests on, older ones counting less.
    updates : int
        How many outcomes were learned from.
    listens : int
        How many outcomes there were.
    tracks : dict
        Track id -> TrackHistory.
    blocked : set
        Tracks that are not to be played until a human clears them.
    generation : int or None
        Changes when the person is forgotten, by whichever program; None = not known yet.
    """

    def __init__(self, person_id: str) -> None:
        self.person_id = person_id
        self.generation: int | None = None
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.taste: FloatArray = np.zeros(0)
        self.weight = 0.0
        self.updates = 0
        self.listens = 0
        self.tracks: dict[str, TrackHistory] = {}
        self.blocked: set[str] = set()
        self._dwell_sum = 0.0
        self._dwells = 0

    @property
    def preference(self) -> FloatArray:
        """Return p_u: the taste, shrunk towards 0 while it rests on little; length 0..1.

        Its length is the evidence: a hundredth of a reward moves it a hundredth as far.
        """
        return self.taste * (self.weight / (self.weight + PRIOR_LISTENS))

    @property
    def usual_dwell(self) -> tuple[float, int]:
        """Return (mean share of a track this person hears, number of listens)."""
        return (self._dwell_sum / self._dwells if self._dwells else 1.0), self._dwells

    def history(self, track_id: str) -> tuple[float, int]:
        """Return (mean reward -1..1, times it was heard and could be judged) of one track."""
        known = self.tracks.get(track_id, TrackHistory())
        return known.mean, known.judged

    def since(self, track_id: str) -> float:
        """Return how many listens ago a track was heard; inf = not among those remembered."""
        known = self.tracks.get(track_id)
        return self.listens - known.last if known is not None and known.last else math.inf

    def heard(self, track_id: str, dwell: float | None) -> None:
        """Count one listen; `dwell` is the share heard by somebody who was there, or None."""
        known = self.tracks.setdefault(track_id, TrackHistory())
        known.heard += 1
        self.listens += 1
        known.last = self.listens
        if dwell is not None:
            self._dwell_sum += dwell
            self._dwells += 1

    def habit(self, total: float, count: int) -> None:
        """Take over the sum of the shares heard and their number from the store."""
        self._dwell_sum, self._dwells = total, count

    def learn(self, track_id: str, reward: float, content: FloatArray, retention: float) -> None:
        """Learn from the reward of one listen by Eq. 10."""
        history = self.tracks.setdefault(track_id, TrackHistory())
        history.judged += 1
        history.mean += (reward - history.mean) / history.judged
        self.updates += 1
        direction = _direction(content)
        if not len(direction):
            return
        if len(direction) != len(self.taste):
            # Another library model: its features mean something else, the history still holds.
            self.taste, self.weight = np.zeros(len(direction)), 0.0
        kept = retention * self.weight
        self.taste = retain(self.taste, reward * direction, kept / (kept + 1.0))
        self.weight = kept + 1.0

    def correct(
        self, track_id: str, change: float, content: FloatArray, retention: float, ago: int
    ) -> None:
        """Change the reward of a listen that was learned from `ago` updates before the last."""
        history = self.tracks.setdefault(track_id, TrackHistory())
        if history.judged:
            history.mean += change / history.judged
        direction = _direction(content)
        if len(direction) == len(self.taste) and self.weight > 0:
            self.taste = self.taste + direction * (change * retention**ago / self.weight)


def _direction(content: FloatArray) -> FloatArray:
    features = np.nan_to_num(np.asarray(content, float))
    size = float(np.linalg.norm(features))
    return features / size if size > 1e-9 else np.zeros_like(features)
