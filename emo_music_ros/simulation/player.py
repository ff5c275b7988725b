# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A player that makes no sound: it starts, cross-fades, pauses, stops and fails like a real one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from emo_music_ros.recommendation.session.views import PlayerView
from emo_music_ros.streams import Interaction, Track

#: Length assumed for a track whose length is not known [s].
TYPICAL = 180.0


@dataclass(frozen=True)
class PlayerFaults:
    """How the player misbehaves.

    Attributes
    ----------
    start_delay : float
        From a request to its first sample [s].
    fails : bool or frozenset of str
        Nothing starts, or these tracks do not.
    """

    start_delay: float = 0.0
    fails: bool | frozenset[str] = False

    def breaks(self, track_id: str) -> bool:
        """Return whether a track does not start."""
        return self.fails if isinstance(self.fails, bool) else track_id in self.fails


@dataclass
class VirtualPlayer:
    """Plays tracks in simulated time.

    Parameters
    ----------
    on_event : callable
        Gets track_started and track_finished.
    person_id : str
        Who listens; copied into the events.
    stop_fade, next_fade : float
        How long the music takes to fade when it is stopped or left [s].

    Attributes
    ----------
    faults : PlayerFaults
        How it misbehaves from now on.
    started : list of (float, Track)
        Every track that was started, and when.
    """

    on_event: Callable[[Interaction], None]
    person_id: str = ""
    stop_fade: float = 1.5
    next_fade: float = 0.5
    faults: PlayerFaults = field(default_factory=PlayerFaults)
    started: list[tuple[float, Track]] = field(default_factory=list)
    _track: Track | None = field(default=None, init=False)
    _recommendation: str = field(default="", init=False)
    _status: str = field(default="stopped", init=False)
    _position: float = field(default=0.0, init=False)
    _now: float = field(default=0.0, init=False)
    _silent_at: float = field(default=0.0, init=False)
    _asked: tuple[float, Track, str] | None = field(default=None, init=False)

    def play(self, track: Track, recommendation_id: str) -> None:
        """Start a track as soon as it can be opened; the latest call wins."""
        fails = self.faults.breaks(track.track_id)
        begins = self._now + self.faults.start_delay
        self._asked = None if fails else (begins, track, recommendation_id)

    def stop(self) -> None:
        """Fade out and forget what was to be played."""
        self._asked = None
        self._leave(self.stop_fade)

    def next(self) -> None:
        """Fade out at once; whoever recommends answers with another track."""
        self._leave(self.next_fade)

    def pause(self) -> None:
        """Halt."""
        if self._status == "playing":
            self._status = "paused"

    def resume(self) -> None:
        """Go on after a pause."""
        if self._status == "paused":
            self._status = "playing"

    def seek(self, seconds: float) -> None:
        """Go to a position in the current track [s]."""
        if self._track is not None:
            self._position = min(max(seconds, 0.0), max(self._duration - 0.1, 0.0))

    @property
    def track(self) -> Track | None:
        """What sounds now."""
        return self._track

    @property
    def moving(self) -> bool:
        """Whether music can be heard."""
        return self._track is not None and self._status in ("playing", "fading")

    def advance(self, now: float) -> None:
        """Let time pass up to `now` [s]."""
        elapsed, self._now = max(now - self._now, 0.0), max(now, self._now)
        if self._status in ("playing", "fading"):
            self._position += elapsed
        if self._status == "fading" and now >= self._silent_at:
            self._end()
        elif self._track is not None and self._position >= self._duration:
            self._position = self._duration
            self._event("track_finished")
            self._end()
        if self._asked is not None and now >= self._asked[0]:
            _, track, recommendation = self._asked
            self._asked = None
            self._track, self._recommendation = track, recommendation
            self._status, self._position = "playing", 0.0
            self.started.append((now, track))
            self._event("track_started")

    def view(self) -> PlayerView:
        """Return what the player reports now."""
        if self._track is None:
            return PlayerView(self._now, "stopped")
        return PlayerView(
            self._now,
            self._status,
            self._track.track_id,
            self._position,
            self._duration,
            self._recommendation,
        )

    @property
    def _duration(self) -> float:
        return (self._track.duration if self._track is not None else 0.0) or TYPICAL

    def _leave(self, fade: float) -> None:
        if self._track is not None and self._status != "fading":
            self._status, self._silent_at = "fading", self._now + fade

    def _end(self) -> None:
        self._track, self._recommendation = None, ""
        self._status, self._position = "stopped", 0.0

    def _event(self, action: str) -> None:
        assert self._track is not None
        event = Interaction(
            self._now, action, self._track.track_id, 0.0, self._position, self.person_id
        )
        self.on_event(replace(event, source="simulated:player"))
