# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The track that is on, and what becomes of it: attribution and outcome."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from emo_music_ros.emotion import STATES, unknown
from emo_music_ros.recommendation.base import RankedTrack
from emo_music_ros.recommendation.memory.heart_rate import rationality, variation
from emo_music_ros.recommendation.memory.reward import reward
from emo_music_ros.recommendation.policy.target import Point
from emo_music_ros.recommendation.session.signals import SILENCE, Signals
from emo_music_ros.recommendation.session.views import PlayerView
from emo_music_ros.streams import Estimate, Outcome, Track

#: Listeners take about eight seconds to feel what a track does to them (Bachorik et al. 2009):
#: an emotion that is first seen this soon after the start [s] still counts as before it.
ONSET = 8.0
#: A track left this close before its cross-fade [s] was heard to its end.
NEAR_END = 1.0


@dataclass
class Listening:
    """One listen from its start on; times in steady seconds."""

    track: Track
    state: str
    began: float
    before: Estimate
    heart_before: float
    usual_heart: float  # mean of all rates before it began
    target: Point
    duration: float
    reported: bool  # the player said that it started, not only that it plays
    recommendation_id: str = ""
    ranked: RankedTrack | None = None
    position: float = field(default=0.0, init=False)
    seen: float = field(default=math.nan, init=False)  # time of the newest view
    moving: bool = field(default=True, init=False)
    heard: float = field(default=0.0, init=False)
    attended: float = field(default=0.0, init=False)  # time in which somebody was there [s]
    watched: float = field(default=math.nan, init=False)
    jumped: bool = field(default=False, init=False)
    skipped: bool = field(default=False, init=False)
    stopped: bool = field(default=False, init=False)  # by a person
    repeats: int = field(default=0, init=False)
    again: bool = field(default=False, init=False)
    rating: float = field(default=math.nan, init=False)
    forgotten: bool = field(default=False, init=False)  # nothing is to be learned from it

    def at(self, now: float) -> float:
        """Return the position at a time a little after the newest view [s]."""
        since = self.began if math.isnan(self.seen) else self.seen
        gone = min(max(now - since, 0.0), SILENCE) if self.moving else 0.0
        position = self.position + gone
        return min(position, self.duration) if self.duration > 0 else position

    def follow(self, view: PlayerView) -> None:
        """Take what the player reports of this track."""
        if view.duration > 0:
            self.duration = view.duration
        since = self.began if math.isnan(self.seen) else self.seen
        moved = view.position - self.position
        if 0 <= moved <= 1.5 * max(view.time - since, 0.0) + 1.0:
            self.heard += moved
        elif abs(moved) > 1.0:
            self.jumped = True
        self.position, self.seen = view.position, view.time
        self.moving = view.status != "paused"

    def watch(self, now: float, present: bool) -> None:
        """Count the time in which somebody is there."""
        since = self.began if math.isnan(self.watched) else self.watched
        if present and now > since:
            self.attended += now - since
        self.watched = max(now, since)

    def outcome(
        self,
        time: float,
        person_id: str,
        signals: Signals,
        *,
        consent: bool,
        finished: bool,
        crossfade: float,
        usual_dwell: tuple[float, int],
        heart_reward: bool,
        listen_id: int,
    ) -> Outcome:
        """Return what came of it when it ends at `time`; `finished` as the player says."""
        last = self.at(time)
        heard = self.heard + max(last - self.position, 0.0)
        duration = self.duration
        if duration > 0 and duration - last <= crossfade + NEAR_END:
            finished = finished or not (self.skipped or self.stopped)
        if finished and not self.jumped:
            dwell = 1.0
        else:
            dwell = min(heard / duration, 1.0) if duration > 0 else math.nan
        skipped = self.skipped and not finished
        interrupted = not (finished or skipped or self.stopped)
        nothing = unknown(STATES)
        before = self.before if consent else nothing
        after = signals.mean_emotion(time, self.began) if consent else nothing
        heart_before = self.heart_before if consent else math.nan
        heart_after = signals.mean_heart_rate(time, self.began) if consent else math.nan
        attended = min(self.attended / max(time - self.began, 1e-9), 1.0)
        judged = reward(
            dwell=dwell,
            usual_dwell=usual_dwell,
            attended=attended,
            skipped=skipped,
            interrupted=interrupted,
            repeats=self.repeats,
            rating=self.rating,
            before=before,
            after=after,
            heart_rate_before=heart_before,
            heart_rate_after=heart_after,
            target=(float(self.target[0]), float(self.target[1])),
            heart=heart_reward,
        )
        usual = self.usual_heart if consent else math.nan
        return Outcome(
            time,
            person_id,
            self.track,
            dwell if math.isfinite(dwell) else 0.0,
            skipped,
            interrupted,
            self.repeats,
            self.rating,
            before,
            after,
            heart_before,
            heart_after,
            judged.value,
            self.recommendation_id,
            judged.signals,
            judged.known and consent and not self.forgotten,
            attended,
            self.state,
            rationality(heart_before, usual),
            variation(heart_after, heart_before, usual),
            listen_id,
        )
