# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A ring of decoded frames between the thread that decodes and the thread that plays."""

from __future__ import annotations

import numpy as np

from emo_music_ros.io.audio import CHUNK, AudioReader
from emo_music_ros.streams import FloatArray


class Prefetch:
    """Frames decoded ahead of time; one thread fills, one thread reads, nobody waits.

    Parameters
    ----------
    reader : AudioReader
        Where the frames come from, without a fade of its own; closed when it is read to its end.
    frames : int
        How many are held at most.
    tail : int
        Frames at the end that are faded out unless something follows: many files end abruptly.

    Attributes
    ----------
    complete : bool
        Everything there will ever be can be read now.
    followed : bool
        What follows continues it: its end is not faded out.
    """

    def __init__(self, reader: AudioReader, frames: int, tail: int = 0) -> None:
        self.reader = reader
        self.complete = False
        self.followed = False
        self._tail = tail
        self._ring = np.zeros((max(frames, CHUNK), 2), np.float32)
        # Only the filling thread moves `_written` and only the reading thread `_taken`.
        self._written = 0
        self._taken = 0

    @property
    def ready(self) -> int:
        """Frames that can be read now."""
        held = self._written - self._taken
        # How it ends is known only at its end.
        return held if self.complete else max(held - self._tail, 0)

    def fill(self, frames: int) -> bool:
        """Decode up to `frames` more if there is room; return whether there is more to do."""
        room = len(self._ring) - (self._written - self._taken)
        if self.complete or room == 0:
            return False
        samples = self.reader.read(min(frames, room))
        place = np.arange(self._written, self._written + len(samples)) % len(self._ring)
        self._ring[place] = samples
        self._written += len(samples)
        if len(samples) < min(frames, room):
            self.complete = True
            self.reader.close()
        return not self.complete and self._written - self._taken < len(self._ring)

    def read(self, frames: int) -> FloatArray:
        """Return float32 [<= frames, 2] without waiting; fewer means none are ready."""
        complete = self.complete
        count = min(frames, self.ready)
        first = self._taken % len(self._ring)
        head = self._ring[first : first + count]
        samples = np.concatenate([head, self._ring[: count - len(head)]])
        self._taken += count
        left = self._written - self._taken
        if complete and not self.followed and left < self._tail and count:
            # Frames until the end, from each of these on.
            until = np.arange(left + count - 1, left - 1, -1)
            fade = 0.5 - 0.5 * np.cos(np.pi * np.minimum(until, self._tail) / self._tail)
            samples = samples * fade[:, None].astype(np.float32)
        return samples

    def close(self) -> None:
        """Give up; what is decoded can still be read."""
        self.complete = True
        self.reader.close()
