# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Notes, pitch classes, key, consonance and melody of music.

Pitch classes come from located peaks instead of all energy, which tells low notes apart; they are
tuned to A = 440 Hz. Mode is the correlation with the major and minor key profiles of Krumhansl
(1990), "Cognitive Foundations of Musical Pitch"; consonance are the interval weights of Huron
(1994), "Interval-class content in equally tempered pitch-class sets".
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.encoding.music.spectrum import FRAME, FRAME_RATE, SAMPLE_RATE, FloatArray

#: Key profiles of Krumhansl and Kessler, from the tonic upwards.
MAJOR = np.array([6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88])
MINOR = np.array([6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17])
#: Consonance of two pitch classes by their distance (Huron 1994).
CONSONANCE = np.array(
    [0, -1.428, -0.582, 0.594, 0.386, 1.240, -0.453, 1.240, 0.386, 0.594, -0.582, -1.428]
)
#: Where the fundamentals of notes are looked for [Hz].
PITCHED = (80.0, 1000.0)
#: Chords as semitones from their root: major, minor, diminished, augmented, suspended, sevenths.
CHORDS = (
    *((0, 4, 7), (0, 3, 7), (0, 3, 6), (0, 4, 8), (0, 5, 7)),
    *((0, 4, 7, 11), (0, 4, 7, 10), (0, 3, 7, 10)),
)
#: Frames of one chord.
CHORD_STEP = round(0.5 * FRAME_RATE)
#: Frames from note to note of the melody and of the harmony that is compared.
MELODY_STEP, HARMONY_STEP = round(0.25 * FRAME_RATE), round(FRAME_RATE)


@dataclass(frozen=True)
class Notes:
    """Spectral peaks that may be fundamentals, 80..1000 Hz: frame, MIDI pitch, magnitude of each.

    `table` holds the magnitude of each pitch class [frames, 12] from C upwards, rows of sum 1 (0
    without notes), less what the third and the fifth harmonic of another class explain.
    """

    frame: NDArray[np.intp]
    pitch: FloatArray
    weight: FloatArray
    table: FloatArray


def notes(power: FloatArray) -> Notes:
    """Find the notes of a power spectrum [frames, 1025].

    Peaks are located by a parabola through their logarithm, so that low notes are told apart.
    """
    low, high = PITCHED[0] * FRAME / SAMPLE_RATE, PITCHED[1] * FRAME / SAMPLE_RATE
    band = power[:, int(low) - 1 : int(high) + 3]
    middle = band[:, 1:-1]
    strong = middle > 0.02**2 * power.max(axis=1, keepdims=True)
    frame, offset = np.nonzero((middle > band[:, :-2]) & (middle >= band[:, 2:]) & strong)
    left, top, right = (0.5 * np.log(band[frame, offset + i] + 1e-18) for i in range(3))
    bend = np.minimum(left - 2 * top + right, -1e-9)
    bin_of = int(low) + offset + np.clip(0.5 * (left - right) / bend, -0.5, 0.5)
    pitch = 69 + 12 * np.log2(bin_of * SAMPLE_RATE / FRAME / 440)
    nearest = np.round(pitch)
    # Between two semitones there is noise, not a note.
    weight = np.exp(top) * (np.abs(pitch - nearest) < 0.35)
    count = len(power)
    place = 12 * frame + nearest.astype(int) % 12
    table: NDArray[Any] = np.bincount(place, weights=weight, minlength=12 * count)
    table = table.reshape(count, 12)
    explained = 0.3 * np.roll(table, 7, axis=1) + 0.15 * np.roll(table, 4, axis=1)
    table = np.maximum(table - explained, 0)
    table /= np.maximum(table.sum(axis=1, keepdims=True), 1e-9)
    return Notes(frame, pitch, weight, table)


def pitch_classes(found: Notes) -> FloatArray:
    """Return how much each pitch class sounds, [12] from C upwards, sum 1, 0 for silence."""
    total = found.table.sum(axis=0)
    return total / max(float(total.sum()), 1e-9)  # type: ignore[no-any-return]


def consonance(found: Notes) -> float:
    """Return the mean consonance of the pitch classes that sound together, about -1..1."""
    pairs = CONSONANCE[(np.arange(12)[:, None] - np.arange(12)) % 12]
    return float(np.mean(np.sum((found.table @ pairs) * found.table, axis=1)))


def harmonic_change(found: Notes) -> float:
    """Return how much the pitch classes change within a second, 0 (not at all) .. 1."""
    if len(found.table) < 3 * HARMONY_STEP:
        return 0.0
    whole = len(found.table) // HARMONY_STEP * HARMONY_STEP
    seconds = found.table[:whole].reshape(-1, HARMONY_STEP, 12).mean(axis=1)
    return float(np.abs(np.diff(seconds, axis=0)).sum(axis=1).mean() / 2)


def intervals(profile: FloatArray) -> FloatArray:
    """Return how much pitch classes one to six semitones apart sound, [6] of a profile [12]."""
    return np.array([profile @ np.roll(profile, step) for step in range(1, 7)])


