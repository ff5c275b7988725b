# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Words to the token numbers of a SentencePiece unigram vocabulary (Kudo 2018)."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

#: SentencePiece writes a space as this sign; in this vocabulary it only begins a piece.
SPACE = "\u2581"
_SPACES = re.compile(" +")


def _hash(piece: str) -> int:
    """Return a hash of 64 bits; that of a str is the same for 搭 and -d, whose memory is alike."""
    return hash(piece.encode())


class Unigram:
    """The most probable pieces of every word.

    Parameters
    ----------
    pieces : iterable of str
        The vocabulary; the place of a piece is its number.
    scores : array float32
        Logarithm of the probability of every piece.
    spelling : mapping of str to str
        Character -> what it is replaced by before.
    unknown : int
        Number that stands for a character without a piece.
    """

    def __init__(
        self,
        pieces: Iterable[str],
        scores: NDArray[np.float32],
        spelling: Mapping[str, str],
        unknown: int,
    ) -> None:
        # The hashes of a quarter of a million pieces take 3 MB, the pieces themselves in a dict 50;
        # that two of 64 bits are the same is less likely than that the memory fails.
        longest, hashes = 0, array("q")
        for piece in pieces:
            hashes.append(_hash(piece))
            longest = max(longest, len(piece))
        every: NDArray[np.int64] = np.array(hashes, np.int64)
        order = np.argsort(every, kind="stable")
        self._numbers = order[order != unknown].astype(np.int32)
        self._hashes = every[self._numbers]
        self._scores = scores
        self._spelling = str.maketrans(dict(spelling))
        self._unknown = unknown
        self._worst = float(scores.min()) - 10.0
        self._longest = longest
        self._word = lru_cache(16384)(self._split)

    def __call__(self, text: str) -> list[int]:
        """Return the numbers of the pieces of a text."""
        # Pieces never reach over a space, so words can be split on their own, and kept. A space at
        # the end is a piece of its own.
        spelled = _SPACES.sub(" ", " " + text.translate(self._spelling))
        words = spelled.split(" ")[1:]
        return [number for word in words for number in self._word(SPACE + word)]

    def _split(self, word: str) -> list[int]:
        size = len(word)
        best = [0.0] + [float("-inf")] * size
        came: list[tuple[int, int]] = [(0, 0)] * (size + 1)
        known = self._known(word)
        place = 0
        for start in range(size):
            while place < len(known) and known[place][0] == start:
                _, end, number, score = known[place]
                if best[start] + score > best[end]:
                    best[end] = best[start] + score
                    came[end] = (start, number)
                place += 1
            if best[start] + self._worst > best[start + 1]:
                best[start + 1] = best[start] + self._worst
                came[start + 1] = (start, self._unknown)
        found = []
        end = size
        while end > 0:
            end, number = came[end]
            found.append(number)
        return found[::-1]

    def _known(self, word: str) -> list[tuple[int, int, int, float]]:
        """Return start, end, number and score of every piece that is in a word, in order."""
        size, longest = len(word), self._longest
        spans = [
            (start, end)
            for start in range(size)
            for end in range(start + 1, min(size, start + longest) + 1)
        ]
        asked = np.array([_hash(word[start:end]) for start, end in spans], np.int64)
        at = np.minimum(np.searchsorted(self._hashes, asked), len(self._hashes) - 1)
        found = np.flatnonzero(self._hashes[at] == asked)
        numbers = self._numbers[at[found]]
        return [
            (*spans[place], number, score)
            for place, number, score in zip(
                found.tolist(), numbers.tolist(), self._scores[numbers].tolist()
            )
        ]
