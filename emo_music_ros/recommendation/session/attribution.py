# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Which recommendation led to which listen, and what came of it."""

from __future__ import annotations

import logging
import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

from emo_music_ros.emotion import STATES, unknown
from emo_music_ros.recommendation.memory.store import Memory
from emo_music_ros.recommendation.policy.target import Point
from emo_music_ros.recommendation.session.listening import ONSET, Listening
from emo_music_ros.recommendation.session.shelf import Shelf
from emo_music_ros.recommendation.session.signals import Signals
from emo_music_ros.recommendation.session.views import Decision, PlayerView
from emo_music_ros.streams import Estimate, Outcome, Track

log = logging.getLogger(__name__)

#: How many recommendations are remembered for attribution.
OFFERS = 16
#: How many of the last outcomes a late rating can correct.
CORRECTABLE = 64

#: (state, estimate) -> where the person is led to.
Target = Callable[[str, Estimate], Point]


class Attribution:
    """Follows the track that is on and makes one outcome of every listen.

    Parameters
    ----------
    memory : Memory
        Learns from every outcome.
    shelf : Shelf
        The library.
    signals : Signals
        What is seen of the person.
    target : callable
        Where a person in a state is led to.
    on_outcome : callable
        Gets every outcome, and once more if a late rating corrects it.
    wall : callable
        Turns a time of the session into unix seconds, for what is stored.
    """

    def __init__(
        self,
        memory: Memory,
        shelf: Shelf,
        signals: Signals,
        target: Target,
        on_outcome: Callable[[Outcome], None],
        wall: Callable[[float], float],
    ) -> None:
        self.listening: Listening | None = None
        self.view: PlayerView | None = None
        self._memory = memory
        self._shelf = shelf
        self._signals = signals
        self._target = target
        self._on_outcome = on_outcome
        self._wall = wall
        self._offers: OrderedDict[str, Decision] = OrderedDict()
        self._outcomes: OrderedDict[str, Outcome] = OrderedDict()
        self._ended: tuple[str, str] = ("", "")

    def offer(self, decision: Decision) -> None:
        """Remember a recommendation."""
        self._offers[decision.recommendation_id] = decision
        while len(self._offers) > OFFERS:
            self._offers.popitem(last=False)

    def clear(self) -> None:
        """Forget the recommendations and outcomes of a person."""
        self._offers.clear()
        self._outcomes.clear()

    def find(self, track_id: str) -> Track | None:
        """Return a track of the library or of an earlier recommendation."""
        found = self._shelf.find(track_id)
        if found is not None:
            return found
        offered = (entry.track for offer in self._offers.values() for entry in offer.ranked)
        return next((track for track in offered if track.track_id == track_id), None)

    def heard_now(self, event_track: str, time: float, offer: Decision | None) -> str | None:
        """Return the recommendation a started track belongs to, None if it is known to be on."""
        listening, view = self.listening, self.view
        if listening is not None and listening.track.track_id == event_track:
            if not listening.reported:
                listening.reported = True
                return None
            if time <= listening.began:
                return None
        if offer is not None and any(r.track.track_id == event_track for r in offer.ranked):
            return offer.recommendation_id
        if view is not None and view.track_id == event_track:
            fresh = listening is None or view.recommendation_id != listening.recommendation_id
            if fresh and (view.track_id, view.recommendation_id) != self._ended:
                return view.recommendation_id
        return ""

    def begins(self, view: PlayerView) -> bool:
        """Take a view of a track that sounds; return whether a listen begins with it."""
        listening = self.listening
        same = listening is not None and listening.track.track_id == view.track_id
        if listening is not None and same and not listening.recommendation_id:
            self._attribute(listening, view.recommendation_id)
        new = (
            not same
            or listening is None
            or bool(view.recommendation_id)
            and listening.recommendation_id != view.recommendation_id
        )
        # The end may have been reported before this view of it arrived.
        return new and (view.track_id, view.recommendation_id) != self._ended

    def begin(self, track_id: str, recommendation_id: str, time: float, reported: bool) -> None:
        """Start a listen; what was on must have been ended."""
        track = self.find(track_id) or Track(track_id, "")
        before = self._signals.mean_emotion(time)
        state = self._signals.settled(time, ONSET, 0.5).state
        self.listening = Listening(
            track,
            state,
            time,
            before,
            self._signals.mean_heart_rate(time),
            self._signals.usual_heart_rate,
            self._target(state, before),
            track.duration,
            reported,
        )
        self._attribute(self.listening, recommendation_id)

    def end(
        self,
        time: float,
        person_id: str,
        *,
        consent: bool,
        crossfade: float,
        heart_reward: bool,
        finished: bool = False,
    ) -> Outcome | None:
        """End the listen that is on, learn from it and report its outcome."""
        listening, self.listening = self.listening, None
        if listening is None:
            return None
        self._ended = (listening.track.track_id, listening.recommendation_id)
        person = self._memory.person(person_id)
        recorded = consent and not listening.forgotten
        outcome = listening.outcome(
            time,
            person_id,
            self._signals,
            consent=consent,
            finished=finished,
            crossfade=crossfade,
            usual_dwell=person.usual_dwell,
            heart_reward=heart_reward,
            listen_id=person.listens + 1 if recorded else 0,
        )
        if recorded:
            content = self._shelf.content(listening.track)
            stored = replace(outcome, time=self._wall(outcome.time))
            self._memory.update(stored, listening.ranked, content)
            self._outcomes[listening.track.track_id] = outcome
            while len(self._outcomes) > CORRECTABLE:
                self._outcomes.popitem(last=False)
        self._on_outcome(outcome)
        return outcome

    def rate(self, track: Track, rating: float, person_id: str, time: float) -> None:
        """Let a rating correct the listen of a track that is over; one never heard is learned."""
        content = self._shelf.content(track)
        corrected = self._memory.rate(person_id, track.track_id, rating, content)
        nothing, nan = unknown(STATES), math.nan
        outcome = self._outcomes.get(track.track_id) or Outcome(
            time, person_id, track, 0.0, False, True, 0, nan, nothing, nothing, nan, nan, nan
        )
        if corrected is None:
            signals = {"rating": rating}
            outcome = replace(outcome, rating=rating, reward=rating, signals=signals, learned=True)
            self._memory.update(replace(outcome, time=self._wall(time)), None, content)
            return
        listen_id, value, signals = corrected
        outcome = replace(
            outcome,
            time=time,
            rating=rating,
            reward=value,
            signals=signals,
            learned=True,
            listen_id=listen_id,
        )
        self._outcomes[track.track_id] = outcome
        self._on_outcome(outcome)

    def late_before(self, time: float, estimate: Estimate) -> None:
        """Take the first emotion of a track that began while none was known."""
        listening = self.listening
        if (
            listening is not None
            and math.isnan(listening.before.valence)
            and time <= listening.began + ONSET
        ):
            listening.before = estimate

    def late_heart_rate(self, time: float, bpm: float) -> None:
        """Take the first heart rate of a track that began while none was known."""
        listening = self.listening
        if (
            listening is not None
            and math.isnan(listening.heart_before)
            and time <= listening.began + ONSET
        ):
            listening.heart_before = bpm

    def _attribute(self, listening: Listening, recommendation_id: str) -> None:
        """Join a listen with the recommendation that led to it."""
        listening.recommendation_id = recommendation_id
        offer = self._offers.get(recommendation_id)
        if offer is None:
            return
        listening.state = offer.state
        listening.target = self._target(offer.state, listening.before)
        for entry in offer.ranked:
            if entry.track.track_id == listening.track.track_id:
                listening.ranked = entry
