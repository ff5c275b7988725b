# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""One pass over music: a short-time spectrum, and the descriptors that librosa defines on it.

Mono audio at 22,050 Hz. The spectrum is computed once (frames of 2048 samples each 512 samples,
centred, zeros beyond the ends, Hann window) and every descriptor is taken from it. Definitions and
values are those of librosa 0.11 with its default settings; a test compares them. Tables (filter
banks, windows) are computed once per process.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft
from scipy.signal import freqz

from emo_music_ros.encoding.shared.mel import mel_filters

FloatArray = NDArray[np.floating]

SAMPLE_RATE = 22050
FRAME = 2048
HOP = 512
BINS = FRAME // 2 + 1
MELS = 128
COEFFICIENTS = 13
#: Frames per second.
FRAME_RATE = SAMPLE_RATE / HOP
#: From this magnitude a sample counts as clipped.
CLIPPING = 0.999
#: Edges of the octaves of the spectral contrast [Hz].
OCTAVES = (0.0, *(200.0 * 2.0**octave for octave in range(7)))
#: Share of the bins of an octave that are its peaks, and its valleys.
EXTREMES = 0.02
#: Where fundamentals are tracked [Hz], and how strong a peak must be against the strongest.
PITCHED = (150.0, 4000.0)
PEAK = 0.1
#: Length of the autocorrelation of the tempo [frames], its prior [1/min], its fastest tempo.
TEMPO_WINDOW = int(8.0 * FRAME_RATE)
TEMPO_PRIOR = 120.0
TEMPO_LIMIT = 320.0


@dataclass(frozen=True)
class Spectrum:
    """The frames of a stretch of music.

    Attributes
    ----------
    power : numpy.ndarray
        float32 [frames, 1025], squared magnitude of the short-time Fourier transform.
    mean_square : numpy.ndarray
        [frames], mean of the squared samples of each frame.
    crossings : numpy.ndarray
        [frames], zero-crossings per sample of each frame.
    clipped : numpy.ndarray
        [frames], share of the samples at full scale.
    """

    power: NDArray[np.float32]
    mean_square: FloatArray
    crossings: FloatArray
    clipped: FloatArray

    def __len__(self) -> int:
        return len(self.power)

    def part(self, first: int, last: int) -> Spectrum:
        """Return the frames from `first` up to, not including, `last`, without copying them."""
        chosen = slice(first, last)
        return Spectrum(
            self.power[chosen],
            self.mean_square[chosen],
            self.crossings[chosen],
            self.clipped[chosen],
        )


