# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What is known now, collected from all sides and handed out as one piece."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from emo_music_ros.consent.rules import Consent
from emo_music_ros.emotion import UNKNOWN
from emo_music_ros.notifying.calls import Call
from emo_music_ros.streams import Emotion

#: What is older than this is not known any more [s].
EMOTION_LASTS = 5.0
PLAYER_LASTS = 3.0
BODY_LASTS = 20.0
NODE_LASTS = 5.0
#: The trail keeps one point in this time [s], and this many.
TRAIL_STEP, TRAIL_LENGTH = 1.0, 60
#: Choices whose reasons are kept: what plays is not always what was chosen last.
_REASONS = 5
#: Nodes that are shown; anybody may write to the topic they report on.
MOST_NODES = 100


@dataclass(frozen=True)
class Playing:
    """What the player does; `status` is stopped, playing, paused or fading, times in seconds."""

    status: str
    track_id: str = ""
    title: str = ""
    artist: str = ""
    position: float = 0.0
    duration: float = 0.0
    volume: float = 0.0
    backend: str = ""
    error: str = ""
    choice_id: str = ""
    advice: str = ""


@dataclass(frozen=True)
class Ranked:
    """One candidate with its score and the terms of it, each 0..1."""

    title: str
    artist: str
    score: float
    need: float
    taste: float
    history: float


@dataclass(frozen=True)
class Choice:
    """What was chosen and why; `target` is valence and arousal of the need, None = silence."""

    reason: str
    target: tuple[float, float] | None
    ranked: tuple[Ranked, ...] = ()
    choice_id: str = ""
    trigger: str = ""


@dataclass(frozen=True)
class Part:
    """The health of one node: `level` is ok, warn or error."""

    name: str
    level: str
    text: str


@dataclass(frozen=True)
class Plan:
    """A session that runs: what was asked for, and until when [steady s].

    `locked` says that nothing may replace what is planned, `group` that others listen, too.
    """

    scenario: str
    goal: str
    ends: float
    name: str = ""
    locked: bool = False
    group: bool = False


@dataclass(frozen=True)
class Snapshot:
    """Everything as it is at one moment. What is None is not known, or too old to be believed.

    `silent` says why nothing is sensed, empty if it may be; `group` that others listen, so that
    nobody's feelings are shown; `why` is the reason for what plays, or for silence, and `cause`
    what led to it; `body` holds heart_rate [1/min] and eda_level [uS]; `parts` are pairs of node
    and whether it still reports.
    """

    person: str = ""
    silent: str = ""
    emotion: Emotion | None = None
    trail: tuple[tuple[float, float], ...] = ()
    playing: Playing | None = None
    choice: Choice | None = None
    why: str = ""
    cause: str = ""
    group: bool = False
    body: tuple[tuple[str, float], ...] = ()
    plan: Plan | None = None
    remaining: float = 0.0
    parts: tuple[tuple[Part, bool], ...] = ()
    calls: tuple[Call, ...] = ()
    consents: tuple[Consent, ...] = ()


class Board:
    """Collects what comes in; may be used from several threads.

    Parameters
    ----------
    clock : callable
        Steady seconds; everything counts from when it arrived.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._now = Snapshot()
        self._trail: deque[tuple[float, float, float]] = deque(maxlen=TRAIL_LENGTH)
        self._reasons: deque[Choice] = deque(maxlen=_REASONS)
        self._body: dict[str, tuple[float, float]] = {}  # name -> value, when
        self._parts: dict[str, tuple[Part, float]] = {}
        self._emotion_at = self._playing_at = -math.inf

    def person(self, person: str, silent: str) -> None:
        """Turn to a person; what is known of anybody else goes, and where nothing may be sensed
        what was sensed goes, too.
        """
        with self._lock:
            if person != self._now.person or silent:
                self._drop()
            self._now = replace(self._now, person=person, silent=silent)

    def forget(self) -> None:
        """Drop everything that is about the person."""
        with self._lock:
            self._drop()

    def emotion(self, emotion: Emotion) -> None:
        """Take what the fusion says."""
        with self._lock:
            now = self._emotion_at = self._clock()
            self._now = replace(self._now, emotion=emotion)
            point = (emotion.estimate.valence, emotion.estimate.arousal)
            known = emotion.state != UNKNOWN and all(map(math.isfinite, point))
            if known and (not self._trail or now - self._trail[-1][2] >= TRAIL_STEP):
                self._trail.append((*point, now))

    def playing(self, playing: Playing) -> None:
        """Take what the player says."""
        with self._lock:
            self._playing_at = self._clock()
            self._now = replace(self._now, playing=playing)

    def choice(self, choice: Choice) -> None:
        """Take what the recommender chose."""
        with self._lock:
            self._reasons.append(choice)
            self._now = replace(self._now, choice=choice)

    def body(self, values: dict[str, float]) -> None:
        """Take measures of the body; what is not finite is not known."""
        with self._lock:
            now = self._clock()
            self._body.update(
                {name: (value, now) for name, value in values.items() if math.isfinite(value)}
            )

    def plan(self, plan: Plan | None) -> None:
        """Take the session that runs."""
        with self._lock:
            self._now = replace(self._now, plan=plan)

    def calls(self, calls: tuple[Call, ...]) -> None:
        """Take the calls to carers, of whomever they are."""
        with self._lock:
            self._now = replace(self._now, calls=calls)

    def consents(self, consents: tuple[Consent, ...]) -> None:
        """Take what people decided, of everybody."""
        with self._lock:
            self._now = replace(self._now, consents=consents)

    def part(self, part: Part) -> None:
        """Take the health of a node."""
        with self._lock:
            if part.name in self._parts or len(self._parts) < MOST_NODES:
                self._parts[part.name] = (part, self._clock())

    def snapshot(self) -> Snapshot:
        """Return what is known now."""
        with self._lock:
            now, kept = self._clock(), self._now
            plan = kept.plan if kept.plan is not None and kept.plan.ends > now else None
            playing = kept.playing if now - self._playing_at < PLAYER_LASTS else None
            group = plan is not None and plan.group
            known = now - self._emotion_at < EMOTION_LASTS and not group
            chosen = self._chosen(playing)
            return replace(
                kept,
                emotion=kept.emotion if known else None,
                playing=playing,
                why=chosen.reason if chosen is not None else "",
                cause=chosen.trigger if chosen is not None else "",
                group=group,
                trail=()
                if group
                else tuple((valence, arousal) for valence, arousal, _ in self._trail),
                body=()
                if group
                else tuple(
                    (name, value)
                    for name, (value, when) in sorted(self._body.items())
                    if now - when < BODY_LASTS
                ),
                plan=plan,
                remaining=plan.ends - now if plan is not None else 0.0,
                parts=tuple(
                    (part, now - when < NODE_LASTS)
                    for _, (part, when) in sorted(self._parts.items())
                ),
            )

    def _drop(self) -> None:
        """Drop what is about the person."""
        for kept in (self._trail, self._body, self._reasons):
            kept.clear()
        self._now = replace(self._now, emotion=None, choice=None)

    def _chosen(self, playing: Playing | None) -> Choice | None:
        """Return the choice of what plays; of silence, where it was chosen."""
        if playing is None:
            return None
        if playing.status != "stopped":
            found = (each for each in self._reasons if each.choice_id == playing.choice_id)
        else:
            found = (each for each in list(self._reasons)[-1:] if not each.ranked)
        return next(found, None)
