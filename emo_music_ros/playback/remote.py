# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Somebody else's player, to which pieces are handed over."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Protocol

from emo_music_ros import plugins
from emo_music_ros.options import option
from emo_music_ros.playback.base import Backend, Render
from emo_music_ros.streams import Track


@dataclass(frozen=True)
class RemoteState:
    """What such a player is doing. `status` is stopped, playing or paused.

    `path` is what plays, as it was handed over, or as the player names it; `position` and
    `duration` are in seconds, NaN = not told; `volume` is 0..1, NaN = not told.
    """

    status: str
    path: str = ""
    position: float = float("nan")
    duration: float = float("nan")
    volume: float = float("nan")


@dataclass(eq=False)
class Handed:
    """A piece that the other player has or is to get, and how it was when it was asked last."""

    track: Track
    recommendation_id: str
    recommended: float
    started: float = math.nan  # [unix s]
    state: RemoteState = RemoteState("stopped")
    seen: float = math.nan  # when, by the monotonic clock

    def begin(self, now: float) -> None:
        """Take note that it plays since a time [unix s]."""
        self.started = now
        self.state, self.seen = RemoteState("playing", self.track.path, 0.0), time.monotonic()

    @property
    def duration(self) -> float:
        """Return its length [s], 0 = not known."""
        told = self.state.duration
        return told if told > 0 else self.track.duration

    @property
    def position(self) -> float:
        """Return where it should be by now [s]."""
        at = 0.0 if math.isnan(self.state.position) else self.state.position
        if self.state.status == "playing":
            at += time.monotonic() - self.seen
        return min(at, self.duration) if self.duration > 0 else at


class Remote(Protocol):
    """A player that is told what to do. What asks it may take as long as its time-out.

    What asks it raises a CompanionError if the player is away or refuses.

    Attributes
    ----------
    name : str
        Of the plugin.
    pace : float
        Least time between two changes of its volume [s].
    """

    name: str
    pace: float

    def plays(self, path: str) -> bool:
        """Return whether it could play what is at a path; asks nobody."""
        ...

    def same(self, path: str, other: str) -> bool:
        """Return whether two paths name the same piece; asks nobody."""
        ...

    def play(self, path: str, volume: float) -> None:
        """Play a piece from its beginning and nothing after it, not louder than `volume` 0..1."""
        ...

    def pause(self) -> None:
        """Halt."""
        ...

    def resume(self) -> None:
        """Go on."""
        ...

    def stop(self) -> None:
        """End."""
        ...

    def seek(self, seconds: float) -> None:
        """Go to a position."""
        ...

    def set_volume(self, volume: float) -> None:
        """Set the volume, 0..1."""
        ...

    def state(self) -> RemoteState:
        """Return what it is doing."""
        ...

    def close(self) -> None:
        """Let go of it; nothing is raised."""
        ...


@dataclass(frozen=True)
class BesideOptions:
    """What every plugin of this kind has.

    The catalogue of the same name has its parameters beside these: those of the same name are one.
    """

    sound: str = option(
        "pyaudio",
        "player plugin for music that the other player does not have",
        choices=("pyaudio", "null"),
    )


class Beside:
    """A backend for what is played here, beside a player to which the rest is handed over.

    Parameters
    ----------
    sound : str
        Player plugin for what is played here.
    remote : Remote
        The other player.
    """

    def __init__(self, sound: str, remote: Remote) -> None:
        self.name = remote.name
        self.remote = remote
        self._here: Backend = plugins.create("player", sound)

    @property
    def rate(self) -> int:
        """Return the frames per second [Hz] of what is played here."""
        return self._here.rate

    @property
    def underruns(self) -> int:
        """Return how often the device here ran dry."""
        return self._here.underruns

    @property
    def error(self) -> str:
        """Return why there is no sound here."""
        return self._here.error

    def start(self, render: Render) -> None:
        """Begin calling `render`."""
        self._here.start(render)

    def stop(self) -> None:
        """Release the device here."""
        self._here.stop()
