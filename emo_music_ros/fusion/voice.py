# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What one modality said lately, whatever the order in which it came."""

from __future__ import annotations

import bisect
import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.emotion import STATES
from emo_music_ros.fusion.base import Evidence
from emo_music_ros.fusion.classes import FLOOR, class_evidence
from emo_music_ros.fusion.grid import Past, said_of
from emo_music_ros.streams import Encoding, Estimate

#: What comes this much later [s] than something newer still takes its place in the order.
LATENESS = 2.0

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Said:
    """One encoding: values, log probabilities of its words, and how much it counts."""

    encoding: Encoding
    values: Floats
    words: Floats
    weight: float

    @property
    def time(self) -> float:
        return self.encoding.time


@dataclass(frozen=True, eq=False)
class _Sums:
    """Sums over what was said, forgotten exponentially; `last` is the newest of it."""

    last: _Said | None
    total: Floats
    weights: Floats
    words: Floats
    heard: float

    def add(self, said: _Said, smoothing: float, stale: float) -> _Sums:
        """Return the sums with one more encoding, no older than the last."""
        since = said.time - self.last.time if self.last else math.inf
        forget = since > stale or smoothing == 0
        keep = 0.0 if forget else math.exp(-since / smoothing)
        known = np.where(np.isfinite(said.values), said.weight, 0.0)
        before = self.last.encoding.estimate.labels if self.last else ()
        # Words of another vocabulary cannot be added to these.
        same = before == said.encoding.estimate.labels and len(self.words) == len(said.words)
        kept = keep if same else 0.0
        return _Sums(
            said,
            keep * self.total + known * np.nan_to_num(said.values),
            keep * self.weights + known,
            (kept * self.words if same else 0.0) + said.weight * said.words,
            kept * self.heard + (said.weight if len(said.words) else 0.0),
        )


_NOTHING = _Sums(None, np.zeros(9), np.zeros(9), np.zeros(0), 0.0)


class Voice:
    """The mean of what one modality said, forgotten exponentially.

    One mean for the evidence for the states, circumplex, confidence and quality, so that they
    cannot tell different stories; words are multiplied (the mean of their logarithms), as is what
    several modalities say. An encoding counts by its confidence and quality; the first one counts
    no more than any other. What comes late, at most `LATENESS` seconds, is put in its place: how
    encodings are cut into messages and in which order those come changes nothing.

    Parameters
    ----------
    remembers : bool
        Whether evidence has its past on the time grid, too.
    """

    def __init__(self, remembers: bool = False) -> None:
        self._past = Past() if remembers else None
        self._base = self._sums = _NOTHING
        self._recent: list[_Said] = []

    @property
    def newest(self) -> Encoding | None:
        """The newest encoding, None before the first."""
        return self._sums.last.encoding if self._sums.last else None

    def add(self, encoding: Encoding, states: Floats, smoothing: float, stale: float) -> bool:
        """Take an encoding and what it says about the states; False if it was known already.

        Parameters
        ----------
        encoding : Encoding
            Not older than the newest less `LATENESS`.
        states : array [4]
            Its evidence.
        smoothing : float
            Time constant in which what was said before is forgotten [s]; 0 = at once.
        stale : float
            Gap after which what was said before is forgotten at once [s].
        """
        said = _said(encoding, states)
        place = bisect.bisect_right(self._recent, said.time, key=lambda one: one.time)
        if any(_same(said, one) for one in self._recent[:place] if one.time == said.time):
            return False
        if self._past is not None:
            quality = min(max(encoding.estimate.quality, 0.0), 1.0)
            features = said_of(states, class_evidence(encoding.estimate), quality)
            self._past.add(said.time, features, said.weight)
        self._recent.insert(place, said)
        if place == len(self._recent) - 1:
            self._sums = self._sums.add(said, smoothing, stale)
        else:
            self._sums = self._base
            for one in self._recent:
                self._sums = self._sums.add(one, smoothing, stale)
        while self._recent[0].time < self._recent[-1].time - LATENESS:
            self._base = self._base.add(self._recent.pop(0), smoothing, stale)
        return True

    def evidence(self, age: float, gap: float = math.inf) -> Evidence:
        """Return the mean of what was said; `age` is that of the newest encoding [s].

        `gap` is the longest one [s] that is bridged in the past.
        """
        newest, sums = self.newest, self._sums
        assert newest is not None
        mean = np.where(sums.weights > 1e-12, sums.total / np.maximum(sums.weights, 1e-12), np.nan)
        estimate = Estimate(
            STATES,
            mean[:4].astype(np.float32),
            float(mean[4]),
            float(mean[5]),
            float(mean[6]),
            float(np.nan_to_num(mean[7])),
            float(np.nan_to_num(mean[8])),
        )
        classes = None
        if sums.heard > 1e-12:
            masses = np.exp(sums.words / sums.heard)
            classes = replace(
                newest.estimate,
                probabilities=(masses / masses.sum()).astype(np.float32),
                quality=estimate.quality,
                credible=(),
            )
        past = None if self._past is None else self._past.at(newest.time + age, gap)
        return Evidence(replace(newest, estimate=estimate), age, classes, past)


def _said(encoding: Encoding, states: Floats) -> _Said:
    estimate = encoding.estimate
    axes = (estimate.valence, estimate.arousal, estimate.dominance)
    values = np.array([*states, *axes, estimate.confidence, estimate.quality], float)
    words = np.asarray(estimate.probabilities, float)
    usable = len(words) == len(estimate.labels) and bool(np.isfinite(words).all())
    logs = np.log(np.maximum(words, FLOOR)) if usable else np.zeros(0)
    return _Said(encoding, values, logs, estimate.confidence * estimate.quality)


def _same(one: _Said, other: _Said) -> bool:
    """Return whether two encodings of one time are the same message, come twice."""
    return np.array_equal(one.values, other.values, equal_nan=True) and np.array_equal(
        one.words, other.words
    )
