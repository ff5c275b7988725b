# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What is learned of each person from a few confirmed moments, and chosen on other people."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np

from emo_music_ros.emotion import STATES
from emo_music_ros.fusion.adaptation import head as heads
from emo_music_ros.fusion.adaptation import watch
from emo_music_ros.fusion.adaptation.head import Head, Prior, learn
from emo_music_ros.numerics import softmax
from emo_music_ros.training.adaptation.sessions import Floats, Sessions
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.evaluation.metrics import uar
from emo_music_ros.training.evaluation.protocol import Protocol, Rows
from emo_music_ros.training.evaluation.results import Candidate
from emo_music_ros.training.shared.work import Work

#: So many moments are confirmed.
LABELS = (4, 8, 16)
#: How often other moments are drawn, and folds of people.
DRAWS, FOLDS = 4, 4
#: What is chosen between.
PRIORS = [Prior(*one) for one in product((4.0, 8.0, 16.0), (8.0, 16.0, 32.0), (0.5, 2.0))]
#: Moments of one state that are confirmed where forgetting is measured.
LONE = 8
#: Weight of a state that was not confirmed in the prior that is learned alone [moments].
PSEUDO = 1.0

#: What is learned from the rows that were confirmed.
Learner = Callable[[Sessions, Sequence[int], Prior], Head | None]
#: Parts the moments of a person in a draw: those confirmed, and those asked.
Parting = Callable[[Sessions, Any, int], tuple[list[int], Rows]]


def adapted(one: Sessions, rows: Sequence[int], prior: Prior) -> Head | None:
    """Return our head."""
    return learn(one.moments(rows), prior)


def new_prior(one: Sessions, rows: Sequence[int], prior: Prior) -> Head | None:
    """Return a head that knows no more than how often each state was confirmed."""
    counts = np.bincount(one.states[list(rows)], minlength=len(STATES)) + PSEUDO
    return Head(np.log(counts / counts.mean()), {})


def shipped(one: Sessions, rows: Sequence[int], prior: Prior) -> Head | None:
    """Return nothing: the shipped weights."""
    return None


def answered(one: Sessions, head: Head | None, rows: Sequence[int] | Rows) -> Floats:
    """Return the probabilities [n, 4] of moments with a head."""
    rows = np.asarray(rows, np.int64)
    if head is None:
        return one.shipped[rows]
    logits = one.fused[rows] + head.bias
    for name, part in head.said.items():
        logits = logits + one.said[name][rows] @ part
    return softmax(logits)


@dataclass(frozen=True)
class Ask:
    """One row of a table: which moment is asked, of what a head was learned, and whose it is."""

    row: int
    confirmed: tuple[int, ...]
    person: Any


class Study:
    """Some corpora with all that is measured on them.

    Parameters
    ----------
    sessions : sequence of Sessions
    work : Work
        Where figures that are chosen by are kept.
    """

    def __init__(self, sessions: Sequence[Sessions], work: Work) -> None:
        self.sessions, self.work = list(sessions), work

    @cached_property
    def scores(self) -> list[Floats]:
        """Return for every corpus what a prior is chosen by, [priors, people]."""
        return [
            self.work.recall(
                f"adaptation scores {one.name}",
                [one.shipped, one.states, one.people, one.part, _CODE],
                lambda one=one: {  # type: ignore[misc]
                    "scores": np.array(
                        [[_score(one, p, prior) for p in one.names] for prior in PRIORS]
                    )
                },
            )["scores"]
            for one in self.sessions
        ]

    def chosen(self, fold: int | None) -> Prior:
        """Return the prior that is best for the people of all corpora outside a fold; None = all.

        Every corpus counts alike.
        """
        means = []
        for one, scores in zip(self.sessions, self.scores):
            folds = np.array([one.fold(person, FOLDS) for person in one.names])
            means.append(scores[:, folds != fold].mean(axis=1))
        return PRIORS[int(np.mean(means, axis=0).argmax())]

    def usual(self, one: Sessions, count: int) -> list[Ask]:
        """Return the moments that are asked after so many confirmed ones of the same person."""
        return [
            Ask(row, tuple(one.confirmed(person, draw)[:count]), person)
            for person, draw in _draws(one)
            for row in one.asked(person, draw)
        ]

    def lone(self, one: Sessions) -> list[Ask]:
        """Return the moments of other states that are asked after `LONE` of one state."""
        return self._unconfirmed(one, lone)

    def left_out(self, one: Sessions) -> list[Ask]:
        """Return the moments of a state that are asked after moments of all others."""
        return self._unconfirmed(one, left_out)

    def _unconfirmed(self, one: Sessions, part: Parting) -> list[Ask]:
        found = []
        for person, draw in _draws(one):
            confirmed, asked = part(one, person, draw)
            if confirmed:
                found += [Ask(row, tuple(confirmed), person) for row in asked]
        return found

    def others(self, one: Sessions, count: int) -> list[Ask]:
        """Return moments of somebody else, each asked with the head of a person."""
        found = []
        for person, draw in _draws(one):
            rows = tuple(one.confirmed(person, draw)[:count])
            place = int(np.searchsorted(one.names, person))
            other = one.names[(place + 1 + draw) % len(one.names)]
            found += [Ask(row, rows, person) for row in one.asked(other, draw)]
        return found

    def corpus(self, one: Sessions, asks: Sequence[Ask]) -> tuple[Corpus, Protocol]:
        """Return the rows of a table, and folds of people."""
        people = np.array([ask.person for ask in asks])
        states = one.states[[ask.row for ask in asks]].astype(np.int64)
        table = Corpus(one.name, "", "", np.arange(len(asks)), states, STATES, people, one.unit)
        folds = np.array([one.fold(person, FOLDS) for person in people])
        parted = [
            (np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)) for fold in range(FOLDS)
        ]
        return table, Protocol(f"{FOLDS}-fold by person", parted)

    def candidate(
        self,
        one: Sessions,
        name: str,
        origin: str,
        asks: Sequence[Ask],
        learner: Learner,
        beside: bool = False,
    ) -> Candidate:
        """Return a candidate; with `beside` what the shipped weights say stands beside it."""

        def predict(train: Rows, test: Rows, seed: int) -> Floats:
            prior = self.chosen(one.fold(asks[test[0]].person, FOLDS))
            known: dict[tuple[int, ...], Head | None] = {}
            found = []
            for place in test:
                ask = asks[place]
                if ask.confirmed not in known:
                    known[ask.confirmed] = learner(one, ask.confirmed, prior)
                found.append(answered(one, known[ask.confirmed], [ask.row])[0])
            table = np.array(found)
            if not beside:
                return table
            return np.hstack([table, one.shipped[[asks[place].row for place in test]]])

        rows = [[ask.row, *ask.confirmed] for ask in asks]
        shape = max(map(len, rows))
        filled = np.array([row + [-1] * (shape - len(row)) for row in rows])
        key = [one.shipped, one.states, one.people, filled, learner, beside, _CODE, self.scores]
        return Candidate(name, origin, predict, key=key)


