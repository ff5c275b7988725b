# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Moments stitched of recorded answers: one emotion, each modality of somebody else.

Nobody was recorded in all modalities at once, so answers to the same emotion are put together
across corpora. Given the emotion they are independent, which in one person they are not: figures
that rest on them are labelled stitched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.emotion import STATES
from emo_music_ros.fusion.classes import CLASSES, STATES_OF_CLASSES, class_evidence
from emo_music_ros.simulation.answers import Answers
from emo_music_ros.training.fusion.network import DEFAULT_HALF_LIFE, HALF_LIVES, Moments

MODALITIES = ("face", "speech", "text")
#: Classes of each state, and how often surprise, which is of none, is drawn beside the states.
WORDS = tuple(
    tuple(word for word, row in zip(CLASSES, STATES_OF_CLASSES) if row[state] == 1.0)
    for state in range(len(STATES))
)
SURPRISED = 0.06
#: In training: how often a modality is there, and the oldest age [s].
PRESENT, OLDEST = 0.7, 60.0


@dataclass(frozen=True, eq=False)
class Source:
    """The answers of one modality: class evidence [n, 8], class [n], quality [n], group [n]."""

    name: str
    evidence: NDArray[np.float32]
    truth: NDArray[np.int64]
    quality: NDArray[np.float32]
    group: NDArray[np.int64]

    @property
    def half_life(self) -> float:
        """Age at which it says half [s]."""
        return HALF_LIVES.get(self.name, DEFAULT_HALF_LIFE)

    def rows(self, word: str, groups: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the answers to a class, or the nearest the corpus has, of some groups."""
        here = np.isin(self.group, groups)
        found = np.flatnonzero(here & (self.truth == CLASSES.index(word)))
        if not len(found) and word == "calm":
            found = np.flatnonzero(here & (self.truth == CLASSES.index("neutral")))
        return found


def source(answers: Answers, modality: str) -> Source:
    """Return the recorded answers of a modality."""
    table = answers.table(modality)
    evidence = []
    for row in range(len(table)):
        words = class_evidence(answers.estimate(modality, row))
        assert words is not None, f"{modality} has no vocabulary of emotions"
        evidence.append(words)
    names = np.array([CLASSES.index(label) for label in table.labels])
    return Source(modality, np.stack(evidence), names[table.truth], table.quality, table.group)


def parts(one: Source, count: int, seed: int) -> list[NDArray[np.int64]]:
    """Return the groups of a source in `count` parts, none in two."""
    groups = np.random.default_rng(seed).permutation(np.unique(one.group))
    return [np.sort(groups[part::count]) for part in range(count)]


class Stitcher:
    """Draws moments from some groups of every source.

    Parameters
    ----------
    sources : sequence of Source
        The modalities, in the order of the network.
    groups : sequence of array
        The groups of each that may be drawn.
    seed : int
        Of the draws.
    """

    def __init__(
        self, sources: Sequence[Source], groups: Sequence[NDArray[np.int64]], seed: int
    ) -> None:
        self.sources = sources
        self._rows = [
            {word: one.rows(word, mine) for word in CLASSES} for one, mine in zip(sources, groups)
        ]
        self._draw = np.random.default_rng(seed)

    def words(self, count: int, surprised: float = 0.0) -> list[str]:
        """Return classes, every state as often, and its classes alike."""
        found = []
        for _ in range(count):
            if self._draw.random() < surprised:
                found.append("surprise")
                continue
            choice = WORDS[self._draw.integers(len(WORDS))]
            found.append(choice[self._draw.integers(len(choice))])
        return found

    def moments(self, words: Sequence[Sequence[str]], truth: Sequence[str]) -> Moments:
        """Return a moment for every row of `words`, one a modality; all there, fresh."""
        count = len(self.sources)
        rows = np.array(
            [[self._pick(place, word) for place, word in enumerate(moment)] for moment in words]
        ).reshape(-1, count)
        evidence = np.stack(
            [one.evidence[rows[:, place]] for place, one in enumerate(self.sources)], axis=1
        )
        quality = np.stack(
            [one.quality[rows[:, place]] for place, one in enumerate(self.sources)], axis=1
        )
        speaker = self.sources[1].group[rows[:, 1]] if count > 1 else np.arange(len(rows))
        ones = np.ones_like(quality)
        labels = np.array([CLASSES.index(word) for word in truth], np.int64)
        return Moments(evidence, ones, quality, 0 * ones, labels, speaker, rows)

    def agreeing(self, count: int, surprised: float = 0.0) -> Moments:
        """Return moments in which all modalities are of one class."""
        words = self.words(count, surprised)
        return self.moments([[word] * len(self.sources) for word in words], words)

    def contradicting(self, count: int) -> Moments:
        """Return moments in which the modalities are of different states; none of them is true."""
        words = []
        for _ in range(count):
            states = self._draw.permutation(len(WORDS))[: len(self.sources)]
            words.append([WORDS[s][self._draw.integers(len(WORDS[s]))] for s in states])
        return self.moments(words, [moment[0] for moment in words])

    def lessons(self, count: int) -> Moments:
        """Return moments to learn from: some modalities missing, late, poor or of another mood.

        What is `age` seconds old is of the present class with probability 0.5 ** (age / half-life),
        else of any; and what has a quality q with probability q.
        """
        words = self.words(count, SURPRISED)
        size = (count, len(self.sources))
        late = self._draw.random(size) < 0.3
        age = np.where(late, self._draw.uniform(0, OLDEST, size), 0.0)
        poor = self._draw.random(size) < 0.15
        quality = np.where(poor, self._draw.uniform(0.1, 1.0, size), 1.0)
        halves = np.array([one.half_life for one in self.sources])
        true = self._draw.random(size) < quality * 0.5 ** (age / halves)
        others = [self.words(len(self.sources)) for _ in range(count)]
        said = [
            [word if holds else other for holds, other in zip(row, instead)]
            for word, row, instead in zip(words, true, others)
        ]
        made = self.moments(said, words)
        present = self._draw.random(size) < PRESENT
        present[~present.any(axis=1), self._draw.integers(size[1])] = True
        return Moments(
            made.evidence,
            present.astype(np.float32),
            (made.quality * quality).astype(np.float32),
            age.astype(np.float32),
            made.truth,
            made.people,
            made.rows,
        )

    def _pick(self, place: int, word: str) -> int:
        rows = self._rows[place][word]
        if not len(rows):
            rows = np.concatenate([self._rows[place][other] for other in self._alike(word)])
        return int(rows[self._draw.integers(len(rows))])

    @staticmethod
    def _alike(word: str) -> tuple[str, ...]:
        """Return the classes of the same state; a small corpus may lack one."""
        return next((words for words in WORDS if word in words), ("surprise",))
