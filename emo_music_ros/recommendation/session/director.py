"""When to recommend, and what came of it: the logic of the recommender node without ROS.

There is no clock in here: every time is passed in, in unix seconds.
"""

from __future__ import annotations

import logging
import math
import uuid
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from emo_music_ros.emotion import STATES, UNKNOWN, states_at, states_from, unknown
from emo_music_ros.options import option
from emo_music_ros.recommendation.base import Need, PersonMemory, RankedTrack, Recommender
from emo_music_ros.recommendation.memory.reward import reward
from emo_music_ros.recommendation.memory.store import Memory
from emo_music_ros.recommendation.policy import scoring
from emo_music_ros.recommendation.policy.target import Point, target
from emo_music_ros.streams import Emotion, Estimate, FloatArray, Interaction, Outcome, Track

log = logging.getLogger(__name__)

#: Emotions older than this [s] say nothing about now.
STALE = 5.0
#: Emotion and heart rate before and after a track are means over this long [s].
WINDOW = 10.0
#: Listeners take about eight seconds to feel what a track does to them (Bachorik et al. 2009):
#: an emotion that is first seen this soon after the start [s] still counts as before it.
ONSET = 8.0
#: Share of the estimates, and of the time, that distress has to be seen in.
DISTRESS_SHARE = 0.8
#: How long signals are kept [s].
KEPT = 120.0
#: A track left this close before its cross-fade [s] was heard to its end.
NEAR_END = 1.0
#: Most tracks that are avoided because they were played lately.
MOST_RECENT = 6
#: How many recommendations are remembered for attribution.
OFFERS = 16


@dataclass(frozen=True)
class PlayerView:
    """What the player reports. `status` is stopped, playing, paused or fading; [s]."""

    time: float
    status: str
    track_id: str = ""
    position: float = 0.0
    duration: float = 0.0
    recommendation_id: str = ""


@dataclass(frozen=True)
class Decision:
    """What to do now.

    Attributes
    ----------
    action : str
        ``play``: ranked[0] now, cross-faded; ``stop``: fade out within two seconds.
    trigger : str
        start, end, next, state, asked, select, repeat, distress or consent.
    reason : str
        One sentence for carers.
    time : float
        When it was decided [unix s].
    emotion_time : float
        Stamp of the emotion it answers [unix s], NaN = none.
    """

    action: str
    trigger: str
    reason: str
    time: float
    recommendation_id: str
    person_id: str
    state: str
    estimate: Estimate
    emotion_time: float
    need: Need | None
    ranked: tuple[RankedTrack, ...]


@dataclass
class _Listening:
    """The track that is on, and what happened since it began."""

    track: Track
    recommendation_id: str
    ranked: RankedTrack | None
    state: str
    began: float
    before: Estimate
    heart_before: float
    target: Point
    duration: float
    reported: bool  # the player said that it started, not only that it plays
    position: float = field(default=0.0, init=False)
    seen: float = field(default=math.nan, init=False)  # time of the newest view
    moving: bool = field(default=True, init=False)
    heard: float = field(default=0.0, init=False)
    jumped: bool = field(default=False, init=False)
    skipped: bool = field(default=False, init=False)
    stopped: bool = field(default=False, init=False)  # by a person
    repeats: int = field(default=0, init=False)
    again: bool = field(default=False, init=False)
    rating: float = field(default=math.nan, init=False)
    forgotten: bool = field(default=False, init=False)  # nothing is to be learned from it
    #: How the person felt, and when, before music was changed for a new state.
    inherited: tuple[Estimate, float] | None = field(default=None, init=False)

    @property
    def baseline(self) -> tuple[Estimate, float]:
        """How the person felt when this music began, and when that was."""
        return self.inherited or (self.before, self.began)

    def at(self, now: float) -> float:
        """Return the position at a time a little after the newest view [s]."""
        since = self.began if math.isnan(self.seen) else self.seen
        gone = min(max(now - since, 0.0), STALE) if self.moving else 0.0
        position = self.position + gone
        return min(position, self.duration) if self.duration > 0 else position


