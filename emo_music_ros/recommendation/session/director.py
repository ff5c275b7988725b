# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What to play when, and what was learned: the logic of the recommender node without ROS.

There is no clock in here: every time is passed in, in seconds of a clock that only runs forward.
"""

from __future__ import annotations

import logging
import math
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from emo_music_ros.care.profile import NOBODY, Profile
from emo_music_ros.emotion import STATES, UNKNOWN
from emo_music_ros.recommendation.base import Need, RankedTrack, Recommender
from emo_music_ros.recommendation.memory.store import Memory
from emo_music_ros.recommendation.policy.guard import aroused
from emo_music_ros.recommendation.policy.target import Point, target
from emo_music_ros.recommendation.session.acts import Acts
from emo_music_ros.recommendation.session.attendance import deserted, somebody
from emo_music_ros.recommendation.session.attribution import Attribution
from emo_music_ros.recommendation.session.choosing import Chooser, Moment
from emo_music_ros.recommendation.session.deciding import Decisions
from emo_music_ros.recommendation.session.distress import Distress
from emo_music_ros.recommendation.session.options import DirectorOptions
from emo_music_ros.recommendation.session.programme import Course, Programme
from emo_music_ros.recommendation.session.shelf import Shelf
from emo_music_ros.recommendation.session.signals import Signals
from emo_music_ros.recommendation.session.triggers import Requests, Triggers
from emo_music_ros.recommendation.session.views import Decision, PlayerView
from emo_music_ros.states import states_at
from emo_music_ros.streams import Emotion, Estimate, Interaction, Outcome, Track

log = logging.getLogger(__name__)

#: A track that was skipped is not offered again for this long [s].
REJECTED = 1800.0
#: Distress counts as recent for this long [s].
RECENT_DISTRESS = 1200.0
#: Longest distress before music stops where the risk of a bad reaction is high [s] (ours).
HIGH_RISK = 15.0
#: What is asked for after which nothing that plays may go on.
REFUSING = ("never", "next")


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
    profile : callable, optional
        Returns what was entered for a person, as it is now.

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
        profile: Callable[[str], Profile] = lambda person: NOBODY,
    ) -> None:
        super().__init__()
        self.options = options or DirectorOptions()
        self.person_id = person_id
        self.waiting = ""
        self._recommender = recommender
        self._memory = memory
        self._shelf = Shelf(tracks)
        self._chooser = Chooser(recommender, memory, self._shelf, profile)
        self._course = Course()
        self._wall = wall
        self._signals = Signals()
        self._distress = Distress()
        self._triggers = Triggers(self._signals)
        self._decisions = Decisions(person_id, self._triggers, self._course, new_id)
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
        if self._group(event.person_id) and math.isfinite(event.time):
            self._act(event)

    # -- what goes out -----------------------------------------------------------------------

    def step(self, now: float) -> Decision | None:
        """Return what to do now, if anything. Call it twice a second or more often."""
        if math.isnan(self._first_step):
            self._first_step = now
        self._triggers.idle(now, self._listening is not None)
        if self._order is not None:
            (trigger, reason), self._order = self._order, None
            return self._stop(self._decisions.stop(now, trigger, reason))
        if not self._may_play(now):
            return None
        options = self.options
        if (
            options.distress_stop
            and self._listening is not None
            and self._distress.lasts(
                self._signals, now, self._distress_time(), options.distress_rise
            )
        ):
            return self._stop_for_distress(now)
        if self._listening is not None and deserted(
            self._signals, self._acted_at, self._first_step, now, self.options.absence
        ):
            self._absent = True
            told = "Nobody has been here for some minutes: the music fades and waits."
            return self._stop(self._decisions.stop(now, "absent", told))
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
        end = self._target(state, estimate)
        moment = Moment(state, estimate, aroused(state, estimate), end=end)
        return self._chooser.choose(person_id or self.person_id, moment, count, preview=True)

    def follow(self, programme: Programme, now: float) -> None:
        """Take what a session asks to be played; an empty programme is the end of it.

        A list begins at once. A session of the day plan begins also after somebody stopped the
        music earlier, but not while it rests after distress.
        """
        anew = self._course.follow(programme)
        self._chooser.members = programme.members
        if programme.group and self._listening is not None:
            self._listening.forgotten = True
        if not anew:
            return
        if programme.scheduled:
            self._held = self._asked = False
            self._triggers.restart()
        if self._wish is not None and self._wish[0] == "plan":
            self._wish = None
        if programme.tracks and not self._held and now >= self._quiet_until:
            self._wish = ("plan", "")

    def reconsider(self, now: float) -> None:
        """Go on to another piece where what plays may not be played any more."""
        on = self._listening.track if self._listening is not None else None
        for track in (on, self._awaiting.ranked[0].track if self._awaiting is not None else None):
            if track is not None and self._chooser.refusal(track, self.person_id):
                self.never(track.track_id, now)

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
            self._asked = False
            self.waiting = "nobody is here"
        else:
            return True
        return False

    def _trigger(self, now: float) -> tuple[str, str, Emotion | None]:
        """Return why to recommend now, the track that was asked for and the state to answer."""
        if self._wish is not None:
            trigger, track_id = self._wish
            if trigger != "asked" or self._awaiting is None or not self._course.programme.tracks:
                return trigger, track_id, None
            self._wish = None  # the list has begun already
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
        self.waiting = "" if due[0] else self._triggers.waiting
        if due[0]:
            profile = self._chooser.profile(self.person_id)
            self.waiting = self._course.waits(due[0], self._asked, profile)
        return ("", "", None) if self.waiting else due

    def _play(self, now: float, trigger: str, track_id: str, emotion: Emotion) -> Decision | None:
        self._wish = None
        self._rejected = {
            name: time for name, time in self._rejected.items() if now - time < REJECTED
        }
        state, estimate, top_k = emotion.state, emotion.estimate, self.options.top_k
        careful = aroused(state, estimate) or now - self._distressed_at < RECENT_DISTRESS
        rejected = sorted(self._rejected, key=lambda name: self._rejected[name])
        end = self._target(state, estimate)
        moment = Moment(state, estimate, careful, self._recent, rejected, end)
        programme = self._course.programme
        picked = trigger in ("select", "comfort", "repeat") and bool(track_id)
        chosen = picked and not programme.fixed
        planned = "" if chosen else self._course.next(trigger, self._left_out)
        if planned:
            count = 1 if programme.fixed else top_k  # nothing stands in for it
            need, ranked = self._chooser.asked(self.person_id, planned, moment, count)
            need, trigger = replace(need, reason=self._course.told), "plan"
        elif programme.fixed:
            need, ranked = Need(0.0, 0.0, 0.0, f"The list of '{programme.name}' is at its end."), []
        elif track_id:
            need, ranked = self._chooser.asked(self.person_id, track_id, moment, top_k)
        else:
            need, ranked = self._chooser.choose(self.person_id, moment, top_k)
        if not ranked:
            self.waiting = need.reason
            if trigger not in REFUSING:
                return None
            return self._stop(self._decisions.stop(now, trigger, need.reason))
        decision = self._decisions.play(now, trigger, emotion, need, ranked)
        self._attribution.offer(decision)
        self._awaiting = decision
        self._triggers.begun(state)
        if self._listening is not None:
            self._listening.again = False
        return decision

    def _left_out(self, track_id: str) -> bool:
        """Tell whether a piece of a list is not played: not there, or nobody may hear it."""
        track = self._attribution.find(track_id)
        if track is None:
            log.warning("'%s' of the plan is not in the library and is left out", track_id)
            return True
        refusal = self._chooser.refusal(track, self.person_id)
        if not refusal and self._kept_back(track_id):
            refusal = f"'{track.title or track_id}' is kept back after distress"
        if refusal:
            log.warning("%s and is left out of the plan", refusal)
        return bool(refusal)

    def _stop(self, decision: Decision) -> Decision:
        self._awaiting = self._wish = None
        self.waiting = decision.reason
        return decision

    def _distress_time(self) -> float:
        """Return how long distress lasts before it stops music [s]: less where risk is high."""
        high = self._chooser.profile(self.person_id).high_risk
        return min(self.options.distress_time, HIGH_RISK) if high else self.options.distress_time

    def _stop_for_distress(self, now: float) -> Decision:
        assert self._listening is not None
        track = self._listening.track
        self._quiet_until = now + self.options.distress_pause
        self._distressed_at = now
        self._course.broken_off = self._course.programme.running
        self._asked = False
        self._distress.begin_anew(self._quiet_until)
        self._triggers.restart()
        self._memory.block(self.person_id, track.track_id, self._wall(now), "distress")
        return self._stop(self._decisions.distress(now, track, self.options.distress_pause))

    def _somebody(self, now: float) -> bool:
        return somebody(self._signals, self._acted_at, now)

    # -- the track that is on ----------------------------------------------------------------

    def _begin(self, track_id: str, recommendation_id: str, time: float, reported: bool) -> None:
        self._end(time)
        self._attribution.begin(track_id, recommendation_id, time, reported)
        if self._course.programme.group and self._listening is not None:
            self._listening.forgotten = True
        self._awaiting = None
        self._requests.began()
        self._recent = [known for known in self._recent if known != track_id] + [track_id]

    def _end(self, time: float, finished: bool = False) -> None:
        if self._listening is None:
            return
        self._triggers.ended()
        profile = self._chooser.profile(self.person_id)
        self._attribution.end(
            time,
            self.person_id,
            consent=self._consent and self._remembers and not self._listening.forgotten,
            crossfade=self.options.crossfade,
            heart_reward=self.options.heart_reward and not profile.heart,
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

    def _group(self, person_id: str) -> bool:
        return self._mine(person_id) or person_id in self._course.programme.members

    def _clear_signals(self) -> None:
        self._signals.clear()
        self._distress.clear()
