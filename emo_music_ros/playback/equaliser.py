# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Music for somebody with a hearing loss: a gain for each frequency, from the audiogram."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.errors import InputError
from emo_music_ros.playback.envelope import Envelope
from emo_music_ros.streams import FloatArray

#: Frequencies of an audiogram [Hz] and the constants of NAL-R at each [dB] (Byrne and Dillon 1986).
CONSTANTS = {
    250: -17.0,
    500: -8.0,
    1000: 1.0,
    1500: 1.0,
    2000: -1.0,
    3000: -2.0,
    4000: -2.0,
    6000: -2.0,
}
#: The three whose mean counts for every frequency.
MEAN = (500, 1000, 2000)
#: Losses an audiometer can find [dB HL].
LOSSES = (-10.0, 120.0)
#: A frequency is raised by at most this [dB]: others are in the room. (Ours.)
MOST = 12.0
#: Length of the filter [s] and time in which it is faded in or out [s]: no step in the sound.
LENGTH, FADE = 0.012, 3.0


def audiogram(text: str) -> dict[int, float]:
    """Return losses [dB HL] by frequency [Hz] from text such as ``500:30 1000:40 2000:55``.

    Of the better ear: one loudspeaker serves both, and neither may get too much.

    Raises
    ------
    InputError
        If it is none.
    """
    remedy = (
        "Write frequency and loss of the better ear, such as '500:30 1000:40 2000:55 4000:60',"
        f" with frequencies among {', '.join(map(str, CONSTANTS))}, and {MEAN} among them"
    )
    found: dict[int, float] = {}
    for part in text.replace(",", " ").split():
        name, _, value = part.partition(":")
        try:
            frequency, loss = int(name), float(value)
        except ValueError as error:
            raise InputError(f"'{part}' is no part of an audiogram", remedy) from error
        if frequency not in CONSTANTS or not LOSSES[0] <= loss <= LOSSES[1]:
            raise InputError(f"'{part}' is no part of an audiogram", remedy)
        found[frequency] = loss
    if found and not set(MEAN) <= set(found):
        raise InputError(f"the audiogram '{text}' lacks frequencies", remedy)
    return found


def gains(losses: Mapping[int, float]) -> dict[int, float]:
    """Return the gain [dB] at each frequency of an audiogram by NAL-R, 0 to `MOST`.

    Differs from the prescription, which is for hearing aids and speech: nothing is lowered, and
    nothing raised by more than `MOST`.
    """
    if not losses:
        return {}
    common = 0.05 * sum(losses[frequency] for frequency in MEAN)
    return {
        frequency: min(max(common + 0.31 * loss + CONSTANTS[frequency], 0.0), MOST)
        for frequency, loss in sorted(losses.items())
    }


def design(wanted: Mapping[int, float], rate: int) -> NDArray[np.float64]:
    """Return an odd linear-phase filter [taps] with gains [dB] by frequency [Hz].

    Straight between the frequencies, on an axis of octaves, and level beyond the outer ones.
    """
    half = round(LENGTH * rate / 2)
    size = 8 * 2 ** math.ceil(math.log2(half))
    axis = np.maximum(np.fft.rfftfreq(size, 1 / rate), 1.0)
    points = sorted(wanted)
    shape = np.interp(np.log2(axis), np.log2(points), [wanted[each] for each in points])
    impulse = np.fft.irfft(10 ** (shape / 20), size)
    taps = np.concatenate([impulse[-half:], impulse[: half + 1]])
    return np.asarray(taps * np.hanning(2 * half + 3)[1:-1])


class Equaliser:
    """A filter for stereo sound that goes from one shape to another without a step.

    Parameters
    ----------
    rate : int
        Frames per second [Hz].
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._half = round(LENGTH * rate / 2)
        self._flat: NDArray[np.float64] = np.zeros(2 * self._half + 1)
        self._flat[self._half] = 1.0
        self._from: NDArray[np.float64] = self._flat
        self._to: NDArray[np.float64] = self._flat
        self._before = self._after = 0.0  # highest gain of each [dB]
        self._share = Envelope(1.0)
        self._past = np.zeros((2 * self._half, 2), np.float32)

    @property
    def most(self) -> float:
        """What a frequency is raised by at most now [dB]."""
        return max(self._before, self._after) if self._share.remaining else self._after

    @property
    def on(self) -> bool:
        """Whether it changes the sound now."""
        return self._to is not self._flat or self._share.remaining > 0

    def set(self, wanted: Mapping[int, float]) -> None:
        """Go to gains [dB] by frequency [Hz]; none = off."""
        share = self._share.gain
        self._before = self.most
        self._from = (1 - share) * self._from + share * self._to
        raised = max(wanted.values(), default=0.0)
        self._to = design(wanted, self._rate) if raised > 0 else self._flat
        # The ripple of the filter may exceed the gains that were asked for by a little.
        self._after = raised + 0.5 if raised > 0 else 0.0
        self._share = Envelope(0.0)
        self._share.go(1.0, round(FADE * self._rate))

    def clear(self) -> None:
        """Forget what it still holds, as where a device was away."""
        self._past[:] = 0.0

    def __call__(self, samples: FloatArray) -> FloatArray:
        """Return the next frames, float32 [frames, 2], later by half the filter."""
        stream = np.concatenate([self._past, samples]).astype(np.float32)
        self._past = stream[len(samples) :]
        if not self.on or not len(samples):
            return stream[self._half : self._half + len(samples)]
        fading = self._share.remaining > 0
        share = self._share.take(len(samples))
        after = self._filtered(stream, self._to)
        if not fading:
            return after
        before = self._filtered(stream, self._from)
        return np.asarray(before + share * (after - before), np.float32)

    @staticmethod
    def _filtered(stream: FloatArray, taps: NDArray[np.float64]) -> FloatArray:
        sides = [np.convolve(stream[:, side], taps, "valid") for side in range(2)]
        return np.stack(sides, 1).astype(np.float32)
