"""Words to the token numbers of a SentencePiece unigram vocabulary (Kudo 2018)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

#: SentencePiece writes a space as this sign; in this vocabulary it only begins a piece.
SPACE = "\u2581"
_SPACES = re.compile(" +")


class Unigram:
    """The most probable pieces of every word.

    Parameters
    ----------
    pieces : sequence of str
        The vocabulary; the place of a piece is its number.
    scores : sequence of float
        Logarithm of the probability of every piece.
    spelling : mapping of str to str
        Character -> what it is replaced by before.
    unknown : int
        Number that stands for a character without a piece.
    """

    def __init__(
        self,
        pieces: Sequence[str],
        scores: Sequence[float],
        spelling: Mapping[str, str],
        unknown: int,
    ) -> None:
        self._number = {piece: number for number, piece in enumerate(pieces) if number != unknown}
        self._scores = scores
        self._spelling = str.maketrans(dict(spelling))
        self._unknown = unknown
        self._worst = min(scores) - 10.0
        self._longest = max(map(len, pieces))
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
        for start in range(size):
            for end in range(start + 1, min(size, start + self._longest) + 1):
                number = self._number.get(word[start:end])
                if number is not None and best[start] + self._scores[number] > best[end]:
                    best[end] = best[start] + self._scores[number]
                    came[end] = (start, number)
            if best[start] + self._worst > best[start + 1]:
                best[start + 1] = best[start] + self._worst
                came[start + 1] = (start, self._unknown)
        found = []
        end = size
        while end > 0:
            end, number = came[end]
            found.append(number)
        return found[::-1]
