"""Evaluation under a protocol: every answer is on people the model never saw.

A :class:`Candidate` (a network, a classifier, a peer) is trained on the training rows of every fold
of a :class:`Protocol` and answers the test rows. From the pooled answers come the measures, each
with a bootstrap interval over people and the trivial answer beside it, figures by group, and the
cost of one answer.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.shared import common
from emo_music_ros.training.shared.work import Work

logger = logging.getLogger(__name__)

Rows = NDArray[np.int64]
Folds = Sequence[tuple[Rows, Rows]]
#: truth, probabilities, people -> value
Measure = Callable[[NDArray[Any], NDArray[np.float64], NDArray[Any]], float]

#: The measures of a task with one label a row.
CLASSIFICATION: dict[str, Measure] = {
    "accuracy": lambda truth, table, people: common.accuracy(truth, table.argmax(axis=1)),
    "macro-F1": lambda truth, table, people: common.macro_f1(truth, table.argmax(axis=1)),
    "UAR": lambda truth, table, people: common.uar(truth, table.argmax(axis=1)),
    "macro AUC": lambda truth, table, people: common.macro_auc(truth, table),
    "ECE": lambda truth, table, people: common.calibration_error(truth, table),
}


def _f1(truth: NDArray[np.bool_], chosen: NDArray[np.bool_]) -> float:
    hits = (truth & chosen).sum(axis=0)
    total = truth.sum(axis=0) + chosen.sum(axis=0)
    present = truth.any(axis=0)
    return float((2 * hits / np.maximum(total, 1))[present].mean())


def _several_auc(truth: NDArray[np.bool_], table: NDArray[np.float64]) -> float:
    areas = [common.auc(truth[:, index], table[:, index]) for index in range(table.shape[1])]
    return float(np.nanmean(areas)) if np.isfinite(areas).any() else float("nan")


#: The measures of a task with several labels a row; a label is chosen from probability 0.5 on.
MULTILABEL: dict[str, Measure] = {
    "exact match": lambda truth, table, people: float(((table >= 0.5) == truth).all(axis=1).mean()),
    "macro-F1": lambda truth, table, people: _f1(truth, table >= 0.5),
    "macro AUC": lambda truth, table, people: _several_auc(truth, table),
}


@dataclass(frozen=True)
class Protocol:
    """How a corpus is parted.

    Parameters
    ----------
    name : str
        Such as ``5-fold by actor``.
    folds : sequence of (train rows, test rows)
        Row numbers.
    leaky : bool
        Whether one person may be on both sides: such figures are printed as LEAKY.
    """

    name: str
    folds: Folds
    leaky: bool = False


def by_group(groups: ArrayLike, count: int, seed: int = 0) -> list[tuple[Rows, Rows]]:
    """Part rows into `count` folds of about equal size that never part a group.

    Raises
    ------
    ValueError
        If there are fewer groups than folds.
    """
    _, code = np.unique(np.asarray(groups), return_inverse=True)
    sizes = np.bincount(code)
    if len(sizes) < count:
        raise ValueError(f"{len(sizes)} groups do not fill {count} folds")
    order = np.random.default_rng(seed).permutation(len(sizes))
    order = order[np.argsort(-sizes[order], kind="stable")]
    fold = np.zeros(len(sizes), int)
    filled = np.zeros(count)
    for group in order:  # the largest first, each into the emptiest fold
        fold[group] = int(filled.argmin())
        filled[fold[group]] += sizes[group]
    return [
        (np.flatnonzero(fold[code] != number), np.flatnonzero(fold[code] == number))
        for number in range(count)
    ]


def leave_one_out(groups: ArrayLike) -> list[tuple[Rows, Rows]]:
    """Return one fold for every group, which alone is tested in it."""
    column = np.asarray(groups)
    return [
        (np.flatnonzero(column != group), np.flatnonzero(column == group))
        for group in np.unique(column)
    ]


def random_split(rows: int, count: int, seed: int = 0) -> list[tuple[Rows, Rows]]:
    """Part rows at random, whoever they belong to: the split that leaks."""
    fold = np.random.default_rng(seed).permutation(rows) % count
    return [
        (np.flatnonzero(fold != number), np.flatnonzero(fold == number)) for number in range(count)
    ]


@dataclass(frozen=True)
class Cost:
    """What one answer costs.

    Parameters
    ----------
    parameters : int
        Numbers learnt from data.
    flops : float
        Floating point operations of the network for one input, two for a multiply-add; NaN unknown.
    once : callable
        Gives one answer, features included, on one thread.
    """

    parameters: int
    flops: float
    once: Callable[[], object]


@dataclass(frozen=True)
class Candidate:
    """One row of a table.

    Parameters
    ----------
    name : str
        Such as ``emo_music_ros``, ``CNN`` or ``fer``.
    origin : str
        Where its design comes from, such as ``paper A, Eqs. 5-6``.
    predict : callable
        (train rows, test rows, seed) -> probabilities [test rows, classes]; learns from the
        training rows alone, calibration included.
    cost : callable, optional
        Returns the :class:`Cost`.
    key : sequence
        All the answers depend on but rows and seed: settings, functions, classes.
    """

    name: str
    origin: str
    predict: Callable[[Rows, Rows, int], NDArray[np.floating[Any]]]
    cost: Callable[[], Cost] | None = None
    key: Sequence[object] = ()


@dataclass(frozen=True)
class Result:
    """What was measured of one candidate; all but `truth` and `probabilities` is JSON-able."""

    modality: str
    task: str
    corpus: str
    candidate: str
    origin: str
    protocol: str
    leaky: bool
    people: int
    unit: str
    items: int
    #: measure -> value, low, high (95 % bootstrap over people), trivial
    measures: dict[str, dict[str, float]]
    #: such as sex -> female -> items, people and the value of every measure
    groups: dict[str, dict[str, dict[str, float]]]
    cost: dict[str, float]
    note: str = ""
    truth: NDArray[Any] = field(default_factory=lambda: np.empty(0), repr=False, compare=False)
    probabilities: NDArray[np.float64] = field(
        default_factory=lambda: np.empty(0), repr=False, compare=False
    )
    rows: Rows = field(default_factory=lambda: np.empty(0, np.int64), repr=False, compare=False)

    def figures(self) -> list[common.Figure]:
        """Return the measures as the figures of a model card."""
        scope = f"{self.corpus}, {self.protocol}: {self.people} {self.unit}, {self.items} items"
        return [
            common.Figure(
                name, entry["value"], entry["trivial"], entry["low"], entry["high"], scope
            )
            for name, entry in self.measures.items()
        ]

    def plain(self) -> dict[str, Any]:
        """Return the fields that are kept as JSON."""
        hidden = ("truth", "probabilities", "rows")
        return {name: value for name, value in vars(self).items() if name not in hidden}


def evaluate(
    modality: str,
    task: str,
    corpus: Corpus,
    candidate: Candidate,
    protocol: Protocol,
    work: Work,
    seed: int = 0,
    measures: Mapping[str, Measure] = CLASSIFICATION,
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
    probabilities = np.stack([answers[row] for row in rows.tolist()])
    truth, people = corpus.labels[rows], corpus.people[rows]
    trained = np.unique(np.concatenate([train for train, _ in protocol.folds]))
    trivial = np.tile(prior(corpus.labels[trained], probabilities.shape[1]), (len(rows), 1))
    table_of: dict[str, dict[str, float]] = {}
    for name, measure in measures.items():
        low, high = common.interval(measure, people, truth, probabilities, people)
        table_of[name] = {
            "value": float(measure(truth, probabilities, people)),
            "low": low,
            "high": high,
            "trivial": float(measure(truth, trivial, people)),
        }
    groups: dict[str, dict[str, dict[str, float]]] = {}
    for name, column in corpus.groups.items():
        groups[name] = {}
        for value in np.unique(column[rows]):
            chosen = column[rows] == value
            groups[name][str(value)] = {
                "items": int(chosen.sum()),
                corpus.unit: len(np.unique(people[chosen])),
                **{
                    kind: float(measure(truth[chosen], probabilities[chosen], people[chosen]))
                    for kind, measure in measures.items()
                },
            }
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
        len(np.unique(people)),
        corpus.unit,
        len(rows),
        table_of,
        groups,
        cost,
        note,
        truth,
        probabilities,
        rows,
    )


def prior(labels: NDArray[Any], classes: int) -> NDArray[np.float64]:
    """Return what is answered without looking: class frequencies, or the mean of targets."""
    if labels.ndim == 1 and np.issubdtype(labels.dtype, np.integer):
        return np.bincount(labels, minlength=classes) / len(labels)  # type: ignore[no-any-return]
    return np.atleast_1d(labels.astype(float).mean(axis=0))


def latency(
    once: Callable[[], object], seconds: float = 2.0, least: int = 20, most: int = 500
) -> tuple[float, float]:
    """Return the median and the 95th percentile of the time of one call, s, after a warm-up."""
    for _ in range(5):
        once()
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < least or (time.perf_counter() < end and len(times) < most):
        began = time.perf_counter()
        once()
        times.append(time.perf_counter() - began)
    middle, late = np.quantile(times, (0.5, 0.95))
    return float(middle), float(late)


def onnx_cost(path: Path, inputs: Mapping[str, NDArray[Any]]) -> tuple[int, float]:
    """Return parameters and floating point operations of an ONNX network for these inputs.

    Convolutions, matrix products and recurrent layers count, two operations a multiply-add; the
    shapes are those of a real run.
    """
    import onnx
    import onnxruntime
    from onnx import numpy_helper

    model = onnx.load(str(path))
    weights = {entry.name: numpy_helper.to_array(entry) for entry in model.graph.initializer}
    known = {entry.name for entry in model.graph.output}
    for node in model.graph.node:
        for name in node.output:
            if name and name not in known:
                model.graph.output.append(onnx.ValueInfoProto(name=name))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    names = [entry.name for entry in session.get_outputs()]
    values = dict(zip(names, session.run(None, dict(inputs)), strict=True)) | weights | dict(inputs)
    total = 0.0
    for node in model.graph.node:
        kind = node.op_type
        if kind in ("Conv", "ConvInteger", "QLinearConv"):
            kernel = values[node.input[3 if kind == "QLinearConv" else 1]]
            total += 2.0 * np.size(values[node.output[0]]) * np.prod(kernel.shape[1:])
        elif kind in ("MatMul", "MatMulInteger", "Gemm"):
            left = values[node.input[0]]
            flipped = kind == "Gemm" and any(
                entry.name == "transA" and entry.i for entry in node.attribute
            )
            total += 2.0 * np.size(values[node.output[0]]) * left.shape[0 if flipped else -1]
        elif kind in ("LSTM", "GRU"):
            steps, batch = values[node.input[0]].shape[:2]
            recurrent = values[node.input[1]].size + values[node.input[2]].size
            total += 2.0 * steps * batch * recurrent
    parameters = sum(
        value.size
        for value in weights.values()
        if value.dtype.kind == "f" and value.ndim > 0 or value.dtype in (np.int8, np.uint8)
    )
    return int(parameters), total
