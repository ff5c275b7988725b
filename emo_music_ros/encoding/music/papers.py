# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The descriptions of music that papers B and E give to their classifiers.

Both follow the values of librosa (:mod:`emo_music_ros.encoding.music.spectrum`). Audio counts as if
it had unit variance, as paper B has it; music has no offset, so no mean is taken off.

Paper B, section C.2, names 13 MFCC, chroma, tempo, spectral contrast and zero-crossing rate; that
each is averaged over its frames is assumed. Paper E, section 3.1, has 14 features of together 194
numbers and names three of them: the maximum tone, the standard deviation of the tone and the
average MFCC. The others are assumed, such that both counts come out: mean, deviation and maximum
of 13 MFCC, the mean of 128 mel bands in dB, of 12 pitch classes and of 7 bands of contrast (186
numbers), and the mean tone, zero-crossing rate, level, centroid, roll-off and tempo.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.encoding.music import spectrum as measure
from emo_music_ros.encoding.music.spectrum import COEFFICIENTS, MELS, FloatArray, Spectrum

_CHROMA = tuple(f"chroma_{i}" for i in range(12))
_CONTRAST = tuple(f"contrast_{i}" for i in range(7))
#: What :func:`of_paper_b` returns.
PAPER_B = (
    *(f"mfcc_{i}" for i in range(COEFFICIENTS)),
    *_CHROMA,
    *_CONTRAST,
    "zero_crossings",
    "tempo",
)
#: What :func:`of_paper_e` returns.
PAPER_E = (
    *(f"mfcc_mean_{i}" for i in range(COEFFICIENTS)),
    *(f"mfcc_deviation_{i}" for i in range(COEFFICIENTS)),
    *(f"mfcc_maximum_{i}" for i in range(COEFFICIENTS)),
    *(f"mel_{i}" for i in range(MELS)),
    *_CHROMA,
    *_CONTRAST,
    "tone_maximum",
    "tone_deviation",
    "tone_mean",
    "zero_crossings",
    "level",
    "centroid",
    "rolloff",
    "tempo",
)
#: Where the features of paper B are among those of paper E.
B_IN_E = tuple(PAPER_E.index(name.replace("mfcc_", "mfcc_mean_")) for name in PAPER_B)


def _scale(spectrum: Spectrum) -> float:
    """Return what the power is multiplied with for unit variance; silence stays silent."""
    return 1.0 / max(float(spectrum.mean_square.mean()), 1e-12)


def of_paper_b(spectrum: Spectrum) -> NDArray[np.float32]:
    """Return the features :data:`PAPER_B` of a stretch of music."""
    power = spectrum.power * np.float32(_scale(spectrum))
    level = measure.decibels(measure.mel_power(power))
    _, hertz, strength = measure.pitches(power)
    return np.concatenate(
        [
            measure.mfcc(level).mean(axis=0),
            measure.chroma(power, measure.tuning(hertz, strength)).mean(axis=0),
            measure.contrast(power).mean(axis=0),
            [spectrum.crossings.mean(), measure.tempo(measure.onset_envelope(level))],
        ]
    ).astype(np.float32)


def of_paper_e(spectrum: Spectrum) -> NDArray[np.float32]:
    """Return the features :data:`PAPER_E` of a stretch of music."""
    scale = _scale(spectrum)
    power = spectrum.power * np.float32(scale)
    level = measure.decibels(measure.mel_power(power))
    coefficients = measure.mfcc(level)
    frame, hertz, strength = measure.pitches(power)
    tone = _tones(frame, hertz, strength)
    return np.concatenate(
        [
            coefficients.mean(axis=0),
            coefficients.std(axis=0),
            coefficients.max(axis=0),
            level.mean(axis=0),
            measure.chroma(power, measure.tuning(hertz, strength)).mean(axis=0),
            measure.contrast(power).mean(axis=0),
            [
                tone.max(),
                tone.std(),
                tone.mean(),
                spectrum.crossings.mean(),
                np.sqrt(spectrum.mean_square * scale).mean(),
                measure.centroid(power).mean(),
                measure.rolloff(power).mean(),
                measure.tempo(measure.onset_envelope(level)),
            ],
        ]
    ).astype(np.float32)


def _tones(frame: NDArray[np.intp], hertz: FloatArray, strength: FloatArray) -> FloatArray:
    """Return the frequency of the strongest peak of every frame that has one; one 0 if none has."""
    if not len(frame):
        return np.zeros(1)
    order = np.lexsort((strength, frame))
    last = np.append(np.diff(frame[order]) > 0, True)
    return hertz[order][last]