def stream(one: Sessions, person: Any, length: int, wrong: int) -> list[float]:
    """Return the differences of loss at a person's moments, the first of them confirmed wrongly.

    Parameters
    ----------
    one : Sessions
    person : object
    length : int
        So many moments, in random order.
    wrong : int
        In so many at the beginning each state is taken for another, always the same.
    """
    rows = np.flatnonzero(one.people == person)
    rows = np.random.default_rng((7, int(person))).permutation(rows)[:length]
    known = list(np.unique(one.states))
    taken = {state: known[(place + 1) % len(known)] for place, state in enumerate(known)}
    mistaken = {int(row): int(taken[one.states[row]]) for row in rows[:wrong]}
    moments = one.moments([int(row) for row in rows], mistaken)
    found = []
    for place, moment in enumerate(moments):
        head = learn(moments[:place])
        found.append(watch.difference(head, moment.answer, moment.state))
    return found


def _draws(one: Sessions) -> Iterator[tuple[Any, int]]:
    for person in one.names:
        for draw in range(DRAWS):
            yield person, draw


def lone(one: Sessions, person: Any, draw: int) -> tuple[list[int], Rows]:
    """Return `LONE` moments of one state, each in turn, and those of others that are asked."""
    state = _in_turn(one, person, draw)
    rows = [row for row in one.confirmed(person, draw) if one.states[row] == state]
    asked = one.asked(person, draw)
    return rows[:LONE], asked[one.states[asked] != state]


def left_out(one: Sessions, person: Any, draw: int) -> tuple[list[int], Rows]:
    """Return moments of all states but one, each in turn, and those of it that are asked."""
    state = _in_turn(one, person, draw)
    rows = [row for row in one.confirmed(person, draw) if one.states[row] != state]
    asked = one.asked(person, draw)
    return rows[: LABELS[-1]], asked[one.states[asked] == state]


def _in_turn(one: Sessions, person: Any, draw: int) -> int:
    known = np.unique(one.states[one.people == person])
    return int(known[draw % len(known)])


def _score(one: Sessions, person: Any, prior: Prior) -> float:
    """Return the gain in average recall of a person, and a part of what is forgotten.

    The first is the mean over five ways of confirming (4, 8 and 16 moments, one state alone, all
    states but one), all states being asked. The second, the change where only states are asked that
    were not confirmed, counts as one state of four.
    """
    gains, lost = [], []
    for draw in range(DRAWS):
        asked, pool = one.asked(person, draw), one.confirmed(person, draw)
        gains += [_gained(one, pool[:count], asked, prior) for count in LABELS]
        for part in (lone, left_out):
            confirmed, rest = part(one, person, draw)
            gains.append(_gained(one, confirmed, asked, prior))
            if len(rest):
                lost.append(_gained(one, confirmed, rest, prior))
    return float(np.mean(gains) + (np.mean(lost) if lost else 0.0) / len(STATES))


def _gained(one: Sessions, confirmed: Sequence[int], asked: Rows, prior: Prior) -> float:
    truth = one.states[asked]
    after = answered(one, adapted(one, confirmed, prior), asked).argmax(axis=1)
    return uar(truth, after) - uar(truth, one.shipped[asked].argmax(axis=1))


#: What figures depend on.
_CODE = (
    *(Head, learn, heads._most_probable, heads._as_if, heads._columns, heads._newest),
    *(heads.centred, heads.LEAST, heads.LEAST_SAID, heads.REPLAYED_MOST),
    *(heads.NEWEST, Sessions, _score, _gained, lone, left_out, adapted, new_prior),
    *(answered, PRIORS, LABELS, DRAWS, FOLDS, LONE, PSEUDO),
)
