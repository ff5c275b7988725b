# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What every corpus loader returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Corpus:
    """Labelled recordings in memory, one row each.

    Parameters
    ----------
    name : str
        Such as ``RAVDESS speech``.
    source : str
        Citation.
    licence : str
        Of the recordings.
    items : sequence or array
        The recordings, one entry a row.
    labels : array
        Class numbers int64 [n], several labels bool [n, classes], or targets float [n, ...].
    classes : tuple of str
        Names of the classes, in the order of their numbers.
    people : array [n]
        Whose recording a row is. Rows of one person never part in an honest protocol.
    unit : str
        What `people` counts: people, series, pictures, texts.
    groups : mapping of str to array [n]
        What is known of the people, such as ``sex``.

    Raises
    ------
    ValueError
        If the columns differ in length or a label is no class.
    """

    name: str
    source: str
    licence: str
    items: Any
    labels: NDArray[Any]
    classes: tuple[str, ...]
    people: NDArray[Any]
    unit: str = "people"
    groups: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        lengths = {len(self.items), len(self.labels), len(self.people)}
        lengths |= {len(column) for column in self.groups.values()}
        if len(lengths) != 1:
            raise ValueError(f"columns of {self.name} differ in length: {sorted(lengths)}")
        if np.issubdtype(self.labels.dtype, np.integer) and len(self.labels):
            if self.labels.min() < 0 or self.labels.max() >= len(self.classes):
                raise ValueError(f"{self.name} has a label outside of 0..{len(self.classes) - 1}")

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def count(self) -> int:
        """How many different people there are."""
        return len(np.unique(self.people))

    def subset(self, rows: NDArray[Any]) -> Corpus:
        """Return the corpus of some rows only."""
        items = (
            self.items[rows]
            if isinstance(self.items, np.ndarray)
            else [self.items[row] for row in np.arange(len(self))[rows]]
        )
        return Corpus(
            self.name,
            self.source,
            self.licence,
            items,
            self.labels[rows],
            self.classes,
            self.people[rows],
            self.unit,
            {name: column[rows] for name, column in self.groups.items()},
        )
