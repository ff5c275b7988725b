# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Other rooms, microphones, lines and noise for clean speech: to train with, and to test under.

All functions take and return float32 samples [n] of one channel at 16 kHz.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, fftconvolve, resample_poly, sosfilt

from emo_music_ros.encoding.speech.audio_features import RATE

Samples = NDArray[np.float32]
LAW = 255.0  # mu of ITU-T G.711
VOICES = 6  # that babble together
SPEED = (88, 114)  # per cent


def coloured_noise(count: int, slope: float, draw: np.random.Generator) -> NDArray[np.float64]:
    """Return noise whose amplitude falls with frequency to the power `slope`: 0 white, 1 brown."""
    spectrum = np.fft.rfft(draw.normal(size=count))
    spectrum /= np.maximum(np.arange(spectrum.size), 10.0) ** slope
    return np.fft.irfft(spectrum, count)


def babble(voice: Samples, draw: np.random.Generator) -> NDArray[np.float64]:
    """Return a crowd made of one voice: shifted, sped up or slowed down, some reversed.

    Nobody else's voice is needed, so that training on it tells nothing of other people.
    """
    crowd = np.zeros(len(voice))
    for _ in range(VOICES):
        one = voice[::-1] if draw.random() < 0.5 else voice
        one = np.roll(one, int(draw.integers(len(voice))))
        crowd += np.resize(resample_poly(one, 100, int(draw.integers(80, 126))), len(voice))
    return crowd


def mix(voice: Samples, noise: NDArray[np.floating], ratio: float) -> Samples:  # type: ignore[type-arg]
    """Return a voice with noise at a ratio in dB."""
    scale = 10 ** (-ratio / 20) * np.std(voice) / max(float(np.std(noise)), 1e-12)
    return (voice + noise * scale).astype(np.float32)


def reverberate(
    voice: Samples, decay: float, share: float, draw: np.random.Generator
) -> NDArray[np.float64]:
    """Return a voice in a room whose echo is `share` of the amplitude, 60 dB down in `decay` s."""
    tail = np.arange(int(decay * RATE)) / RATE
    room = draw.normal(size=tail.size) * np.exp(-6.9 * tail / decay)
    room *= share / np.linalg.norm(room)
    room[0] += 1.0
    return fftconvolve(voice, room)[: len(voice)]  # type: ignore[no-any-return]


def band(voice: Samples, low: float, high: float) -> Samples:
    """Return a voice through a microphone or line that passes `low` to `high` Hz."""
    return sosfilt(butter(2, (low, high), "bandpass", fs=RATE, output="sos"), voice)  # type: ignore[no-any-return]


def companded(voice: Samples) -> Samples:
    """Return a voice in the 8 bits of a telephone (G.711 mu-law)."""
    small = np.sign(voice) * np.log1p(LAW * np.abs(voice)) / np.log1p(LAW)
    coarse = np.round(small * 127) / 127
    return (np.sign(coarse) * np.expm1(np.abs(coarse) * np.log1p(LAW)) / LAW).astype(np.float32)


def peak(voice: Samples, height: float = 0.7) -> Samples:
    """Return a voice whose loudest sample is `height`."""
    return (voice * (height / max(1e-6, float(np.abs(voice).max())))).astype(np.float32)


def damage(voice: Samples, draw: np.random.Generator) -> Samples:
    """Return a voice as another speaking rate, room, microphone, noise and codec would make it."""
    speed = int(draw.integers(*SPEED))
    result = resample_poly(voice, 100, speed) if speed != 100 else voice
    if draw.random() < 0.5:
        result = reverberate(result, draw.uniform(0.1, 0.7), draw.uniform(0.1, 0.8), draw)
    if draw.random() < 0.6:
        high = draw.uniform(3300, 7500)
        result = band(result, draw.uniform(50, 300), high)
    if draw.random() < 0.7:
        if draw.random() < 0.3:
            noise = babble(result, draw)
        else:
            noise = coloured_noise(len(result), draw.uniform(0.0, 1.0), draw)
        result = mix(result, noise, draw.uniform(3, 30))
    result = peak(result, 1.0)
    if draw.random() < 0.25:
        result = companded(result)
    return peak(result)
