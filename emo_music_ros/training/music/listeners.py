# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What is measured of a model of music on real recordings: what their listeners felt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.encoding.music.model import FELT, tempered
from emo_music_ros.training.corpora import emotify
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.evaluation.evaluate import evaluate_candidate
from emo_music_ros.training.evaluation.metrics import Metric
from emo_music_ros.training.evaluation.protocol import Protocol, Rows, leave_one_out
from emo_music_ros.training.evaluation.results import Candidate, Result
from emo_music_ros.training.music.candidates import WindowAnswers, answers_of, candidate
from emo_music_ros.training.music.lessons import (
    Material,
    by_item,
    halves,
    track_targets,
    word_dominance,
)
from emo_music_ros.training.music.models import Learner
from emo_music_ros.training.music.recordings import RELEASES
from emo_music_ros.training.music.tasks import correlation, phrases_beside
from emo_music_ros.training.shared.cards import markdown_table
from emo_music_ros.training.shared.work import Work

AXES = ("valence", "arousal")
#: Ridge penalties to choose from, by leaving out one training track at a time.
PENALTIES = tuple(10.0 ** (power / 2) for power in range(2, 10))
NOTE = (
    "Correlations are of the answer for a track with the mean answer of its listeners; a spread is "
    "the deviation of the answers over that of the listeners. Valence is joyful activation less "
    "sadness, arousal the mean of joyful activation, power and tension less that of calmness and "
    "tenderness: derived, nobody rated them. Which kinds of features were added to the first 72 "
    "was decided with a ridge-like regression on these tracks, cross-validated as a whole."
)


def _of(column: int, measure: Callable[[NDArray[Any], NDArray[Any]], float]) -> Metric:
    return lambda truth, answers, people: measure(truth[:, column], answers[:, column])


def _correlation(truth: NDArray[Any], answers: NDArray[Any]) -> float:
    return correlation(truth, answers, truth)


def _spread(truth: NDArray[Any], answers: NDArray[Any]) -> float:
    """Return the deviation of the answers over that of the truth."""
    return float(answers.std() / truth.std())


MOOD: dict[str, Metric] = {
    **{f"{axis} correlation": _of(column, _correlation) for column, axis in enumerate(AXES)},
    **{f"{axis} spread": _of(column, _spread) for column, axis in enumerate(AXES)},
}
FEELINGS: dict[str, Metric] = {name: _of(column, _correlation) for column, name in enumerate(FELT)}


@dataclass(frozen=True)
class Task:
    """One table: what of which tracks is asked, and how answers to windows tell it.

    `needs` is the output a model must have, empty = the quadrants that all have; `answer` gets the
    material, the answers to all windows and the tracks asked for.
    """

    name: str
    tracks: Rows
    labels: NDArray[np.float64]
    measures: dict[str, Metric]
    needs: str
    answer: Callable[[Material, WindowAnswers, Rows], NDArray[np.float64]]


def mood(
    material: Material, answers: WindowAnswers, tracks: Rows, release: int = 0
) -> NDArray[np.float64]:
    """Return valence and arousal [tracks, 2], -1..1, of a release of some tracks."""
    mean = _of_release(material, answers["tracks"], tracks, release)
    return 2 * halves(tempered(mean, float(answers["piece_temperature"]))) - 1


def felt(material: Material, answers: WindowAnswers, tracks: Rows) -> NDArray[np.float64]:
    """Return the share of listeners [tracks, 10] who feel each emotion, and who like it."""
    return _of_release(material, answers["felt"], tracks)


def dominance(material: Material, answers: WindowAnswers, tracks: Rows) -> NDArray[np.float64]:
    """Return the dominance [tracks, 1], -1..1."""
    return _of_release(material, answers["dominance"][:, None], tracks)


def _of_release(
    material: Material, table: NDArray[Any], tracks: Rows, release: int = 0
) -> NDArray[np.float64]:
    windows = material.track_windows
    chosen = windows.variant == release
    part = replace(windows, item=np.where(chosen, windows.item, -1))
    return by_item(part, table.astype(float), tracks)


def track_tasks(material: Material) -> list[Task]:
    """Return what is measured on the tracks; listeners over 60 years apart."""
    tracks = material.tracks
    every, older = np.arange(len(tracks)), np.flatnonzero(tracks.older_listeners)
    axes = 2 * track_targets(tracks.answers)[:, :2] - 1
    words = word_dominance(tracks.answers)[:, None]
    tasks = [
        Task("mood of recordings", every, axes, MOOD, "", mood),
        Task("felt, and liked", every, tracks.answers, FEELINGS, "felt", felt),
        Task(
            "dominance from words",
            every,
            words,
            {"correlation": correlation},
            "dominance",
            dominance,
        ),
    ]
    if len(older) > 2:
        few = (
            f"{int(tracks.older_listeners.sum())} answers of listeners over {emotify.OLDER} "
            f"to {len(older)} tracks"
        )
        answers = tracks.older[older]
        mean = {name: MOOD[name] for name in list(MOOD)[:2]}
        tasks += [
            Task(f"mood, {few}", older, emotify.derived_axes(answers), mean, "", mood),
            Task(f"felt, and liked, {few}", older, answers, FEELINGS, "felt", felt),
        ]
    return tasks


