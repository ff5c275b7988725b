# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Statistics over one utterance: what it sounds like as a whole, whatever its length.

The idea is that of the openSMILE feature sets (Eyben et al., 2016): means, deviations and quantiles
of spectrum, pitch, level and voice quality. None depends on the gain of the microphone.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from emo_music_ros.encoding.speech.audio_features import BANDS, VOICED, Features

RANGE = 12.0  # nepers of power (52 dB) below the loudest band that count
CEPSTRA = 24  # coefficients
HEARD = -1.25  # of the contour's level: 25 dB below the loud parts
FEWEST = 8  # frames, fewer tell nothing
RHYTHM = ((0.5, 1.5), (1.5, 3.0), (3.0, 5.0), (5.0, 8.0), (8.0, 12.0), (12.0, 20.0))  # Hz
GROUPS = 8  # of bands whose rhythm is measured


@cache
def _cosines() -> NDArray[np.float32]:
    """Rows of the cosine transform that turns log-Mel bands into cepstra."""
    return fft.dct(np.eye(BANDS), axis=0, norm="ortho")[:CEPSTRA].astype(np.float32)  # type: ignore[no-any-return]


@cache
def _rhythm_filters() -> NDArray[np.float32]:
    hertz = fft.rfftfreq(1024, 0.01)
    return np.array([(hertz >= low) & (hertz < high) for low, high in RHYTHM], np.float32)


def _quantiles(values: NDArray[np.float32], shares: tuple[float, ...]) -> list[NDArray[np.float32]]:
    """Return the nearest-rank quantiles over the last axis."""
    ordered = np.sort(values, axis=-1)
    last = values.shape[-1] - 1
    return [ordered[..., round(share * last)] for share in shares]


def _slope(values: NDArray[np.float32]) -> float:
    """Return the change over one standard deviation of the time."""
    time = np.linspace(-1.7, 1.7, values.shape[-1], dtype=np.float32)
    return float((values * time).mean())


def _rhythm(envelope: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return log energies of the modulation of envelopes [..., frames] in six bands."""
    count = envelope.shape[-1]
    centred = envelope - envelope.mean(axis=-1, keepdims=True)
    window = np.hanning(count).astype(np.float32)
    spectrum = fft.rfft(centred * window, max(1024, count))
    if spectrum.shape[-1] != 513:  # more than 10 s
        spectrum = fft.rfft((centred * window)[..., :1024], 1024)
    power = (spectrum.real**2 + spectrum.imag**2) / count
    return np.log(power @ _rhythm_filters().T + np.float32(1e-3))


def functionals(features: Features) -> NDArray[np.float32]:
    """Return the statistics [:data:`COUNT`] of one utterance, finite for every input."""
    octaves, strength, loudness = features.contour
    relative = np.maximum(features.mel - features.mel.max(), np.float32(-RANGE))
    heard = loudness > HEARD
    if heard.sum() < FEWEST:
        heard = np.ones(len(heard), bool)
    voiced = strength > VOICED
    cepstra = _cosines() @ relative
    change = np.gradient(cepstra, axis=1) if len(heard) > 1 else np.zeros_like(cepstra)
    audible, moving, bands = cepstra[:, heard], change[:, heard], relative[:, heard]
    parts = [
        audible.mean(axis=1),
        audible.std(axis=1),
        *_quantiles(audible, (0.1, 0.5, 0.9)),
        moving.std(axis=1),
        np.abs(moving[:13]).mean(axis=1),
        bands.mean(axis=1),
        bands.std(axis=1),
        relative.max(axis=1),
    ]
    if voiced.sum() >= FEWEST:
        sung = cepstra[:, voiced]
        parts += [sung.mean(axis=1), sung.std(axis=1), _melody(octaves, voiced)]
    else:
        parts += [np.zeros(2 * CEPSTRA), np.zeros(MELODY)]
    parts += [
        _dynamics(loudness, heard),
        _rhythm(np.maximum(loudness, -2.0)),
        _rhythm(relative.reshape(GROUPS, -1, relative.shape[1]).mean(axis=1) / 4.0).ravel(),
        _quality(strength, voiced),
        features.prosody.vector(),
    ]
    return np.nan_to_num(np.concatenate(parts)).astype(np.float32)


MELODY = 16


def _melody(octaves: NDArray[np.float32], voiced: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return how the pitch moves, in octaves from its median."""
    line = octaves[voiced]
    place = np.flatnonzero(voiced)
    step = np.diff(line)[np.diff(place) == 1]
    step = step[np.abs(step) < 0.2]
    third = max(1, len(line) // 3)
    quantiles = _quantiles(line, (0.05, 0.1, 0.25, 0.75, 0.9, 0.95))
    spread = float(line.std())
    return np.array(
        [
            line.mean(),
            spread,
            *quantiles,
            quantiles[4] - quantiles[1],
            10 * np.abs(step).mean() if step.size else 0.0,
            10 * step.std() if step.size else 0.0,
            _slope(line),
            ((line - line.mean()) ** 3).mean() / max(spread, 0.05) ** 3,
            line[:third].mean(),
            line[-third:].mean(),
            place[-1] / len(octaves),
        ]
    )


def _dynamics(loudness: NDArray[np.float32], heard: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return how the level moves, in 20 dB."""
    change = np.gradient(loudness) if len(loudness) > 1 else np.zeros_like(loudness)
    audible = loudness[heard]
    return np.array(
        [
            *_quantiles(loudness, (0.1, 0.25, 0.5, 0.75)),
            audible.mean(),
            audible.std(),
            _slope(audible),
            10 * change.std(),
            10 * np.maximum(change, 0.0).mean(),
            10 * np.abs(change[heard]).mean(),
        ]
    )


def _quality(strength: NDArray[np.float32], voiced: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return how periodic the voice is: breathy and hoarse voices are less so."""
    some = strength[voiced] if voiced.any() else np.zeros(1, np.float32)
    turns = np.maximum(np.diff(voiced.astype(np.int8)), 0).sum()
    return np.array(
        [
            strength.mean(),
            strength.std(),
            some.mean(),
            some.std(),
            *_quantiles(some, (0.25, 0.5, 0.9)),
            voiced.mean(),
            50 * turns / len(voiced),
        ]
    )


#: How many there are.
COUNT = 6 * CEPSTRA + 13 + 3 * BANDS + 2 * CEPSTRA + MELODY + 10 + 6 + 6 * GROUPS + 9 + 7