class _Preview:
    """A person for whom is ranked without playing: known, but led nowhere."""

    def __init__(self, person: PersonMemory) -> None:
        self.person_id = f"preview of {person.person_id}"
        self.preference = person.preference
        self.history = person.history


class Director:
    """Watches emotion, player and person, and says what to do and what was learned.

    Music changes when a track comes to its end, when a person asks for another, and when the
    person's state has been another for long enough. It stops when consent is withdrawn and when
    the person has become more distressed than when the music began and stays so although it was
    changed. After a person's stop there is
    no music until they ask for it; after withdrawn consent, until it is given again.

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
        Who the music is for. Signals of others are ignored.
    on_outcome : callable, optional
        Gets one outcome for every track that was started and ended.

    Attributes
    ----------
    waiting : str
        Why nothing is to be done now.
    """

    @dataclass(frozen=True)
    class Options:
        """What can be set."""

        top_k: int = option(5, "tracks in a recommendation", low=1, high=50, dynamic=True)
        crossfade: float = option(
            4.0,
            "the next track is chosen this long before the end [s]",
            low=0.0,
            high=12.0,
            dynamic=True,
        )
        settle: float = option(
            1.0, "silence after a track before the next [s]", low=0.0, high=60.0, dynamic=True
        )
        patience: float = option(
            10.0,
            "wait for a first known emotion before a safe choice [s]",
            low=0.0,
            high=600.0,
            dynamic=True,
        )
        min_dwell: float = option(
            45.0,
            "a track plays this long before a new state replaces it [s]",
            low=0.0,
            high=3600.0,
            dynamic=True,
        )
        stable: float = option(
            15.0,
            "a new state lasts this long before it counts [s]",
            low=0.0,
            high=600.0,
            dynamic=True,
        )
        start_timeout: float = option(
            5.0,
            "a track that does not start in this time is given up [s]",
            low=0.5,
            high=60.0,
            dynamic=True,
        )
        distress_stop: bool = option(
            True, "stop when the person becomes more distressed", dynamic=True
        )
        distress_rise: float = option(
            0.4,
            "rise of the probability of anxiety and depression, and fall of valence, since"
            " the track began that count as distress",
            low=0.05,
            high=2.0,
            dynamic=True,
        )
        distress_time: float = option(
            45.0,
            "how long distress lasts, although the music was changed for it, before it stops [s]",
            low=1.0,
            high=100.0,
            dynamic=True,
        )
        distress_pause: float = option(
            600.0,
            "no music after distress unless asked for [s]",
            low=0.0,
            high=86400.0,
            dynamic=True,
        )

    def __init__(
        self,
        recommender: Recommender,
        memory: Memory,
        tracks: Callable[[], Sequence[Track]],
        options: Options | None = None,
        *,
        person_id: str = "",
        on_outcome: Callable[[Outcome], None] | None = None,
    ) -> None:
        self.options = options or self.Options()
        self.person_id = person_id
        self.waiting = ""
        self._recommender = recommender
        self._memory = memory
        self._tracks = tracks
        self._on_outcome = on_outcome
        self._emotions: deque[Emotion] = deque()
        self._hearts: deque[tuple[float, float]] = deque()
        self._state_since = math.nan
        self._view: PlayerView | None = None
        self._listening: _Listening | None = None
        self._ended: tuple[str, str] = ("", "")
        self._offers: OrderedDict[str, Decision] = OrderedDict()
        self._awaiting: Decision | None = None
        self._recent: list[str] = []
        self._consent = True
        self._held = False
        self._quiet_until = -math.inf
        self._wish: tuple[str, str] | None = None  # trigger, track id
        self._order: tuple[str, str] | None = None  # trigger and reason of a stop
        self._first_step = math.nan
        self._idle_since = math.nan
        self._decided = False

    # -- what comes in -----------------------------------------------------------------------

    def on_emotion(self, emotion: Emotion) -> None:
        """Take the fused emotion of the person."""
        if not self._consent or not self._mine(emotion.person_id):
            return
        newest = self._emotions[-1] if self._emotions else None
        if not math.isfinite(emotion.time) or newest and emotion.time < newest.time:
            return
        if newest is None or newest.state != emotion.state or math.isnan(self._state_since):
            self._state_since = emotion.time
        self._emotions.append(emotion)
        while self._emotions[0].time < emotion.time - KEPT:
            self._emotions.popleft()
        listening = self._listening
        if (
            listening is not None
            and math.isnan(listening.before.valence)
            and emotion.time <= listening.began + ONSET
        ):
            listening.before = emotion.estimate

    def on_heart_rate(self, time: float, bpm: float) -> None:
        """Take a heart rate [beats per minute]; NaN is ignored."""
        if not self._consent or not (math.isfinite(time) and math.isfinite(bpm) and bpm > 0):
            return
        self._hearts.append((time, bpm))
        while self._hearts[0][0] < time - KEPT:
            self._hearts.popleft()
        listening = self._listening
        if (
            listening is not None
            and math.isnan(listening.heart_before)
            and time <= listening.began + ONSET
        ):
            listening.heart_before = bpm

    def on_player(self, view: PlayerView) -> None:
        """Take what the player reports."""
        if not math.isfinite(view.time) or self._view and view.time < self._view.time:
            return
        self._view = view
        listening = self._listening
        if listening is not None and view.time < listening.began:
            return  # from before the start that was reported already
        if view.status == "stopped" or not view.track_id:
            if listening is not None:
                self._end(view.time)
            return
        same = listening is not None and listening.track.track_id == view.track_id
        if listening is not None and same and not listening.recommendation_id:
            self._attribute(listening, view.recommendation_id)
        if (
            not same
            or listening is None
            or (view.recommendation_id and listening.recommendation_id != view.recommendation_id)
        ):
            if (view.track_id, view.recommendation_id) == self._ended:
                return  # the end was reported before this view of it arrived
            self._begin(view.track_id, view.recommendation_id, view.time, reported=False)
        self._follow(view)

    def on_interaction(self, event: Interaction) -> None:
        """Take what a person did or the player reported."""
        if not self._mine(event.person_id) or not math.isfinite(event.time):
            return
        handler = {
            "track_started": self._on_started,
            "track_finished": self._on_finished,
            "next": self._on_next,
            "stop": self._on_stop,
            "play": self._on_play,
            "repeat": self._on_repeat,
            "rate": self._on_rate,
            "select": self._on_select,
            "consent": self._on_consent,
            "seek": self._on_seek,
        }.get(event.action)
        if handler is not None:
            handler(event)

    # -- what goes out -----------------------------------------------------------------------

    def step(self, now: float) -> Decision | None:
        """Return what to do now, if anything. Call it twice a second or more often."""
        if math.isnan(self._first_step):
            self._first_step = now
        if self._listening is None:
            if math.isnan(self._idle_since):
                self._idle_since = now
        else:
            self._idle_since = math.nan
        if self._order is not None:
            (trigger, reason), self._order = self._order, None
            return self._stop(now, trigger, reason)
        if not self._may_play(now):
            return None
        if self._distressed(now):
            self._quiet_until = now + self.options.distress_pause
            self._wish = None
            minutes = self.options.distress_pause / 60
            return self._stop(
                now,
                "distress",
                "Seems more distressed than when the music began: the music fades out and rests"
                f" for {minutes:.0f} minutes. Please look after the person.",
            )
        tracks = self._tracks()
        if self._view is None or not tracks:
            self.waiting = "no player" if self._view is None else "the library is empty"
            return None
        trigger, track_id = self._trigger(now)
        if not trigger:
            return None
        self.waiting = ""
        return self._play(now, trigger, track_id, tracks)

    def rank(self, valence: float, arousal: float, count: int) -> tuple[Need, list[RankedTrack]]:
        """Rank the library for an emotion, -1..1, without playing or changing anything."""
        state = STATES[int(np.argmax(states_at(valence, arousal)))]
        estimate = Estimate((), np.zeros(0, np.float32), valence, arousal, math.nan, confidence=1.0)
        person = self._memory.person(self.person_id)
        preview = _Preview(person)
        return self._recommender.rank(state, estimate, self._tracks(), preview, (), count)

    def set_person(self, person_id: str, now: float) -> None:
        """Turn to another person; the track that is on counts for the one before."""
        if person_id == self.person_id:
            return
        self.close(now)
        self.person_id = person_id
        self._clear_signals()
        self._offers.clear()
        self._recent.clear()

    def forget(self, person_id: str) -> int:
        """Remove everything about a person and return how many records that were.

        Raises
        ------
        StorageError
            If the database cannot be written.
        """
        if person_id == self.person_id:
            self._clear_signals()
            if self._listening is not None:
                self._listening.forgotten = True
        return self._memory.forget(person_id)

    def close(self, now: float) -> None:
        """End the attribution of the track that is on."""
        if self._listening is not None:
            self._end(now)
        self._awaiting = self._wish = None

    # -- acts of a person --------------------------------------------------------------------

    def _on_started(self, event: Interaction) -> None:
        listening = self._listening
        if listening is not None and listening.track.track_id == event.track_id:
            if not listening.reported:
                listening.reported = True
                return
            if event.time <= listening.began:
                return
        view, offer = self._view, self._awaiting
        recommendation_id = ""
        if offer is not None and any(r.track.track_id == event.track_id for r in offer.ranked):
            recommendation_id = offer.recommendation_id
        elif view is not None and view.track_id == event.track_id:
            fresh = listening is None or view.recommendation_id != listening.recommendation_id
            if fresh and (view.track_id, view.recommendation_id) != self._ended:
                recommendation_id = view.recommendation_id
        self._begin(event.track_id, recommendation_id, event.time, reported=True)

    def _on_finished(self, event: Interaction) -> None:
        listening = self._listening
        if (
            listening is not None
            and listening.track.track_id == event.track_id
            and event.time >= listening.began
        ):
            self._end(event.time, finished=True)

    def _on_next(self, event: Interaction) -> None:
        if self._listening is not None:
            self._listening.skipped = True
            self._listening.again = False
        if not self._held:
            self._wish = ("next", "")

    def _on_stop(self, event: Interaction) -> None:
        self._held = True
        self._wish = self._awaiting = None
        if self._listening is not None:
            self._listening.stopped = True

    def _on_play(self, event: Interaction) -> None:
        self._held = False
        self._quiet_until = -math.inf
        if self._listening is None or self._listening.stopped:
            self._wish = ("asked", "")

    def _on_select(self, event: Interaction) -> None:
        if self._find(event.track_id) is None:
            log.warning("track '%s' was chosen and is not in the library", event.track_id)
            return
        self._held = False
        self._quiet_until = -math.inf
        listening = self._listening
        if listening is not None and listening.track.track_id != event.track_id:
            listening.skipped = True
        self._wish = ("select", event.track_id)

    def _on_repeat(self, event: Interaction) -> None:
        if self._listening is not None:
            self._listening.repeats += 1
            self._listening.again = True
        elif not self._held and self._recent:
            self._wish = ("repeat", self._recent[-1])

    def _on_seek(self, event: Interaction) -> None:
        if self._listening is not None:
            self._listening.jumped = True

    def _on_rate(self, event: Interaction) -> None:
        if not math.isfinite(event.value):
            return
        rating = min(max(event.value, -1.0), 1.0)
        listening = self._listening
        if listening is not None and event.track_id in ("", listening.track.track_id):
            listening.rating = rating
            return
        track = self._find(event.track_id or (self._recent[-1] if self._recent else ""))
        if track is None or not self._consent:
            return
        # A verdict on a track heard before: there is no listen to report, only to learn.
        nothing, nan = unknown(STATES), math.nan
        self._memory.update(
            Outcome(
                event.time,
                self.person_id,
                track,
                0.0,
                False,
                True,
                0,
                rating,
                nothing,
                nothing,
                nan,
                nan,
                rating,
            ),
            taste=self._taste(track),
        )

    def _on_consent(self, event: Interaction) -> None:
        given = event.value >= 0.5
        if given == self._consent:
            return
        self._consent = given
        self._clear_signals()
        self._wish = self._awaiting = None
        if not given:
            self._order = (
                "consent",
                "Consent was withdrawn: the music fades out and nothing is recorded.",
            )

    # -- deciding ----------------------------------------------------------------------------

    def _may_play(self, now: float) -> bool:
        if not self._consent:
            self.waiting = "consent was withdrawn"
        elif self._held:
            self.waiting = "a person stopped the music"
        elif now < self._quiet_until:
            self.waiting = "rest after distress"
        else:
            return True
        return False

    def _trigger(self, now: float) -> tuple[str, str]:
        """Return why to recommend now and the track that was asked for, or empty strings."""
        options = self.options
        if self._wish is not None:
            return self._wish
        if self._awaiting is not None:
            if now - self._awaiting.time < options.start_timeout:
                self.waiting = "the player opens the track"
                return "", ""
            missing = self._awaiting.ranked[0].track
            log.warning("'%s' did not start, another track is chosen", missing.title)
            self._remember(missing.track_id)
            self._awaiting = None
        listening = self._listening
        if listening is None:
            known = self._emotion(now).state != UNKNOWN
            if self._decided and now - self._idle_since < options.settle:
                self.waiting = "a moment of silence"
            elif not self._decided and not known and now - self._first_step < options.patience:
                self.waiting = "no emotion is known yet"
            else:
                return "start", ""
            return "", ""
        if self._view is not None and self._view.status == "paused":
            self.waiting = "paused"
            return "", ""
        if listening.duration > 0:
            fade = min(options.crossfade, listening.duration / 3)
            if listening.duration - listening.at(now) <= fade:
                return ("repeat", listening.track.track_id) if listening.again else ("end", "")
        emotion = self._emotion(now)
        if (
            emotion.state not in (UNKNOWN, listening.state)
            and now - listening.began >= options.min_dwell
            and emotion.time - self._state_since >= options.stable
        ):
            return "state", ""
        self.waiting = "a track is playing"
        return "", ""

    def _play(
        self, now: float, trigger: str, track_id: str, tracks: Sequence[Track]
    ) -> Decision | None:
        self._wish = None
        emotion = self._emotion(now)
        person = self._memory.person(self.person_id)
        size = min(MOST_RECENT, len(tracks) // 2)
        recent = self._recent[-size:] if size else []
        top_k = self.options.top_k
        need, ranked = self._recommender.rank(
            emotion.state, emotion.estimate, tracks, person, recent, top_k
        )
        if track_id:
            ranked = self._asked_for(track_id, emotion, tracks, person, recent, ranked)[:top_k]
        if not ranked:
            self.waiting = need.reason
            return None
        decision = Decision(
            "play",
            trigger,
            need.reason,
            now,
            uuid.uuid4().hex,
            self.person_id,
            emotion.state,
            emotion.estimate,
            emotion.time,
            need,
            tuple(ranked),
        )
        self._offers[decision.recommendation_id] = decision
        while len(self._offers) > OFFERS:
            self._offers.popitem(last=False)
        self._awaiting = decision
        self._decided = True
        if self._listening is not None:
            self._listening.again = False
        return decision

    def _asked_for(
        self,
        track_id: str,
        emotion: Emotion,
        tracks: Sequence[Track],
        person: PersonMemory,
        recent: Sequence[str],
        ranked: list[RankedTrack],
    ) -> list[RankedTrack]:
        """Put a track that a person asked for first; it was not the policy's choice."""
        wanted = [track for track in tracks if track.track_id == track_id]
        if not wanted:
            log.warning("track '%s' was asked for and is not in the library", track_id)
            return ranked
        _, scored = self._recommender.rank(
            emotion.state, emotion.estimate, wanted, person, recent, 1
        )
        rest = [entry for entry in ranked if entry.track.track_id != track_id]
        return [replace(entry, propensity=0.0) for entry in scored] + rest

    def _stop(self, now: float, trigger: str, reason: str) -> Decision:
        self._awaiting = self._wish = None
        self.waiting = reason
        emotion = self._emotion(now)
        return Decision(
            "stop",
            trigger,
            reason,
            now,
            uuid.uuid4().hex,
            self.person_id,
            emotion.state,
            emotion.estimate,
            emotion.time,
            None,
            (),
        )

    def _distressed(self, now: float) -> bool:
        """Whether the person has been much worse off than at the start of the track for long."""
        listening, options = self._listening, self.options
        if not options.distress_stop or listening is None or not self._emotions:
            return False
        newest = self._emotions[-1].time
        since = newest - options.distress_time
        reference, began = listening.baseline
        if now - newest > STALE or since < began + ONSET:
            return False
        before = _negative(reference)

        def worse(emotion: Emotion) -> bool:
            rise = _negative(emotion.estimate) - before
            fall = reference.valence - emotion.estimate.valence
            return rise >= options.distress_rise and fall >= options.distress_rise

        if not worse(self._emotions[-1]):
            return False
        seen = [emotion for emotion in self._emotions if emotion.time >= since]
        lasted = seen[-1].time - seen[0].time >= DISTRESS_SHARE * options.distress_time
        return lasted and sum(map(worse, seen)) >= DISTRESS_SHARE * len(seen)

    # -- attribution -------------------------------------------------------------------------

    def _begin(self, track_id: str, recommendation_id: str, time: float, reported: bool) -> None:
        replaced = self._listening
        if replaced is not None:
            self._end(time)
        track = self._find(track_id) or Track(track_id, "")
        before = self._mean_emotion(time)
        emotion = self._emotion(time)
        self._listening = _Listening(
            track,
            "",
            None,
            emotion.state,
            time,
            before,
            self._mean_heart(time),
            self._target(emotion.state, before),
            track.duration,
            reported,
        )
        self._attribute(self._listening, recommendation_id)
        offer = self._offers.get(recommendation_id)
        if replaced is not None and offer is not None and offer.trigger == "state":
            self._listening.inherited = replaced.baseline
        self._awaiting = None
        self._remember(track_id)

    def _attribute(self, listening: _Listening, recommendation_id: str) -> None:
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

    def _follow(self, view: PlayerView) -> None:
        listening = self._listening
        if listening is None:
            return
        if view.duration > 0:
            listening.duration = view.duration
        since = listening.began if math.isnan(listening.seen) else listening.seen
        moved = view.position - listening.position
        if 0 <= moved <= 1.5 * max(view.time - since, 0.0) + 1.0:
            listening.heard += moved
        elif abs(moved) > 1.0:
            listening.jumped = True
        listening.position, listening.seen = view.position, view.time
        listening.moving = view.status != "paused"

    def _end(self, time: float, finished: bool = False) -> None:
        listening, self._listening = self._listening, None
        if listening is None:
            return
        self._ended = (listening.track.track_id, listening.recommendation_id)
        self._idle_since = math.nan
        last = listening.at(time)
        heard = listening.heard + max(last - listening.position, 0.0)
        duration = listening.duration
        if duration > 0 and duration - last <= self.options.crossfade + NEAR_END:
            finished = finished or not (listening.skipped or listening.stopped)
        if finished and not listening.jumped:
            dwell = 1.0
        else:
            dwell = min(heard / duration, 1.0) if duration > 0 else math.nan
        skipped = listening.skipped and not finished
        interrupted = not (finished or skipped or listening.stopped)
        after = self._mean_emotion(time, listening.began) if self._consent else unknown(STATES)
        before = listening.before if self._consent else unknown(STATES)
        heart_after = self._mean_heart(time, listening.began)
        judged = reward(
            dwell=dwell,
            skipped=skipped,
            interrupted=interrupted,
            repeats=listening.repeats,
            rating=listening.rating,
            before=before,
            after=after,
            heart_rate_before=listening.heart_before,
            heart_rate_after=heart_after,
            target=(float(listening.target[0]), float(listening.target[1])),
        )
        outcome = Outcome(
            time,
            self.person_id,
            listening.track,
            dwell if math.isfinite(dwell) else 0.0,
            skipped,
            interrupted,
            listening.repeats,
            listening.rating,
            before,
            after,
            listening.heart_before,
            heart_after,
            judged.value,
            listening.recommendation_id,
        )
        if self._consent and not listening.forgotten:
            self._memory.update(
                outcome, listening.ranked, learn=judged.known, taste=self._taste(listening.track)
            )
        if self._on_outcome is not None:
            self._on_outcome(outcome)

    def _taste(self, track: Track) -> FloatArray:
        """Return the content vector of a track among those of the library."""
        tracks = self._tracks()
        for index, other in enumerate(tracks):
            if other.track_id == track.track_id:
                vector: FloatArray = scoring.content(tracks)[index]
                return vector
        return np.zeros(0)

    def _target(self, state: str, estimate: Estimate) -> Point:
        own = getattr(self._recommender, "target", None)
        if callable(own):
            point: Point = own(state, estimate)
            return point
        return target(state, estimate)

    def _find(self, track_id: str) -> Track | None:
        offered = (entry.track for offer in self._offers.values() for entry in offer.ranked)
        for track in (*self._tracks(), *offered):
            if track.track_id == track_id:
                return track
        return None

    def _remember(self, track_id: str) -> None:
        self._recent = [known for known in self._recent if known != track_id] + [track_id]

    # -- signals -----------------------------------------------------------------------------

    def _mine(self, person_id: str) -> bool:
        return person_id in ("", self.person_id)

    def _clear_signals(self) -> None:
        self._emotions.clear()
        self._hearts.clear()
        self._state_since = math.nan

    def _emotion(self, now: float) -> Emotion:
        """Return the emotion of now, unknown if there is none or it is stale."""
        if self._emotions and now - self._emotions[-1].time <= STALE:
            return self._emotions[-1]
        return Emotion(math.nan, UNKNOWN, unknown(STATES), 1.0, (), "")

    def _mean_emotion(self, end: float, begin: float = -math.inf) -> Estimate:
        begin = max(begin, end - WINDOW)
        return mean_estimate(
            emotion.estimate
            for emotion in self._emotions
            if begin <= emotion.time <= end and emotion.state != UNKNOWN
        )

    def _mean_heart(self, end: float, begin: float = -math.inf) -> float:
        begin = max(begin, end - WINDOW)
        rates = [bpm for time, bpm in self._hearts if begin <= time <= end]
        return float(np.mean(rates)) if rates else math.nan


def _negative(estimate: Estimate) -> float:
    """Return the probability of anxiety or depression, NaN if it is not known."""
    if estimate.labels == STATES and len(estimate.probabilities) == len(STATES):
        return float(estimate.probabilities[2] + estimate.probabilities[3])
    states = states_from(estimate)
    return math.nan if states is None else float(states[2] + states[3])


def mean_estimate(estimates: Iterable[Estimate]) -> Estimate:
    """Return the mean of estimates over the four states; unknown if there are none."""
    found = list(estimates)
    if not found:
        return unknown(STATES)

    def mean(values: list[float]) -> float:
        finite = [value for value in values if math.isfinite(value)]
        return float(np.mean(finite)) if finite else math.nan

    full = [each.probabilities for each in found if len(each.probabilities) == len(STATES)]
    return Estimate(
        STATES,
        np.mean(full, axis=0).astype(np.float32) if full else np.zeros(0, np.float32),
        mean([each.valence for each in found]),
        mean([each.arousal for each in found]),
        mean([each.dominance for each in found]),
        mean([each.confidence for each in found]),
        mean([each.quality for each in found]),
    )
