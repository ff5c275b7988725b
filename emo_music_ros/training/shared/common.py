"""What every training script shares: measures, intervals, calibration, export, model cards.

Measures take `truth` int [n] and `predicted` int [n] or `probabilities` float [n, classes].
Classes that do not occur in `truth` are left out of the averages, so that a bootstrap resample
without one of them is still defined.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar
from scipy.stats import rankdata

from emo_music_ros.errors import InputError

if TYPE_CHECKING:
    import torch

#: Newest operator set that every onnxruntime since 1.17 runs.
OPSET = 18


def prepare(seed: int = 0, threads: int = 1) -> None:
    """Seed all generators and limit torch to `threads`, so that a run can be repeated."""
    import torch

    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - libraries still draw from the global generator
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))


def softmax(logits: ArrayLike, temperature: float = 1.0) -> NDArray[np.float64]:
    """Return the probabilities of logits [..., classes] divided by a temperature."""
    scaled = np.asarray(logits, float) / temperature
    scaled = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return scaled / scaled.sum(axis=-1, keepdims=True)  # type: ignore[no-any-return]


def confusion(truth: ArrayLike, predicted: ArrayLike, classes: int = 0) -> NDArray[np.int64]:
    """Return the counts [classes, classes], rows the truth, columns what was predicted."""
    true = np.asarray(truth, np.int64)
    found = np.asarray(predicted, np.int64)
    size = max(classes, int(max(true.max(initial=-1), found.max(initial=-1))) + 1)
    return np.bincount(true * size + found, minlength=size * size).reshape(size, size)


def accuracy(truth: ArrayLike, predicted: ArrayLike) -> float:
    """Return the share of right answers, 0..1."""
    return float(np.mean(np.asarray(truth) == np.asarray(predicted)))


def recalls(truth: ArrayLike, predicted: ArrayLike, classes: int = 0) -> NDArray[np.float64]:
    """Return the recall [classes] of every class, NaN where a class does not occur."""
    counts = confusion(truth, predicted, classes)
    total = counts.sum(axis=1)
    return np.where(total > 0, np.diag(counts) / np.maximum(total, 1), np.nan)


def uar(truth: ArrayLike, predicted: ArrayLike) -> float:
    """Return the unweighted average recall (balanced accuracy), 0..1; chance is 1 / classes."""
    return float(np.nanmean(recalls(truth, predicted)))


def macro_f1(truth: ArrayLike, predicted: ArrayLike) -> float:
    """Return the mean F1 over the classes that occur in `truth`, 0..1."""
    counts = confusion(truth, predicted)
    support = counts.sum(axis=1)
    scores = 2 * np.diag(counts) / np.maximum(support + counts.sum(axis=0), 1)
    return float(scores[support > 0].mean())


def auc(truth: ArrayLike, scores: ArrayLike) -> float:
    """Return the area under the ROC curve of binary `truth`, NaN if only one class occurs."""
    positive = np.asarray(truth).astype(bool)
    hits = int(positive.sum())
    misses = positive.size - hits
    if hits == 0 or misses == 0:
        return float("nan")
    ranks = rankdata(np.asarray(scores, float))
    return float((ranks[positive].sum() - hits * (hits + 1) / 2) / (hits * misses))


def macro_auc(truth: ArrayLike, probabilities: ArrayLike) -> float:
    """Return the mean one-against-rest AUC over the classes where it is defined, 0..1."""
    true, table = np.asarray(truth), np.asarray(probabilities)
    areas = [auc(true == index, table[:, index]) for index in range(table.shape[1])]
    return float(np.nanmean(areas)) if np.isfinite(areas).any() else float("nan")


def calibration_error(truth: ArrayLike, probabilities: ArrayLike, bins: int = 15) -> float:
    """Return the expected calibration error, 0..1: |confidence - accuracy| over equal bins."""
    true, table = np.asarray(truth), np.asarray(probabilities, float)
    confidence = table.max(axis=1)
    right = table.argmax(axis=1) == true
    place = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    gap = np.bincount(place, weights=right - confidence, minlength=bins)
    return float(np.abs(gap).sum() / true.size)


def fit_temperature(logits: ArrayLike, truth: ArrayLike) -> float:
    """Return the temperature, 0.05..20, that makes held-out logits [n, classes] most likely."""
    table, true = np.asarray(logits, float), np.asarray(truth, int)

    def loss(log_temperature: float) -> float:
        picked = softmax(table, np.exp(log_temperature))[np.arange(true.size), true]
        return float(-np.log(np.maximum(picked, 1e-12)).mean())

    best = minimize_scalar(loss, bounds=(np.log(0.05), np.log(20.0)), method="bounded")
    return float(np.exp(best.x))


def conformal_threshold(probabilities: ArrayLike, truth: ArrayLike, alpha: float = 0.1) -> float:
    """Return the probability from which a class is credible, from held-out answers.

    Split conformal prediction (Vovk et al. 2005; Angelopoulos & Bates 2023, section 1): of new
    cases like the held-out ones, at least 1 - `alpha` have their true class among those with this
    probability or more.

    Parameters
    ----------
    probabilities : array [n, classes]
        Calibrated answers to people that were not trained on.
    truth : array of int [n]
        Their classes.
    alpha : float
        Share of cases that may be missed, 0..1.

    Returns
    -------
    float
        The threshold, 0..1; 0 (every class is credible) if there are too few cases.
    """
    table, true = np.asarray(probabilities, float), np.asarray(truth, int)
    own = np.sort(table[np.arange(true.size), true])
    place = int(np.floor(alpha * (true.size + 1))) - 1
    return float(own[place]) if place >= 0 else 0.0


def interval(
    metric: Callable[..., float],
    people: ArrayLike,
    *columns: ArrayLike,
    draws: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[float, float]:
    """Return the bootstrap interval of a measure, resampling whole people.

    Parameters
    ----------
    metric : callable
        Called with the resampled `columns`, for example :func:`uar` with truth and predicted.
    people : array [n]
        Who each row belongs to. Rows of one person are not independent, so they are drawn
        together. Where no person is known give each row its own number.
    *columns : array [n, ...]
        What `metric` takes.
    draws : int
        Number of resamples.
    level : float
        Coverage, 0..1.
    seed : int
        Of the resampling.

    Returns
    -------
    tuple of float
        Lower and upper end; NaN if the measure was never defined.
    """
    who = np.asarray(people)
    table = [np.asarray(column) for column in columns]
    _, code = np.unique(who, return_inverse=True)
    order = np.argsort(code, kind="stable")
    rows = np.split(order, np.cumsum(np.bincount(code))[:-1])
    generator = np.random.default_rng(seed)
    values = []
    for _ in range(draws):
        drawn = generator.integers(0, len(rows), len(rows))
        index = np.concatenate([rows[group] for group in drawn])
        values.append(metric(*(column[index] for column in table)))
    finite = np.asarray(values)[np.isfinite(values)]
    if finite.size == 0:
        return float("nan"), float("nan")
    tail = (1 - level) / 2
    low, high = np.quantile(finite, (tail, 1 - tail))
    return float(low), float(high)


def export(
    module: torch.nn.Module,
    path: Path,
    examples: Sequence[torch.Tensor],
    inputs: Sequence[str],
    outputs: Sequence[str],
    dynamic: Mapping[str, Mapping[int, str]] | None = None,
) -> Path:
    """Write a network as ONNX and check that onnxruntime gives what torch gives.

    Parameters
    ----------
    module : torch.nn.Module
        The trained network; put into evaluation mode.
    path : pathlib.Path
        File to write; its folder is made.
    examples : sequence of torch.Tensor
        One input each, batch first. Give a batch of two or more.
    inputs, outputs : sequence of str
        Names of the inputs and outputs in order.
    dynamic : mapping, optional
        Input name -> axis -> name of every axis of variable length; by default axis 0 of every
        input (the batch).

    Raises
    ------
    AssertionError
        If the outputs differ by more than 1e-3.
    """
    import onnxruntime
    import torch

    path.parent.mkdir(parents=True, exist_ok=True)
    module = module.eval()
    axes = {name: {0: "batch"} for name in inputs} if dynamic is None else dynamic
    shapes = tuple(
        {axis: torch.export.Dim(label) for axis, label in axes.get(name, {}).items()}
        for name in inputs
    )
    program = torch.onnx.export(
        module,
        tuple(examples),
        input_names=list(inputs),
        output_names=list(outputs),
        dynamic_shapes=shapes,
        opset_version=OPSET,
        dynamo=True,
        verbose=False,
    )
    assert program is not None
    path.write_bytes(without_traces(program.model_proto).SerializeToString())
    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    got = session.run(None, {name: item.numpy() for name, item in zip(inputs, examples)})
    with torch.no_grad():
        wanted = module(*examples)
    wanted = wanted if isinstance(wanted, tuple) else (wanted,)
    for name, mine, theirs in zip(outputs, got, wanted, strict=True):
        np.testing.assert_allclose(mine, theirs.numpy(), rtol=1e-3, atol=1e-3, err_msg=name)
    return path


def require_float32(name: str, precision: str) -> None:
    """Refuse another precision for a network that is exported in one only.

    Raises
    ------
    InputError
        If the precision is another.
    """
    if precision != "float32":
        raise InputError(f"{name} is not exported as {precision}", "Leave --precision out")


def without_traces(model: Any) -> Any:
    """Return an ONNX model without the notes of the exporter: they name the folder of the code.

    Two exports of the same weights are then the same bytes wherever they were made.
    """
    for part in (*model.graph.node, *model.graph.value_info, *model.graph.initializer):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    for part in (*model.graph.input, *model.graph.output, model.graph, model):
        part.ClearField("metadata_props")
    return model


@dataclass(frozen=True)
class Figure:
    """One measured number of a model card.

    `low` and `high` are the 95 % bootstrap interval over people (NaN: not defined), `baseline`
    what the trivial answer gets (NaN: there is none), `scope` on whom it was measured.
    """

    name: str
    value: float
    baseline: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    scope: str = ""


@dataclass(frozen=True)
class Card:
    """What a person has to know before relying on a model. Texts are Markdown.

    Parameters
    ----------
    name : str
        File name of the model without ending.
    purpose : str
        What it takes, what it answers, and what it must not be used for.
    data : str
        Corpus, source, size, people.
    licence : str
        Of the weights, such as ``research only (RAVDESS, CC BY-NC-SA 4.0)``.
    split : str
        How training, validation and test were parted; person-independent or why not.
    network : str
        Architecture, number of parameters, input and output.
    figures : sequence of Figure
        Only measured ones.
    limits : sequence of str
        Where it fails, and who it fails on.
    reproduce : str
        Command that trains it again.
    extra : mapping of str to str
        Further sections, title to text.
    """

    name: str
    purpose: str
    data: str
    licence: str
    split: str
    network: str
    figures: Sequence[Figure]
    limits: Sequence[str]
    reproduce: str
    extra: Mapping[str, str] = field(default_factory=dict)


def table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return a Markdown table; floats get three decimals, NaN becomes a dash."""

    def cell(value: Any) -> str:
        if isinstance(value, (float, np.floating)):
            return f"{value:.3f}" if np.isfinite(value) else "-"
        return str(value)

    lines = [list(header), ["---"] * len(header), *([cell(v) for v in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def write_card(card: Card, folder: Path) -> Path:
    """Write ``<name>.md`` and return its path."""
    rows = [
        (
            figure.name,
            figure.value,
            f"{figure.low:.3f} to {figure.high:.3f}" if np.isfinite(figure.low) else "-",
            figure.baseline,
            figure.scope,
        )
        for figure in card.figures
    ]
    sections = {
        "Purpose": card.purpose,
        "Data": card.data,
        "Licence of the weights": card.licence,
        "Split": card.split,
        "Network": card.network,
        "Figures": table(("measure", "value", "95 % interval", "trivial baseline", "on"), rows),
        **card.extra,
        "Limits": "\n".join(f"- {limit}" for limit in card.limits),
        "Train it again": f"```\n{card.reproduce}\n```",
    }
    text = f"# Model card: {card.name}\n" + "".join(
        f"\n## {title}\n{body.strip()}\n" for title, body in sections.items()
    )
    path = folder / f"{card.name}.md"
    path.write_text(text, "utf-8")
    return path
