# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A track on its way through the player: asked for, opened, sounding."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from emo_music_ros.errors import InputError
from emo_music_ros.io.audio import CHUNK, TAIL, AudioReader
from emo_music_ros.playback.prefetch import Prefetch
from emo_music_ros.streams import Track

#: Decoded before a track begins [s].
HEAD = 0.3
NAN = float("nan")


@dataclass
class Item:
    """A track on its way through the player."""

    track: Track
    recommendation_id: str
    recommended: float
    key: int
    prefetch: Prefetch
    offset: float = 0.0  # position of the first frame of this prefetch [s]
    started: float = NAN
    closed: bool = field(default=False, init=False)  # its end was counted
    complained: bool = field(default=False, init=False)  # about a file that plays only in part

    @property
    def duration(self) -> float:
        """Length of the track [s]."""
        return self.prefetch.reader.duration


@dataclass(frozen=True)
class Request:
    """Something to open: a track from its beginning, or the current one at a position."""

    track: Track
    recommendation_id: str = ""
    recommended: float = NAN
    seek: float = NAN

    @property
    def seeks(self) -> bool:
        """Whether it is the current track at a position."""
        return not math.isnan(self.seek)


def neighbours(one: Track, other: Track) -> bool:
    """Return whether a track follows another on their album, as parts of one piece may."""
    return bool(one.album) and one.album == other.album and 0 < one.number == other.number - 1


def open_request(request: Request, rate: int, ahead: float) -> Prefetch:
    """Open what was asked for and decode its first moments.

    Parameters
    ----------
    request : Request
        What to open.
    rate : int
        Frames per second [Hz].
    ahead : float
        How much can be decoded ahead [s].

    Raises
    ------
    InputError
        If it cannot be opened or holds no audio.
    """
    start = request.seek if request.seeks else 0.0
    reader = AudioReader(request.track.path, rate, start, 0.0)
    prefetch = Prefetch(reader, round(ahead * rate), round(TAIL * rate))
    while prefetch.ready < HEAD * rate and prefetch.fill(CHUNK):
        pass
    if not prefetch.ready:
        prefetch.close()
        raise InputError(
            f"'{request.track.path}' cannot be played: it holds no audio",
            "Replace the file or remove it",
        )
    return prefetch
