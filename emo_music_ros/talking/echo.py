# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The robot hears itself: what the player plays is taken out of what the microphone hears.

The way of the sound through the room is followed by a Kalman filter in the frequency domain (Enzner
and Vary 2006), whose impulse response is parted into blocks (Kuech, Mabande and Enzner 2014). It
takes out only what it can explain by what is played, so that somebody who speaks meanwhile is left
as they are. The cancellers of WebRTC (livekit 1.2.1) and Speex (pyaec 1.0.1) remove more and the
speech with it: of a command at the level of the music a tenth was left.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from emo_music_ros.io.resampling import Resampler, clean, mono
from emo_music_ros.streams import AudioBlock
from emo_music_ros.talking.base import RATE

#: Samples that are handled at once, 16 ms, and how many of such blocks the answer of a room lasts.
FRAME, BLOCKS = 256, 16
#: What is played is given so much [s] before its stamp: clocks that are a little apart must not let
#: the echo come before the sound.
LEAD = 0.02
#: Longest time that sound of the microphone waits for what is played [s].
WAIT = 0.15
#: Stamps further than this from the count of samples [s] begin a new stream.
DRIFT = 0.05
#: So long after the last played sound [s] there is no echo, and nothing is done.
OVER = 2.0
#: How slowly a room changes, per block; how much of the past the power of what is left keeps.
STEADY, MEMORY = 0.999, 0.7
#: Share of a block of twice the length that is new (the other half is the block before).
_NEW = 0.5
_TINY = 1e-10
#: Share of the sound that is played from which on it is told that it comes late, or is cut off at
#: full scale; what is full scale, and how much of the past a block keeps in these shares.
MANY, FULL, KEEP = 0.2, 0.999, 0.9


class RoomFilter:
    """Follows how what is played is heard, block by block of `FRAME` samples."""

    def __init__(self) -> None:
        bins = FRAME + 1
        self._answer: NDArray[np.complex128] = np.zeros(
            (BLOCKS, bins), np.complex128
        )  # spectrum of each part
        self._doubt: NDArray[np.float64] = np.ones((BLOCKS, bins))  # its variance
        self._played: NDArray[np.complex128] = np.zeros(
            (BLOCKS, bins), np.complex128
        )  # newest first
        self._before: NDArray[np.float64] = np.zeros(FRAME)
        self._left: NDArray[np.float64] = np.full(bins, 1e-3)  # power of what is no echo

    def __call__(
        self, heard: NDArray[np.floating], played: NDArray[np.floating]
    ) -> NDArray[np.float32]:
        """Return what is heard [256] without what of it is explained by what is played [256]."""
        self._played = np.roll(self._played, 1, axis=0)
        self._played[0] = fft.rfft(np.concatenate([self._before, played]))
        self._before = np.array(played, np.float64)
        echo = fft.irfft((self._answer * self._played).sum(0))[FRAME:]
        error = heard - echo
        spectrum = fft.rfft(np.concatenate([np.zeros(FRAME), error]))
        power = np.square(np.abs(self._played))
        self._left = MEMORY * self._left + (1 - MEMORY) * np.square(np.abs(spectrum))
        step = self._doubt / (_NEW * (self._doubt * power).sum(0) + self._left + _TINY)
        change = fft.irfft(step * np.conj(self._played) * spectrum, axis=1)
        change[:, FRAME:] = 0.0  # an answer of one block is no longer than a block
        self._answer += fft.rfft(change, axis=1)
        known = np.clip(1 - _NEW * step * power, 0.0, 1.0)
        moved = (1 - STEADY**2) * np.square(np.abs(self._answer))
        self._doubt = STEADY**2 * known * self._doubt + moved + _TINY
        return np.asarray(error, np.float32)


