# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Episodes stitched of recorded answers: the last half minute of somebody, modality by modality.

A moment (:mod:`emo_music_ros.training.fusion.stitching`) has one answer a modality, an episode has
those of a face every two seconds, of utterances and of sentences, at times of their own; some
modalities are missing, some fell silent, and the emotion may have changed meanwhile. Nobody was
recorded so: each modality is of somebody else, and how often it answers, how long a face keeps its
expression and when an emotion changes are assumptions (simulation). The utterances of an episode
are of one speaker.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.emotion import STATES
from emo_music_ros.fusion.classes import CLASSES, STATES_OF_CLASSES
from emo_music_ros.fusion.grid import SAID, SPAN, STEP, STEPS, filled, said_of
from emo_music_ros.fusion.timeline import STALE_AFTER
from emo_music_ros.states import states_from
from emo_music_ros.streams import Estimate
from emo_music_ros.training.fusion.stitching import PRESENT, WORDS, Source

#: Shortest and longest time between two answers [s]: of a frame that is looked at, an utterance, a
#: sentence.
PAUSES = {"face": (1.5, 2.5), "speech": (4.0, 10.0), "text": (6.0, 16.0)}
#: How often a face keeps its expression from one answer to the next.
KEEPS = {"face": 0.75}
#: How often the emotion was another one before, and how long ago it changed [s].
CHANGED, SINCE = 0.3, (3.0, 28.0)
#: How often a modality fell silent, and how often an answer is poor.
SILENT, POOR = 0.15, 0.15

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Episodes:
    """What m modalities said in n episodes, at most k answers each, the newest first.

    Attributes
    ----------
    rows : array int64 [n, m, k]
        Which recorded answers they are.
    there : array bool [n, m, k]
        Which of them were given.
    age, quality : array float64 [n, m, k]
        Seconds; 0..1.
    phase : array float64 [n]
        How far the present is into its step of the grid [s].
    truth : array int64 [n]
        Class that holds at the end; of a contradiction that of the first modality.
    targets : array float32 [n, 4]
        What is to be answered: the state, or all alike where none is true.
    changed : array bool [n]
        Whether the emotion was another one at the beginning.
    people : array int64 [n]
        Whose utterances they are.
    """

    rows: Rows
    there: NDArray[np.bool_]
    age: Floats
    quality: Floats
    phase: Floats
    truth: Rows
    targets: NDArray[np.float32]
    changed: NDArray[np.bool_]
    people: Rows

    def __len__(self) -> int:
        return len(self.truth)


@dataclass(frozen=True, eq=False)
class Spoken:
    """What the grid keeps of every recorded answer of a modality, and how long it holds [s].

    Attributes
    ----------
    said : array float64 [n, SAID]
        Its features but for the quality, which an episode sets.
    confidence : array float64 [n]
        0..1.
    speaks : array bool [n]
        Whether it rules any state out; one that does not is not heard (:mod:`timeline`).
    gap : float
        Longest gap that is bridged.
    """

    said: Floats
    confidence: Floats
    speaks: NDArray[np.bool_]
    gap: float


def spoken(one: Source, estimates: Sequence[Estimate]) -> Spoken:
    """Return what the grid keeps of the answers of a modality."""
    rows = [states_from(each) for each in estimates]
    states = np.array([np.full(len(STATES), 0.25) if row is None else row for row in rows])
    return Spoken(
        said_of(states, one.evidence, np.ones(len(rows))),
        np.array([each.confidence for each in estimates]),
        np.array([row is not None for row in rows]),
        STALE_AFTER[one.name],
    )


def windows(said: Sequence[Spoken], given: Episodes) -> NDArray[np.float32]:
    """Return episodes on the grid, [n, STEPS, m, FEATURES], as the timeline gives them."""
    parts = []
    for place, one in enumerate(said):
        rows, quality = given.rows[:, place], given.quality[:, place]
        heard = given.there[:, place] & one.speaks[rows]
        weight = np.where(heard, one.confidence[rows] * quality, 0.0)
        parts.append(
            on_grid(one.said[rows], quality, weight, given.age[:, place], given.phase, one.gap)
        )
    return np.stack(parts, axis=2)


