# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What a person did, or the player reported, and what follows from it."""

from __future__ import annotations

import logging
import math
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from emo_music_ros.errors import InputError
from emo_music_ros.streams import REPORTS, Interaction, Track

if TYPE_CHECKING:
    from emo_music_ros.recommendation.memory.store import Memory
    from emo_music_ros.recommendation.session.attribution import Attribution
    from emo_music_ros.recommendation.session.choosing import Chooser
    from emo_music_ros.recommendation.session.distress import Distress
    from emo_music_ros.recommendation.session.listening import Listening
    from emo_music_ros.recommendation.session.programme import Course
    from emo_music_ros.recommendation.session.triggers import Triggers
    from emo_music_ros.recommendation.session.views import Decision

log = logging.getLogger(__name__)


class Acts(ABC):
    """The part of the director that answers people and the player."""

    person_id: str
    _attribution: Attribution
    _distress: Distress
    _memory: Memory
    _triggers: Triggers
    _awaiting: Decision | None
    _recent: list[str]
    _rejected: dict[str, float]
    _absent: bool
    _chooser: Chooser
    _course: Course

    def __init__(self) -> None:
        self._consent = True  # to being sensed and played for
        self._remembers = True  # consent to learning
        self._held = False
        self._asked = False  # somebody asked for music; the day plan waits for nobody
        self._quiet_until = -math.inf
        self._acted_at = -math.inf
        self._wish: tuple[str, str] | None = None  # trigger, track id
        self._order: tuple[str, str] | None = None  # trigger and reason of a stop

    @property
    def _listening(self) -> Listening | None:
        return self._attribution.listening

    @abstractmethod
    def _begin(self, track_id: str, recommendation_id: str, time: float, reported: bool) -> None:
        """Start a listen."""

    @abstractmethod
    def _end(self, time: float, finished: bool = False) -> None:
        """End the listen that is on."""

    @abstractmethod
    def _clear_signals(self) -> None:
        """Forget what was seen of the person."""

    def _act(self, event: Interaction) -> None:
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
        if event.action not in REPORTS:
            self._acted_at = max(self._acted_at, event.time)
        if handler is not None:
            handler(event)

    def _on_started(self, event: Interaction) -> None:
        recommendation = self._attribution.heard_now(event.track_id, event.time, self._awaiting)
        if recommendation is not None:
            self._begin(event.track_id, recommendation, event.time, reported=True)

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
            self._rejected[self._listening.track.track_id] = event.time
        if self._awaiting is not None:  # not even heard, and not wanted
            self._rejected[self._awaiting.ranked[0].track.track_id] = event.time
            self._awaiting = None
        if not self._held:
            self._wish = ("next", "")

    def _on_stop(self, event: Interaction) -> None:
        self._held = True
        self._asked = False
        self._wish = self._awaiting = None
        if self._listening is not None:
            self._listening.stopped = True
        if event.person_id in self._course.programme.members:
            self._order = ("stop", "One of the group stopped the music.")

    def _on_play(self, event: Interaction) -> None:
        self._music_is_wanted(event.time)
        if self._listening is None or self._listening.stopped:
            self._wish = ("asked", "")

    def _on_select(self, event: Interaction) -> None:
        try:
            self.pick(event.track_id, event.time)
        except InputError as error:
            log.warning("what was chosen is not played: %s", error)

    def pick(self, track_id: str, time: float, trigger: str = "select") -> None:
        """Let a piece that a person chose be played now.

        Raises
        ------
        InputError
            If it is not in the library, is never to be played again, or a locked plan runs.
        """
        track = self.named(track_id)
        self._check_free()
        refusal = self._chooser.refusal(track, self.person_id)
        if refusal:
            raise InputError(refusal, "Take it off that list first")
        if not self._consent:
            raise InputError("there is no consent", "Ask for consent first")
        self._music_is_wanted(time)
        self._allow(track_id)
        listening = self._listening
        if listening is not None and listening.track.track_id != track_id:
            listening.skipped = True
        self._wish = (trigger, track_id)

    def named(self, track_id: str) -> Track:
        """Return a piece by its id; without one that which plays.

        Raises
        ------
        InputError
            If it is not in the library, or nothing plays.
        """
        if not track_id and self._listening is not None:
            return self._listening.track
        track = self._attribution.find(track_id)
        if track is None:
            told = f"'{track_id}' is not in the library" if track_id else "nothing is being played"
            raise InputError(told, "Choose a piece of the library")
        return track

    def comfort(self, time: float) -> None:
        """Let the comfort song of the person be played now; also while it is silent by distress.

        Raises
        ------
        InputError
            As :meth:`pick`, and if none is entered or in the library.
        """
        track = self._chooser.comfort(self.person_id)
        if track is None:
            raise InputError("no comfort song is entered that is in the library", "Enter one")
        self.pick(track.track_id, time, "comfort")

    def never(self, track_id: str, time: float) -> None:
        """Go on to another piece if one plays or is coming that must not be played any more."""
        listening, awaiting = self._listening, self._awaiting
        if listening is not None and listening.track.track_id == track_id:
            listening.skipped = True
            listening.again = False
        elif awaiting is None or awaiting.ranked[0].track.track_id != track_id:
            return
        self._awaiting = None
        if not self._held:
            self._wish = ("never", "")

    def _check_free(self) -> None:
        if self._course.programme.fixed:
            raise InputError(
                f"the plan '{self._course.programme.name}' is locked: nothing replaces its pieces",
                "A therapist can unlock or end it",
            )

    def _on_repeat(self, event: Interaction) -> None:
        if self._listening is not None:
            self._listening.repeats += 1
            self._listening.again = not self._course.programme.fixed
        elif self._course.programme.fixed:
            log.info("a locked plan runs: nothing is played again")
        elif not self._held and self._recent and self._may_return(self._recent[-1]):
            self._wish = ("repeat", self._recent[-1])

    def _on_seek(self, event: Interaction) -> None:
        if self._listening is not None:
            self._listening.jumped = True

    def _on_rate(self, event: Interaction) -> None:
        allowed = self._consent and self._remembers and not self._course.programme.group
        if not math.isfinite(event.value) or not allowed:
            return
        rating = min(max(event.value, -1.0), 1.0)
        listening = self._listening
        if rating > 0 and event.track_id:
            self._allow(event.track_id)
        if listening is not None and event.track_id in ("", listening.track.track_id):
            listening.rating = rating
            return
        track = self._attribution.find(event.track_id or (self._recent[-1] if self._recent else ""))
        if track is not None:
            self._attribution.rate(track, rating, self.person_id, event.time)

    def _on_consent(self, event: Interaction) -> None:
        self.consent(event.value >= 0.5, event.value >= 0.5)

    def consent(self, sensing: bool, learning: bool) -> None:
        """Take what the person allows: to be sensed and played for, and to be learned from."""
        self._remembers = learning
        if self._listening is not None and not learning:
            self._listening.forgotten = True
        if sensing == self._consent:
            return
        self._consent = sensing
        self._clear_signals()
        self._triggers.restart()
        self._wish = self._awaiting = None
        if not sensing:
            self._order = (
                "consent",
                "Without consent the music fades out and nothing is recorded.",
            )

    def _music_is_wanted(self, time: float) -> None:
        """A person asks for music: no silence holds any longer."""
        self._held = self._absent = False
        self._asked = True
        self._quiet_until = -math.inf
        self._distress.begin_anew(time)

    def _allow(self, track_id: str) -> None:
        """A human wants this track: it is neither rejected nor kept back any longer."""
        self._rejected.pop(track_id, None)
        if self._kept_back(track_id):
            self._memory.unblock(self.person_id, track_id)

    def _may_return(self, track_id: str) -> bool:
        track = self._attribution.find(track_id)
        banned = track is not None and self._chooser.refusal(track, self.person_id)
        return not banned and not self._kept_back(track_id)

    def _kept_back(self, track_id: str) -> bool:
        return track_id in self._memory.person(self.person_id).blocked