class _Timeline:
    """A stream of sound at 16 kHz; its samples are numbered by time."""

    def __init__(self) -> None:
        self.begin = 0
        self.samples: NDArray[np.float32] = np.zeros(0, np.float32)
        self._rate = 0
        self._resample = Resampler(RATE, RATE)

    @property
    def end(self) -> int:
        """Number of the sample after the last one."""
        return self.begin + len(self.samples)

    def add(self, block: AudioBlock) -> None:
        """Append a block, or begin anew with it where its stamp does not fit."""
        samples = np.asarray(block.samples)
        samples = clean(mono(samples) if samples.ndim == 2 else samples)
        start = round(block.time * RATE)
        if block.sample_rate != self._rate or abs(start - self.end) > DRIFT * RATE:
            self._rate, self._resample = block.sample_rate, Resampler(block.sample_rate, RATE)
            self.begin, self.samples = start, np.zeros(0, np.float32)
        self.samples = np.concatenate([self.samples, self._resample(samples)])

    def take(self, start: int, count: int) -> NDArray[np.float32]:
        """Return samples from a number on, zeros where there are none; forget all before."""
        self.forget(start)
        found = np.zeros(count, np.float32)
        low, high = max(start, self.begin), min(start + count, self.end)
        if low < high:
            found[low - start : high - start] = self.samples[low - self.begin : high - self.begin]
        return found

    def forget(self, before: int) -> None:
        """Forget the samples before a number."""
        drop = min(max(before - self.begin, 0), len(self.samples))
        self.samples, self.begin = self.samples[drop:], self.begin + drop


class EchoCanceller:
    """Takes what is played out of what is heard.

    Both are stamped with the same clock. Sound comes out at 16 kHz, up to `WAIT` later.

    Attributes
    ----------
    late, clipped : float
        Share of what is played that came after it had to be taken out, and that is cut off at full
        scale, 0..1.
    """

    def __init__(self) -> None:
        self._filter = RoomFilter()
        self._played, self._heard = _Timeline(), _Timeline()
        self._last = -math.inf  # number of the sample after the last one played that was no silence
        self._count = 0
        self.late = self.clipped = 0.0

    def played(self, block: AudioBlock) -> None:
        """Take what is played; `time` is when its first sample leaves the loudspeaker."""
        self._played.add(block)
        late = len(self._heard.samples) > 0 and block.time * RATE < self._heard.begin
        clipped = np.abs(block.samples) >= FULL
        self.late += (1 - KEEP) * (float(late) - self.late)
        self.clipped += (1 - KEEP) * (float(clipped.mean() if clipped.size else 0) - self.clipped)
        if np.abs(block.samples).max(initial=0.0) > 0:
            self._last = self._played.end

    def __call__(self, block: AudioBlock) -> list[AudioBlock]:
        """Take what is heard and return what of it was not played, as far as that is known."""
        before = self._heard.end
        self._heard.add(block)
        if self._heard.begin > before:  # a new stream: whoever listens has to begin anew
            self._count += 10 * RATE
        start, out = self._heard.begin, []
        while len(self._heard.samples) >= FRAME and self._known():
            at = self._heard.begin
            heard = self._heard.take(at, FRAME)
            self._heard.forget(at + FRAME)
            played = self._played.take(at + round(LEAD * RATE), FRAME)
            out.append(heard if self._silent(at) else self._filter(heard, played))
        if not out:
            return []
        samples = np.concatenate(out)
        first, self._count = self._count, self._count + len(samples)
        return [AudioBlock(start / RATE, samples, RATE, first, source=block.source)]

    def complaint(self) -> str:
        """Return what is wrong with what is played, and what to do; empty = nothing."""
        if self.late > MANY:
            return (
                "what the player plays comes too late to be taken out of what the microphone hears."
                " Run both on one machine, or set the clocks of both alike"
            )
        if self.clipped > MANY:
            return (
                "what the player plays is cut off at full scale and cannot be taken out as it is "
                "heard. Turn its volume down"
            )
        return ""

    def _known(self) -> bool:
        """Return whether the next frame need not wait for what is played."""
        needed = self._heard.begin + round(LEAD * RATE) + FRAME
        waited = len(self._heard.samples) >= WAIT * RATE
        return waited or self._played.end >= needed or self._silent(self._heard.begin)

    def _silent(self, at: int) -> bool:
        return at - self._last > OVER * RATE
