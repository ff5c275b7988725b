# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What is kept of a sampled stream, on its own clock and with its gaps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.encoding.shared.filters import Floats, StreamingFilter
from emo_music_ros.streams import BiosignalBlock

#: Disagreement between time stamps and sample counting that is taken as jitter [s].
JITTER = 0.25
#: A longer silence is not filled: the stream starts anew [s].
LONGEST_GAP = 30.0


@dataclass(frozen=True)
class Window:
    """Consecutive samples that end at a moment of the stream's clock.

    Attributes
    ----------
    raw, filtered : ndarray
        float64 [samples, channels], finite; where `raw` was missing it holds the value before.
    valid : ndarray
        bool [samples, channels]; False where a sample is missing or not finite, or the filter has
        not settled after one.
    rate : float
        Sampling rate [Hz].
    """

    raw: Floats
    filtered: Floats
    valid: NDArray[np.bool_]
    rate: float

    def __len__(self) -> int:
        return len(self.raw)


class SignalBuffer:
    """A stream, raw and filtered, from the last :meth:`trim` on.

    Samples are placed by counting from the first one, so jitter of the time stamps does not
    matter; where they disagree by more than `JITTER` there is a gap, whose samples are invalid.

    Parameters
    ----------
    rate : float
        Sampling rate [Hz].
    channels : int
        Number of channels.
    band : StreamingFilter
        Filter of the stream.
    settle : float
        How long the filter needs after the start or a gap [s].
    """

    def __init__(self, rate: float, channels: int, band: StreamingFilter, settle: float) -> None:
        self.rate = rate
        self.channels = channels
        self._band = band
        self._settle = round(settle * rate)
        self._store = np.zeros((3, 256, channels))  # raw, filtered, valid
        self.clear()

    def clear(self) -> None:
        """Forget the stream so far."""
        self._used = 0
        self._end_count = 0  # samples since `_start`
        self._start = float("nan")
        self._next_index = 0
        self._held = np.zeros(self.channels)
        self._good = np.zeros(self.channels, int)  # finite samples in a row up to now
        self._band.reset()

    @property
    def empty(self) -> bool:
        """Whether nothing has arrived yet."""
        return self._end_count == 0

    @property
    def end(self) -> float:
        """Time just after the newest sample [s]."""
        return self._start + self._end_count / self.rate

    def push(self, block: BiosignalBlock) -> None:
        """Append a block [samples, channels] of this rate and number of channels."""
        samples = np.asarray(block.samples, float)
        if not len(samples):
            return
        if not self.empty:
            late = block.time - self.end
            lost = block.first_index > self._next_index and late > 0.5 / self.rate
            if late > LONGEST_GAP:
                self.clear()
            elif late > JITTER or lost:
                self._append(np.full((round(late * self.rate), self.channels), np.nan))
            elif late < -JITTER:
                self._start += late
                self._good[:] = 0
        self._next_index = block.first_index + len(samples)
        if self.empty:  # a filter that starts on a missing value would take long to settle
            usable = np.flatnonzero(np.isfinite(samples).any(axis=1))
            if not len(usable):
                return
            self._start = block.time + usable[0] / self.rate
            samples = samples[usable[0] :]
        self._append(samples)

    def _append(self, samples: Floats) -> None:
        count = len(samples)
        finite = np.isfinite(samples)
        row = np.arange(count)[:, None]
        last_good = np.maximum.accumulate(np.where(finite, row, -1), axis=0)
        last_bad = np.maximum.accumulate(np.where(finite, -1, row), axis=0)
        held = np.where(
            last_good >= 0, np.take_along_axis(samples, np.maximum(last_good, 0), 0), self._held
        )
        good = np.where(last_bad >= 0, row - last_bad, row + 1 + self._good)
        self._reserve(count)
        place = slice(self._used, self._used + count)
        self._store[0, place] = held
        self._store[1, place] = self._band(held)
        self._store[2, place] = good > self._settle
        self._held, self._good = held[-1].copy(), good[-1].copy()
        self._used += count
        self._end_count += count

    def _reserve(self, count: int) -> None:
        needed = self._used + count
        if needed > self._store.shape[1]:
            grown = np.zeros((3, 2 * needed, self.channels))
            grown[:, : self._used] = self._store[:, : self._used]
            self._store = grown

    def trim(self, before: float) -> None:
        """Drop the samples older than `before`, when they are at least half of what is kept."""
        if self.empty:
            return
        first = self._end_count - self._used
        old = min(self._used, int(np.floor((before - self._start) * self.rate)) - first)
        if 2 * old >= self._used > 0:
            self._used -= old
            self._store[:, : self._used] = self._store[:, old : old + self._used].copy()

    def window(self, end: float, seconds: float) -> Window | None:
        """Return what lies in the `seconds` before `end`, or None if nothing does."""
        if self.empty:
            return None
        # A little slack keeps the rounding of unix times from moving a sample.
        after = self._end_count - int(np.floor((end - self._start) * self.rate + 0.01))
        high = self._used - max(0, after)
        low = max(0, self._used - after - round(seconds * self.rate))
        if high <= low:
            return None
        raw, filtered, valid = self._store[:, low:high]
        return Window(raw, filtered, valid > 0, self.rate)
