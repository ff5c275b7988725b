# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""How sound moves: changes of timbre, attacks by register, and the rates at which loudness swings.

Taken from the mel spectrum in dB [frames, 128], which already carries a floor of noise, so that
what a codec removes does not count.
"""

from __future__ import annotations

import numpy as np

from emo_music_ros.encoding.music.spectrum import FRAME_RATE, MELS, FloatArray

#: Registers that attacks are counted in, each of 16 mel filters.
REGISTERS = 8
#: The registers whose loudness is followed: low, middle, high.
FOLLOWED = (slice(0, 2), slice(2, 5), slice(5, 8))
#: Edges of the rates at which loudness swings [Hz]: phrases, beats, notes, tremolo and roughness.
RATES = (0.3, 0.75, 1.5, 3.0, 6.0, 12.0, 21.5)


def registers(level: FloatArray) -> FloatArray:
    """Return the mean level [frames, 8] in dB of neighbouring mel bands."""
    return level.reshape(len(level), REGISTERS, MELS // REGISTERS).mean(axis=2)


def timbre_changes(coefficients: FloatArray) -> FloatArray:
    """Return the deviation [13] of the change of MFCC [frames, 13] from frame to frame."""
    if len(coefficients) < 2:
        return np.zeros(coefficients.shape[1])
    return np.diff(coefficients, axis=0).std(axis=0)  # type: ignore[no-any-return]


def attacks(level: FloatArray) -> FloatArray:
    """Return the mean rise [8] in dB a frame of each register."""
    if len(level) < 2:
        return np.zeros(REGISTERS)
    return registers(np.maximum(0, np.diff(level, axis=0))).mean(axis=0)  # type: ignore[no-any-return]


def swings(level: FloatArray) -> FloatArray:
    """Return how strongly the loudness of low, middle and high registers swings at each rate.

    Returns
    -------
    numpy.ndarray
        [18], logarithm (base 10) of the power of the level at each of six rates, registers one
        after the other.
    """
    followed = registers(level)
    count = len(followed)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(count) / count)
    power = np.abs(np.fft.rfft((followed - followed.mean(axis=0)) * window[:, None], axis=0)) ** 2
    rate = np.fft.rfftfreq(count, 1 / FRAME_RATE)
    # The sum over the bins of a rate grows with the number of frames.
    bands = [
        power[(rate >= low) & (rate < high)].sum(axis=0) / count**2
        for low, high in zip(RATES[:-1], RATES[1:])
    ]
    table = np.log10(np.array(bands) + 1e-3)
    return np.concatenate([table[:, chosen].mean(axis=1) for chosen in FOLLOWED])


def percussiveness(level: FloatArray) -> FloatArray:
    """Return the change over time over that over frequency, [3] from low to high.

    Drums change along time, sustained tones along frequency.
    """
    if len(level) < 2:
        return np.zeros(3)
    parts = (level[:, :40], level[:, 40:80], level[:, 80:])
    return np.array(
        [
            np.abs(np.diff(part, axis=0)).mean() / (np.abs(np.diff(part, axis=1)).mean() + 1e-6)
            for part in parts
        ]
    )
