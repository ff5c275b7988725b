# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The recommender of paper A, and a random one to compare it with."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.numerics import softmax
from emo_music_ros.options import option
from emo_music_ros.recommendation.base import EMPTY, Need, PersonMemory, RankedTrack
from emo_music_ros.recommendation.policy import path as paths
from emo_music_ros.recommendation.policy import scoring
from emo_music_ros.recommendation.policy.guard import aroused
from emo_music_ros.recommendation.policy.target import Point, meeting, place, reason, target
from emo_music_ros.streams import Estimate, FloatArray, Track

#: States that music leads out of.
LED = ("anxiety", "depression")
#: Weight of being the person's own music, its artist, or its time and language, in the score.
FAMILIAR = {"own": 0.15, "artist": 0.1, "era": 0.05}
#: Tracks after which one may be heard again rather than music of another mood.
REST = 4


class TherapeuticRecommender:
    """Need bounds the choice, taste chooses within it.

    The tracks that answer the need (:mod:`emo_music_ros.recommendation.policy.path`) are scored
    by Eq. 8 of paper A and weighed by Eq. 9; the first track is drawn from the best K of them
    with probabilities proportional to exp(final score / temperature), mixed with `epsilon` of a
    uniform choice among them: a little exploration, whose propensities are logged so that other
    policies can be evaluated offline. Nobody who is agitated is explored on. The rest of the
    library follows in order of the final score.

    Differs from the paper: there the match of emotion is one term of the sum, so that a taste
    for wild music plays it to the anxious; here it also decides what may be chosen.

    Attributes
    ----------
    clock : callable
        Gives the unix time that decides on the time of day.
    local : callable
        Turns it into a local time (:func:`time.localtime`).
    """

    #: Of how many tracks, and how much further from the need than the nearest, taste chooses.
    CHOICE, TOLERANCE = paths.CHOICE, paths.TOLERANCE

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
            0.05,
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
            "largest change of valence or arousal asked for from one track to the next",
            low=0.01,
            high=2.0,
            dynamic=True,
        )
        way: str = option(
            "iso",
            "iso = meets the mood and leads on in small steps; direct = to the goal at once",
            choices=("iso", "direct"),
            dynamic=True,
        )
        lead: float = option(
            2.0,
            "how far the music may be ahead of the person; 2 = it goes on to the goal",
            low=0.01,
            high=2.0,
            dynamic=True,
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
        self.local: Callable[[float], time.struct_time] = time.localtime
        self._random = np.random.default_rng(self.options.seed or None)
        self._paths: dict[str, paths.Path] = {}
        self._places: dict[str, Point] = {}

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
        options = self.options
        if not tracks:
            end = self.target(state, estimate)
            return Need.at(end, EMPTY), []
        points = scoring.places(tracks)
        self._places.update(zip((track.track_id for track in tracks), points))
        # What goes to the goal at once does not mind how far that is from what was heard.
        heard = self._places.get(recent[-1]) if recent and options.way == "iso" else None
        played = _played(tracks, recent)
        fresh = played == 0 if (played == 0).any() else played < played.max()
        usable = points[fresh] if fresh.any() else points
        rested = played <= max(played.max() - REST, 0)
        again = points[rested] if rested.any() else points
        path = self._path(state, estimate, person.person_id, recent, heard, usable, again)
        fit, answered = paths.fitting(
            path.proposed, points, played, heard, self.CHOICE, self.TOLERANCE
        )
        text = reason(state, options.goal, self._hour())
        if path.moved or not answered:
            text += " The library has nothing of that mood to play now; the nearest is chosen."
        elif heard is not None and not paths.within_reach(points[fit], heard).any():
            text += " The library has nothing between, so that the change is large."
        wanted = Need.at(path.proposed, text)

        features = scoring.vectors(tracks)
        preference = np.asarray(person.preference, float)
        phi = scoring.emotion_match(wanted, points)
        psi = scoring.preference_match(preference, features)
        eta = scoring.history_match(person, tracks)
        total = (options.alpha + options.beta + options.gamma) or 1.0
        scores = scoring.score(
            phi, psi, eta, options.alpha / total, options.beta / total, options.gamma / total
        )
        weights = scoring.attention(
            *scoring.query_and_keys(wanted, preference, points, features, options.focus)
        )
        finals = self._finals(scoring.final(scores, weights), tracks, person) + familiarity(tracks)
        tried = self._explores(state, estimate) and getattr(person, "explore", True)
        explore = options.epsilon if tried else 0.0
        order, propensities = self._choose(
            finals, self._harmless(fit), np.flatnonzero(fresh if fresh.any() else ~fresh), explore
        )
        return wanted, [
            RankedTrack(
                tracks[index],
                float(scores[index]),
                float(phi[index]),
                float(psi[index]),
                float(eta[index]),
                float(weights[index]),
                float(propensities[index]),
            )
            for index in order[: max(count, 0)]
        ]

    def _finals(
        self, finals: FloatArray, tracks: Sequence[Track], person: PersonMemory
    ) -> FloatArray:
        """Return the final scores [tracks], for policies that know more."""
        return finals

    def _harmless(self, fit: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return which of the fitting tracks may be chosen first, for policies that know more."""
        return fit

    def _explores(self, state: str, estimate: Estimate) -> bool:
        """Return whether anything but the best may be tried on somebody who feels so."""
        return not aroused(state, estimate)

    def _choose(
        self,
        finals: FloatArray,
        fit: NDArray[np.intp],
        fresh: NDArray[np.intp],
        explore: float,
    ) -> tuple[NDArray[np.intp], FloatArray]:
        """Return the order of the tracks and the probability of each to be first."""
        options = self.options
        best = fit[np.argsort(-finals[fit], kind="stable")][: options.top_k]
        weights = softmax(finals[best], options.temperature)
        chances = (1 - explore) * weights + explore / len(best)
        return self._drawn(finals, fit, best, chances)

    def _drawn(
        self,
        finals: FloatArray,
        fit: NDArray[np.intp],
        best: NDArray[np.intp],
        chances: FloatArray,
    ) -> tuple[NDArray[np.intp], FloatArray]:
        propensities = np.zeros(len(finals))
        propensities[best] = chances / chances.sum()
        first = self._random.choice(best, p=propensities[best])
        ranks = np.argsort(-finals, kind="stable")
        inside = ranks[np.isin(ranks, fit)]
        rest = np.concatenate([inside, ranks[~np.isin(ranks, fit)]])
        return np.concatenate([[first], rest[rest != first]]), propensities

    def _path(
        self,
        state: str,
        estimate: Estimate,
        person_id: str,
        recent: Sequence[str],
        heard: Point | None,
        points: NDArray[np.float64],
        again: NDArray[np.float64],
    ) -> paths.Path:
        options = self.options
        end = self.target(state, estimate)
        start = meeting(state, estimate, end, options.floor)
        if options.lead < 2.0 and state in LED:
            there = place(state, estimate)
            end = there + np.clip(end - there, -options.lead, options.lead)
        if options.way == "direct":
            start = end
        path = paths.advance(
            self._paths.get(person_id) if options.way == "iso" else None,
            state,
            recent[-1] if recent else "",
            heard,
            start,
            end,
            options.max_step,
        )
        wanted, path = path, paths.snapped(path, points, heard)
        if not paths.in_quadrant(wanted.proposed, path.proposed[None]).all():
            # Need before news: what was heard lately is better than music of another mood.
            path = paths.snapped(wanted, again, heard)
        if path.proposed[0] < 0 <= wanted.proposed[0]:
            # Rather a large change than unpleasant music.
            path = paths.snapped(wanted, again, None)
        self._paths[person_id] = path
        return path

    def _hour(self) -> float:
        if not self.options.time_of_day:
            return float("nan")
        local = self.local(self.clock())
        return local.tm_hour + local.tm_min / 60


class RandomRecommender(TherapeuticRecommender):
    """Shows the same need and scores, but chooses uniformly among all that is not heard lately."""

    def _choose(
        self,
        finals: FloatArray,
        fit: NDArray[np.intp],
        fresh: NDArray[np.intp],
        explore: float,
    ) -> tuple[NDArray[np.intp], FloatArray]:
        return self._drawn(finals, fresh, fresh, np.full(len(fresh), 1.0))


def familiarity(tracks: Sequence[Track]) -> FloatArray:
    """Return what familiar music is preferred by, [tracks]; 0 where nobody marked own songs.

    Own songs come first, then their artists, then their time and language, then the unknown.
    """
    own = [track for track in tracks if track.own]
    if not own:
        return np.zeros(len(tracks))
    artists = {track.artist for track in own if track.artist}
    years = [track.year for track in own if track.year]
    languages = {track.language for track in own if track.language}

    def bonus(track: Track) -> float:
        if track.own:
            return FAMILIAR["own"]
        if track.artist in artists:
            return FAMILIAR["artist"]
        near = track.year and any(abs(track.year - year) <= 5 for year in years)
        return FAMILIAR["era"] if near or track.language in languages else 0.0

    return np.array([bonus(track) for track in tracks])


def _played(tracks: Sequence[Track], recent: Sequence[str]) -> NDArray[np.intp]:
    """Return when each track was heard, [tracks]: 0 = not lately, larger = later."""
    order = {track_id: number for number, track_id in enumerate(recent, start=1)}
    return np.array([order.get(track.track_id, 0) for track in tracks], np.intp)
