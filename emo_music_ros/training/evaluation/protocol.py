# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""How a corpus is parted into training and test rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Rows = NDArray[np.int64]
Folds = Sequence[tuple[Rows, Rows]]


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
