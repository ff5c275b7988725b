# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What is told of a decision: whom it is for, what it answers, and in a group nobody's emotion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from emo_music_ros.recommendation.base import Need, RankedTrack
from emo_music_ros.recommendation.session.programme import Course
from emo_music_ros.recommendation.session.triggers import Triggers
from emo_music_ros.recommendation.session.views import Decision
from emo_music_ros.streams import Emotion, Track


class Decisions:
    """Makes decisions for one person.

    Parameters
    ----------
    person_id : str
        Whom the music is for.
    triggers : Triggers
        Knows the state of now.
    course : Course
        Of the session: in a group nobody's emotion is told to others.
    new_id : callable
        Makes the ids of recommendations.
    """

    def __init__(
        self, person_id: str, triggers: Triggers, course: Course, new_id: Callable[[], str]
    ) -> None:
        self._person_id = person_id
        self._triggers = triggers
        self._course = course
        self._new_id = new_id

    def play(
        self, now: float, trigger: str, emotion: Emotion, need: Need, ranked: Sequence[RankedTrack]
    ) -> Decision:
        """Return that the best of the ranked tracks is played."""
        if self._course.programme.group:
            need = replace(need, reason="Music for the group.")
            emotion = self._triggers.nothing(now)
        return self._made(now, "play", trigger, need.reason, emotion, need, ranked)

    def stop(self, now: float, trigger: str, reason: str) -> Decision:
        """Return that the music stops."""
        group = self._course.programme.group
        emotion = self._triggers.nothing(now) if group else self._triggers.state_now(now)
        return self._made(now, "stop", trigger, reason, emotion)

    def distress(self, now: float, track: Track, pause: float) -> Decision:
        """Return that the music stops for distress, and rests for a time [s]."""
        group = self._course.programme.group
        whom = "everybody" if group else "the person"
        return self.stop(
            now,
            "distress",
            f"{'The' if group else 'Seems distressed: the'} music fades out and rests for"
            f" {pause / 60:.0f} minutes, and '{track.title or track.track_id}' is kept back until"
            f" somebody chooses it again. Please look after {whom}.",
        )

    def _made(
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
            self._person_id,
            emotion.state,
            emotion.estimate,
            emotion.time,
            need,
            tuple(ranked),
        )
