# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Beats, heart rate and heart-rate variability from a pulse wave or an electrocardiogram.

Beats are found with two moving averages, one as long as a beat's wave and one as long as the
whole beat (Elgendi et al. 2013, "Systolic peak detection in acceleration photoplethysmograms
measured from emergency responders in tropical conditions", PLoS ONE 8; for the QRS complex
Elgendi 2013, "Fast QRS detection with an optimized knowledge-based method"), after the
amplitude was levelled so that a movement does not hide the beats around it. A beat counts only
if it looks like the median beat of its window (Orphanidou et al. 2015, "Signal-quality indices
for the electrocardiogram and photoplethysmogram", IEEE J. Biomed. Health Inform. 19).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter, uniform_filter1d

from emo_music_ros.encoding.shared.buffer import Window
from emo_music_ros.encoding.shared.filters import Floats

#: Intervals between beats that a human heart makes at rest or walking [s]: 35 to 200 per minute.
SHORTEST, LONGEST = 0.3, 1.7
#: How far an interval may be from the median of its neighbours, as a share of it.
ECTOPIC = 0.25
#: Correlation with the median beat that a beat must reach.
LIKENESS = 0.7
#: Height of a beat, as a multiple of the median one, beyond which it is taken for a movement.
LOWEST, HIGHEST = 0.25, 3.0
#: Length of the newest part whose rate is also told on its own [s].
RECENT = 30.0


@dataclass(frozen=True)
class Wave:
    """What distinguishes one kind of heart signal from another. Band [Hz], widths [s]."""

    band: tuple[float, float]
    peak: float  # width of the wave that marks the beat
    beat: float  # width of a whole beat
    before: float  # part of the beat compared with the median beat, before the mark
    after: float
    enough: float  # sampling rate at which the wave is looked at [Hz]


PULSE = Wave((0.5, 8.0), 0.111, 0.667, 0.25, 0.40, 64.0)
QRS = Wave((5.0, 20.0), 0.097, 0.611, 0.12, 0.16, 200.0)


@dataclass(frozen=True)
class Rhythm:
    """The beats of one window.

    Attributes
    ----------
    times : ndarray
        float64 [beats], seconds since the start of the window.
    amplitudes : ndarray
        float64 [beats], height of each mark in the unit of the signal.
    good : ndarray
        bool [beats], whether the beat looks like the others.
    """

    times: Floats
    amplitudes: Floats
    good: NDArray[np.bool_]


NO_BEATS = Rhythm(np.empty(0), np.empty(0), np.empty(0, bool))


def find_beats(window: Window, wave: Wave, channel: int = 0) -> Rhythm:
    """Find the beats in a band-passed window.

    Parameters
    ----------
    window : Window
        Of a stream filtered to `wave.band`.
    wave : Wave
        `PULSE` or `QRS`.
    channel : int
        Which channel.
    """
    step = max(1, int(window.rate // wave.enough))
    signal, valid = window.filtered[::step, channel], window.valid[::step, channel]
    rate = window.rate / step
    if valid.sum() < 3 * rate:
        return NO_BEATS
    marks = _marks(np.where(valid, signal, 0.0), rate, wave)
    marks = marks[valid[marks]]
    if len(marks) < 3:
        return NO_BEATS
    before, after = round(wave.before * rate), round(wave.after * rate)
    inside = (marks >= before) & (marks + after < len(signal))
    shapes = signal[np.clip(marks[:, None] + np.arange(-before, after), 0, len(signal) - 1)]
    template = np.median(shapes[inside] if inside.any() else shapes, axis=0)
    good = ~inside | (_correlation(shapes, template) > LIKENESS)
    offset, height = _vertex(signal, marks)
    size = np.abs(height)
    usual = np.median(size)
    good &= (size > LOWEST * usual) & (size < HIGHEST * usual)
    return Rhythm((marks + offset) / rate, height, good)


def disturbed(window: Window, channel: int = 0) -> float:
    """Return the share of seconds, 0..1, in which a heart signal swings as only movement makes it.

    That is to more than `HIGHEST` times its usual height. NaN if nothing is usable.
    """
    size = max(1, round(window.rate))
    count = len(window) // size
    pieces = window.filtered[len(window) - count * size :, channel].reshape(count, size)
    usable = window.valid[len(window) - count * size :, channel].reshape(count, size).all(axis=1)
    if not usable.any():
        return float("nan")
    swing = np.ptp(pieces[usable], axis=1)
    return float(np.mean(swing > HIGHEST * np.median(swing)))


def _marks(signal: Floats, rate: float, wave: Wave) -> NDArray[np.intp]:
    """Return the index of the highest point of every beat."""
    size = max(1, round(3.0 * rate))
    # The running mean may end a rounding error below zero.
    level = np.sqrt(np.maximum(uniform_filter1d(signal**2, size, mode="nearest"), 0.0))
    typical = np.median(level[level > 0]) if (level > 0).any() else 0.0
    if typical <= 1e-9:
        return np.empty(0, np.intp)
    signal = signal / np.maximum(level, 0.2 * typical)
    power = (np.maximum(signal, 0.0) if wave is PULSE else signal) ** 2
    narrow = uniform_filter1d(power, max(1, round(wave.peak * rate)), mode="nearest")
    wide = uniform_filter1d(power, max(3, round(wave.beat * rate)), mode="nearest")
    edges = np.diff(np.concatenate([[0], (narrow > wide + 0.02).astype(np.int8), [0]]))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    height = np.abs(signal) if wave is QRS else signal
    lasting = ends - starts >= 0.6 * wave.peak * rate
    marks = [
        start + int(np.argmax(height[start:end]))
        for start, end in zip(starts[lasting], ends[lasting])
    ]
    kept: list[int] = []
    for mark in marks:
        if kept and mark - kept[-1] < SHORTEST * rate:
            if height[mark] > height[kept[-1]]:
                kept[-1] = mark
        else:
            kept.append(mark)
    return np.array(kept, np.intp)


def _correlation(shapes: Floats, template: Floats) -> Floats:
    shapes = shapes - shapes.mean(axis=1, keepdims=True)
    template = template - template.mean()
    scale = np.linalg.norm(shapes, axis=1) * np.linalg.norm(template)
    return shapes @ template / np.maximum(scale, 1e-12)  # type: ignore[no-any-return]


def _vertex(signal: Floats, marks: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Return offset [samples] and value of the parabola through each mark and its neighbours."""
    inner = np.clip(marks, 1, len(signal) - 2)
    left, middle, right = signal[inner - 1], signal[inner], signal[inner + 1]
    bend = left - 2 * middle + right
    with np.errstate(divide="ignore", invalid="ignore"):
        offset = np.where(bend != 0, 0.5 * (left - right) / bend, 0.0)
    offset = np.clip(np.nan_to_num(offset), -0.5, 0.5)
    return offset + (inner - marks), middle - 0.25 * (left - right) * offset


@dataclass(frozen=True)
class Heart:
    """What the beats of a window say; NaN = too few beats.

    Attributes
    ----------
    rate : float
        Typical heart rate [1/min], from the median interval.
    recent : float
        The same of the last `RECENT` seconds; `rate` if they hold too few beats.
    rmssd, sdnn : float
        Variability of the intervals [ms].
    pnn50 : float
        Share of successive intervals that differ by more than 50 ms, 0..1.
    amplitude : float
        Median height of the beats, in the unit of the signal.
    covered : float
        Seconds of the window that lie in accepted intervals.
    """

    rate: float
    recent: float
    rmssd: float
    sdnn: float
    pnn50: float
    amplitude: float
    covered: float


_NAN = float("nan")
NO_HEART = Heart(*(_NAN,) * 6, covered=0.0)
#: Intervals needed for the rate, and for the variability.
FEWEST, FEWEST_VARIABILITY = 5, 15


def intervals(rhythm: Rhythm) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the intervals [s] between successive beats and which of them can be believed."""
    gaps = np.diff(rhythm.times)
    likely = (gaps >= SHORTEST) & (gaps <= LONGEST) & rhythm.good[1:] & rhythm.good[:-1]
    if likely.sum() < 3:
        return gaps, np.zeros(len(gaps), bool)
    around = np.full(len(gaps), np.nan)
    around[likely] = median_filter(gaps[likely], size=min(9, int(likely.sum())), mode="nearest")
    with np.errstate(invalid="ignore"):
        return gaps, likely & (np.abs(gaps - around) <= ECTOPIC * around)


def summarise(rhythm: Rhythm) -> Heart:
    """Summarise the beats of a window."""
    gaps, kept = intervals(rhythm)
    count = int(kept.sum())
    if count < FEWEST:
        return NO_HEART
    taken = gaps[kept]
    variability = (float("nan"),) * 3
    if count >= FEWEST_VARIABILITY:
        pairs = kept[1:] & kept[:-1]
        steps = np.diff(gaps)[pairs] * 1000.0
        if len(steps) >= FEWEST_VARIABILITY // 2:
            variability = (
                float(np.sqrt(np.mean(steps**2))),
                float(np.std(taken, ddof=1) * 1000.0),
                float(np.mean(np.abs(steps) > 50.0)),
            )
    rmssd, sdnn, pnn50 = variability
    amplitude = float(np.median(rhythm.amplitudes[rhythm.good]))
    rate = float(60.0 / np.median(taken))
    last = gaps[kept & (rhythm.times[1:] > rhythm.times[-1] - RECENT)]
    recent = float(60.0 / np.median(last)) if len(last) >= FEWEST else rate
    return Heart(rate, recent, rmssd, sdnn, pnn50, amplitude, float(taken.sum()))