@functools.lru_cache(maxsize=1)
def _chord_templates() -> FloatArray:
    """Return the pitch classes [kinds, roots, 12] of every chord, of unit length."""
    table = np.zeros((len(CHORDS), 12, 12))
    for kind, steps in enumerate(CHORDS):
        for root in range(12):
            table[kind, root, (root + np.array(steps)) % 12] = 1 / math.sqrt(len(steps))
    return table


def chords(found: Notes) -> FloatArray:
    """Describe the chords of each half second.

    Returns
    -------
    numpy.ndarray
        [12]: mean likeness to the best chord of each kind of :data:`CHORDS`, 0..1; how much more
        major than minor it is; share of major chords; how often the root changes, taken as that
        of the most alike major chord; mean change of the pitch classes to the next half second.
    """
    count = max(1, len(found.table) // CHORD_STEP)
    bounds = np.linspace(0, len(found.table), count + 1).astype(int)
    sums = np.add.reduceat(found.table, bounds[:-1], axis=0)
    sounding = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)
    likeness = _chord_templates() @ sounding.T  # kinds, roots, halves of a second
    best = likeness.max(axis=1)
    roots = likeness[0].argmax(axis=0)
    moved = np.linalg.norm(np.diff(sounding, axis=0), axis=1)
    return np.concatenate(
        [
            best.mean(axis=1),
            [
                np.mean(best[0] - best[1]),
                np.mean(best[0] > best[1]),
                np.mean(np.diff(roots) != 0) if count > 1 else 0.0,
                moved.mean() if count > 1 else 0.0,
            ],
        ]
    )


def between_semitones(found: Notes) -> tuple[float, float]:
    """Return how far strong peaks lie from the nearest semitone, and the share of those far off.

    Singing, slides and noise lie between the semitones, keyboards do not. 0..0.5 and 0..1.
    """
    if not len(found.pitch):
        return 0.0, 0.0
    loudest = np.zeros(len(found.table))
    np.maximum.at(loudest, found.frame, found.weight)
    off = np.abs(found.pitch - np.round(found.pitch))
    strong = found.weight > 0.3 * loudest[found.frame]
    away = float(off[strong].mean()) if strong.any() else 0.0
    return away, float(np.mean(found.weight == 0))


def melody(found: Notes, frames: int) -> tuple[float, float, float, float, float]:
    """Describe pitch, contour and texture.

    Returns
    -------
    mean, deviation : float
        Of the pitch, octaves from middle C.
    slope : float
        Rise of the pitch in octaves from the beginning to the end of a straight line through it.
    motion : float
        Mean change of the highest note within a quarter of a second, octaves.
    texture : float
        Logarithm (base 2) of one more than the number of notes at once.
    """
    heard = found.weight > 0
    frame, weight = found.frame[heard], found.weight[heard]
    pitch = (found.pitch[heard] - 60) / 12
    total = np.bincount(frame, weights=weight, minlength=frames)
    if not total.any():
        return 0.0, 0.0, 0.0, 0.0, 0.0
    height = np.bincount(frame, weights=weight * pitch, minlength=frames)
    sounding = np.flatnonzero(total)
    centre = height[sounding] / total[sounding]
    time = (sounding - sounding.mean()) / max(frames, 1)
    spread = float(time @ time)
    slope = float(time @ centre) / spread if spread > 0 else 0.0
    # What is weak beside the strongest note of its frame is a harmonic or noise.
    loudest = np.zeros(frames)
    np.maximum.at(loudest, frame, weight)
    clear = weight > 0.25 * loudest[frame]
    top = np.full(frames, -np.inf)
    np.maximum.at(top, frame[clear], pitch[clear])
    line = top[::MELODY_STEP]
    line = line[np.isfinite(line)]
    motion = float(np.minimum(np.abs(np.diff(line)), 1).mean()) if len(line) > 1 else 0.0
    texture = float(np.log2(1 + np.bincount(frame[clear], minlength=frames)[sounding]).mean())
    mean = float(pitch @ weight / weight.sum())
    deviation = math.sqrt(float((pitch - mean) ** 2 @ weight / weight.sum()))
    return mean, deviation, slope, motion, texture


def key_of(profile: FloatArray) -> tuple[int, float, float]:
    """Find the key of a chroma profile [12].

    Returns
    -------
    tonic : int
        Pitch class, 0 (C) .. 11 (B).
    mode : float
        -1 (minor) .. 1 (major): best major minus best minor correlation, times two, clipped.
    clarity : float
        Correlation with the best key, -1..1; 0 for a flat profile.
    """
    centred = profile - profile.mean()
    norm = float(np.linalg.norm(centred))
    if norm < 1e-9:
        return 0, 0.0, 0.0
    best = []
    for template in (MAJOR, MINOR):
        shape = template - template.mean()
        rolled = np.stack([np.roll(shape, tonic) for tonic in range(12)])
        best.append(rolled @ centred / (norm * np.linalg.norm(shape)))
    major, minor = best
    winner = major if major.max() >= minor.max() else minor
    mode = float(np.clip(2 * (major.max() - minor.max()), -1, 1))
    return int(winner.argmax()), mode, float(winner.max())
