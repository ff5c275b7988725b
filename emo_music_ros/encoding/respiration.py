"""Respiration rate from a belt, or from how the heart rate swings with the breath."""

from __future__ import annotations

import numpy as np

from emo_music_ros.encoding.buffer import Window
from emo_music_ros.encoding.cardiac import Rhythm, intervals
from emo_music_ros.encoding.filters import Floats

#: Breaths of an adult at rest or talking [Hz]: 5 to 42 per minute.
BAND = (0.08, 0.7)
#: Usable signal needed [s].
FEWEST = 20.0
#: Rate at which breaths are looked at [Hz].
GRID = 4.0
#: Share of the power of the band that must lie around the breath, belt and heart.
CLEAR_BELT, CLEAR_HEART = 0.3, 0.4


def from_belt(window: Window, channel: int = 0) -> float:
    """Return breaths per minute of a window filtered to `BAND`, NaN if there is no clear breath."""
    step = max(1, int(window.rate // GRID))
    rate = window.rate / step
    signal = window.filtered[::step, channel]
    valid = window.valid[::step, channel]
    if valid.sum() / rate < FEWEST or np.ptp(window.raw[:, channel]) < 1e-9:
        return float("nan")
    return _dominant(np.where(valid, signal, 0.0), rate, CLEAR_BELT)


def from_heart(rhythm: Rhythm) -> float:
    """Return breaths per minute from the respiratory sinus arrhythmia, NaN if it is not clear."""
    gaps, kept = intervals(rhythm)
    if kept.sum() < FEWEST or kept.mean() < 0.7:
        return float("nan")
    time = rhythm.times[1:][kept]
    grid = np.arange(time[0], time[-1], 1 / GRID)
    return _dominant(np.interp(grid, time, gaps[kept]), GRID, CLEAR_HEART)


def _dominant(signal: Floats, rate: float, clear: float) -> float:
    """Return the strongest rhythm of the band per minute, NaN if it holds too little power."""
    size = 2 ** int(np.ceil(np.log2(max(len(signal), 64 * rate))))
    line = np.polynomial.Polynomial.fit(np.arange(len(signal)), signal, 1)
    tapered = (signal - line(np.arange(len(signal)))) * np.hanning(len(signal))
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