def evaluate_tracks(
    material: Material, learners: Sequence[Learner], work: Work, seed: int, ridge: bool = False
) -> list[Result]:
    """Measure learners on recordings they never heard.

    Parameters
    ----------
    material : Material
        With the tracks.
    learners : sequence of Learner
        What is measured.
    work : Work
        Where finished steps are kept.
    seed : int
        Of weights and folds.
    ridge : bool
        Add ridge regressions on the tracks alone.
    """
    count = len(np.unique(material.parts))
    results: list[Result] = []
    for task in track_tasks(material):
        corpus = Corpus(
            name="Emotify",
            source=emotify.SOURCE,
            licence=emotify.LICENCE,
            items=task.tracks,
            labels=task.labels,
            classes=(),
            people=material.tracks.names[task.tracks],
            unit="tracks",
        )
        parts = material.parts[task.tracks]
        protocol = Protocol(f"{count} parts even by genre, one left out", leave_one_out(parts))

        def heard(train: Rows, parts: NDArray[np.str_] = parts) -> Rows:
            return phrases_beside(material, parts, train)

        def answer(answers: WindowAnswers, test: Rows, task: Task = task) -> NDArray[np.float64]:
            return task.answer(material, answers, task.tracks[test])

        rows = [
            replace(candidate(learner, material, work, answer, heard, seed), cost=None)
            for learner in learners
            if not task.needs or task.needs in learner.knows
        ]
        # The few answers of older listeners are too few to train on alone.
        if ridge and task.needs != "dominance" and len(task.tracks) == len(material.tracks):
            rows += ridges(material, task)
        results += [
            evaluate_candidate(
                "music", task.name, corpus, row, protocol, work, seed, task.measures, note=NOTE
            )
            for row in rows
        ]
    return results


def ridges(material: Material, task: Task) -> list[Candidate]:
    """Return ridge regressions of the answers on features of the tracks alone.

    One has the features of this project of the tracks as published, one those that come with the
    corpus, which were taken from 60 s of each track.
    """
    windows = material.track_windows
    own = windows.features["music"][windows.variant == 0].astype(float)
    tables = {"the features of this project": own}
    if len(material.tracks.features):
        tables["the features of the corpus, of 60 s"] = material.tracks.features
    found = []
    for origin, table in tables.items():
        features = table[task.tracks]

        def predict(
            train: Rows, test: Rows, seed: int, features: NDArray[np.float64] = features
        ) -> NDArray[np.float64]:
            from sklearn.linear_model import RidgeCV

            middle, spread = features[train].mean(axis=0), features[train].std(axis=0) + 1e-9
            scaled = np.clip((features - middle) / spread, -4, 4)
            model = RidgeCV(np.array(PENALTIES), alpha_per_target=True)
            return model.fit(scaled[train], task.labels[train]).predict(scaled[test])  # type: ignore[no-any-return]

        key = [features, task.labels, PENALTIES]
        found.append(Candidate(f"ridge, {origin}", "recordings only", predict, None, key))
    return found


def movement_table(material: Material, learner: Learner, work: Work, seed: int) -> str:
    """Return how far the mood of a track moves when the same music is released otherwise.

    A Markdown table: mean and 95th percentile of the absolute change of valence and arousal over
    the tracks, each by a model that never heard the track.
    """
    moods = np.full((len(RELEASES), len(material.tracks), 2), np.nan)
    for part in np.unique(material.parts):
        tracks = np.flatnonzero(material.parts == part)
        phrases = np.flatnonzero(material.corpus.people != part)
        answers = answers_of(learner, material, phrases, seed, work)
        for release in range(len(RELEASES)):
            moods[release, tracks] = mood(material, answers, tracks, release)
    moved = np.abs(moods - moods[0])
    return markdown_table(
        ("release", *(f"{axis}, {which}" for axis in AXES for which in ("mean", "95 %"))),
        [
            (
                name,
                *(
                    float(value)
                    for axis in range(2)
                    for value in (
                        moved[row, :, axis].mean(),
                        np.quantile(moved[row, :, axis], 0.95),
                    )
                ),
            )
            for row, name in enumerate(RELEASES)
            if row
        ],
    )
