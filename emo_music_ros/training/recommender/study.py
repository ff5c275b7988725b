# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""How the response model is measured: who and what is left out, and what is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.recommendation.response.listens import Floats, feelings_changed
from emo_music_ros.streams import FloatArray
from emo_music_ros.training.corpora import situnes
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.corpora.situnes import Situnes
from emo_music_ros.training.evaluation import metrics
from emo_music_ros.training.evaluation.metrics import Metric
from emo_music_ros.training.evaluation.protocol import Protocol, Rows, by_group

#: Share of a week that is known when the rest is asked for.
KNOWN = 0.6
FOLDS = 5
#: Columns of what is asked: what is right, number of the split, whether the record was filled in.
SPLIT, FILLED = -2, -1


@dataclass(frozen=True)
class Part:
    """Rows to learn from, rows to stop learning by, rows to answer."""

    train: Rows
    validation: Rows
    test: Rows

    @property
    def known(self) -> Rows:
        """What is known when the test rows are asked for."""
        return np.concatenate([self.train, self.validation])


#: What is left out.
WITHIN = "published split of each person's listens, 70/10/20, seeds 101-110"
LATER = "last 40 % of each person's week"
NEW_TRACKS = "last 40 % of each person's week, tracks never heard before"
NEW_PEOPLE = "people never heard before, 5 folds"
#: Where the networks are measured too: they have no answer for names they never saw.
WITH_NETWORKS = (WITHIN, LATER)


def parts(data: Situnes, seed: int = 0) -> dict[str, list[Part]]:
    """Return the parts of every protocol; all but the first also learn from the laboratory.

    Also the first does: the laboratory sessions are no part of what is split.
    """
    listens, daily = data.listens, data.daily
    laboratory = np.arange(daily[0])
    people = np.array(listens.people)
    within = [
        Part(np.concatenate([laboratory, train]), validation, test)
        for train, validation, test in situnes.published_splits(people[daily], daily)
    ]
    late = situnes.later(people[daily], listens.time[daily], KNOWN)
    early, last = daily[~late], daily[late]
    known = np.concatenate([laboratory, early])
    tracks = np.array(listens.tracks)
    halves = np.random.default_rng(seed).permutation(np.unique(tracks[daily]))
    new_tracks = []
    for half in (halves[::2], halves[1::2]):
        hidden = np.isin(tracks, half)
        new_tracks.append(_part(known[~hidden[known]], last[hidden[last]], seed))
    new_people = []
    for _, test in by_group(people[daily], FOLDS, seed):
        out = np.isin(people, np.unique(people[daily][test]))
        new_people.append(_part(np.flatnonzero(~out), daily[test], seed))
    return {
        WITHIN: within,
        LATER: [_part(known, last, seed)],
        NEW_TRACKS: new_tracks,
        NEW_PEOPLE: new_people,
    }


def _part(known: Rows, test: Rows, seed: int) -> Part:
    """Put an eighth of what is known aside to stop learning by, for models that need it."""
    aside = np.random.default_rng(seed).permutation(len(known)) < len(known) // 8
    return Part(known[~aside], known[aside], test)


@dataclass(frozen=True)
class Task:
    """One question.

    Parameters
    ----------
    name : str
        In words.
    truth : array [n, width]
        What is right.
    measures : mapping
        Name -> measure.
    """

    name: str
    truth: Floats
    measures: Mapping[str, Metric]


def mean_over_splits(measure: Callable[[NDArray[Any], Floats], float]) -> Metric:
    """Return a measure that is taken for every split alone and then averaged, as published."""

    def value(truth: NDArray[Any], table: Floats, people: NDArray[Any]) -> float:
        found = []
        for split in np.unique(truth[:, SPLIT]):
            rows = truth[:, SPLIT] == split
            found.append(measure(truth[rows], table[rows]))
        return float(np.nanmean(found)) if np.isfinite(found).any() else float("nan")

    return value


def _auc(truth: NDArray[Any], table: Floats) -> float:
    return metrics.auc(truth[:, 0] > 0.5, table[:, 0])


def _genuine_auc(truth: NDArray[Any], table: Floats) -> float:
    genuine = truth[:, FILLED] < 0.5
    return _auc(truth[genuine], table[genuine])


def _macro_f1(truth: NDArray[Any], table: Floats) -> float:
    return metrics.macro_f1(truth[:, :3].argmax(axis=1), table[:, :3].argmax(axis=1))


def _accuracy(truth: NDArray[Any], table: Floats) -> float:
    return metrics.accuracy(truth[:, :3].argmax(axis=1), table[:, :3].argmax(axis=1))


def _error(truth: NDArray[Any], table: Floats) -> float:
    return float(np.abs(truth[:, 0] - table[:, 0]).mean())


def _correlation(truth: NDArray[Any], table: Floats) -> float:
    if np.ptp(table[:, 0]) < 1e-9 or np.ptp(truth[:, 0]) < 1e-9:
        return 0.0
    return float(np.corrcoef(truth[:, 0], table[:, 0])[0, 1])


LIKING = {
    "AUC": mean_over_splits(_auc),
    "AUC without filled-in records": mean_over_splits(_genuine_auc),
}
MOOD = {"macro-F1": mean_over_splits(_macro_f1), "accuracy": mean_over_splits(_accuracy)}
VALENCE = {
    "mean absolute error": mean_over_splits(_error),
    "correlation": mean_over_splits(_correlation),
}
METRICS: dict[str, Metric] = {**LIKING, **MOOD, **VALENCE}


def tasks(data: Situnes) -> dict[str, Task]:
    """Return the questions by short name; columns for split and record follow what is right."""
    listens = data.listens
    like = (listens.rating >= 3)[:, None].astype(float)
    mood = np.eye(3)[feelings_changed(listens.before[:, 0], listens.after[:, 0])]
    return {
        "liking": Task("liked or not, rating of at least 3", like, LIKING),
        "mood": Task("mood drops, keeps or lifts", mood, MOOD),
        "valence": Task("valence afterwards", listens.after[:, :1], VALENCE),
    }


def repeated(data: Situnes, task: Task, folds: list[Part], name: str) -> tuple[Corpus, Protocol]:
    """Return the rows once for every split, so that a row may be asked in several of them."""
    listens, count = data.listens, len(data.listens)
    splits = len(folds) if name == WITHIN else 1
    labels = np.concatenate(
        [
            np.column_stack([task.truth, np.full(count, float(split)), listens.idle_walk])
            for split in range(splits)
        ]
    )
    corpus = Corpus(
        situnes.NAME,
        situnes.SOURCE,
        situnes.LICENCE,
        np.arange(len(labels)),
        labels,
        (),
        np.tile(np.array(listens.people), splits),
    )
    shift = [count * (number if splits > 1 else 0) for number in range(len(folds))]
    rows = [(part.known + by, part.test + by) for part, by in zip(folds, shift)]
    return corpus, Protocol(name, rows)


def padded(table: FloatArray) -> FloatArray:
    """Return answers [n, width] with empty columns for split and record."""
    return np.column_stack([table, np.zeros((len(table), 2))])


def without_answers(result: Any) -> Any:
    """Return a result whose answers are not kept: they are of people who were not left out."""
    from emo_music_ros.training.evaluation.answers import NO_ANSWERS

    return replace(result, answers=NO_ANSWERS)
