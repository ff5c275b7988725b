# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What may be chosen now, and what a policy makes of it, for one person or a group."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

import numpy as np

from emo_music_ros.care.profile import Profile
from emo_music_ros.emotion import STATES
from emo_music_ros.recommendation.base import Need, RankedTrack, Recommender
from emo_music_ros.recommendation.memory.store import Memory
from emo_music_ros.recommendation.policy import rules
from emo_music_ros.recommendation.policy.guard import admissible, aroused
from emo_music_ros.recommendation.policy.target import place
from emo_music_ros.recommendation.session.offers import Known, first, noted
from emo_music_ros.recommendation.session.shelf import Shelf
from emo_music_ros.streams import Estimate, FloatArray, Track

#: Why there is no music where no rule says it.
NOTHING = "Nothing in the library may be played now: no music."
#: Most tracks that are avoided because they were played lately.
MOST_RECENT = 12


@dataclass(frozen=True)
class Moment:
    """What a choice has to answer: how the person is, and what was heard and refused lately.

    `end` is where the person is led to [valence, arousal, dominance], -1..1.
    """

    state: str
    estimate: Estimate
    careful: bool
    recent: Sequence[str] = ()
    rejected: Sequence[str] = ()
    end: FloatArray = field(default_factory=lambda: np.zeros(3))


class Chooser:
    """Asks a policy within the rules for choice, which hold whatever policy it is.

    Parameters
    ----------
    recommender : Recommender
        Ranks the tracks.
    memory : Memory
        What was learned about people.
    shelf : Shelf
        The library.
    profile : callable
        Returns what was entered for a person.

    Attributes
    ----------
    members : sequence of str
        Of a group, beside the person the music is for.
    """

    def __init__(
        self,
        recommender: Recommender,
        memory: Memory,
        shelf: Shelf,
        profile: Callable[[str], Profile],
    ) -> None:
        self.members: tuple[str, ...] = ()
        self.profile = profile
        self._recommender = recommender
        self._memory = memory
        self._shelf = shelf

    def refusal(self, track: Track, person_id: str) -> str:
        """Return why a piece must not be played even if somebody asks for it; empty if it may."""
        for each in (person_id, *self.members):
            if rules.banned(track, self.profile(each)):
                return f"'{track.title or track.track_id}' is on a never-again list"
        return ""

    def comfort(self, person_id: str) -> Track | None:
        """Return the piece of the library that is the comfort song of a person."""
        song = self.profile(person_id).comfort
        return next(iter(self._shelf.entered((song,))), None)

    def choose(
        self, person_id: str, moment: Moment, count: int, *, preview: bool = False
    ) -> tuple[Need, list[RankedTrack]]:
        """Return the need and at most `count` tracks, best first, none where nothing may be played.

        For a group it is what is least bad for the worst served (least misery). `preview` ranks
        without leading anybody anywhere.
        """
        people = (person_id, *self.members)
        profiles = [self.profile(each) for each in people]
        explore = not (moment.careful or self.members or any(each.high_risk for each in profiles))
        tracks = self._worth(person_id, profiles, moment)
        bounded, said = self._bounded(tracks, profiles, moment)
        blocked = {track for each in people for track in self._memory.person(each).blocked}
        pool, note = admissible(
            bounded, careful=moment.careful, blocked=blocked, rejected=moment.rejected
        )
        if self.members and said:  # whose risk it is is nobody's business
            said = "What was entered for everybody in the group was kept."
        recent = list(moment.recent[-min(MOST_RECENT, len(pool) // 2) :]) if len(pool) > 1 else []
        if any(each.same_songs or each.high_risk for each in profiles):
            recent = recent[-1:]  # the same songs may be all that works
        rankings = [
            self._recommender.rank(
                moment.state,
                moment.estimate,
                pool,
                Known(self._memory.person(each), profile, explore=explore, preview=preview),
                recent,
                len(pool) if self.members else count,
            )
            for each, profile in zip(people, profiles)
        ]
        need, ranked = rankings[0]
        if self.members:
            ranked = least_misery([found for _, found in rankings])[:count]
        if tracks and not pool:
            return replace(need, reason=said or note or NOTHING), []
        return noted(need, said or note), ranked

    def asked(
        self, person_id: str, track_id: str, moment: Moment, count: int
    ) -> tuple[Need, list[RankedTrack]]:
        """Return the need and a piece somebody asked for, scored among all like any other.

        What follows is what a player may open where it cannot open that: never a piece that is on
        a never-again list.
        """
        profile = self.profile(person_id)
        wanted = self._shelf.find(track_id)
        tracks = list(self._worth(person_id, [profile], moment))
        if wanted is not None and all(each.track_id != track_id for each in tracks):
            tracks.append(wanted)
        person = Known(self._memory.person(person_id), profile)
        recent = list(moment.recent[-MOST_RECENT:])
        need, ranked = self._recommender.rank(
            moment.state, moment.estimate, tracks, person, recent, len(tracks)
        )
        best = first(track_id, ranked)
        others = (each for each in best[1:] if not self.refusal(each.track, person_id))
        return need, [*best[:1], *islice(others, count - 1)]

    def _worth(
        self, person_id: str, profiles: Sequence[Profile], moment: Moment
    ) -> Sequence[Track]:
        """Return the tracks that are worth scoring."""
        known = moment.state in STATES
        begin = place(moment.state, moment.estimate) if known else moment.end
        entered = (song for each in profiles for song in (*each.own, *each.favourites))
        preference = self._memory.person(person_id).preference
        return self._shelf.around(begin, moment.end, preference, tuple(dict.fromkeys(entered)))

    def _bounded(
        self, tracks: Sequence[Track], profiles: Sequence[Profile], moment: Moment
    ) -> tuple[list[Track], str]:
        """Return what the rules leave for everybody: anybody has a veto."""
        agitated = aroused(moment.state, moment.estimate)
        left = list(tracks)
        said: list[str] = []
        for profile in profiles:
            found, note = rules.allowed(
                rules.marked(left, profile), profile, careful=moment.careful, agitated=agitated
            )
            kept = {track.track_id for track in found}
            left = [track for track in left if track.track_id in kept]
            said += [note] if note else []
        if not moment.recent and any(profile.entered for profile in profiles):
            left = [track for track in left if rules.may_match(track)] or left
        return rules.marked(left, profiles[0]), said[0] if said else ""


def least_misery(rankings: Sequence[Sequence[RankedTrack]]) -> list[RankedTrack]:
    """Return one ranking for a group: by the score of the member who likes a track least.

    What any member's policy would offer first stands before the rest. Nothing is tried out on a
    group, so that the first one is certain.
    """
    scores: dict[str, list[float]] = {}
    entries: dict[str, RankedTrack] = {}
    offered: set[str] = set()
    for ranking in rankings:
        for entry in ranking:
            name = entry.track.track_id
            scores.setdefault(name, []).append(entry.score)
            entries.setdefault(name, entry)
            if entry.propensity > 0:
                offered.add(name)
    worst = {
        name: min(found) if len(found) == len(rankings) else -math.inf
        for name, found in scores.items()
    }
    order = sorted(worst, key=lambda name: (name not in offered, -worst[name]))
    return [
        replace(entries[name], score=worst[name], propensity=0.0 if place else 1.0)
        for place, name in enumerate(order)
        if math.isfinite(worst[name])
    ]
