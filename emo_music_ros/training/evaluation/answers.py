# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The answers behind the figures, kept so that every figure can be computed again.

``results/answers/<modality>.npz`` holds what was answered, what was right, numbers in place of
people, and nothing of the recordings: no names, media or text. What several candidates share is
kept once.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emo_music_ros.errors import InputError
from emo_music_ros.training.evaluation.metrics import Metric, estimate

#: Task, corpus, protocol, leaky, candidate: what a result is found by.
Key = tuple[Any, ...]


@dataclass(frozen=True)
class Answers:
    """Answers in the precision in which they are kept; figures are computed from these.

    Parameters
    ----------
    table : array float16 [n, classes]
        Probabilities, or values of the targets.
    truth : array [n, ...]
        Class numbers, several labels (bool), or targets (float32).
    people : array of int [n]
        Numbers of the people, from 0.
    trivial : array float64 [classes]
        What is answered without looking.
    groups : mapping of str to array of int [n]
        Such as ``sex``: numbers of the values, in their order.
    """

    table: NDArray[np.float16]
    truth: NDArray[Any]
    people: NDArray[Any]
    trivial: NDArray[np.float64]
    groups: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """The answers [n, classes]."""
        return self.table.astype(float)


NO_ANSWERS = Answers(np.empty(0, np.float16), *(np.empty(0),) * 3)


def pack(
    probabilities: ArrayLike,
    truth: NDArray[Any],
    people: NDArray[Any],
    trivial: NDArray[np.float64],
    groups: Mapping[str, NDArray[Any]],
) -> Answers:
    """Return answers in the precision in which they are kept.

    Raises
    ------
    ValueError
        If an answer is not finite in it.
    """
    with np.errstate(over="ignore"):
        table = np.asarray(probabilities, np.float16)
    if not np.isfinite(table).all():
        raise ValueError("answers that are NaN or too large for float16")
    if truth.dtype.kind == "f":
        truth = truth.astype(np.float32)
    elif truth.dtype.kind in "iu":
        truth = truth.astype(np.int16)
    return Answers(
        table,
        truth,
        _numbers(people),
        trivial,
        {name: _numbers(column) for name, column in groups.items()},
    )


def measured(answers: Answers, measures: Mapping[str, Metric]) -> dict[str, dict[str, float]]:
    """Return value, interval and trivial figure of every measure."""
    truth, people = answers.truth, answers.people
    trivial = np.tile(answers.trivial, (len(truth), 1))
    return {
        name: {
            **estimate(measure, truth, answers.probabilities, people),
            "trivial": float(measure(truth, trivial, people)),
        }
        for name, measure in measures.items()
    }


def by_group(
    answers: Answers,
    values: Mapping[str, list[str]],
    measures: Mapping[str, Metric],
    unit: str,
) -> dict[str, dict[str, dict[str, float]]]:
    """Return items, people and every measure of each value of each group.

    `values` names the values of a group in the order of their numbers.
    """
    table, truth, people = answers.probabilities, answers.truth, answers.people
    found: dict[str, dict[str, dict[str, float]]] = {}
    for name, column in answers.groups.items():
        found[name] = {}
        for number, value in enumerate(values[name]):
            chosen = column == number
            found[name][value] = {
                "items": int(chosen.sum()),
                unit: len(np.unique(people[chosen])),
                **{
                    kind: float(measure(truth[chosen], table[chosen], people[chosen]))
                    for kind, measure in measures.items()
                },
            }
    return found


def path_of(folder: Path, modality: str) -> Path:
    """Return the file of the answers of a modality below a folder of results."""
    return folder / "results" / "answers" / f"{modality}.npz"


def save(path: Path, answers: Mapping[Key, Answers]) -> None:
    """Write answers by what their result is found by.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    arrays: dict[str, NDArray[Any]] = {}
    places: dict[tuple[Any, ...], str] = {}

    def place(array: NDArray[Any]) -> str:
        same = (array.dtype.str, array.shape, array.tobytes())
        if same not in places:
            places[same] = f"a{len(places)}"
            arrays[places[same]] = array
        return places[same]

    index = [
        {
            "key": list(key),
            **{name: place(getattr(one, name)) for name in ("table", "truth", "people", "trivial")},
            "groups": {name: place(column) for name, column in one.groups.items()},
        }
        for key, one in answers.items()
    ]
    arrays["index"] = np.array(json.dumps(index))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(path, **arrays)  # type: ignore[arg-type]
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error}", "Name another folder") from error


def load(path: Path) -> dict[Key, Answers]:
    """Return the answers of a file, none if there is no file.

    Raises
    ------
    InputError
        If it is damaged.
    """
    if not path.is_file():
        return {}
    try:
        with np.load(path, allow_pickle=False) as content:
            return {
                tuple(entry["key"]): Answers(
                    table=content[entry["table"]],
                    truth=content[entry["truth"]],
                    people=content[entry["people"]],
                    trivial=content[entry["trivial"]],
                    groups={name: content[column] for name, column in entry["groups"].items()},
                )
                for entry in json.loads(str(content["index"]))
            }
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise InputError(f"{path} is damaged: {error}", "Delete it and evaluate again") from error


def _numbers(column: NDArray[Any]) -> NDArray[Any]:
    """Return the number of every value, in the order of the values."""
    _, code = np.unique(column, return_inverse=True)
    return code.astype(np.uint16 if code.max(initial=0) < 2**16 else np.uint32)
