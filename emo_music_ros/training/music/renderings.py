# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Windows of rendered music with features of every kind and the ratings of that time.

Pieces come as written and as other performances: other instruments, tempi and keys keep a model
from learning the sound of one piano.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.encoding.music import features as music_features
from emo_music_ros.encoding.music import harmony, movement, rhythm
from emo_music_ros.encoding.music import papers as music_papers
from emo_music_ros.encoding.music import spectrum as music_spectrum
from emo_music_ros.encoding.music.model import FEATURE_SETS, WIDTH, WINDOW
from emo_music_ros.encoding.music.spectrum import FRAME_RATE, SAMPLE_RATE, Spectrum
from emo_music_ros.encoding.shared import mel
from emo_music_ros.io import midi, synthesis
from emo_music_ros.io.midi import Note, Part, read_midi
from emo_music_ros.io.resampling import mono
from emo_music_ros.io.synthesis import render
from emo_music_ros.training.shared.work import Work

log = logging.getLogger(__name__)
#: Modules that features depend on.
CODE = (mel, music_spectrum, harmony, movement, rhythm, music_features, music_papers)

#: Ensembles a performance may use, as General MIDI programs of its parts.
ENSEMBLES = (
    (0,),
    (48, 42),
    (24,),
    (73, 48),
    (11, 46),
    (19,),
    (6,),
    (40, 32),
    (71,),
    (61,),
)
#: Largest change of tempo (share) and of key (semitones) of a performance.
TEMPO, KEY = 0.1, 4
#: Most that a performance is pushed against the limit of its recording [dB].
LIMITED = 12.0


@dataclass(frozen=True)
class Windows:
    """Windows of ten seconds.

    Attributes
    ----------
    item : numpy.ndarray
        Number of the file of each window [n].
    start : numpy.ndarray
        Where it begins [s].
    variant : numpy.ndarray
        0 = as written, otherwise the number of the performance.
    speed : numpy.ndarray
        Tempo of the performance over the written one.
    features : dict
        Feature set -> float32 [n, features].
    """

    item: NDArray[np.int64]
    start: NDArray[np.float64]
    variant: NDArray[np.int64]
    speed: NDArray[np.float64]
    features: dict[str, NDArray[np.float32]]


def perform(parts: Sequence[Part], rng: np.random.Generator) -> tuple[list[Part], float]:
    """Return parts for other instruments, in another tempo and key, and the change of speed."""
    programs = ENSEMBLES[int(rng.integers(len(ENSEMBLES)))]
    speed = float(rng.uniform(1 - TEMPO, 1 + TEMPO))
    shift = int(rng.integers(-KEY, KEY + 1))
    played = [
        replace(
            part,
            program=programs[min(index, len(programs) - 1)],
            notes=tuple(
                Note(
                    note.start / speed,
                    note.end / speed,
                    int(np.clip(note.pitch + shift, 0, 127)),
                    note.velocity,
                )
                for note in part.notes
            ),
        )
        for index, part in enumerate(parts)
    ]
    return played, speed


def extract(files: Sequence[Path], variants: int, hop: float, seed: int, work: Work) -> Windows:
    """Render MIDI files and describe their windows.

    Parameters
    ----------
    files : sequence of pathlib.Path
        MIDI files.
    variants : int
        Performances of each beside the one as written.
    hop : float
        From window to window [s].
    seed : int
        Of the performances.
    work : Work
        Where the features are kept.
    """
    key = [
        [file.read_bytes() for file in files],
        *(variants, hop, seed, WINDOW, ENSEMBLES, perform, record, describe_window, _describe),
        [inspect.getsource(module) for module in (*CODE, midi, synthesis)],
    ]
    kept = work.recall(
        f"music features {len(files)}", key, lambda: _describe(files, variants, hop, seed)
    )
    return Windows(
        kept["item"],
        kept["start"],
        kept["variant"],
        kept["speed"],
        {name: kept[name] for name in FEATURE_SETS},
    )


def describe_window(window: Spectrum) -> tuple[NDArray[np.float32], ...]:
    """Return the features of a window, one entry for each of the sets of features."""
    paper_e = music_papers.of_paper_e(window)
    return music_features.describe(window).vector, paper_e[list(music_papers.B_IN_E)], paper_e


def record(played: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Return a performance [samples, 2] as it may be recorded: in a room, and limited at random."""
    if rng.random() < 0.5:
        played = synthesis.room(played, SAMPLE_RATE)
    gain = 10 ** (rng.uniform(0, LIMITED) / 20) / max(float(np.abs(played).max()), 1e-6)
    return np.tanh(gain * played).astype(np.float32)


def _describe(
    files: Sequence[Path], variants: int, hop: float, seed: int
) -> dict[str, NDArray[Any]]:
    rows: list[tuple[Any, ...]] = []
    step = round(hop * FRAME_RATE)
    for item, file in enumerate(files):
        written = read_midi(file)
        for variant in range(variants + 1):
            parts, speed = written, 1.0
            rng = np.random.default_rng([variant + seed, item])
            if variant:
                parts, speed = perform(written, rng)
            played = render(parts, SAMPLE_RATE, tail=1.0)
            spectrum = music_spectrum.analyse(mono(record(played, rng) if variant else played))
            for first in range(0, max(len(spectrum) - WIDTH, 0) + 1, step):
                window = spectrum.part(first, first + WIDTH)
                rows.append((item, first / FRAME_RATE, variant, speed, *describe_window(window)))
        if item % 20 == 19:
            log.info("music: %d of %d files, %d windows", item + 1, len(files), len(rows))
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    names = ("item", "start", "variant", "speed", *FEATURE_SETS)
    return dict(zip(names, columns, strict=True))


def ratings_of(
    windows: Windows, durations: Sequence[float], ratings: Sequence[NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Return the mean rating [windows, 2] during each window.

    Parameters
    ----------
    windows : Windows
        Of the pieces.
    durations : sequence of float
        Of the pieces as written [s].
    ratings : sequence of array
        Of each piece [measures, 2], measures of equal length.
    """
    found = []
    for item, start, speed in zip(windows.item, windows.start, windows.speed, strict=True):
        rating = ratings[item]
        scale = len(rating) / durations[item] * speed
        first = int(np.clip(start * scale, 0, len(rating) - 1))
        last = int(np.clip((start + WINDOW) * scale + 1, first + 1, len(rating)))
        found.append(rating[first:last].mean(axis=0))
    return np.array(found)
