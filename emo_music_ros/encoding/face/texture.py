# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Local binary patterns: the texture of a grey picture (Ojala et al., 2002)."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

#: Neighbours anticlockwise from the right, as steps (down, right).
NEIGHBOURS = ((0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1))
PATTERNS = 59  # 58 uniform ones, and one for all others


@cache
def uniform_patterns() -> NDArray[np.uint8]:
    """Return the number [256] of every 8-bit pattern: uniform ones (at most two changes between
    0 and 1 around the circle) 0..57 in ascending order, all others 58.
    """
    bits = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1)
    changes = np.count_nonzero(bits != np.roll(bits, 1, axis=1), axis=1)
    table = np.full(256, PATTERNS - 1, np.uint8)
    table[changes <= 2] = np.arange(PATTERNS - 1)
    return table


def binary_patterns(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the pattern 0..255 of every inner pixel [h - 2, w - 2] of a grey picture [h, w].

    Bit k is set where neighbour k is not darker than the pixel. Adding to all shades or
    stretching them leaves the patterns as they are.
    """
    height, width = picture.shape
    inner = picture[1:-1, 1:-1]
    codes = np.zeros((max(height - 2, 0), max(width - 2, 0)), np.uint8)
    for bit, (down, right) in enumerate(NEIGHBOURS):
        beside = picture[1 + down : height - 1 + down, 1 + right : width - 1 + right]
        codes |= (beside >= inner) * np.uint8(1 << bit)
    return codes


def texture(picture: NDArray[np.uint8], cells: int = 4) -> NDArray[np.float32]:
    """Return the histograms of the uniform patterns in `cells` x `cells` parts of a picture.

    Parameters
    ----------
    picture : array uint8 [h, w]
        A grey picture of at least 2 + `cells` px per side.
    cells : int
        Parts per side.

    Returns
    -------
    array float32 [cells ** 2 * 59]
        Square roots of the shares of the patterns of each part, divided by the number of parts:
        a vector of length 1, see `difference`.
    """
    patterns = uniform_patterns()[binary_patterns(picture)]
    height, width = patterns.shape
    counts = np.bincount(
        (parts(height, width, cells) + patterns).reshape(-1), minlength=cells * cells * PATTERNS
    ).reshape(cells * cells, PATTERNS)
    shares = counts / (counts.sum(axis=1, keepdims=True) * (cells * cells))
    return np.sqrt(shares).reshape(-1).astype(np.float32)


@cache
def parts(height: int, width: int, cells: int) -> NDArray[np.int64]:
    """Return where the histogram of each pixel's part begins, [h, w]."""
    rows = np.arange(height) * cells // height
    columns = np.arange(width) * cells // width
    return (rows[:, None] * cells + columns) * PATTERNS


def difference(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Return how two textures differ, 0 (equal) .. 1 (no pattern in common).

    It is the squared Hellinger distance of the shares, 1 - sum sqrt(p q).
    """
    return min(max(1.0 - float(one @ other), 0.0), 1.0)
