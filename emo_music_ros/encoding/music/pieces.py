# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Whole pieces of music: read from files, cut into windows, and judged by all of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emo_music_ros import emotion
from emo_music_ros.encoding.music import features as music_features
from emo_music_ros.encoding.music import spectrum as music_spectrum
from emo_music_ros.encoding.music.features import Descriptors
from emo_music_ros.encoding.music.model import WIDTH, Mood, MusicModel
from emo_music_ros.encoding.music.spectrum import SAMPLE_RATE, Spectrum
from emo_music_ros.errors import InputError
from emo_music_ros.io.audio import AudioReader
from emo_music_ros.io.midi import MIDI_ENDINGS
from emo_music_ros.io.resampling import mono
from emo_music_ros.io.synthesis import render_midi
from emo_music_ros.streams import FloatArray

#: The most of a file that is listened to [s], taken from its middle.
LONGEST = 120.0


def read_audio(path: Path) -> tuple[NDArray[np.float32], float]:
    """Read audio or render MIDI as mono at 22,050 Hz.

    Returns
    -------
    audio : numpy.ndarray
        float32 [samples], at most two minutes from the middle of the file.
    duration : float
        Length of the whole file in seconds.

    Raises
    ------
    InputError
        If the file is missing, not readable, truncated or shorter than a second.
    """
    remedy = "Replace the file or remove it"
    if path.suffix.lower() in MIDI_ENDINGS:
        if not path.is_file():
            raise InputError(f"'{path}' does not exist", "Check the path")
        audio = mono(render_midi(path, SAMPLE_RATE))
        surplus = max(0, len(audio) - int(LONGEST * SAMPLE_RATE)) // 2
        cut = audio[surplus : surplus + int(LONGEST * SAMPLE_RATE)]
        return cut, len(audio) / SAMPLE_RATE
    reader = AudioReader(path, SAMPLE_RATE)
    duration = reader.duration
    if duration > LONGEST:
        reader.close()
        reader = AudioReader(path, SAMPLE_RATE, start=(duration - LONGEST) / 2)
    try:
        audio = mono(reader.read(int(LONGEST * SAMPLE_RATE)))
        if reader.complaint:
            raise InputError(reader.complaint, remedy)
    finally:
        reader.close()
    if len(audio) < SAMPLE_RATE:
        raise InputError(
            f"'{path}' holds {len(audio) / SAMPLE_RATE:.2f} s of sound, too little to describe",
            remedy,
        )
    return audio, duration


@dataclass(frozen=True)
class Analysis:
    """A whole piece: its description and its mood, taken from windows of ten seconds."""

    summary: Descriptors
    mood: Mood


def quality_of(spectrum: Spectrum) -> float:
    """Return how usable a window is: share that sounds less the share that is clipped, 0..1."""
    sounding = float(np.mean(spectrum.mean_square >= music_features.SILENCE**2))
    if sounding < 0.1:
        return 0.0
    clipped = float(spectrum.clipped.mean())
    return float(np.clip(sounding - 5 * clipped, 0.05, 1.0))


def windows(spectrum: Spectrum, hop: int = WIDTH) -> list[tuple[int, Spectrum]]:
    """Return the first frame and the frames of every window of ten seconds.

    The last one may be cut to half its length; what is shorter than a window is one.
    """
    starts = range(0, max(len(spectrum) - WIDTH // 2, 1), hop)
    return [(start, spectrum.part(start, start + WIDTH)) for start in starts]


def analyse(audio: FloatArray, model: MusicModel) -> Analysis:
    """Describe a piece [samples], mono at 22,050 Hz; silence gives the estimate that is unknown."""
    parts = [part for _, part in windows(music_spectrum.analyse(audio))]
    summaries = [music_features.describe(part) for part in parts]
    summary = music_features.combine(summaries)
    weights = np.array([quality_of(part) for part in parts])
    if weights.sum() <= 0:
        return Analysis(summary, Mood(emotion.unknown(emotion.QUADRANTS), {}, float("nan")))
    vectors = [model.vector(part, described) for part, described in zip(parts, summaries)]
    return Analysis(summary, model.mood(model(np.stack(vectors)), weights, float(weights.mean())))
