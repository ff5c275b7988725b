"""What a stretch of music sounds like: timbre, harmony, rhythm and loudness in one pass.

Mono audio at 22,050 Hz; the filter bank is computed once. Definitions follow librosa 0.11
(frames of 2048 samples each 512 samples, Hann window, no padding): Slaney mel filters, MFCC of
128 bands in dB, spectral contrast of six octaves. Nothing above 8 kHz counts, and what lies 50 dB
below the whole is covered by a floor of white noise, so that a codec or another sampling rate
does not change the description. Pitch classes are tuned to A = 440 Hz; mode is the correlation
with the major and minor key profiles of Krumhansl (1990), "Cognitive Foundations of Musical
Pitch"; tempo is the strongest lag of the autocorrelated onset envelope under a log-normal prior
around 120 beats per minute.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft

FloatArray = NDArray[np.floating]

SAMPLE_RATE = 22050
FRAME = 2048
HOP = 512
MELS = 128
#: Highest frequency that counts [Hz].
TOP = 8000.0
COEFFICIENTS = 13
#: Frames per second.
FRAME_RATE = SAMPLE_RATE / HOP

#: Key profiles of Krumhansl and Kessler, from the tonic upwards.
MAJOR = np.array([6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88])
MINOR = np.array([6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17])

#: Where the fundamentals of notes are looked for [Hz].
PITCHED = (80.0, 1000.0)
#: Power of white noise 50 dB below a level of 0.1 in one bin of the spectrum.
FLOOR = (0.1 * 10 ** (-50 / 20)) ** 2 * 0.375 * FRAME
#: Below this root mean square a frame is silent (-60 dB of full scale).
SILENCE = 1e-3
#: What :attr:`Summary.vector` holds, in its order.
NAMES = (
    *(f"mfcc_mean_{i}" for i in range(1, COEFFICIENTS)),
    *(f"mfcc_deviation_{i}" for i in range(COEFFICIENTS)),
    *(f"contrast_mean_{i}" for i in range(6)),
    *(f"chroma_from_tonic_{i}" for i in range(12)),
    "chroma_entropy",
    "mode",
    "key_clarity",
    "centroid_mean",
    "centroid_deviation",
    "rolloff_mean",
    "flatness_mean",
    "zero_crossings",
    "level_deviation",
    "low_level_share",
    "onset_rate",
    "onset_strength_mean",
    "onset_strength_deviation",
    "pulse_clarity",
    "tempo",
    "low_register",
    "middle_register",
    "high_register",
)


@dataclass(frozen=True)
class Summary:
    """What one stretch of music is like.

    Attributes
    ----------
    tempo : float
        Beats per minute, 0 where there is no rhythm.
    mode : float
        -1 (clearly minor) .. 1 (clearly major).
    key : int
        Pitch class of the tonic, 0 (C) .. 11 (B).
    energy : float
        0..1, mean of level, density of events and brightness.
    level : float
        Root mean square in dB of full scale, -120 for silence.
    onset_rate : float
        Note onsets per second.
    centroid : float
        Mean spectral centroid in Hz.
    silent : float
        Share of silent frames, 0..1.
    timbre : numpy.ndarray
        Mean MFCC [13].
    chroma : numpy.ndarray
        Pitch classes [12] from C upwards, largest 1.
    vector : numpy.ndarray
        Input of the music model, float32 [len(NAMES)], independent of the playback level.
    """

    tempo: float
    mode: float
    key: int
    energy: float
    level: float
    onset_rate: float
    centroid: float
    silent: float
    timbre: FloatArray
    chroma: FloatArray
    vector: FloatArray


@functools.lru_cache(maxsize=1)
def frequencies() -> FloatArray:
    """Return the frequency of each bin of the spectrum [1025] in Hz."""
    return np.fft.rfftfreq(FRAME, 1 / SAMPLE_RATE)


def _to_mel(hertz: FloatArray | float) -> FloatArray:
    """Slaney's mel scale: linear below 1 kHz, logarithmic above."""
    value = np.asarray(hertz, float)
    high = 15 + 27 * np.log(np.maximum(value, 1000) / 1000) / math.log(6.4)
    return np.where(value < 1000, value * 3 / 200, high)


def _from_mel(mel: FloatArray) -> FloatArray:
    return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * math.log(6.4) / 27))


@functools.lru_cache(maxsize=1)
def mel_filters() -> FloatArray:
    """Return the mel filter bank [128, 1025] up to 8 kHz, each triangle of unit area."""
    edges = _from_mel(np.linspace(0, float(_to_mel(TOP)), MELS + 2))
    ramps = edges[:, None] - frequencies()[None, :]
    width = np.diff(edges)[:, None]
    triangle = np.minimum(-ramps[:-2] / width[:-1], ramps[2:] / width[1:])
    scale = 2.0 / (edges[2:] - edges[:-2])
    return (np.maximum(0, triangle) * scale[:, None]).astype(np.float32)


