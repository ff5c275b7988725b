# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What sounds at the same time: a track, those it is faded over, and the one that follows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from emo_music_ros.playback.envelope import Envelope
from emo_music_ros.playback.level import Level
from emo_music_ros.streams import FloatArray

#: Fastest change of a track's own gain [dB/s], from that of the track it follows without a gap.
GLIDE = 1.0


class FrameSource(Protocol):
    """Where a voice takes its frames from."""

    complete: bool  # everything there will ever be can be read now

    @property
    def ready(self) -> int:
        """Frames that can be read now."""
        ...

    def read(self, frames: int) -> FloatArray:
        """Return float32 [<= frames, 2] without waiting; fewer means none are ready."""
        ...


@dataclass(frozen=True)
class Loudness:
    """How loud a track is played, before the volume.

    Attributes
    ----------
    gain : float
        What its samples are multiplied by, above 0.
    loudest : float
        Level of its loudest moment after that gain [dB of full scale]; -inf = does not matter.
    """

    gain: float = 1.0
    loudest: float = -math.inf


#: Of a track that is played as it is.
AS_IS = Loudness()


@dataclass
class Voice:
    """One source that sounds; `envelope` fades it over others, `gain` is its own."""

    key: int
    source: FrameSource
    loudness: Loudness
    envelope: Envelope
    gain: Level
    leaving: bool = False
    consumed: int = 0

    @property
    def ended(self) -> bool:
        """Whether its source came to its end."""
        return self.source.complete and self.source.ready == 0

    def limit(self, ceiling: float) -> float:
        """Return the highest level at which its loudest moment stays below a ceiling [dB]."""
        over = self.loudness.loudest - ceiling
        return 1.0 if over <= 0 else float(10 ** (-over / 20))

    def add_to(self, block: FloatArray) -> int:
        """Add the next frames to a block and return how many there were."""
        samples = self.source.read(len(block))
        got = len(samples)
        gains = self.envelope.take(len(block)) * self.gain.take(len(block))
        # A decoder's rubbish must not stay in the filters that follow.
        block[:got] += np.nan_to_num(samples, posinf=0.0, neginf=0.0) * gains[:got]
        self.consumed += got
        return got


def voice(rate: int, key: int, source: FrameSource, loudness: Loudness, share: float) -> Voice:
    """Return a voice that has a share of the mix, 0..1, and its own gain."""
    return Voice(key, source, loudness, Envelope(share), Level(rate, loudness.gain))
