# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Onsets and tempo of music, from its onset envelope.

Tempo is the strongest lag of the autocorrelated onset envelope under a log-normal prior around 120
beats per minute; it resolves more than whole frames.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.encoding.music.spectrum import FRAME_RATE, FloatArray


def onsets(envelope: FloatArray) -> NDArray[np.intp]:
    """Return the frames at which notes begin: local peaks that stand out of their second."""
    if len(envelope) < 3:
        return np.zeros(0, np.intp)
    reach = int(0.5 * FRAME_RATE)
    sums = np.cumsum(np.concatenate([[0.0], envelope]))
    low = np.maximum(np.arange(len(envelope)) - reach, 0)
    high = np.minimum(np.arange(len(envelope)) + reach, len(envelope))
    local = (sums[high] - sums[low]) / (high - low)
    inner = envelope[1:-1]
    peak = (inner > envelope[:-2]) & (inner >= envelope[2:])
    candidates = 1 + np.flatnonzero(peak & (inner > 1.3 * local[1:-1] + 0.3))
    chosen: list[int] = []
    for frame in candidates:
        # Two attacks closer than 70 ms are one.
        if chosen and frame - chosen[-1] < 0.07 * FRAME_RATE:
            continue
        chosen.append(int(frame))
    return np.array(chosen, np.intp)


def tempo_of(envelope: FloatArray) -> tuple[float, float]:
    """Find the tempo of an onset envelope.

    Returns
    -------
    tempo : float
        Beats per minute, 30..300; 0 where there is no rhythm.
    clarity : float
        Autocorrelation at that tempo, 0..1.
    """
    centred = envelope - envelope.mean()
    if len(centred) < 2 * FRAME_RATE or float(np.dot(centred, centred)) < 1e-6:
        return 0.0, 0.0
    size = 1 << (2 * len(centred) - 1).bit_length()
    power = np.abs(np.fft.rfft(centred, size)) ** 2
    correlation = np.fft.irfft(power)[: min(len(centred) // 2, int(2 * FRAME_RATE) + 2)]
    correlation = correlation / correlation[0]
    lags = np.arange(1, len(correlation) - 1)
    beats = 60 * FRAME_RATE / lags
    prior = np.exp(-0.5 * np.log2(beats / 120) ** 2)
    score = np.where(beats <= 300, np.maximum(correlation[1:-1], 0) * prior, 0)
    best = int(score.argmax()) + 1
    if score[best - 1] <= 0:
        return 0.0, 0.0
    # A parabola through the peak resolves more than whole frames.
    left, top, right = correlation[best - 1 : best + 2]
    bend = left - 2 * top + right
    shift = float(np.clip(0.5 * (left - right) / bend, -0.5, 0.5)) if bend < 0 else 0.0
    return float(60 * FRAME_RATE / (best + shift)), float(np.clip(top, 0, 1))


def irregularity(beginnings: NDArray[np.intp]) -> float:
    """Return the spread of the logarithm of the times from onset to onset, octaves."""
    return float(np.log2(np.diff(beginnings)).std()) if len(beginnings) > 2 else 0.0
