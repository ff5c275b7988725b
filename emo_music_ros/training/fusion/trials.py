# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Fusion of brain and body in DEAP and AMIGOS: real moments of one person, rated by that person."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.emotion import STATES
from emo_music_ros.states import STATE_CENTRES
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.corpora.trials import Trial
from emo_music_ros.training.evaluation.protocol import Protocol, Rows, by_group
from emo_music_ros.training.fusion.pairs import FOLDS, Floats, Together
from emo_music_ros.training.shared.trials import CORPORA, body, brain
from emo_music_ros.training.shared.trials import found as found

TASK = "four quadrants of brain and body"
#: Penalty on the weights: C of scikit-learn.
PENALTY = 0.01


def summary(steps: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return mean, spread and rise of features [seconds, k] over a trial, [3 k]."""
    half = len(steps) // 2
    rise = steps[half:].mean(axis=0) - steps[:half].mean(axis=0)
    return np.concatenate([steps.mean(axis=0), steps.std(axis=0), rise])


def item(trial: Trial) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return what is kept of a trial: the summaries of brain and body."""
    return summary(brain(trial)), summary(body(trial))


def quadrant(ratings: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the states [n] of ratings [n, 2] of valence and arousal, -1..1; 0 counts as low."""
    signs = np.where(ratings > 0, 0.5, -0.5)
    near: NDArray[np.int64] = np.abs(signs[:, None] - STATE_CENTRES).sum(axis=2).argmin(axis=1)
    return near


def study(name: str, data: Path, seed: int) -> Together:
    """Return the trials of a corpus, brain and body each read by logistic regression.

    Parameters
    ----------
    name : str
        One of :func:`found`.
    data : pathlib.Path
        Its folder.
    seed : int
        Of the folds.

    Raises
    ------
    InputError
        If a recording is damaged.
    """
    whole = CORPORA[name].load(Path(data), item)
    labels = quadrant(np.asarray(whole.labels, float))
    tables = {
        "brain": np.stack([one[0] for one in whole.items]),
        "body": np.stack([one[1] for one in whole.items]),
    }
    corpus = Corpus(
        f"{name}, brain and body", whole.source, whole.licence, np.arange(len(labels)),
        labels, STATES, whole.people,
    )  # fmt: skip
    count = min(FOLDS, corpus.count)
    protocol = Protocol(
        f"real moments, {count}-fold by person", by_group(corpus.people, count, seed)
    )
    readers = {part: partial(_read, table, labels) for part, table in tables.items()}
    return Together(corpus, readers, protocol, [*tables.values(), labels, _read, PENALTY], seed)


def _read(table: NDArray[np.float32], labels: NDArray[np.int64], train: Rows, test: Rows) -> Floats:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(
        StandardScaler(), LogisticRegression(C=PENALTY, max_iter=500, class_weight="balanced")
    )
    model.fit(table[train], labels[train])
    answers: Floats = np.zeros((len(test), len(STATES)))
    answers[:, model.classes_] = model.predict_proba(table[test])
    return answers
