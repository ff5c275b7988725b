# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Physiology from equations, for the demo: plausible in shape, nobody's body.

Sources
-------
Electrodermal activity as tonic level plus skin conductance responses of the shape of Benedek &
Kaernbach (2010), "A continuous measure of phasic electrodermal activity", J. Neurosci. Methods
190: the difference of two exponentials.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.streams import FloatArray

#: Rise and decay of a skin conductance response [s].
RISE, DECAY = 0.75, 2.0


def electrodermal(
    seconds: float, rate: float, generator: np.random.Generator, responses: float = 6.0
) -> FloatArray:
    """Return skin conductance [samples, 1] in uS.

    Parameters
    ----------
    seconds, rate : float
        Length [s] and sample rate [Hz].
    generator : numpy.random.Generator
        Makes it repeatable.
    responses : float
        Skin conductance responses per minute; 1-5 at rest, 20 when excited.
    """
    count = round(seconds * rate)
    impulses = np.zeros(count)
    onsets = generator.random(count) < responses / 60 / rate
    impulses[onsets] = generator.gamma(2.0, 0.15, int(onsets.sum()))
    time = np.arange(round(10 * DECAY * rate)) / rate
    shape = np.exp(-time / DECAY) - np.exp(-time / RISE)
    phasic = np.convolve(impulses, shape / shape.max())[:count]
    tonic = 5.0 + _wander(count, rate, 60.0, 0.5, generator)
    noise = generator.normal(0.0, 0.005, count)
    return np.maximum(tonic + phasic + noise, 0.05).astype(np.float32)[:, None]


def respiration(
    seconds: float, rate: float, generator: np.random.Generator, breaths: float = 15.0
) -> FloatArray:
    """Return a breathing belt [samples, 1] in arbitrary units around 0, `breaths` per minute."""
    count = round(seconds * rate)
    pace = breaths / 60 * (1 + _wander(count, rate, 20.0, 0.1, generator))
    phase = 2 * np.pi * np.cumsum(pace) / rate
    depth = 1 + _wander(count, rate, 30.0, 0.15, generator)
    wave = depth * (np.sin(phase) + 0.15 * np.sin(2 * phase))
    return (wave + generator.normal(0.0, 0.01, count)).astype(np.float32)[:, None]


def temperature(seconds: float, rate: float, generator: np.random.Generator) -> FloatArray:
    """Return skin temperature at the wrist [samples, 1] in degC."""
    count = round(seconds * rate)
    level = 33.0 + _wander(count, rate, 120.0, 0.3, generator)
    return (level + generator.normal(0.0, 0.01, count)).astype(np.float32)[:, None]


def _wander(
    count: int, rate: float, period: float, deviation: float, generator: np.random.Generator
) -> NDArray[np.float64]:
    """Return a slow random change [samples] of a given period [s] and standard deviation."""
    knots = generator.normal(0.0, deviation, max(4, int(count / rate / period * 2) + 3))
    place = np.linspace(0, len(knots) - 1, count)
    left = np.minimum(place.astype(int), len(knots) - 2)
    blend = (1 - np.cos(np.pi * (place - left))) / 2  # smooth between the knots
    return knots[left] * (1 - blend) + knots[left + 1] * blend  # type: ignore[no-any-return]
