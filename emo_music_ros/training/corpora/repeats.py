# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Texts that repeat one another, so that no protocol tests on what it trained on."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

#: Letters of one piece; texts are compared by the pieces they share.
PIECE = 4
#: Share of common pieces from which two texts are one.
ALIKE = 0.7
_BANDS, _ROWS = 12, 3
_PRIME = (1 << 61) - 1


def groups_of_repeats(texts: Sequence[str]) -> NDArray[np.int64]:
    """Number texts so that repetitions and near repetitions of one text have one number.

    Two texts are one if they have the same letters and digits, or at least 70 % of all different
    runs of four of them in common (Jaccard index; candidates by MinHash).

    Returns
    -------
    int64 [n]
        The row of the first text of the group.
    """
    pieces = [_pieces(text) for text in texts]
    parent = list(range(len(texts)))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    generator = np.random.default_rng(0)
    factors = generator.integers(1, 1 << 31, (_BANDS * _ROWS, 1), dtype=np.int64)
    terms = generator.integers(0, 1 << 31, (_BANDS * _ROWS, 1), dtype=np.int64)
    buckets: dict[tuple[int, ...], int] = {}
    for row, mine in enumerate(pieces):
        numbers = np.fromiter(mine, np.int64, len(mine)) & 0x7FFFFFFF
        least = ((factors * numbers + terms) % _PRIME).min(axis=1).reshape(_BANDS, _ROWS)
        for band, values in enumerate(least.tolist()):
            first = buckets.setdefault((band, *values), row)
            one, other = root(first), root(row)
            if one != other and _alike(pieces[first], mine):
                parent[max(one, other)] = min(one, other)
    return np.array([root(row) for row in range(len(texts))], np.int64)


def _pieces(text: str) -> frozenset[int]:
    letters = "".join(filter(str.isalnum, text.lower())) or text.strip()
    runs = {letters[i : i + PIECE] for i in range(max(1, len(letters) - PIECE + 1))}
    return frozenset(zlib.crc32(run.encode("utf-8", "replace")) for run in runs)


def _alike(one: frozenset[int], other: frozenset[int]) -> bool:
    return len(one & other) >= ALIKE * len(one | other)
