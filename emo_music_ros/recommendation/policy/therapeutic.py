"""The recommender of paper A, and a random one to compare it with."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.options import option
from emo_music_ros.recommendation.base import Need, PersonMemory, RankedTrack
from emo_music_ros.recommendation.policy import scoring
from emo_music_ros.recommendation.policy.target import Point, need, target
from emo_music_ros.streams import Estimate, FloatArray, Track


@dataclass(frozen=True)
class _Path:
    """How far a person was led: the track heard last and the needs before and after it."""

    last: str
    previous: Point | None
    proposed: Point


def candidates(tracks: Sequence[Track], recent: Sequence[str]) -> list[int]:
    """Return the indices of tracks not played lately; if all were, of all but the last one."""
    for avoided in (set(recent), set(recent[-1:])):
        left = [index for index, track in enumerate(tracks) if track.track_id not in avoided]
        if left:
            return left
    return list(range(len(tracks)))


class TherapeuticRecommender:
    """Scores by Eq. 8, weighs by Eq. 9 and draws the first track from the best K.

    The first track is drawn with probabilities proportional to exp(final score / temperature)
    over the best `top_k`, mixed with `epsilon` of a uniform choice among them: a little
    exploration, whose propensities are logged so that other policies can be evaluated offline.
    The rest follows in order of the final score.

    Attributes
    ----------
    clock : callable
        Gives the unix time that decides on the time of day.
    """

    @dataclass(frozen=True)
    class Options:
        """What can be set."""

        top_k: int = option(5, "tracks the first one is drawn from", low=1, high=50, dynamic=True)
        alpha: float = option(
            0.5, "weight of the match of need and track", low=0.0, high=1.0, dynamic=True
        )
        beta: float = option(
            0.25, "weight of the match of taste and track", low=0.0, high=1.0, dynamic=True
        )
        gamma: float = option(
            0.25, "weight of what the track did before", low=0.0, high=1.0, dynamic=True
        )
        focus: float = option(
            24.0, "sharpness of the attention", low=0.0, high=1000.0, dynamic=True
        )
        temperature: float = option(
            0.02,
            "of the choice among the best, in units of the score",
            low=1e-4,
            high=10.0,
            dynamic=True,
        )
        epsilon: float = option(
            0.05, "share of uniform choice among the best", low=0.0, high=1.0, dynamic=True
        )
        max_step: float = option(
            0.15,
            "largest change of valence or arousal from one track to the next",
            low=0.01,
            high=2.0,
            dynamic=True,
        )
        lead: float = option(
            0.45, "how far the music may be ahead of the person", low=0.01, high=2.0, dynamic=True
        )
        floor: float = option(
            -0.3, "lowest valence of the music asked for", low=-1.0, high=0.5, dynamic=True
        )
        goal: str = option(
            "",
            "state to lead to; empty = what the person's state asks for",
            choices=("", "positive", "calm"),
            dynamic=True,
        )
        scenario: str = option(
            "home", "where the person is", choices=("home", "daycare", "group"), dynamic=True
        )
        time_of_day: bool = option(True, "quieter in the evening and at night", dynamic=True)
        seed: int = option(0, "of the random choice; 0 = different in every run", low=0)

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or self.Options()
        self.clock: Callable[[], float] = time.time
        self._random = np.random.default_rng(self.options.seed or None)
        self._paths: dict[str, _Path] = {}

    def reconfigure(self, options: Options) -> None:
        """Take new options; the seed counts from the next start."""
        self.options = options

    def target(self, state: str, estimate: Estimate) -> Point:
        """Return (valence, arousal, dominance), -1..1, where a person is led to."""
        options = self.options
        return target(state, estimate, options.goal, options.scenario, self._hour())

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
        wanted = self._need(state, estimate, tracks, person.person_id, recent)
        if not tracks:
            return replace(wanted, reason="The music library is empty: nothing can be played."), []
        options = self.options
        rows = candidates(tracks, recent)
        pool = [tracks[index] for index in rows]
        features = scoring.content(tracks)[rows]
        points = scoring.places(pool)
        preference = np.asarray(person.preference, float)
        phi = scoring.emotion_match(wanted, points)
        psi = scoring.preference_match(preference, features)
        eta = scoring.history_match(person, pool)
        total = (options.alpha + options.beta + options.gamma) or 1.0
        scores = scoring.score(
            phi, psi, eta, options.alpha / total, options.beta / total, options.gamma / total
        )
        weights = scoring.attention(
            *scoring.query_and_keys(wanted, preference, points, features, options.focus)
        )
        order, propensities = self._choose(scoring.final(scores, weights))
        return wanted, [
            RankedTrack(
                pool[index],
                float(scores[index]),
                float(phi[index]),
                float(psi[index]),
                float(eta[index]),
                float(weights[index]),
                float(propensities[index]),
            )
            for index in order[: max(count, 0)]
        ]

    def _choose(self, finals: FloatArray) -> tuple[NDArray[np.intp], FloatArray]:
        """Return the order of the candidates and the probability of each to be first."""
        options = self.options
        order = np.argsort(-finals, kind="stable")
        best = order[: options.top_k]
        weights = np.exp((finals[best] - finals[best[0]]) / options.temperature)
        chances = (1 - options.epsilon) * weights / weights.sum() + options.epsilon / len(best)
        propensities = np.zeros(len(finals))
        propensities[best] = chances / chances.sum()
        first = self._random.choice(best, p=propensities[best])
        return np.concatenate([[first], order[order != first]]), propensities

    def _need(
        self,
        state: str,
        estimate: Estimate,
        tracks: Sequence[Track],
        person_id: str,
        recent: Sequence[str],
    ) -> Need:
        options = self.options
        last = recent[-1] if recent else ""
        path = self._paths.get(person_id)
        if not last:
            previous = None
        elif path is None:  # the program was restarted: go on from the track heard last
            heard = [track for track in tracks if track.track_id == last]
            previous = scoring.places(heard)[0] if heard else None
        elif path.last == last:
            previous = path.previous  # asked again before anything was heard
        else:
            previous = path.proposed
        wanted = need(
            state,
            estimate,
            previous,
            goal=options.goal,
            scenario=options.scenario,
            hour=self._hour(),
            max_step=options.max_step,
            lead=options.lead,
            floor=options.floor,
        )
        proposed = np.array([wanted.valence, wanted.arousal, wanted.dominance])
        self._paths[person_id] = _Path(last, previous, proposed)
        return wanted

    def _hour(self) -> float:
        if not self.options.time_of_day:
            return float("nan")
        local = time.localtime(self.clock())
        return local.tm_hour + local.tm_min / 60


class RandomRecommender(TherapeuticRecommender):
    """Shows the same need and scores, but chooses uniformly among all candidates."""

    def _choose(self, finals: FloatArray) -> tuple[NDArray[np.intp], FloatArray]:
        order = self._random.permutation(len(finals))
        return order, np.full(len(finals), 1.0 / len(finals))
