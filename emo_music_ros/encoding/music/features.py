# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What a stretch of music is like: timbre, harmony, melody, rhythm and dynamics.

Taken from one :class:`~emo_music_ros.encoding.music.spectrum.Spectrum`. They describe the musical
elements of paper C, table 2 (tempo, mode, loudness, pitch, melody, rhythm, harmony, timbre,
dynamics, articulation, contour, texture). Where they differ from librosa it is on purpose: nothing
above 8 kHz counts, and what lies 50 dB below the whole is covered by a floor of white noise, so
that a codec, another sampling rate or the volume do not change the description; see also
:mod:`~emo_music_ros.encoding.music.harmony` and :mod:`~emo_music_ros.encoding.music.rhythm`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emo_music_ros.encoding.music import spectrum as music_spectrum
from emo_music_ros.encoding.music.harmony import (
    between_semitones,
    chords,
    consonance,
    harmonic_change,
    intervals,
    key_of,
    melody,
    notes,
    pitch_classes,
)
from emo_music_ros.encoding.music.movement import (
    attacks,
    percussiveness,
    swings,
    timbre_changes,
)
from emo_music_ros.encoding.music.rhythm import irregularity, onsets, tempo_of
from emo_music_ros.encoding.music.spectrum import (
    COEFFICIENTS,
    FRAME,
    FRAME_RATE,
    FloatArray,
    Spectrum,
    frequencies,
)

#: Highest frequency that counts [Hz].
TOP = 8000.0
#: Power of white noise 50 dB below a level of 0.1 in one bin of the spectrum.
FLOOR = (0.1 * 10 ** (-50 / 20)) ** 2 * 0.375 * FRAME
#: Below this root mean square a frame is silent (-60 dB of full scale).
SILENCE = 1e-3
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
    *(f"mfcc_change_{i}" for i in range(COEFFICIENTS)),
    *(f"attack_{i}" for i in range(8)),
    *(f"swing_{register}_{i}" for register in ("low", "middle", "high") for i in range(6)),
    *(f"percussiveness_{register}" for register in ("low", "middle", "high")),
    *(f"interval_{i}" for i in range(1, 7)),
    *(f"chord_{kind}" for kind in ("major", "minor", "dim", "aug", "sus", "maj7", "7", "min7")),
    *("chord_major_over_minor", "chord_major_share", "chord_changes", "chord_motion"),
    *("between_semitones", "off_pitch_share"),
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
    mel = music_spectrum.decibels(music_spectrum.mel_power(power, TOP))
    envelope = music_spectrum.onset_envelope(mel)
    beginnings = onsets(envelope)
    rate = len(beginnings) / (len(envelope) / FRAME_RATE)
    tempo, pulse = tempo_of(envelope)
    every = music_spectrum.mfcc(mel)
    coefficients = every[active]
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
                irregularity(beginnings),
                pulse,
                math.log2(max(tempo, 30.0) / 120),
                *registers,
                *melody(found, len(power)),
            ],
            timbre_changes(every),
            attacks(mel),
            swings(mel),
            percussiveness(mel),
            intervals(pitch),
            chords(found),
            between_semitones(found),
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
