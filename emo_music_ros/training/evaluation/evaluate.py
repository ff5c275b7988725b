# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Evaluation of a candidate: every answer is on people the model never saw.

A :class:`Candidate` (a network, a classifier, a peer) is trained on the training rows of every fold
of a :class:`Protocol` and answers the test rows. From the pooled answers, rounded to what is kept
of them, come the metrics, each with an interval over people and the trivial answer beside it, and
figures by group; the cost of one answer is measured.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.evaluation.answers import by_group, measured, pack
from emo_music_ros.training.evaluation.cost import latency
from emo_music_ros.training.evaluation.metrics import CLASSIFICATION, Metric
from emo_music_ros.training.evaluation.protocol import Protocol, Rows
from emo_music_ros.training.evaluation.results import Candidate, Result
from emo_music_ros.training.shared.work import Work

logger = logging.getLogger(__name__)


def evaluate_candidate(
    modality: str,
    task: str,
    corpus: Corpus,
    candidate: Candidate,
    protocol: Protocol,
    work: Work,
    seed: int = 0,
    measures: Mapping[str, Metric] = CLASSIFICATION,
    note: str = "",
) -> Result:
    """Train and test a candidate under a protocol.

    Parameters
    ----------
    modality, task : str
        For the tables, such as ``speech`` and ``8 emotions``.
    corpus : Corpus
        The rows.
    candidate : Candidate
        What is measured.
    protocol : Protocol
        Which rows are trained on and tested; rows that are never tested do not count.
    work : Work
        Where the answers of finished folds are kept.
    seed : int
        Passed on to the candidate.
    measures : mapping
        Name -> measure.
    note : str
        Printed below the table: what was tried, what falls short and why.

    Returns
    -------
    Result
        Also with the pooled answers and the rows they belong to.
    """
    answers: dict[int, NDArray[np.float64]] = {}
    label = f"{modality} {candidate.name} {protocol.name}"
    for number, (train, test) in enumerate(protocol.folds):
        key = [candidate.key, seed, corpus.name, corpus.labels, corpus.people, train, test]

        def compute(train: Rows = train, test: Rows = test) -> dict[str, NDArray[Any]]:
            return {"probabilities": np.asarray(candidate.predict(train, test, seed), np.float32)}

        began = time.monotonic()
        table = work.recall(f"{label} {number}", key, compute)["probabilities"]
        logger.info(
            "%s: fold %d of %d, %.0f s",
            label,
            number + 1,
            len(protocol.folds),
            time.monotonic() - began,
        )
        if len(table) != len(test) or not np.isfinite(table).all():
            raise ValueError(f"{label}: {table.shape} answers, or NaN, for {len(test)} rows")
        answers.update(zip(test.tolist(), table.astype(float), strict=True))
    rows = np.array(sorted(answers), np.int64)
    trained = np.unique(np.concatenate([train for train, _ in protocol.folds]))
    groups = {name: column[rows] for name, column in corpus.groups.items()}
    table = np.stack([answers[row] for row in rows.tolist()])
    kept = pack(
        table,
        corpus.labels[rows],
        corpus.people[rows],
        prior(corpus.labels[trained], table.shape[1]),
        groups,
    )
    values = {name: [str(one) for one in np.unique(column)] for name, column in groups.items()}
    cost: dict[str, float] = {}
    if candidate.cost is not None:
        price = candidate.cost()
        middle, late = latency(price.once)
        cost = {
            "parameters": price.parameters,
            "flops": float(price.flops),
            "p50_ms": 1e3 * middle,
            "p95_ms": 1e3 * late,
        }
    return Result(
        modality,
        task,
        corpus.name,
        candidate.name,
        candidate.origin,
        protocol.name,
        protocol.leaky,
        len(np.unique(kept.people)),
        corpus.unit,
        len(rows),
        measured(kept, measures),
        by_group(kept, values, measures, corpus.unit),
        cost,
        note,
        kept,
        rows,
    )


def prior(labels: NDArray[Any], classes: int) -> NDArray[np.float64]:
    """Return what is answered without looking: class frequencies, or the mean of targets."""
    if labels.ndim == 1 and np.issubdtype(labels.dtype, np.integer):
        return np.bincount(labels, minlength=classes) / len(labels)  # type: ignore[no-any-return]
    return np.atleast_1d(labels.astype(float).mean(axis=0))
