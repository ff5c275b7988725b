# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""One person followed by the fusion, while one modality is looked at more or less often."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import getsource
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from emo_music_ros import pacing
from emo_music_ros.fusion import sampling
from emo_music_ros.fusion.sampling import Range, Sampling
from emo_music_ros.fusion.strategies import LogPoolFusion
from emo_music_ros.fusion.timeline import Timeline
from emo_music_ros.fusion.voice import Voice
from emo_music_ros.pacing import Pace
from emo_music_ros.streams import Emotion, Encoding
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.evaluation.metrics import CLASSIFICATION, Metric, uar
from emo_music_ros.training.evaluation.protocol import Protocol, Rows
from emo_music_ros.training.evaluation.results import Candidate
from emo_music_ros.training.shared.work import Work

Floats = NDArray[np.float64]
#: Whoever is followed.
PERSON = "resident"


@dataclass(frozen=True)
class Policy:
    """How often a modality is looked at: at a fixed rate, or (None) as the fusion asks."""

    name: str
    origin: str
    fixed: Callable[[Range], float] | None = None


OURS = Policy("emo_music_ros", "this project; paper C, Eqs. 1-3")
FULL = Policy("full rate", "fixed", lambda limits: limits.ceiling)
POLICIES = (
    OURS,
    FULL,
    Policy("half rate", "fixed", lambda limits: limits.ceiling / 2),
    Policy("floor rate", "fixed", lambda limits: limits.floor),
)


class Course:
    """One person, the fusion as it runs in its node, and the pace of one modality.

    Parameters
    ----------
    policy : Policy
        What decides the pace.
    modality : str
        Whose pace it is.
    limits : Range
        Between which rates.
    pace : Pace
        What obeys.

    Attributes
    ----------
    asks : bool
        Whether the fusion asks; else nothing depends on it.
    """

    def __init__(self, policy: Policy, modality: str, limits: Range, pace: Pace) -> None:
        self._timeline = Timeline(LogPoolFusion(), "logpool")
        self._sampling = Sampling({modality: limits}) if policy.fixed is None else None
        self.asks = self._sampling is not None
        self._pace = pace
        if policy.fixed is not None:
            pace.ask(policy.fixed(limits))

    def hear(self, encoding: Encoding, now: float) -> None:
        """Take what a modality says."""
        self._timeline.add(encoding)
        if self._sampling is not None:
            self._sampling.add(encoding, now)

    def step(self, now: float) -> Emotion:
        """Return the emotion at `now` [s]; what is asked for then is obeyed at once."""
        emotion = self._timeline.step(now, PERSON)
        if self._sampling is not None:
            for request in self._sampling.step([emotion], now):
                self._pace.ask(request.rate)
        return emotion


class Study(ABC):
    """Everybody of a corpus followed under any policy; rows are moments, in order for each person.

    Attributes
    ----------
    task, note : str
        For the tables.
    corpus, protocol : Corpus, Protocol
        The moments, and how people part.
    limits : Range
        Between which rates the modality is looked at.
    """

    modality: ClassVar[str]
    task: ClassVar[str]
    note: str
    corpus: Corpus
    protocol: Protocol
    limits: Range

    def __init__(self, work: Work) -> None:
        self._work = work

    @abstractmethod
    def key(self) -> list[object]:
        """Return all the answers depend on but person and policy."""

    @abstractmethod
    def follow(self, person: Any, policy: Policy) -> dict[str, Floats]:
        """Follow a person; return what :meth:`run` does."""

    def run(self, person: Any, policy: Policy) -> dict[str, Floats]:
        """Return what is known at each moment of a person, kept from an earlier time if it was.

        ``answers`` [rows, classes], and ``calls`` [rows] of the encoder since the row before.
        """
        return self._work.recall(
            f"sampling {self.modality} {policy.name} {person}",
            [self.key(), policy.name, person, CODE],
            lambda: self.follow(person, policy),
        )

    def candidate(self, policy: Policy) -> Candidate:
        """Return what is answered under a policy, beside the full rate: see :func:`columns`."""

        def predict(train: Rows, test: Rows, seed: int) -> Floats:
            table = np.zeros((len(test), 2 * len(self.corpus.classes) + 1))
            for one in np.unique(self.corpus.people[test]).tolist():
                rows = self.corpus.people[test] == one
                table[rows] = columns(self.run(one, policy), self.run(one, FULL))
            return table

        return Candidate(policy.name, policy.origin, predict, key=[policy.name, self.key(), CODE])


def columns(own: Mapping[str, Floats], full: Mapping[str, Floats]) -> Floats:
    """Return answers of two runs and the share of calls of the first, [rows, 2 classes + 1]."""
    share = own["calls"] / full["calls"].mean()
    return np.column_stack([own["answers"], full["answers"], share])


def _own(table: Floats) -> Floats:
    return table[:, : table.shape[1] // 2]


def _full(table: Floats) -> Floats:
    return table[:, table.shape[1] // 2 : -1]


def _lost(truth: NDArray[Any], table: Floats, people: NDArray[Any]) -> float:
    """Return what is lost of the UAR at the full rate; NaN where nobody looked at it."""
    if not _full(table).any():
        return float("nan")
    return uar(truth, _full(table).argmax(axis=1)) - uar(truth, _own(table).argmax(axis=1))


def _saved(truth: NDArray[Any], table: Floats, people: NDArray[Any]) -> float:
    """Return the share of the calls at the full rate that is saved."""
    return 1.0 - float(table[:, -1].mean())


#: What is measured of a policy.
METRICS: dict[str, Metric] = {
    "UAR": lambda truth, table, people: CLASSIFICATION["UAR"](truth, _own(table), people),
    "UAR lost": _lost,
    "calls saved": _saved,
}
#: What all answers depend on.
CODE = (Course, Policy, Timeline, Voice, getsource(sampling), getsource(pacing))
