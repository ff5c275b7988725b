# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Windows over several streams that end together, on a grid driven by the clock of the data."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from emo_music_ros.encoding.shared.buffer import LONGEST_GAP, SignalBuffer, Window
from emo_music_ros.encoding.shared.filters import StreamingFilter
from emo_music_ros.pacing import Pace, Schedule
from emo_music_ros.streams import BiosignalBlock

#: A stream that starts this much before its own end means that the clock went back [s].
BACKWARDS = 5.0


@dataclass(frozen=True)
class Stream:
    """How one kind of signal is filtered, and which sampling rates make sense for it.

    Parameters
    ----------
    band : tuple
        Lower and upper edge of the pass band [Hz]; None leaves a side open.
    slowest, fastest : float
        Sampling rates accepted [Hz].
    settle : float
        Seconds that are invalid after the start or a gap.
    order : int
        Order of the filter.
    """

    band: tuple[float | None, float | None]
    slowest: float
    fastest: float
    settle: float
    order: int = 2


class WindowGrid:
    """Turns blocks of several kinds, however cut, into windows that end at the same moment.

    Moments are the multiples of `interval` of unix time. A moment is complete when every live
    stream has reached it; a stream is live unless the newest block begins more than
    `tolerance` after its end. What a window holds is therefore the same for any cut of the
    streams whose blocks come in order of time.

    A slower pace leaves out moments, never so many that two are further apart than its floor asks.

    Parameters
    ----------
    streams : mapping
        Kind -> how it is treated; other kinds are ignored.
    seconds : float
        Length of a window [s].
    interval : float
        Distance of two moments [s].
    tolerance : float
        How long the others wait for a stream [s].
    slowest : float
        Longest distance of two moments that somebody may ask for [s]; 0 = `interval`.

    Attributes
    ----------
    pace : Pace
        How often moments are asked for.
    since : float
        Time that the last moment stands for, those left out before it included [s].
    """

    def __init__(
        self,
        streams: Mapping[str, Stream],
        seconds: float,
        interval: float,
        tolerance: float = 2.0,
        slowest: float = 0.0,
    ) -> None:
        self._streams = streams
        self._seconds = seconds
        self._interval = interval
        self._tolerance = tolerance
        # In whole intervals, so that the floor is kept on the grid, too.
        longest = max(1, math.floor(slowest / interval + 1e-6)) * interval
        self.pace = Pace(1.0 / interval, 1.0 / longest)
        self._schedule = Schedule(self.pace)
        self.reset()

    def reset(self) -> None:
        """Forget all streams."""
        self._buffers: dict[str, SignalBuffer] = {}
        self._next: int | None = None  # number of the next moment
        self._newest = -math.inf  # start of the newest block
        self._schedule.reset()
        self.since = self._passed = 0.0

    def push(self, block: BiosignalBlock) -> Iterator[tuple[float, dict[str, Window]]]:
        """Take a block and yield every moment it completes with the windows that end there.

        A block that cannot be used (unknown kind, wrong shape or rate, no time) is ignored. Streams
        without any sample in a window are left out of it.
        """
        stream = self._streams.get(block.kind)
        if stream is None or not math.isfinite(block.time) or not math.isfinite(block.rate):
            return
        samples = np.asarray(block.samples, float)
        if samples.ndim == 1:
            samples = samples[:, None]
        if samples.ndim != 2 or 0 in samples.shape:
            return
        if not stream.slowest <= block.rate <= stream.fastest:
            return
        self._place(replace(block, samples=samples), stream)
        yield from self._complete()

    def _place(self, block: BiosignalBlock, stream: Stream) -> None:
        buffer = self._buffers.get(block.kind)
        ends = [other.end for other in self._buffers.values() if not other.empty]
        jumped = bool(ends) and block.time > max(ends) + LONGEST_GAP
        went_back = buffer is not None and not buffer.empty and block.time < buffer.end - BACKWARDS
        if jumped or went_back:
            self.reset()
            buffer, ends = None, []
        if buffer is None or buffer.rate != block.rate or buffer.channels != block.samples.shape[1]:
            band = StreamingFilter(block.rate, *stream.band, order=stream.order)
            buffer = SignalBuffer(block.rate, block.samples.shape[1], band, stream.settle)
            self._buffers[block.kind] = buffer
        if not ends or self._next is None:
            self._next = math.floor(block.time / self._interval) + 1
        buffer.push(block)
        if not buffer.empty:  # blocks without any value do not move the clock
            self._newest = max(self._newest, block.time)

    def _complete(self) -> Iterator[tuple[float, dict[str, Window]]]:
        ends = [buffer.end for buffer in self._buffers.values() if not buffer.empty]
        live = [end for end in ends if end >= self._newest - self._tolerance]
        if not live or self._next is None:
            return
        # A sample ends a little before or after the moment by rounding of unix times.
        last = math.floor((min(live) + 1e-4) / self._interval)
        while self._next <= last:
            moment = self._next * self._interval
            self._next += 1
            self._passed += self._interval
            if not self._schedule.due(moment):
                continue
            self.since, self._passed = self._passed, 0.0
            windows = {
                kind: window
                for kind, buffer in self._buffers.items()
                if (window := buffer.window(moment, self._seconds)) is not None
            }
            if windows:
                yield moment, windows
        for buffer in self._buffers.values():
            buffer.trim(self._next * self._interval - self._seconds)
