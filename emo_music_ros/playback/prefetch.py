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
        Where the frames come from; closed when it is read to its end.
    frames : int
        How many are held at most.

    Attributes
    ----------
    complete : bool
        Everything there will ever be can be read now.
    """

    def __init__(self, reader: AudioReader, frames: int) -> None:
        self.reader = reader
        self.complete = False
        self._ring = np.zeros((max(frames, CHUNK), 2), np.float32)
        # Only the filling thread moves `_written` and only the reading thread `_taken`.
        self._written = 0
        self._taken = 0

    @property
    def ready(self) -> int:
        """Frames that can be read now."""
        return self._written - self._taken

    def fill(self, frames: int) -> bool:
        """Decode up to `frames` more if there is room; return whether there is more to do."""
        room = len(self._ring) - self.ready
        if self.complete or room == 0:
            return False
        samples = self.reader.read(min(frames, room))
        place = np.arange(self._written, self._written + len(samples)) % len(self._ring)
        self._ring[place] = samples
        self._written += len(samples)
        if len(samples) < min(frames, room):
            self.complete = True
            self.reader.close()
        return not self.complete and self.ready < len(self._ring)

    def read(self, frames: int) -> FloatArray:
        """Return float32 [<= frames, 2] without waiting; fewer means none are ready."""
        count = min(frames, self.ready)
        first = self._taken % len(self._ring)
        head = self._ring[first : first + count]
        samples = np.concatenate([head, self._ring[: count - len(head)]])
        self._taken += count
        return samples

    def close(self) -> None:
        """Give up; what is decoded can still be read."""
        self.complete = True
        self.reader.close()