def on_grid(
    said: Floats, quality: Floats, weight: Floats, age: Floats, phase: Floats, gap: float
) -> NDArray[np.float32]:
    """Return the answers of one modality on the grid, [n, STEPS, FEATURES].

    Parameters
    ----------
    said : ndarray
        [n, k, SAID].
    quality, weight, age : ndarray
        [n, k]; an answer without weight was not given. What is older than the grid stands at its
        first step.
    phase : ndarray
        [n], how far the present is into its step [s].
    gap : float
        Longest gap that is bridged [s].
    """
    count = len(said)
    step = STEPS - 1 + np.floor((phase[:, None] - age) / STEP).astype(int)
    step = np.clip(step, 0, STEPS - 1)
    row = np.broadcast_to(np.arange(count)[:, None], step.shape)
    features = said.copy()
    features[..., SAID - 1] = quality
    total, sums = np.zeros((count, STEPS)), np.zeros((count, STEPS, SAID))
    times = np.full((count, STEPS), -np.inf)
    np.add.at(total, (row, step), weight)
    np.add.at(sums, (row, step), weight[..., None] * features)
    np.maximum.at(times, (row, step), np.where(weight > 0, -age, -np.inf))
    known = total > 0
    values = sums / np.where(known, total, 1.0)[..., None]
    ends = np.minimum((np.arange(STEPS) - STEPS + 2) * STEP - phase[:, None], 0.0)
    return filled(values, known, np.where(known, times, 0.0), ends, gap)


