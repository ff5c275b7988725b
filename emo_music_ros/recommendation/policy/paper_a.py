# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The recommender of paper A as it is written there: Eqs. 8 and 9, and the intention after Eq. 9.

Eq. 10, the memory, is that of every policy (:mod:`emo_music_ros.recommendation.memory.person`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from emo_music_ros.emotion import STATES
from emo_music_ros.options import option
from emo_music_ros.recommendation.base import EMPTY, Need, PersonMemory, RankedTrack
from emo_music_ros.recommendation.policy import scoring
from emo_music_ros.recommendation.policy.offers import Offers
from emo_music_ros.recommendation.policy.target import SAFE, target
from emo_music_ros.streams import Estimate, FloatArray, Track


class PaperA:
    """Ranks by r of Eq. 8 and a of Eq. 9, and plays the top K in turn.

    Eq. 8 is a sum with learnable weights: alpha, beta and gamma are learned by stochastic
    gradient from the reward of the track that was played last, on the simplex. Eq. 9 is the
    softmax of q.k / sqrt(d) over all candidates. The fused intention is the sum of a times the
    values, which are the keys; the final score is r plus a, and the first of the top K that was
    not heard lately is played: no exploration. What the paper leaves open (phi, psi, eta, the
    maps to q and k, how r and a are joined) is that of :mod:`scoring`, but for the sum of r and
    a: "the final ranking according to the basic score of a and Eq. 8" needs nothing more.
    """

    @dataclass(frozen=True)
    class Options:
        """What can be set."""

        rate: float = option(0.05, "step of learning alpha, beta, gamma", low=0.0, high=1.0)
        focus: float = option(24.0, "sharpness of the attention", low=0.0, high=1000.0)
        top_k: int = option(5, "tracks that are offered", low=1, high=50)

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or self.Options()
        #: alpha, beta, gamma by person.
        self.weights: dict[str, FloatArray] = {}
        #: With the terms of the track.
        self._offers: Offers[FloatArray] = Offers()

    def rank(
        self,
        state: str,
        estimate: Estimate,
        tracks: Sequence[Track],
        person: PersonMemory,
        recent: Sequence[str],
        count: int,
    ) -> tuple[Need, list[RankedTrack]]:
        """Return the need and at most `count` tracks, best first; `recent` has the newest last."""
        point = target(state, estimate) if state in STATES else SAFE
        if not tracks:
            return Need.at(point, EMPTY), []
        weights = self._learned(person)
        wanted = Need.at(point, "")
        points, features = scoring.places(tracks), scoring.vectors(tracks)
        preference = np.asarray(person.preference, float)
        terms = np.stack(
            [
                scoring.emotion_match(wanted, points),
                scoring.preference_match(preference, features),
                scoring.history_match(person, tracks),
            ]
        )
        alpha, beta, gamma = (float(weight) for weight in weights)
        scores = scoring.score(terms[0], terms[1], terms[2], alpha, beta, gamma)
        query, keys = scoring.query_and_keys(
            wanted, preference, points, features, self.options.focus
        )
        attention = scoring.attention(query, keys)
        intention = fused(attention, keys)
        finals = scores + attention
        heard = np.isin([track.track_id for track in tracks], list(recent))
        order = np.lexsort((-finals, heard))
        first = int(order[0])
        self._offers.note(person, tracks[first].track_id, terms[:, first])
        place = intention[:2] / np.sqrt(scoring.AXES[:2])
        text = (
            f"Score {finals[first]:.2f} is the highest of {len(tracks)} tracks; the attention of "
            f"all centres on valence {place[0]:+.1f}, arousal {place[1]:+.1f}."
        )
        if heard.all():
            text = "All tracks were heard lately; the one of the highest score is repeated."
        return replace(wanted, reason=text), [
            RankedTrack(
                tracks[row],
                float(scores[row]),
                float(terms[0, row]),
                float(terms[1, row]),
                float(terms[2, row]),
                float(attention[row]),
                float(row == first),
            )
            for row in order[: min(max(count, 0), self.options.top_k)].tolist()
        ]

    def _learned(self, person: PersonMemory) -> FloatArray:
        """Return alpha, beta, gamma after the reward of the track offered last, if there is one."""
        weights = self.weights.setdefault(person.person_id, np.full(3, 1.0 / 3.0))
        rewarded = self._offers.rewarded(person)
        if rewarded is None:
            return weights
        _, reward, terms = rewarded
        # The gradient of the squared error of r against the reward, brought to 0..1.
        error = 0.5 + 0.5 * reward - float(weights @ terms)
        moved = on_simplex(weights + self.options.rate * error * terms)
        self.weights[person.person_id] = moved
        return moved


def fused(attention: FloatArray, values: FloatArray) -> FloatArray:
    """Return the fused intervention intention after Eq. 9: the sum of attention times values."""
    return np.asarray(attention @ values)


def on_simplex(weights: FloatArray) -> FloatArray:
    """Return the nearest weights that are not negative and sum to 1 (Duchi et al. 2008)."""
    falling = np.sort(weights)[::-1]
    excess = (falling.cumsum() - 1.0) / np.arange(1, len(weights) + 1)
    return np.maximum(weights - excess[np.flatnonzero(falling > excess)[-1]], 0.0)
