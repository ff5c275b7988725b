# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Respiration rate from a belt, or from what the breath does to the pulse.

Breathing changes the interval, the height and the baseline of the pulse wave; where the rates from
these agree their mean is taken (Karlen et al. 2013, "Multiparameter respiratory rate estimation
from the photoplethysmogram", IEEE Trans. Biomed. Eng. 60).
"""

from __future__ import annotations

import numpy as np
from scipy.signal import detrend

from emo_music_ros.encoding.physiology.cardiac import Rhythm, intervals
from emo_music_ros.encoding.shared.buffer import Window
from emo_music_ros.encoding.shared.filters import Floats

#: Breaths of an adult at rest or talking [Hz]: 5 to 42 per minute.
BAND = (0.08, 0.7)
#: Usable signal needed [s].
FEWEST = 20.0
#: Rate at which breaths are looked at [Hz].
GRID = 4.0
#: Share of the power of the band that must lie around the breath, belt and heart.
CLEAR_BELT, CLEAR_HEART = 0.3, 0.4
#: Smallest swing of interval, height or baseline that counts, as a share of interval or height.
SMALLEST = 0.005
#: Largest standard deviation of rates that count as agreeing [1/min].
AGREEMENT = 4.0


def from_belt(window: Window, channel: int = 0) -> float:
    """Return breaths per minute of a window filtered to `BAND`, NaN if there is no clear breath."""
    step = max(1, int(window.rate // GRID))
    rate = window.rate / step
    signal = window.filtered[::step, channel]
    valid = window.valid[::step, channel]
    if valid.sum() / rate < FEWEST or np.ptp(window.raw[:, channel]) < 1e-9:
        return float("nan")
    return _dominant(np.where(valid, signal, 0.0), rate, CLEAR_BELT)


def from_pulse(window: Window, rhythm: Rhythm, channel: int = 0) -> float:
    """Return breaths per minute of a pulse wave, NaN if its changes do not agree.

    `window` holds the wave, `rhythm` its beats.
    """
    rates = [from_heart(rhythm)]
    beats = rhythm.good
    if beats.sum() < FEWEST or beats.mean() < 0.7:
        return float("nan")
    height = rhythm.amplitudes[beats]
    small = SMALLEST * float(np.median(height))
    if height.std() > small:
        rates.append(_dominant(*_even(rhythm.times[beats], height), CLEAR_HEART))
    step = max(1, round(window.rate / GRID))
    count = len(window) // step * step
    valid = window.valid[-count:, channel] if count else np.empty(0, bool)
    if count and valid.all() and count / window.rate >= FEWEST:
        baseline = window.raw[-count:, channel].reshape(-1, step).mean(axis=1)
        if baseline.std() > small:
            rates.append(_dominant(baseline, window.rate / step, CLEAR_HEART))
    found = np.array([rate for rate in rates if np.isfinite(rate)])
    if len(found) < 2 or found.std() > AGREEMENT:
        return float("nan")
    return float(found.mean())


def from_heart(rhythm: Rhythm) -> float:
    """Return breaths per minute from the respiratory sinus arrhythmia, NaN if it is not clear."""
    gaps, kept = intervals(rhythm)
    if kept.sum() < FEWEST or kept.mean() < 0.7:
        return float("nan")
    if gaps[kept].std() < SMALLEST * gaps[kept].mean():
        return float("nan")
    return _dominant(*_even(rhythm.times[1:][kept], gaps[kept]), CLEAR_HEART)


def _even(time: Floats, values: Floats) -> tuple[Floats, float]:
    """Return values at uneven times on a grid, and its rate [Hz]."""
    return np.interp(np.arange(time[0], time[-1], 1 / GRID), time, values), GRID


def _dominant(signal: Floats, rate: float, clear: float) -> float:
    """Return the strongest rhythm of the band per minute, NaN if it holds too little power."""
    size = 2 ** int(np.ceil(np.log2(max(len(signal), 64 * rate))))
    tapered = detrend(signal) * np.hanning(len(signal))
    power = np.abs(np.fft.rfft(tapered, size)) ** 2
    frequency = np.fft.rfftfreq(size, 1 / rate)
    inside = (frequency >= BAND[0]) & (frequency <= BAND[1])
    power, frequency = power[inside], frequency[inside]
    if not power.sum() > 1e-12:
        return float("nan")
    best = frequency[np.argmax(power)]
    around = np.abs(frequency - best) <= 2 * rate / len(signal)
    if power[around].sum() < clear * power.sum():
        return float("nan")
    return float(60.0 * best)
