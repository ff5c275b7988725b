# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What is measured, and what came out of it: a candidate and its result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.training.evaluation.answers import NO_ANSWERS, Answers
from emo_music_ros.training.evaluation.cost import Cost
from emo_music_ros.training.evaluation.protocol import Rows
from emo_music_ros.training.shared.cards import Figure


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
    """What was measured of one candidate; all but `answers` and `rows` is JSON-able."""

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
    #: measure -> value, low, high (95 % over people, NaN of too few), trivial
    measures: dict[str, dict[str, float]]
    #: such as sex -> female -> items, people and the value of every measure
    groups: dict[str, dict[str, dict[str, float]]]
    cost: dict[str, float]
    note: str = ""
    answers: Answers = field(default=NO_ANSWERS, repr=False, compare=False)
    rows: Rows = field(default_factory=lambda: np.empty(0, np.int64), repr=False, compare=False)

    @property
    def truth(self) -> NDArray[Any]:
        """What was right [n, ...]."""
        return self.answers.truth

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """What was answered [n, classes]."""
        return self.answers.probabilities

    def figures(self) -> list[Figure]:
        """Return the measures as the figures of a model card."""
        scope = f"{self.corpus}, {self.protocol}: {self.people} {self.unit}, {self.items} items"
        return [
            Figure(name, entry["value"], entry["trivial"], entry["low"], entry["high"], scope)
            for name, entry in self.measures.items()
        ]

    def plain(self) -> dict[str, Any]:
        """Return the fields that are kept as JSON."""
        hidden = ("answers", "rows")
        return {name: value for name, value in vars(self).items() if name not in hidden}
