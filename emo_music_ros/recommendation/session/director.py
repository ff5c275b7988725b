# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What to play when, and what was learned: the logic of the recommender node without ROS.

There is no clock in here: every time is passed in, in seconds of a clock that only runs forward.
"""

from __future__ import annotations

import logging
import math
import uuid
from collections.abc import Callable, Sequence

import numpy as np

from emo_music_ros.emotion import STATES, UNKNOWN
from emo_music_ros.recommendation.base import Need, RankedTrack, Recommender
from emo_music_ros.recommendation.memory.store import Memory
from emo_music_ros.recommendation.policy.guard import admissible, aroused
from emo_music_ros.recommendation.policy.target import Point, place, target
from emo_music_ros.recommendation.session.acts import Acts
from emo_music_ros.recommendation.session.attendance import deserted, somebody
from emo_music_ros.recommendation.session.attribution import Attribution
from emo_music_ros.recommendation.session.distress import Distress
from emo_music_ros.recommendation.session.offers import Preview, first, noted
from emo_music_ros.recommendation.session.options import DirectorOptions
from emo_music_ros.recommendation.session.shelf import Shelf
from emo_music_ros.recommendation.session.signals import Signals
from emo_music_ros.recommendation.session.triggers import Requests, Triggers
from emo_music_ros.recommendation.session.views import Decision, PlayerView
from emo_music_ros.states import states_at
from emo_music_ros.streams import Emotion, Estimate, Interaction, Outcome, Track

log = logging.getLogger(__name__)

#: Most tracks that are avoided because they were played lately.
MOST_RECENT = 12
#: A track that was skipped is not offered again for this long [s].
REJECTED = 1800.0
#: Distress counts as recent for this long [s].
RECENT_DISTRESS = 1200.0


class Director(Acts):
    """Watches emotion, player and person, and says what to do and what was learned.

    Music changes when a track comes to its end, when a person asks for another, and when the
    person's state has been another for most of the last seconds. It stops when consent is
    withdrawn, when the person is distressed, and when nobody has been there for minutes. After a
    person's stop there is no music until they ask for it; after withdrawn consent, until it is
    given again; after nobody was there, until somebody is.

    Parameters
    ----------
    recommender : Recommender
        Ranks the tracks.
    memory : Memory
        Learns from every outcome.
    tracks : callable
        Returns the library as it is now.
    options : Director.Options, optional
        What can be set.
    person_id : str
        Who the music is for. Signals of others are ignored; for another person make another
        director.
    on_outcome : callable, optional
        Gets one outcome for every track that was started and ended.
    new_id : callable, optional
        Makes the ids of recommendations.
    wall : callable, optional
        Turns a time of the session into unix seconds, for what is stored.

    Attributes
    ----------
    waiting : str
        Why nothing is to be done now.
    """

    Options = DirectorOptions

    def __init__(
        self,
        recommender: Recommender,
        memory: Memory,
        tracks: Callable[[], Sequence[Track]],
        options: DirectorOptions | None = None,
        *,
        person_id: str = "",
        on_outcome: Callable[[Outcome], None] | None = None,
        new_id: Callable[[], str] = lambda: uuid.uuid4().hex,
        wall: Callable[[float], float] = float,
    ) -> None:
        super().__init__()
        self.options = options or DirectorOptions()
        self.person_id = person_id
        self.waiting = ""
        self._recommender = recommender
        self._memory = memory
        self._shelf = Shelf(tracks)
        self._new_id = new_id
        self._wall = wall
        self._signals = Signals()
        self._distress = Distress()
        self._triggers = Triggers(self._signals)
        self._requests = Requests()
        self._attribution = Attribution(
            memory,
            self._shelf,
            self._signals,
            self._target,
            on_outcome or (lambda outcome: None),
            wall,
        )
        self._awaiting: Decision | None = None
        self._recent: list[str] = []
        self._rejected: dict[str, float] = {}
        self._first_step = math.nan
        self._absent = False
        self._distressed_at = -math.inf

    # -- what comes in -----------------------------------------------------------------------

    def on_emotion(self, emotion: Emotion) -> None:
        """Take the fused emotion of the person."""
        if not self._consent or not self._mine(emotion.person_id):
            return
        if not self._signals.add_emotion(emotion):
            return
        self._distress.add(emotion)
        if self._listening is not None:
            self._listening.watch(emotion.time, self._somebody(emotion.time))
        if emotion.state != UNKNOWN:
            self._attribution.late_before(emotion.time, emotion.estimate)

    def on_heart_rate(self, time: float, bpm: float) -> None:
        """Take a heart rate [beats per minute]; NaN is ignored."""
        if self._consent and self._signals.add_heart_rate(time, bpm):
            self._attribution.late_heart_rate(time, bpm)

    def on_player(self, view: PlayerView) -> None:
        """Take what the player reports."""
        attribution = self._attribution
        if not math.isfinite(view.time) or attribution.view and view.time < attribution.view.time:
            return
        attribution.view = view
        listening = attribution.listening
        if listening is not None and view.time < listening.began:
            return  # from before the start that was reported already
        if view.status == "stopped" or not view.track_id:
            self._end(view.time)
            return
        if attribution.begins(view):
            self._begin(view.track_id, view.recommendation_id, view.time, reported=False)
        if attribution.listening is not None and (
            attribution.listening.track.track_id == view.track_id
        ):
            attribution.listening.follow(view)

    def on_interaction(self, event: Interaction) -> None:
        """Take what a person did or the player reported."""
        if self._mine(event.person_id) and math.isfinite(event.time):
            self._act(event)

    # -- what goes out -----------------------------------------------------------------------

    def step(self, now: float) -> Decision | None:
        """Return what to do now, if anything. Call it twice a second or more often."""
        if math.isnan(self._first_step):
            self._first_step = now
        self._triggers.idle(now, self._listening is not None)
        if self._order is not None:
            (trigger, reason), self._order = self._order, None
            return self._stop(now, trigger, reason)
        if not self._may_play(now):
            return None
        options = self.options
        if (
            options.distress_stop
            and self._listening is not None
            and self._distress.lasts(
                self._signals, now, options.distress_time, options.distress_rise
            )
        ):
            return self._stop_for_distress(now)
        if self._listening is not None and deserted(
            self._signals, self._acted_at, self._first_step, now, self.options.absence
        ):
            self._absent = True
            return self._stop(
                now, "absent", "Nobody has been here for some minutes: the music fades and waits."
            )
        if self._attribution.view is None or not self._shelf.tracks():
            missing = self._attribution.view is None
            self.waiting = "no player" if missing else "the library is empty"
            return None
        trigger, track_id, emotion = self._trigger(now)
        if not trigger:
            return None
        self.waiting = ""
        return self._play(now, trigger, track_id, emotion or self._triggers.state_now(now))

    def rank(
        self, valence: float, arousal: float, count: int, person_id: str = ""
    ) -> tuple[Need, list[RankedTrack]]:
        """Rank the library for an emotion, -1..1, without playing or changing anything.

        `person_id` says for whom, by default for the person the music is for.
        """
        state = STATES[int(np.argmax(states_at(valence, arousal)))]
        estimate = Estimate((), np.zeros(0, np.float32), valence, arousal, math.nan, confidence=1.0)
        person = self._memory.person(person_id or self.person_id)
        pool, note = admissible(
            self._shelf.tracks(), careful=aroused(state, estimate), blocked=person.blocked
        )
        need, ranked = self._recommender.rank(state, estimate, pool, Preview(person), (), count)
        return noted(need, note), ranked

    def forget(self, person_id: str) -> int:
        """Remove everything about a person and return how many records that were.

        Raises
        ------
        StorageError
            If the database cannot be written.
        """
        if person_id == self.person_id:
            self._clear_signals()
            self._attribution.clear()
            if self._listening is not None:
                self._listening.forgotten = True
        return self._memory.forget(person_id)

    def close(self, now: float) -> None:
        """End the attribution of the track that is on."""
        self._end(now)
        self._awaiting = self._wish = None

    # -- deciding ----------------------------------------------------------------------------

    def _may_play(self, now: float) -> bool:
        if self._absent and self._somebody(now):
            self._absent = False
            self._triggers.restart()
        if not self._consent:
            self.waiting = "there is no consent"
        elif self._held:
            self.waiting = "a person stopped the music"
        elif now < self._quiet_until:
            self.waiting = "rest after distress"
            self._wish = None  # of before, or that does not ask for music
        elif self._absent and self._wish is None:
            self.waiting = "nobody is here"
        else:
            return True
        return False

    def _trigger(self, now: float) -> tuple[str, str, Emotion | None]:
        """Return why to recommend now, the track that was asked for and the state to answer."""
        if self._wish is not None:
            return *self._wish, None
        if self._awaiting is not None:
            if now - self._awaiting.time < self._requests.wait(self.options.start_timeout):
                self.waiting = "the player opens the track"
                return "", "", None
            missing = self._awaiting.ranked[0].track
            log.warning("'%s' did not start, another track is chosen", missing.title)
            self._rejected[missing.track_id] = now
            self._requests.failed()
            self._awaiting = None
        view = self._attribution.view
        paused = view is not None and view.status == "paused"
        due = self._triggers.due(now, self._listening, paused, self.options)
        self.waiting = self._triggers.waiting
        return due

    def _play(self, now: float, trigger: str, track_id: str, emotion: Emotion) -> Decision | None:
        self._wish = None
        person = self._memory.person(self.person_id)
        end = self._target(emotion.state, emotion.estimate)
        begin = place(emotion.state, emotion.estimate) if emotion.state in STATES else end
        tracks = self._shelf.around(begin, end, person.preference)
        careful = aroused(emotion.state, emotion.estimate) or (
            now - self._distressed_at < RECENT_DISTRESS
        )
        self._rejected = {
            name: time for name, time in self._rejected.items() if now - time < REJECTED
        }
        recently = sorted(self._rejected, key=lambda name: self._rejected[name])
        pool, note = admissible(tracks, careful=careful, blocked=person.blocked, rejected=recently)
        recent = self._recent[-min(MOST_RECENT, len(pool) // 2) :] if len(pool) > 1 else []
        state, estimate, top_k = emotion.state, emotion.estimate, self.options.top_k
        if track_id:
            # What somebody asks for is played; it is scored among all, like any other.
            need, ranked = self._recommender.rank(
                state, estimate, tracks, person, recent, len(tracks)
            )
            ranked = first(track_id, ranked)[:top_k]
        else:
            need, ranked = self._recommender.rank(state, estimate, pool, person, recent, top_k)
        if not ranked:
            self.waiting = need.reason
            return None
        need = noted(need, note)
        decision = self._decision(now, "play", trigger, need.reason, emotion, need, ranked)
        self._attribution.offer(decision)
        self._awaiting = decision
        self._triggers.begun(state)
        if self._listening is not None:
            self._listening.again = False
        return decision

    def _stop(self, now: float, trigger: str, reason: str) -> Decision:
        self._awaiting = self._wish = None
        self.waiting = reason
        return self._decision(now, "stop", trigger, reason, self._triggers.state_now(now))

    def _decision(
        self,
        now: float,
        action: str,
        trigger: str,
        reason: str,
        emotion: Emotion,
        need: Need | None = None,
        ranked: Sequence[RankedTrack] = (),
    ) -> Decision:
        return Decision(
            action,
            trigger,
            reason,
            now,
            self._new_id(),
            self.person_id,
            emotion.state,
            emotion.estimate,
            emotion.time,
            need,
            tuple(ranked),
        )

    def _stop_for_distress(self, now: float) -> Decision:
        assert self._listening is not None
        track = self._listening.track
        self._quiet_until = now + self.options.distress_pause
        self._distressed_at = now
        self._distress.begin_anew(self._quiet_until)
        self._triggers.restart()
        self._memory.block(self.person_id, track.track_id, self._wall(now), "distress")
        minutes = self.options.distress_pause / 60
        return self._stop(
            now,
            "distress",
            f"Seems distressed: the music fades out and rests for {minutes:.0f} minutes, and"
            f" '{track.title or track.track_id}' is kept back until somebody chooses it again."
            " Please look after the person.",
        )

    def _somebody(self, now: float) -> bool:
        return somebody(self._signals, self._acted_at, now)

    # -- the track that is on ----------------------------------------------------------------

    def _begin(self, track_id: str, recommendation_id: str, time: float, reported: bool) -> None:
        self._end(time)
        self._attribution.begin(track_id, recommendation_id, time, reported)
        self._awaiting = None
        self._requests.began()
        self._recent = [known for known in self._recent if known != track_id] + [track_id]

    def _end(self, time: float, finished: bool = False) -> None:
        if self._listening is None:
            return
        self._triggers.ended()
        self._attribution.end(
            time,
            self.person_id,
            consent=self._consent and self._remembers,
            crossfade=self.options.crossfade,
            heart_reward=self.options.heart_reward,
            finished=finished,
        )

    def _target(self, state: str, estimate: Estimate) -> Point:
        own = getattr(self._recommender, "target", None)
        if callable(own):
            point: Point = own(state, estimate)
            return point
        return target(state, estimate)

    def _mine(self, person_id: str) -> bool:
        return person_id in ("", self.person_id)

    def _clear_signals(self) -> None:
        self._signals.clear()
        self._distress.clear()
