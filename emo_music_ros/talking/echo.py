"""The robot hears itself: what the player plays is taken out of what the microphone hears.

The canceller is the one of WebRTC (AEC3), from the package livekit. It learns the way of the sound
through the room, its delay included, from what is played.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.errors import PluginError
from emo_music_ros.io.resampling import Resampler, clean, mono
from emo_music_ros.streams import AudioBlock
from emo_music_ros.talking.base import RATE

#: Samples that are handled at once: 10 ms.
FRAME = RATE // 100
#: What is played is given so much [s] before its stamp: clocks that are a little apart must not let
#: the echo come before the sound.
LEAD = 0.04
#: Longest time that sound of the microphone waits for what is played [s].
WAIT = 0.15
#: Stamps further than this from the count of samples [s] begin a new stream.
DRIFT = 0.05
#: So long after the last played sound [s] there is no echo, and nothing is done.
OVER = 2.0
_FULL = 32767.0


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

    Raises
    ------
    PluginError
        If the package livekit is missing.
    """

    def __init__(self) -> None:
        try:
            from livekit import rtc
        except ImportError as error:
            raise PluginError(
                f"the echo canceller cannot be imported: {error}",
                "Install it: pip install livekit==1.2.1, or set echo to false",
            ) from error
        self._frames: Any = rtc.AudioFrame
        self._canceller = rtc.AudioProcessingModule(
            echo_cancellation=True,
            noise_suppression=False,
            high_pass_filter=False,
            auto_gain_control=False,
        )
        self._played, self._heard = _Timeline(), _Timeline()
        self._last = -math.inf  # number of the last sample played that was no silence
        self._count = 0

    def played(self, block: AudioBlock) -> None:
        """Take what is played; `time` is when its first sample leaves the loudspeaker."""
        self._played.add(block)
        if np.abs(block.samples).max(initial=0.0) > 0:
            self._last = self._played.end

    def __call__(self, block: AudioBlock) -> list[AudioBlock]:
        """Take what is heard and return what of it was not played, as far as that is known."""
        before = self._heard.end
        self._heard.add(block)
        if self._heard.begin > before:  # a new stream: whoever listens has to begin anew
            self._count += 10 * RATE
        out = []
        start = self._heard.begin
        while len(self._heard.samples) >= FRAME and self._known():
            at = self._heard.begin
            heard = self._heard.take(at, FRAME)
            self._heard.forget(at + FRAME)
            played = self._played.take(at + round(LEAD * RATE), FRAME)
            out.append(self._clean(heard, played, at))
        if not out:
            return []
        samples = np.concatenate(out)
        first, self._count = self._count, self._count + len(samples)
        return [AudioBlock(start / RATE, samples, RATE, first, source=block.source)]

    def _known(self) -> bool:
        """Return whether the next frame need not wait for what is played."""
        needed = self._heard.begin + round(LEAD * RATE) + FRAME
        waits = len(self._heard.samples) < WAIT * RATE
        return self._played.end >= needed or not waits or self._silent(self._heard.begin)

    def _silent(self, at: int) -> bool:
        return at - self._last > OVER * RATE

    def _clean(
        self, heard: NDArray[np.float32], played: NDArray[np.float32], at: int
    ) -> NDArray[np.float32]:
        if self._silent(at):
            return heard
        self._canceller.process_reverse_stream(self._frame(played))
        frame = self._frame(heard)
        self._canceller.set_stream_delay_ms(round(LEAD * 1000))
        self._canceller.process_stream(frame)
        return np.frombuffer(bytes(frame.data), np.int16).astype(np.float32) / _FULL

    def _frame(self, samples: NDArray[np.float32]) -> Any:
        whole = (np.clip(samples, -1.0, 1.0) * _FULL).astype(np.int16)
        return self._frames(whole.tobytes(), RATE, 1, FRAME)
