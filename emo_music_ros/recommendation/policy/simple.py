# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Policies of others, to be compared with: tables, rules, a fixed list, what is popular.

None of them knows the guard rails of this project; who may be played what is decided before them
(:mod:`emo_music_ros.recommendation.policy.guard`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.emotion import STATES
from emo_music_ros.options import option
from emo_music_ros.recommendation.base import EMPTY, Need, PersonMemory, RankedTrack
from emo_music_ros.recommendation.policy.scoring import PRIOR_LISTENS, places
from emo_music_ros.recommendation.policy.target import SAFE, place
from emo_music_ros.streams import Estimate, FloatArray, Track


@dataclass(frozen=True)
class SimpleOptions:
    """What can be set of the simple policies."""

    seed: int = option(0, "of the random choice; 0 = different in every run", low=0)


@dataclass(frozen=True)
class Asked:
    """Who is to be played something, out of what: the arguments of `Recommender.rank`."""

    state: str
    estimate: Estimate
    tracks: Sequence[Track]
    person: PersonMemory
    recent: Sequence[str]

    @property
    def point(self) -> FloatArray:
        """Where the person is felt to be; the safe place where that is not known."""
        return place(self.state, self.estimate) if self.state in STATES else SAFE

    @property
    def names(self) -> list[str]:
        """The identifiers of the tracks."""
        return [track.track_id for track in self.tracks]

    @property
    def heard(self) -> NDArray[np.bool_]:
        """Which tracks were heard lately."""
        return np.isin(self.names, list(self.recent))


class SimplePolicy(ABC):
    """Chooses by one weight for each track; the first is drawn, the others follow by weight."""

    Options = SimpleOptions

    def __init__(self, options: SimpleOptions | None = None) -> None:
        self.options = options or SimpleOptions()
        self._random = np.random.default_rng(self.options.seed or None)

    @abstractmethod
    def weigh(self, asked: Asked) -> tuple[FloatArray, str]:
        """Return the weight of every track, 0 = is not drawn, and one true sentence why."""

    def rank(
        self,
        state: str,
        estimate: Estimate,
        tracks: Sequence[Track],
        person: PersonMemory,
        recent: Sequence[str],
        count: int,
    ) -> tuple[Need, list[RankedTrack]]:
        """Return the need and at most `count` tracks, the first drawn by weight.

        `recent` has the newest last; what was heard lately is drawn only if nothing else is left.
        """
        asked = Asked(state, estimate, tracks, person, recent)
        if not tracks:
            return Need.at(asked.point, EMPTY), []
        weights, text = self.weigh(asked)
        fresh = ~asked.heard
        if (weights * fresh).sum() > 0:
            weights = weights * fresh
        elif weights.sum() <= 0:
            text += " No track of the library is of that kind, so that any is chosen."
            weights = fresh.astype(float) if fresh.any() else np.ones(len(tracks))
        chances = weights / weights.sum()
        first = int(self._random.choice(len(tracks), p=chances))
        rest = [row for row in np.argsort(-chances, kind="stable").tolist() if row != first]
        return Need.at(asked.point, text), [
            RankedTrack(tracks[row], float(weights[row]), 0.0, 0.0, 0.0, 0.0, float(chances[row]))
            for row in [first, *rest][: max(count, 0)]
        ]


#: Table of paper D, section 4, "Emotion-to-Genre Mapping", by the state its emotion stands for:
#: happy and surprised are positive, neutral is calm, fearful and angry are tense, sad is low.
GENRE_TABLE: dict[str, tuple[str, ...]] = {
    "positive": ("pop", "dance", "indie", "electronic"),
    "calm": ("classical", "jazz"),
    "anxiety": ("ambient", "chill", "rock", "metal"),
    "depression": ("acoustic", "piano"),
}


class GenreTable(SimplePolicy):
    """A random track of the genres that the table of paper D has for the state."""

    def weigh(self, asked: Asked) -> tuple[FloatArray, str]:
        """Return 1 for tracks of those genres."""
        genres = GENRE_TABLE.get(asked.state, GENRE_TABLE["calm"])
        fits = [any(genre in track.genre.lower() for genre in genres) for track in asked.tracks]
        return np.array(fits, float), f"A random track of the genres {', '.join(genres)}."


class PolarityRules(SimplePolicy):
    """A random track of the polarity that the rules of paper E match to the person's.

    Table 2 there turns rounded pleasure, arousal and dominance of music into positive (1; 0 or 1;
    -1 or 1) or negative (-1 or 0; -1 or 0; 0 or 1); where neither fits, and of dominance, which is
    not measured well, pleasure decides. A negative person is answered by positive music, as the
    paper regulates negative feelings; a positive one by positive music, too.
    """

    def weigh(self, asked: Asked) -> tuple[FloatArray, str]:
        """Return 1 for positive music."""
        positive = polarity(places(asked.tracks)) > 0
        feeling = "negative" if asked.state in ("anxiety", "depression") else "not negative"
        return positive.astype(float), f"The feeling is {feeling}: music of positive polarity."


def polarity(points: FloatArray) -> FloatArray:
    """Return 1 = positive or -1 = negative of music at (P, A, D), -1..1 [n], by table 2 of E."""
    pleasure, arousal, dominance = np.rint(points).T
    positive = (pleasure == 1) & (arousal >= 0) & (dominance != 0)
    negative = (pleasure <= 0) & (arousal <= 0) & (dominance >= 0)
    return np.where(positive, 1.0, np.where(negative, -1.0, np.where(points[:, 0] > 0, 1.0, -1.0)))


class FixedPlaylist(SimplePolicy):
    """The control of paper A, section 3: one list in one order, whatever a person feels."""

    def weigh(self, asked: Asked) -> tuple[FloatArray, str]:
        """Return 1 for the track that follows the one heard last."""
        names, last = asked.names, asked.recent[-1] if asked.recent else ""
        following = min((name for name in names if name > last), default=min(names))
        weights = np.zeros(len(names))
        weights[names.index(following)] = 1.0
        return weights, "The next track of a fixed list."

    def rank(
        self,
        state: str,
        estimate: Estimate,
        tracks: Sequence[Track],
        person: PersonMemory,
        recent: Sequence[str],
        count: int,
    ) -> tuple[Need, list[RankedTrack]]:
        """Return the tracks in the order of the list; which of them were heard lately is open."""
        need, found = super().rank(state, estimate, tracks, person, recent[-1:], len(tracks))
        if not found:
            return need, found
        first = found[0].track.track_id
        found.sort(key=lambda one: (one.track.track_id < first, one.track.track_id))
        return need, [replace(one, propensity=float(place == 0)) for place, one in
                      enumerate(found)][: max(count, 0)]  # fmt: skip


class Popular(SimplePolicy):
    """The tracks that earned most so far, of this person's listens."""

    def weigh(self, asked: Asked) -> tuple[FloatArray, str]:
        """Return 1 for the tracks of the highest mean reward, shrunk while it rests on few."""
        known = np.array([asked.person.history(name) for name in asked.names], float)
        mean, heard = known.reshape(-1, 2).T
        shrunk = mean * heard / (heard + PRIOR_LISTENS)
        shrunk = np.where(asked.heard, -2, shrunk)
        best = shrunk >= shrunk.max() - 1e-9
        text = "No track has earned anything yet: any of them."
        if (heard[best] > 0).all():
            text = "The track that has earned most so far."
        return best.astype(float), text