@functools.lru_cache(maxsize=1)
def _cosines() -> FloatArray:
    """Return the orthonormal DCT-II matrix [13, 128]."""
    angle = np.pi * np.arange(COEFFICIENTS)[:, None] * (np.arange(MELS)[None, :] + 0.5) / MELS
    matrix = np.cos(angle) * math.sqrt(2 / MELS)
    matrix[0] /= math.sqrt(2)
    return matrix


def frames(audio: FloatArray, width: int = FRAME) -> FloatArray:
    """Return overlapping frames [frames, width] of audio [samples] without copying it."""
    if len(audio) < width:
        audio = np.pad(audio, (0, width - len(audio)))
    return np.lib.stride_tricks.sliding_window_view(audio, width)[::HOP]


def spectrum(audio: FloatArray) -> FloatArray:
    """Return the magnitude spectrum, float32 [frames, 1025], of audio [samples]."""
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)).astype(np.float32)
    pieces = frames(np.asarray(audio, np.float32))
    # Blocks keep the complex transform of long files out of memory.
    blocks = [
        np.abs(rfft(pieces[i : i + 256] * window, axis=1)) for i in range(0, len(pieces), 256)
    ]
    return np.concatenate(blocks)


def decibels(power: FloatArray) -> FloatArray:
    """Return power in dB, floored 80 dB below its largest value."""
    level: FloatArray = 10 * np.log10(np.maximum(power, 1e-10))
    return np.maximum(level, level.max() - 80)


def mel_power(magnitude: FloatArray) -> FloatArray:
    """Return the mel power spectrum [frames, 128] of a magnitude spectrum [frames, 1025]."""
    return (magnitude**2) @ mel_filters().T


def mfcc(mel: FloatArray) -> FloatArray:
    """Return the mel-frequency cepstral coefficients [frames, 13] of mel power [frames, 128]."""
    return decibels(mel) @ _cosines().T


def pitch_classes(magnitude: FloatArray) -> FloatArray:
    """Return how much each pitch class sounds, [12] from C upwards, sum 1, 0 for silence.

    The peaks of the spectrum [frames, 1025] between 80 and 1000 Hz are located by a parabola
    through their logarithm, so that low notes are told apart; what the third and the fifth
    harmonic of another class explain is taken off.
    """
    low, high = PITCHED[0] * FRAME / SAMPLE_RATE, PITCHED[1] * FRAME / SAMPLE_RATE
    band = magnitude[:, int(low) - 1 : int(high) + 3]
    middle = band[:, 1:-1]
    strong = middle > 0.02 * magnitude.max(axis=1, keepdims=True)
    frame, offset = np.nonzero((middle > band[:, :-2]) & (middle >= band[:, 2:]) & strong)
    left, top, right = (np.log(band[frame, offset + i] + 1e-9) for i in range(3))
    bend = np.minimum(left - 2 * top + right, -1e-9)
    place = int(low) + offset + np.clip(0.5 * (left - right) / bend, -0.5, 0.5)
    pitch = 69 + 12 * np.log2(np.maximum(place, 1e-3) * SAMPLE_RATE / FRAME / 440)
    nearest = np.round(pitch)
    # Between two semitones there is noise, not a note.
    weight = middle[frame, offset] * (np.abs(pitch - nearest) < 0.35)
    table: FloatArray = np.zeros((len(magnitude), 12))
    np.add.at(table, (frame, nearest.astype(int) % 12), weight)
    explained = 0.3 * np.roll(table, 7, axis=1) + 0.15 * np.roll(table, 4, axis=1)
    table = np.maximum(table - explained, 0)
    table /= np.maximum(table.sum(axis=1, keepdims=True), 1e-9)
    total = table.sum(axis=0)
    return total / max(float(total.sum()), 1e-9)  # type: ignore[no-any-return]


def contrast(magnitude: FloatArray) -> FloatArray:
    """Return spectral contrast [frames, 7] in dB: peaks against valleys of each octave."""
    hertz = frequencies()
    edges = np.concatenate([[0.0], 200.0 * 2.0 ** np.arange(7)])
    peaks, valleys = [], []
    for index, (low, high) in enumerate(zip(edges[:-1], edges[1:])):
        band = np.flatnonzero((hertz >= low) & (hertz <= high))
        if index > 0:
            band = np.concatenate([[band[0] - 1], band])
        if index == len(edges) - 2:
            band = np.arange(band[0], len(hertz))
        part = magnitude[:, band] if index == len(edges) - 2 else magnitude[:, band[:-1]]
        count = max(1, int(np.rint(0.02 * len(band))))
        ordered = np.partition(part, (count - 1, part.shape[1] - count), axis=1)
        valleys.append(ordered[:, :count].mean(axis=1))
        peaks.append(ordered[:, -count:].mean(axis=1))
    peak, valley = decibels(np.stack(peaks, axis=1)), decibels(np.stack(valleys, axis=1))
    return peak - valley


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


