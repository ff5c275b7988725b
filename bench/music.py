# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Music: features, forest, loudness and mood beside librosa, scikit-learn and pyloudnorm."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.common import Row, alternate, installed
from emo_music_ros import __version__
from emo_music_ros.encoding.music import papers as music_papers
from emo_music_ros.encoding.music import spectrum as music_spectrum
from emo_music_ros.encoding.music.encoder import MusicEncoder
from emo_music_ros.encoding.music.features import NAMES
from emo_music_ros.encoding.music.model import MusicModel
from emo_music_ros.encoding.music.pieces import analyse
from emo_music_ros.encoding.music.spectrum import SAMPLE_RATE
from emo_music_ros.io.midi import Note, Part
from emo_music_ros.io.model import Model
from emo_music_ros.io.synthesis import render, set_level
from emo_music_ros.streams import AudioBlock

OURS = f"emo_music_ros {__version__}"
#: Chords of the piece, MIDI pitches.
CHORDS = ((60, 64, 67, 72), (57, 60, 64, 69), (53, 57, 60, 65), (55, 59, 62, 67))


def piece(seconds: float = 30.0) -> NDArray[np.float32]:
    """Return broken chords on a piano over strings, mono at 22,050 Hz."""
    beat, piano, strings = 0.25, [], []
    for step in range(int(seconds / beat)):
        chord = CHORDS[step // 16 % 4]
        piano.append(Note(step * beat, (step + 1.5) * beat, chord[step % 4], 80))
        if step % 16 == 0:
            strings += [Note(step * beat, (step + 16) * beat, p - 12, 50) for p in chord]
    audio = render([Part(tuple(piano), 0), Part(tuple(strings), 48)], SAMPLE_RATE, tail=1.0)
    return set_level(audio).mean(axis=1)[: int(seconds * SAMPLE_RATE)].astype(np.float32)


def of_librosa(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the features of paper B as librosa computes them."""
    import librosa

    audio = audio / audio.std()
    return np.concatenate(
        [
            librosa.feature.mfcc(y=audio, sr=SAMPLE_RATE, n_mfcc=13).mean(axis=1),
            librosa.feature.chroma_stft(y=audio, sr=SAMPLE_RATE).mean(axis=1),
            librosa.feature.spectral_contrast(y=audio, sr=SAMPLE_RATE).mean(axis=1),
            librosa.feature.zero_crossing_rate(audio).mean(axis=1),
            librosa.feature.tempo(y=audio, sr=SAMPLE_RATE),
        ]
    ).astype(np.float32)


def forest() -> Any:
    """Return a forest of scikit-learn as large as the shipped one, of made-up numbers."""
    from sklearn.ensemble import RandomForestClassifier

    draw = np.random.default_rng(0)
    features = draw.standard_normal((2000, len(music_papers.PAPER_B))).astype(np.float32)
    trees = RandomForestClassifier(100, max_depth=6, random_state=0, n_jobs=1)
    return trees.fit(features, draw.integers(0, 4, len(features)))


def compare() -> dict[str, list[Row]]:
    """Time a piece of 30 s; the values of both sides are compared by a test."""
    audio = piece()
    trees = MusicModel("music_forest")
    mood = MusicModel()

    def ours() -> object:
        return trees(trees.vector(music_spectrum.analyse(audio)))

    row = music_papers.of_paper_b(music_spectrum.analyse(audio))[None]
    network = Model("music_forest")
    sets: dict[str, tuple[str, Callable[[], object]]] = {
        f"{len(NAMES)} features and mood": (OURS, partial(analyse, audio, mood)),
        "features of paper B and forest, one pass": (OURS, ours),
    }
    rows: dict[str, tuple[str, Callable[[], object]]] = {
        "forest, ONNX": (OURS, partial(network, row))
    }
    loud: dict[str, tuple[str, Callable[[], object]]] = {
        "loudness": (OURS, lambda: music_spectrum.loudness(music_spectrum.analyse(audio).power))
    }
    has_librosa, has_sklearn = find_spec("librosa") is not None, find_spec("sklearn") is not None
    if has_librosa:
        sets["features of paper B"] = (installed("librosa"), partial(of_librosa, audio))
    if has_sklearn:
        peer = forest()
        rows["forest, scikit-learn"] = (
            installed("scikit-learn"),
            partial(peer.predict_proba, row),
        )
        if has_librosa:
            sets["features of paper B and forest, as in paper B"] = (
                f"{installed('librosa')}, {installed('scikit-learn')}",
                lambda: peer.predict_proba(of_librosa(audio)[None]),
            )
    if find_spec("pyloudnorm") is not None:
        import pyloudnorm

        loud["loudness, pyloudnorm"] = (
            installed("pyloudnorm"),
            partial(pyloudnorm.Meter(SAMPLE_RATE).integrated_loudness, audio.astype(float)),
        )
    return {
        "Music, features and mood of 30 s": _rows(sets),
        "Music, Random Forest of 100 trees, one row": _rows(rows),
        "Music, integrated loudness of 30 s": _rows(loud),
        "Music encoder, the block that completes a window of 10 s": _rows(_stream(audio)),
    }


def _stream(audio: NDArray[np.float32]) -> dict[str, tuple[str, Callable[[], object]]]:
    """Return the step of an encoder that ends a window, its buffer as full as in a stream."""
    steps: dict[str, tuple[str, Callable[[], object]]] = {}
    hop = 5 * SAMPLE_RATE
    encoder = MusicEncoder()
    encoder.push(AudioBlock(0.0, audio[:hop], SAMPLE_RATE, 0))
    position = hop

    def step() -> object:
        nonlocal position
        start = position % (len(audio) - hop)
        block = AudioBlock(
            position / SAMPLE_RATE, audio[start : start + hop], SAMPLE_RATE, position
        )
        position += hop
        found = encoder.push(block)
        assert found, "a window was due"
        return found

    steps["music encoder, every 5 s"] = (OURS, step)
    return steps


def _rows(calls: Mapping[str, tuple[str, Callable[[], object]]]) -> list[Row]:
    times = alternate({name: call for name, (_, call) in calls.items()})
    return [Row(name, package, *times[name]) for name, (package, _) in calls.items()]