class Drawer:
    """Draws episodes from some groups of every source.

    Parameters
    ----------
    sources : sequence of Source
        The modalities, in the order of the network; their speakers are the groups of ``speech``.
    groups : sequence of array
        The groups of each that may be drawn.
    seed : int
        Of the draws.
    """

    def __init__(self, sources: Sequence[Source], groups: Sequence[Rows], seed: int) -> None:
        self.sources, self._groups = sources, groups
        self._speech = [one.name for one in sources].index("speech")
        self._draw = np.random.default_rng(seed)

    def draw(
        self,
        count: int,
        surprised: float = 0.0,
        apart: float = 0.0,
        missing: bool = True,
        wrong: bool = True,
    ) -> Episodes:
        """Return episodes.

        Parameters
        ----------
        count : int
            How many.
        surprised, apart : float
            How often of surprise, and how often of a state for every modality: no state is true.
        missing, wrong : bool
            Whether modalities may be missing, and whether what is poor may be of another emotion.
        """
        draw, sources = self._draw, self.sources
        now, before = self._classes(count, surprised), self._classes(count, 0.0)
        changed = (draw.random(count) < CHANGED) & (_states(now) != _states(before))
        since = np.where(changed, draw.uniform(*SINCE, count), np.inf)
        torn = draw.random(count) < apart
        order = np.argsort(draw.random((count, len(STATES))), axis=1)
        speakers = draw.choice(self._groups[self._speech], count)
        most = 1 + max(int(SPAN / PAUSES[one.name][0]) for one in sources)
        shape = (count, len(sources), most)
        age = np.stack([self._ages(PAUSES[one.name], count, most) for one in sources], axis=1)
        gone = draw.random(shape[:2]) < SILENT
        limits = np.array([STALE_AFTER[one.name] for one in sources])
        age += np.where(gone, draw.uniform(0, limits, shape[:2]), 0.0)[:, :, None]
        there = (age < SPAN - STEP) & (age[:, :, :1] <= limits[:, None])
        heard = draw.random(shape[:2]) < (PRESENT if missing else 1.0)
        heard[np.arange(count), draw.integers(0, len(sources), count)] = True
        there &= heard[:, :, None]
        poor = draw.random(shape) < POOR
        quality = np.where(poor, draw.uniform(0.1, 1.0, shape), 1.0)
        word = np.where(age < since[:, None, None], now[:, None, None], before[:, None, None])
        for place in range(len(sources)):
            own = self._of_states(order[:, place])
            word[torn, place] = own[torn, None]
        errs = (draw.random(shape) >= quality) & wrong
        word = np.where(errs, self._classes(word.size, 0.0).reshape(shape), word)
        rows = np.stack(
            [self._rows(place, word[:, place], speakers) for place in range(len(sources))], axis=1
        )
        recorded = np.stack([one.quality[rows[:, at]] for at, one in enumerate(sources)], axis=1)
        silent = ~there.any(axis=(1, 2))  # what nobody says cannot be asked for
        there[silent, self._speech, 0] = True
        age[silent, self._speech, 0] = 0.0
        known = ~torn & (_states(now) >= 0)
        targets = np.where(
            known[:, None], np.eye(len(STATES))[np.maximum(_states(now), 0)], 1 / len(STATES)
        )
        return Episodes(
            rows,
            there,
            age,
            recorded * quality,
            draw.uniform(0, STEP, count),
            np.where(torn, word[:, 0, 0], now),
            targets.astype(np.float32),
            changed,
            speakers,
        )

    def _classes(self, count: int, surprised: float) -> Rows:
        """Return classes, every state as often, and its classes alike."""
        found = self._of_states(self._draw.integers(0, len(STATES), count))
        return np.where(self._draw.random(count) < surprised, CLASSES.index("surprise"), found)

    def _of_states(self, states: Rows) -> Rows:
        """Return a class of each state."""
        share = self._draw.random(len(states))
        found = np.zeros(len(states), np.int64)
        for state, words in enumerate(WORDS):
            numbers = np.array([CLASSES.index(word) for word in words])
            mine = states == state
            found[mine] = numbers[(share[mine] * len(words)).astype(int)]
        return found

    def _ages(self, pause: tuple[float, float], count: int, most: int) -> Floats:
        """Return the ages [count, most] of answers, the newest first."""
        pauses = self._draw.uniform(*pause, (count, most))
        pauses[:, 0] *= self._draw.random(count)
        return np.cumsum(pauses, axis=1)

    def _rows(self, place: int, words: Rows, speakers: Rows) -> Rows:
        """Return the rows of answers to classes [n, k], where there are any of the speaker."""
        one = self.sources[place]
        share = self._draw.random(words.shape)
        found = np.zeros(words.shape, np.int64)
        whose = speakers if place == self._speech else np.full(len(words), -1)
        for person in np.unique(whose):
            mine = np.flatnonzero(whose == person)
            for number in np.unique(words[mine]):
                rows = self._choice(place, int(number), int(person))
                asked = words[mine] == number
                part = found[mine]
                part[asked] = rows[(share[mine][asked] * len(rows)).astype(int)]
                found[mine] = part
        keeps = self._draw.random(words.shape) < KEEPS.get(one.name, 0.0)
        for later in range(1, words.shape[1]):
            same = keeps[:, later] & (words[:, later] == words[:, later - 1])
            found[same, later] = found[same, later - 1]
        return found

    def _choice(self, place: int, number: int, person: int) -> Rows:
        """Return the answers to a class, of a speaker if there are any, or of one of its state."""
        one, word = self.sources[place], CLASSES[number]
        alike = next((words for words in WORDS if word in words), (word,))
        if person >= 0:
            rows = one.rows(word, np.array([person]))
            if len(rows):
                return rows
        rows = one.rows(word, self._groups[place])
        if len(rows):
            return rows
        return np.concatenate([one.rows(other, self._groups[place]) for other in alike])


def _states(classes: Rows) -> Rows:
    """Return the state of classes, -1 for surprise."""
    table = STATES_OF_CLASSES[classes]
    return np.where(table.max(axis=-1) == 1.0, table.argmax(axis=-1), -1)