def onset_envelope(mel: FloatArray) -> FloatArray:
    """Return onset strength [frames] of mel power: mean rise of the bands in dB per frame."""
    level = decibels(mel)
    rise = np.maximum(0, np.diff(level, axis=0)).mean(axis=1)
    return np.concatenate([[0.0], rise])


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


def summarise(audio: FloatArray) -> Summary:
    """Describe a stretch of music.

    Parameters
    ----------
    audio : numpy.ndarray
        Mono [samples] at 22,050 Hz, -1..1. Values that are not finite count as silence.

    Returns
    -------
    Summary
        All its values are finite, for silence and for any input.
    """
    audio = np.asarray(audio, np.float32)
    finite = np.isfinite(audio)
    if not finite.all():
        audio = np.where(finite, audio, 0).astype(np.float32)
    audio = np.clip(audio, -1e3, 1e3)
    pieces = frames(audio)
    level = np.sqrt(np.mean(pieces * pieces, axis=1, dtype=np.float64))
    overall = float(np.sqrt(np.mean(level**2)))
    silent = float(np.mean(level < SILENCE))
    # One level for all: the vector must not depend on the volume of the recording.
    gain = 0.1 / max(overall, 1e-6)
    magnitude = np.sqrt((spectrum(audio) * np.float32(gain)) ** 2 + np.float32(FLOOR))
    active = level * gain >= 1e-2
    if not active.any():
        active = np.ones(len(level), bool)
    mel = mel_power(magnitude)
    coefficients = mfcc(mel)[active]
    pitch = pitch_classes(magnitude[active]) * (overall >= SILENCE)
    tonic, mode, clarity = key_of(pitch)
    relative = np.roll(pitch, -tonic)
    entropy = float(-(pitch * np.log(np.maximum(pitch, 1e-9))).sum() / math.log(12))
    envelope = onset_envelope(mel)
    rate = len(onsets(envelope)) / (len(envelope) / FRAME_RATE)
    tempo, pulse = tempo_of(envelope)
    hertz = frequencies()[frequencies() <= TOP]
    heard = magnitude[active, : len(hertz)]
    power = heard**2
    centroid = heard @ hertz / heard.sum(axis=1)
    cumulative = np.cumsum(power, axis=1)
    rolloff = hertz[np.argmax(cumulative >= 0.85 * cumulative[:, -1:], axis=1)]
    flatness = np.exp(np.mean(np.log(power), axis=1)) / power.mean(axis=1)
    crossings = np.mean(np.abs(np.diff(np.signbit(audio).astype(np.int8)))) if len(audio) > 1 else 0
    energy_in = power.sum(axis=0)
    whole = float(energy_in.sum())
    registers = [
        float(energy_in[(hertz >= low) & (hertz < high)].sum()) / whole
        for low, high in ((0, 250), (250, 1000), (1000, TOP))
    ]
    decibel = 20 * np.log10(np.maximum(level[active] * gain, 1e-6))
    brightness = float(centroid.mean())
    vector = np.concatenate(
        [
            coefficients.mean(axis=0)[1:],
            coefficients.std(axis=0),
            contrast(magnitude)[active, :6].mean(axis=0),
            relative,
            [
                entropy,
                mode,
                clarity,
                math.log2(max(brightness, 1.0)),
                float(centroid.std()) / max(brightness, 1.0),
                math.log2(max(float(rolloff.mean()), 1.0)),
                math.log10(float(flatness.mean())),
                float(crossings),
                float(decibel.std()),
                float(np.mean(level < 0.5 * overall)),
                rate,
                float(envelope.mean()),
                float(envelope.std()),
                pulse,
                math.log2(max(tempo, 30.0) / 120),
                *registers,
            ],
        ]
    )
    loudness = 20 * math.log10(max(overall, 1e-6))
    energy = (
        np.clip((loudness + 40) / 32, 0, 1)
        + np.clip(rate / 8, 0, 1)
        + np.clip(math.log2(max(brightness, 1.0) / 300) / math.log2(4000 / 300), 0, 1)
    ) / 3
    return Summary(
        tempo=tempo,
        mode=mode,
        key=tonic,
        energy=float(energy) if overall >= SILENCE else 0.0,
        level=loudness,
        onset_rate=rate,
        centroid=brightness,
        silent=silent,
        timbre=coefficients.mean(axis=0).astype(np.float32),
        chroma=(pitch / max(float(pitch.max()), 1e-9)).astype(np.float32),
        vector=np.nan_to_num(vector).astype(np.float32),
    )