def analyse(audio: FloatArray) -> Spectrum:
    """Transform audio.

    Parameters
    ----------
    audio : numpy.ndarray
        Mono [samples] at 22,050 Hz, -1..1. Values that are not finite count as silence.

    Returns
    -------
    Spectrum
        Of ``1 + samples // 512`` frames.
    """
    samples: NDArray[Any] = np.asarray(audio, np.float32).ravel()
    finite = np.isfinite(samples)
    if not finite.all():
        samples = np.where(finite, samples, np.float32(0))
    samples = np.clip(samples, -1e3, 1e3)
    half = FRAME // 2
    padded = np.pad(samples, half)
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::HOP]
    power = np.empty((len(frames), BINS), np.float32)
    window = _window()
    # Blocks that stay in the cache of the processor.
    for first in range(0, len(frames), 32):
        transform = rfft(frames[first : first + 32] * window, axis=1)
        np.abs(transform, out=power[first : first + 32])
    power *= power
    hops = len(padded) // HOP
    pieces = padded[: hops * HOP].reshape(hops, HOP)
    # What is next to nothing has no sign.
    negative = samples < -1e-10
    changes = half + 1 + np.flatnonzero(negative[1:] != negative[:-1])
    # The first sample of a frame has no predecessor in it.
    at_start = np.bincount(changes[changes % HOP == 0] // HOP, minlength=hops)[: len(frames)]
    clipped = half + np.flatnonzero(np.abs(samples) >= CLIPPING)
    return Spectrum(
        power,
        _over_frames(np.einsum("ij,ij->i", pieces, pieces)) / FRAME,
        (_over_frames(_counts(changes, hops)) - at_start) / FRAME,
        _over_frames(_counts(clipped, hops)) / FRAME,
    )


def _counts(places: NDArray[np.intp], hops: int) -> NDArray[np.intp]:
    """Return how many of the samples `places` lie in each hop."""
    return np.bincount(places // HOP, minlength=hops)[:hops]


def _over_frames(values: NDArray[Any]) -> FloatArray:
    """Return the sums [frames] over each frame of values [hops]."""
    return np.lib.stride_tricks.sliding_window_view(values, FRAME // HOP).sum(axis=1, dtype=float)


@functools.lru_cache(maxsize=1)
def _window() -> FloatArray:
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)).astype(np.float32)


@functools.lru_cache(maxsize=1)
def frequencies() -> FloatArray:
    """Return the frequency of each bin of the spectrum [1025] in Hz."""
    return np.fft.rfftfreq(FRAME, 1 / SAMPLE_RATE)


def decibels(power: FloatArray) -> FloatArray:
    """Return power in dB, floored 80 dB below its largest value."""
    level: FloatArray = 10 * np.log10(np.maximum(power, 1e-10))
    return np.maximum(level, level.max() - 80)


@functools.lru_cache(maxsize=4)
def _mel_groups(top: float) -> list[tuple[slice, slice, FloatArray]]:
    """Return groups of neighbouring filters: which, their bins, their weights [bins, filters]."""
    bank = mel_filters(SAMPLE_RATE, FRAME, MELS, high=top)
    groups = []
    for first in range(0, MELS, 16):
        filters = slice(first, first + 16)
        touched = np.flatnonzero(bank[filters].any(axis=0))
        bins = slice(int(touched[0]), int(touched[-1]) + 1)
        groups.append((filters, bins, np.ascontiguousarray(bank[filters, bins].T)))
    return groups


def mel_power(power: FloatArray, top: float = SAMPLE_RATE / 2) -> FloatArray:
    """Return the mel power spectrum [frames, 128] up to `top` Hz of power [frames, 1025]."""
    found = np.empty((len(power), MELS), np.float32)
    for filters, bins, weights in _mel_groups(top):
        found[:, filters] = power[:, bins] @ weights
    return found


@functools.lru_cache(maxsize=1)
def _cosines() -> FloatArray:
    """Return the orthonormal DCT-II matrix [13, 128]."""
    angle = np.pi * np.arange(COEFFICIENTS)[:, None] * (np.arange(MELS)[None, :] + 0.5) / MELS
    matrix = np.cos(angle) * math.sqrt(2 / MELS)
    matrix[0] /= math.sqrt(2)
    return matrix.astype(np.float32)


def mfcc(level: FloatArray) -> FloatArray:
    """Return the mel-frequency cepstral coefficients [frames, 13] of a mel level [frames, 128].

    Parameters
    ----------
    level : numpy.ndarray
        In dB, see :func:`decibels`.
    """
    return level @ _cosines().T


@functools.lru_cache(maxsize=1)
def _octave_bins() -> list[tuple[slice, int]]:
    """Return the bins of every octave of the contrast, and how many of them are its extremes."""
    hertz = frequencies()
    found = []
    for index, (low, high) in enumerate(zip(OCTAVES[:-1], OCTAVES[1:])):
        band = np.flatnonzero((hertz >= low) & (hertz <= high))
        first, last = int(band[0]) - (index > 0), int(band[-1]) + 1
        highest = index == len(OCTAVES) - 2
        if highest:
            last = BINS
        count = max(1, int(np.rint(EXTREMES * (last - first))))
        found.append((slice(first, last if highest else last - 1), count))
    return found


def contrast(power: FloatArray) -> FloatArray:
    """Return spectral contrast [frames, 7] in dB: peaks against valleys of each octave."""
    peaks, valleys = [], []
    for bins, count in _octave_bins():
        part = power[:, bins]
        ordered = np.sort(part, axis=1)  # vectorised: a tenth of the time of a partition
        valleys.append(np.sqrt(ordered[:, :count]).mean(axis=1))
        peaks.append(np.sqrt(ordered[:, -count:]).mean(axis=1))
    return decibels(np.stack(peaks, axis=1)) - decibels(np.stack(valleys, axis=1))


def pitches(power: FloatArray) -> tuple[NDArray[np.intp], FloatArray, FloatArray]:
    """Return the frame, the frequency [Hz] and the power of the spectral peaks, 150..4000 Hz.

    A peak has at least a tenth of the strongest power of its frame; it is located by a parabola.
    """
    hertz = frequencies()
    inside = np.flatnonzero((hertz >= PITCHED[0]) & (hertz < PITCHED[1]))
    first, last = int(inside[0]), int(inside[-1]) + 1
    least = PEAK * power.max(axis=1, keepdims=True)
    band = power[:, first - 1 : last + 1]
    strong = np.where(band > least, band, np.float32(0))
    middle = strong[:, 1:-1]
    frame, offset = np.nonzero((middle > strong[:, :-2]) & (middle >= strong[:, 2:]))
    left, top, right = (band[frame, offset + step] for step in range(3))
    bend, slope = left + right - 2 * top, (right - left) / 2
    shift = np.where(
        np.abs(slope) >= np.abs(bend), 0, -slope / np.where(bend == 0, np.float32(-1), bend)
    )
    return frame, (first + offset + shift) * SAMPLE_RATE / FRAME, top + slope * shift / 2


def tuning(hertz: FloatArray, strength: FloatArray) -> float:
    """Return how far the peaks of :func:`pitches` are from A = 440 Hz, in semitones, -0.5..0.5."""
    if not len(hertz):
        return 0.0
    loud = hertz[strength >= np.median(strength)]
    rest = np.mod(12 * np.log2(loud / 27.5), 1.0)
    rest[rest >= 0.5] -= 1.0
    counts, edges = np.histogram(rest, np.linspace(-0.5, 0.5, 101))
    return float(edges[counts.argmax()])


@functools.lru_cache(maxsize=8)
def _chroma_filters(tuned: float) -> FloatArray:
    """Return the filter bank of the pitch classes [1025, 12] from C upwards."""
    reference = 27.5 * 2 ** (tuned / 12)
    hertz = np.arange(1, FRAME) * SAMPLE_RATE / FRAME
    place = 12 * np.log2(hertz / reference)
    place = np.concatenate([[place[0] - 18], place])
    width = np.concatenate([np.maximum(np.diff(place), 1), [1]])
    away = np.mod(place[None, :] - np.arange(12)[:, None] + 126, 12) - 6
    weight = np.exp(-0.5 * (2 * away / width) ** 2)
    weight /= np.maximum(np.linalg.norm(weight, axis=0), 1e-30)
    weight *= np.exp(-0.5 * ((place / 12 - 5) / 2) ** 2)
    return np.ascontiguousarray(np.roll(weight, -3, axis=0)[:, :BINS].T, np.float32)


def chroma(power: FloatArray, tuned: float) -> FloatArray:
    """Return the pitch classes [frames, 12] from C upwards, the strongest of a frame 1.

    Parameters
    ----------
    power : numpy.ndarray
        [frames, 1025].
    tuned : float
        From :func:`tuning`.
    """
    raw = power @ _chroma_filters(round(tuned, 4))
    largest = raw.max(axis=1, keepdims=True)
    return raw / np.where(largest > np.finfo(np.float32).tiny, largest, 1)


def centroid(power: FloatArray) -> FloatArray:
    """Return the mean frequency [frames] in Hz, weighted by magnitude; 0 for silence."""
    magnitude = np.sqrt(power)
    moments = magnitude @ np.stack([np.ones(BINS), frequencies()], axis=1).astype(np.float32)
    found: FloatArray = moments[:, 1] / np.where(moments[:, 0] > 0, moments[:, 0], 1)
    return found


def rolloff(power: FloatArray, share: float = 0.85) -> FloatArray:
    """Return the frequency [frames] in Hz below which `share` of the magnitude lies."""
    total = np.cumsum(np.sqrt(power), axis=1)
    return frequencies()[np.argmax(total >= share * total[:, -1:], axis=1)]


def onset_envelope(level: FloatArray) -> FloatArray:
    """Return onset strength [frames] of a mel level in dB: mean rise of the bands per frame.

    The rise from one frame to the next counts for the frame in whose middle the new sound lies.
    """
    rise = np.maximum(0, np.diff(level, axis=0)).mean(axis=1)
    delay = 1 + FRAME // (2 * HOP)
    return np.concatenate([np.zeros(delay), rise])[: len(level)]


def tempo(envelope: FloatArray) -> float:
    """Return beats per minute of an onset envelope [frames].

    The lag with the strongest mean local autocorrelation under a log-normal prior around 120.
    """
    half = TEMPO_WINDOW // 2
    padded = np.pad(envelope, half, mode="linear_ramp")
    frames = np.lib.stride_tricks.sliding_window_view(padded, TEMPO_WINDOW)[: len(envelope)]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(TEMPO_WINDOW) / TEMPO_WINDOW)
    frames = (frames * window).astype(np.float32)
    energy = np.einsum("ij,ij->i", frames, frames)
    size = next_fast_len(2 * TEMPO_WINDOW - 1, real=True)
    transform = rfft(frames, size, axis=1)
    # The transform back is linear: one of the mean instead of one a frame.
    scale = 1 / np.where(energy > np.finfo(np.float32).tiny, energy, 1)
    spectrum = scale @ np.square(np.abs(transform)) / len(frames)
    correlation = np.maximum(irfft(spectrum, size)[1:TEMPO_WINDOW], 0)
    beats = 60 * FRAME_RATE / np.arange(1, TEMPO_WINDOW)
    score = np.log1p(1e6 * correlation) - 0.5 * np.log2(beats / TEMPO_PRIOR) ** 2
    return float(beats[np.where(beats < TEMPO_LIMIT, score, -np.inf).argmax()])


