# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What is measured of a model of music on renderings: classes of phrases, ratings over time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros import emotion
from emo_music_ros.encoding.music.model import tempered
from emo_music_ros.training.corpora import vgmidi
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.corpora.vgmidi import AXES
from emo_music_ros.training.evaluation.evaluate import evaluate_candidate
from emo_music_ros.training.evaluation.metrics import Metric
from emo_music_ros.training.evaluation.protocol import Protocol, Rows, leave_one_out
from emo_music_ros.training.evaluation.results import Result
from emo_music_ros.training.music.candidates import WindowAnswers, candidate
from emo_music_ros.training.music.lessons import Material, by_item, halves
from emo_music_ros.training.music.models import Learner
from emo_music_ros.training.shared.work import Work


def correlation(truth: NDArray[Any], answers: NDArray[np.float64], people: NDArray[Any]) -> float:
    """Return Pearson's correlation, 0 if either does not vary."""
    truth, found = np.ravel(truth), np.ravel(answers)
    if truth.std() < 1e-12 or found.std() < 1e-12:
        return 0.0
    return float(np.corrcoef(truth, found)[0, 1])


RATING: dict[str, Metric] = {"correlation": correlation}


def evaluate_learners(
    material: Material, learners: Sequence[Learner], work: Work, seed: int
) -> list[Result]:
    """Measure learners on series they never heard."""
    corpus = material.corpus
    honest = Protocol("leave one series out", leave_one_out(corpus.people))
    results: list[Result] = []
    for task, labels, classes, answer in phrase_tasks(material):
        part = replace(corpus, labels=labels, classes=classes)
        for learner in learners:
            row = candidate(learner, material, work, answer, lambda rows: rows, seed)
            if results and results[0].task != task:
                row = replace(row, cost=None)  # as above
            results.append(
                evaluate_candidate("music", task, part, row, honest, work, seed, note=NOTE)
            )
    written = material.piece_windows.variant == 0
    tables = [
        ("piano as written", written, material.rated),
        ("other instruments, tempi and keys", ~written, material.rated),
        *(
            (f"piano as written, {group}", written, ratings)
            for group, ratings in material.groups.items()
        ),
    ]
    for name, chosen, ratings in tables:
        for axis, word in enumerate(AXES):
            rows = np.flatnonzero(chosen & np.isfinite(ratings[:, axis]))
            if not len(rows):
                continue
            part = _rated(material, rows, ratings[:, axis], word)
            protocol = Protocol("leave one series out", leave_one_out(part.people))

            def over_time(
                answers: WindowAnswers, test: Rows, rows: Rows = rows, axis: int = axis
            ) -> NDArray[np.float64]:
                return 2 * halves(answers["pieces"])[rows[test], axis : axis + 1] - 1

            def heard(train: Rows, people: NDArray[Any] = part.people) -> Rows:
                return phrases_beside(material, people, train)

            task = f"{word} over time, {name}"
            for learner in learners:
                row = candidate(learner, material, work, over_time, heard, seed)
                row = replace(row, cost=None)
                results.append(
                    evaluate_candidate("music", task, part, row, protocol, work, seed, RATING)
                )
    return results


def phrases_beside(material: Material, series: NDArray[Any], train: Rows) -> Rows:
    """Return the phrases of all series but those whose rows are not among `train`.

    Parameters
    ----------
    material : Material
        Holds the phrases.
    series : numpy.ndarray
        Series of each row of the corpus that is measured, or that its row is dealt to.
    train : numpy.ndarray
        Rows of that corpus.
    """
    left_out = np.setdiff1d(series, series[train])
    return np.flatnonzero(~np.isin(material.corpus.people, left_out))


NOTE = (
    "an answer is the mean over the windows of a phrase; setting and temperatures were chosen "
    "among the other series. The cost is that of one window of 10 s, features included."
)


def phrase_tasks(
    material: Material,
) -> list[
    tuple[
        str,
        NDArray[np.int64],
        tuple[str, ...],
        Callable[[WindowAnswers, Rows], NDArray[np.float64]],
    ]
]:
    """Return name, labels, classes and answer of every task on the phrases."""
    windows = material.phrase_windows

    def quadrants(answers: WindowAnswers, test: Rows) -> NDArray[np.float64]:
        mean = by_item(windows, answers["phrases"].astype(float), test)
        return tempered(mean, float(answers["piece_temperature"]))

    def sign(axis: int) -> Callable[[WindowAnswers, Rows], NDArray[np.float64]]:
        def answer(answers: WindowAnswers, test: Rows) -> NDArray[np.float64]:
            positive = halves(quadrants(answers, test))[:, axis]
            return np.stack([1 - positive, positive], axis=1)

        return answer

    signs = material.signs().astype(np.int64)
    return [
        ("valence sign", signs[:, 0], ("negative", "positive"), sign(0)),
        ("arousal sign", signs[:, 1], ("negative", "positive"), sign(1)),
        ("4 classes", material.corpus.labels, emotion.QUADRANTS, quadrants),
    ]


def _rated(material: Material, rows: Rows, ratings: NDArray[np.float64], axis: str) -> Corpus:
    """Return windows of the pieces with their ratings as a corpus."""
    return Corpus(
        name="VGMIDI pieces",
        source=vgmidi.SOURCE,
        licence=vgmidi.LICENCE,
        items=rows,
        labels=ratings[rows],
        classes=(axis,),
        people=material.piece_series[rows],
        unit="series",
    )
