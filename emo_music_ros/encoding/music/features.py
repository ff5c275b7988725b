"""What a stretch of music is like: timbre, harmony, melody, rhythm and dynamics.

Taken from one :class:`~emo_music_ros.encoding.music.spectrum.Spectrum`. They describe the musical
elements of paper C, table 2 (tempo, mode, loudness, pitch, melody, rhythm, harmony, timbre,
dynamics, articulation, contour, texture). Where they differ from librosa it is on purpose: nothing
above 8 kHz counts, and what lies 50 dB below the whole is covered by a floor of white noise, so
that a codec, another sampling rate or the volume do not change the description; pitch classes
come from located peaks instead of all energy, which tells low notes apart; tempo resolves more
than whole frames. Pitch classes are tuned to A = 440 Hz; mode is the correlation with the major and
minor key profiles of Krumhansl (1990), "Cognitive Foundations of Musical Pitch"; consonance are
the interval weights of Huron (1994), "Interval-class content in equally tempered pitch-class
sets"; tempo is the strongest lag of the autocorrelated onset envelope under a log-normal prior
around 120 beats per minute.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.encoding.music import spectrum as music_spectrum
from emo_music_ros.encoding.music.spectrum import (
    COEFFICIENTS,
    FRAME,
    FRAME_RATE,
    SAMPLE_RATE,
    FloatArray,
    Spectrum,
    frequencies,
)

#: Highest frequency that counts [Hz].
TOP = 8000.0
#: Key profiles of Krumhansl and Kessler, from the tonic upwards.
MAJOR = np.array([6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88])
MINOR = np.array([6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17])
#: Consonance of two pitch classes by their distance (Huron 1994).
CONSONANCE = np.array(
    [0, -1.428, -0.582, 0.594, 0.386, 1.240, -0.453, 1.240, 0.386, 0.594, -0.582, -1.428]
)
#: Where the fundamentals of notes are looked for [Hz].
PITCHED = (80.0, 1000.0)
#: Power of white noise 50 dB below a level of 0.1 in one bin of the spectrum.
FLOOR = (0.1 * 10 ** (-50 / 20)) ** 2 * 0.375 * FRAME
#: Below this root mean square a frame is silent (-60 dB of full scale).
SILENCE = 1e-3
#: Frames from note to note of the melody and of the harmony that is compared.
MELODY_STEP, HARMONY_STEP = round(0.25 * FRAME_RATE), round(FRAME_RATE)
#: What :attr:`Descriptors.vector` holds, in its order.
NAMES = (
    *(f"mfcc_mean_{i}" for i in range(1, COEFFICIENTS)),
    *(f"mfcc_deviation_{i}" for i in range(COEFFICIENTS)),
    *(f"contrast_mean_{i}" for i in range(6)),
    *(f"chroma_from_tonic_{i}" for i in range(12)),
    "chroma_entropy",
    "mode",
    "key_clarity",
    "consonance",
    "harmonic_change",
    "centroid_mean",
    "centroid_deviation",
    "rolloff_mean",
    "flatness_mean",
    "zero_crossings",
    "level_deviation",
    "level_range",
    "level_slope",
    "low_level_share",
    "decay",
    "onset_rate",
    "onset_strength_mean",
    "onset_strength_deviation",
    "onset_irregularity",
    "pulse_clarity",
    "tempo",
    "low_register",
    "middle_register",
    "high_register",
    "pitch_mean",
    "pitch_deviation",
    "pitch_slope",
    "melodic_motion",
    "texture",
)


@dataclass(frozen=True)
class Descriptors:
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
        Root mean square in dB of full scale.
    loudness : float
        Integrated loudness in LUFS (ITU-R BS.1770), -70 for silence.
    onset_rate : float
        Note onsets per second.
    centroid : float
        Mean spectral centroid in Hz.
    silent : float
        Share of silent frames, 0..1.
    clipped : float
        Share of the samples at full scale, 0..1.
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
    loudness: float
    onset_rate: float
    centroid: float
    silent: float
    clipped: float
    timbre: FloatArray
    chroma: FloatArray
    vector: FloatArray


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


def summarise(audio: FloatArray) -> Descriptors:
    """Describe audio: mono [samples] at 22,050 Hz, -1..1; see :func:`describe`."""
    return describe(music_spectrum.analyse(audio))


def describe(spectrum: Spectrum) -> Descriptors:
    """Describe a stretch of music.

    Parameters
    ----------
    spectrum : Spectrum
        Of at least one frame.

    Returns
    -------
    Descriptors
        All its values are finite, for silence and for any input.
    """
    level = np.sqrt(spectrum.mean_square)
    overall = float(np.sqrt(np.mean(spectrum.mean_square)))
    # One level for all: the vector must not depend on the volume of the recording.
    gain = 0.1 / max(overall, 1e-6)
    active = level * gain >= 1e-2
    if not active.any():
        active = np.ones(len(level), bool)
    power = spectrum.power * np.float32(gain**2) + np.float32(FLOOR)
    mel = music_spectrum.mel_power(power, TOP)
    envelope = music_spectrum.onset_envelope(mel)
    beginnings = onsets(envelope)
    rate = len(beginnings) / (len(envelope) / FRAME_RATE)
    tempo, pulse = tempo_of(envelope)
    coefficients = music_spectrum.mfcc(mel)[active]
    power = power[active]
    found = notes(power)
    pitch = pitch_classes(found) * (overall >= SILENCE)
    tonic, mode, clarity = key_of(pitch)
    relative = np.roll(pitch, -tonic)
    entropy = float(-(pitch * np.log(np.maximum(pitch, 1e-9))).sum() / math.log(12))
    hertz = frequencies()[frequencies() <= TOP].astype(np.float32)
    heard = power[:, : len(hertz)]
    magnitude = np.sqrt(heard)
    centroid = magnitude @ hertz / magnitude.sum(axis=1)
    cumulative = np.cumsum(heard, axis=1)
    rolloff = hertz[np.argmax(cumulative >= 0.85 * cumulative[:, -1:], axis=1)]
    flatness = np.exp(np.mean(np.log(heard), axis=1)) / heard.mean(axis=1)
    energy_in = heard.sum(axis=0, dtype=float)
    registers = [
        float(energy_in[(hertz >= low) & (hertz < high)].sum() / energy_in.sum())
        for low, high in ((0, 250), (250, 1000), (1000, TOP))
    ]
    decibel = 20 * np.log10(np.maximum(level[active] * gain, 1e-6))
    brightness = float(centroid.mean())
    vector = np.concatenate(
        [
            coefficients.mean(axis=0)[1:],
            coefficients.std(axis=0),
            music_spectrum.contrast(power)[:, :6].mean(axis=0),
            relative,
            [
                entropy,
                mode,
                clarity,
                consonance(found),
                harmonic_change(found),
                math.log2(max(brightness, 1.0)),
                float(centroid.std()) / max(brightness, 1.0),
                math.log2(max(float(rolloff.mean()), 1.0)),
                math.log10(float(flatness.mean())),
                float(spectrum.crossings.mean()),
                float(decibel.std()),
                float(np.subtract(*np.percentile(decibel, (95, 10)))),
                _slope(decibel),
                float(np.mean(level < 0.5 * overall)),
                _decay(decibel),
                rate,
                float(envelope.mean()),
                float(envelope.std()),
                _irregularity(beginnings),
                pulse,
                math.log2(max(tempo, 30.0) / 120),
                *registers,
                *melody(found, len(power)),
            ],
        ]
    )
    volume = 20 * math.log10(max(overall, 1e-6))
    energy = (
        np.clip((volume + 40) / 32, 0, 1)
        + np.clip(rate / 8, 0, 1)
        + np.clip(math.log2(max(brightness, 1.0) / 300) / math.log2(4000 / 300), 0, 1)
    ) / 3
    return Descriptors(
        tempo=tempo,
        mode=mode,
        key=tonic,
        energy=float(energy) if overall >= SILENCE else 0.0,
        level=volume,
        loudness=music_spectrum.loudness(spectrum.power),
        onset_rate=rate,
        centroid=brightness,
        silent=float(np.mean(level < SILENCE)),
        clipped=float(np.mean(spectrum.clipped)),
        timbre=coefficients.mean(axis=0).astype(np.float32),
        chroma=(pitch / max(float(pitch.max()), 1e-9)).astype(np.float32),
        vector=np.nan_to_num(vector).astype(np.float32),
    )


def combine(parts: Sequence[Descriptors]) -> Descriptors:
    """Describe a whole by its parts of about equal length, without another pass.

    Tempo is the median of the parts that have one, key and mode are those of their mean pitch
    classes, the level is that of their mean power, and all else is averaged.
    """
    if len(parts) == 1:
        return parts[0]

    def mean(name: str) -> float:
        return float(np.mean([getattr(part, name) for part in parts]))

    def mean_level(name: str) -> float:
        power = np.mean([10 ** (getattr(part, name) / 10) for part in parts])
        return float(10 * np.log10(power))

    tempi = [part.tempo for part in parts if part.tempo > 0]
    chroma = np.mean([part.chroma for part in parts], axis=0)
    tonic, mode, _ = key_of(chroma)
    return Descriptors(
        tempo=float(np.median(tempi)) if tempi else 0.0,
        mode=mode,
        key=tonic,
        energy=mean("energy"),
        level=mean_level("level"),
        loudness=mean_level("loudness"),
        onset_rate=mean("onset_rate"),
        centroid=mean("centroid"),
        silent=mean("silent"),
        clipped=mean("clipped"),
        timbre=np.mean([part.timbre for part in parts], axis=0, dtype=np.float32),
        chroma=(chroma / max(float(chroma.max()), 1e-9)).astype(np.float32),
        vector=np.mean([part.vector for part in parts], axis=0, dtype=np.float32),
    )


def _slope(values: FloatArray) -> float:
    """Return the rise of a straight line through values from their beginning to their end."""
    time = np.arange(len(values)) - (len(values) - 1) / 2
    spread = float(time @ time)
    return float(time @ values) / spread * len(values) if spread > 0 else 0.0


def _decay(decibel: FloatArray) -> float:
    """Return how fast the level falls where it falls, dB a frame: staccato more, legato less."""
    change = np.diff(decibel)
    falling = change[change < 0]
    return float(-falling.mean()) if len(falling) else 0.0


def _irregularity(beginnings: NDArray[np.intp]) -> float:
    """Return the spread of the logarithm of the times from onset to onset, octaves."""
    return float(np.log2(np.diff(beginnings)).std()) if len(beginnings) > 2 else 0.0