@functools.lru_cache(maxsize=1)
def _hearing() -> FloatArray:
    """Return the weight [1025] of each bin in the mean square as ITU-R BS.1770 hears it."""
    angle = 2 * np.pi * frequencies() / SAMPLE_RATE
    gain = np.ones(BINS)
    for kind, corner, quality, decibel in (
        ("shelf", 1500.0, 1 / math.sqrt(2), 4.0),
        ("high pass", 38.0, 0.5, 0.0),
    ):
        turn = 2 * math.pi * corner / SAMPLE_RATE
        slope, cosine = math.sin(turn) / (2 * quality), math.cos(turn)
        a = 10 ** (decibel / 40)
        if kind == "shelf":
            root = 2 * math.sqrt(a) * slope
            top = (
                a * ((a + 1) + (a - 1) * cosine + root),
                -2 * a * ((a - 1) + (a + 1) * cosine),
                a * ((a + 1) + (a - 1) * cosine - root),
            )
            bottom = (
                (a + 1) - (a - 1) * cosine + root,
                2 * ((a - 1) - (a + 1) * cosine),
                (a + 1) - (a - 1) * cosine - root,
            )
        else:
            top = ((1 + cosine) / 2, -(1 + cosine), (1 + cosine) / 2)
            bottom = (1 + slope, -2 * cosine, 1 - slope)
        gain *= np.abs(freqz(top, bottom, worN=angle)[1]) ** 2
    gain[1:-1] *= 2
    return (gain / (FRAME * float(np.sum(_window().astype(float) ** 2)))).astype(np.float32)


def loudness(power: FloatArray) -> float:
    """Return the integrated loudness of power [frames, 1025] in LUFS, -70 for silence.

    ITU-R BS.1770-4 for one channel, gated blocks of 0.4 s, its filters applied to the spectrum.
    """
    square = power @ _hearing()
    width, step = round(0.4 * FRAME_RATE), round(0.1 * FRAME_RATE)
    total = np.concatenate([[0.0], np.cumsum(square, dtype=float)])
    starts = np.arange(0, max(len(square) - width, 0) + 1, step)
    ends = np.minimum(starts + width, len(square))
    blocks = (total[ends] - total[starts]) / (ends - starts)
    level = -0.691 + 10 * np.log10(np.maximum(blocks, 1e-12))
    heard = level > -70
    if not heard.any():
        return -70.0
    relative = -0.691 + 10 * math.log10(float(blocks[heard].mean())) - 10
    heard &= level > relative
    return max(-70.0, -0.691 + 10 * math.log10(float(blocks[heard].mean())))
