# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Measure the models of music on DEAM: valence and arousal of whole songs."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.encoding.music import features as music_features
from emo_music_ros.encoding.music import spectrum as music_spectrum
from emo_music_ros.encoding.music.pieces import read_audio, windows
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.corpora.deam import AXES
from emo_music_ros.training.evaluation.evaluate import evaluate_candidate
from emo_music_ros.training.evaluation.metrics import Metric
from emo_music_ros.training.evaluation.protocol import Protocol, Rows, by_group
from emo_music_ros.training.evaluation.results import Candidate, Result
from emo_music_ros.training.music.lessons import halves
from emo_music_ros.training.music.models import TARGETS, Learner, Lesson
from emo_music_ros.training.music.renderings import CODE
from emo_music_ros.training.shared.work import Work


def determination(truth: NDArray[Any], answers: NDArray[np.float64]) -> float:
    """Return R2, the share of the variance that is explained; below 0 = worse than the mean."""
    return float(1 - np.sum((truth - answers) ** 2) / np.sum((truth - truth.mean()) ** 2))


def concordance(truth: NDArray[Any], answers: NDArray[np.float64]) -> float:
    """Return Lin's concordance correlation coefficient (Lin 1989), -1..1."""
    joint = np.mean((truth - truth.mean()) * (answers - answers.mean()))
    away = (truth.mean() - answers.mean()) ** 2
    return float(2 * joint / (truth.var() + answers.var() + away))


RATINGS: dict[str, Metric] = {
    f"{name} {word}": lambda truth, answers, people, of=of, axis=axis: of(  # type: ignore[misc]
        truth[:, axis], answers[:, axis]
    )
    for axis, word in enumerate(AXES)
    for name, of in (("R2", determination), ("CCC", concordance))
}


def evaluate_songs(
    corpus: Corpus, learners: Sequence[Learner], work: Work, seed: int
) -> list[Result]:
    """Measure ratings of songs, DEAM 10-fold by song; the first setting of each learner."""
    code = [inspect.getsource(module) for module in CODE]
    key = [[(path.name, path.stat().st_size) for path in corpus.items], code]
    table = work.recall("music features DEAM", key, lambda: {"music": _songs(corpus.items)})
    features = table["music"]
    protocol = Protocol("10-fold by song", by_group(corpus.people, 10, seed))
    results = []
    for learner in learners:

        def predict(
            train: Rows, test: Rows, seed: int, learner: Learner = learner
        ) -> NDArray[np.float64]:
            wanted = np.zeros((len(train), len(TARGETS)))
            wanted[:, :2] = (corpus.labels[train] + 1) / 2
            lesson = Lesson(features[train], wanted, (wanted > 0).astype(float))
            model = learner.fit(lesson, learner.settings[0], seed)
            return 2 * halves(model(features[test]).quadrants) - 1

        row = Candidate(learner.name, learner.origin, predict, None, [features, learner.settings])
        results.append(
            evaluate_candidate(
                "music", "valence and arousal", corpus, row, protocol, work, seed, RATINGS
            )
        )
    return results


def _songs(files: Sequence[Path]) -> NDArray[np.float32]:
    """Return the mean features [songs, features] over the windows of each song."""
    found = []
    for file in files:
        spectrum = music_spectrum.analyse(read_audio(file)[0])
        found.append(
            np.mean([music_features.describe(part).vector for _, part in windows(spectrum)], axis=0)
        )
    return np.array(found, np.float32)
