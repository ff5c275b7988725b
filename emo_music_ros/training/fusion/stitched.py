# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Four states of stitched moments: the study of the shipped fusion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.emotion import STATES
from emo_music_ros.fusion.base import Evidence, Fusion
from emo_music_ros.fusion.decision import decide
from emo_music_ros.fusion.timeline import TimelineOptions
from emo_music_ros.simulation.answers import Answers
from emo_music_ros.states import states_from
from emo_music_ros.streams import Encoding, Estimate
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.evaluation.protocol import Protocol, Rows
from emo_music_ros.training.fusion import network, stitching
from emo_music_ros.training.fusion.calibration import (
    Calibration,
    answers,
    calibrate,
    states_of,
)
from emo_music_ros.training.fusion.network import FusionNetwork, Moments, fit, hear, stack
from emo_music_ros.training.fusion.stitching import (
    MODALITIES,
    SURPRISED,
    Source,
    Stitcher,
    parts,
    source,
)
from emo_music_ros.training.fusion.zero_filling import ZeroFilling
from emo_music_ros.training.shared.work import Work

FOLDS = 4
#: Moments to learn from, to calibrate on and to test on, each fold.
LESSONS, HELD, TESTED = 12000, 1200, 1500

Floats = NDArray[np.float64]


def masks(count: int, moments: int) -> list[NDArray[np.float64]]:
    """Return which modalities are present [moments, count] of one, two, and all pieces."""
    place = np.arange(moments)
    one = np.eye(count)[place % count]
    return [one, 1 - one if count > 2 else np.ones_like(one), np.ones_like(one)]


class StitchedStudy:
    """Recorded answers, parted by whose they are, stitched within each part.

    Parameters
    ----------
    recorded : Answers
        Of the encoders.
    work : Work
        Where trained networks are kept.
    seed : int
        Of parting, stitching and training.

    Attributes
    ----------
    sources : list of Source
        The answers of every modality.
    tests, apart : list of Moments
        Of every part: moments of agreement, and of contradiction.
    parts : list of list of array
        Of every source: the groups of every part.
    work : Work
        Where trained networks are kept.
    """

    def __init__(self, recorded: Answers, work: Work, seed: int = 0) -> None:
        self.sources: list[Source] = [source(recorded, name) for name in MODALITIES]
        self.estimates = [
            [recorded.estimate(name, row) for row in range(len(recorded.table(name)))]
            for name in MODALITIES
        ]
        self.half_lives = np.array([one.half_life for one in self.sources])
        self.seed, self.work = seed, work
        self.about = f"Answers {recorded.version}"
        self._filling: dict[int, ZeroFilling] = {}
        self.parts = [parts(one, FOLDS, seed) for one in self.sources]
        self.key = [
            *((one.name, one.evidence, one.truth, one.quality, one.group) for one in self.sources),
            *(network.FusionNetwork, network.fit, network.HALF_LIVES, network.PASSES),
            *(network.PENALTY, network.CLASS_SHARE, network.MOST_TRUST, stitching.Stitcher),
            *(stitching.PRESENT, stitching.OLDEST, stitching.SURPRISED, LESSONS),
        ]
        self.tests = [self.stitcher([fold], 100 + fold).agreeing(TESTED) for fold in range(FOLDS)]
        self.apart = [
            self.stitcher([fold], 200 + fold).contradicting(TESTED) for fold in range(FOLDS)
        ]

    def groups(self, folds: Sequence[int]) -> list[Rows]:
        """Return the groups of every source in some parts."""
        return [np.concatenate([mine[fold] for fold in folds]) for mine in self.parts]

    def stitcher(self, folds: Sequence[int], number: int) -> Stitcher:
        """Return what draws moments from some parts; `number` tells draws apart."""
        return Stitcher(self.sources, self.groups(folds), 1000 * self.seed + number)

    def trained(self, folds: Sequence[int], more: Moments | None = None) -> FusionNetwork:
        """Return a network that learned from some parts, and from more moments."""

        def learn() -> dict[str, NDArray[Any]]:
            lessons = self.stitcher(folds, 1).lessons(LESSONS)
            lessons = lessons if more is None else stack([lessons, more])
            made = fit(lessons, self.half_lives, self.seed)
            return {name: value.numpy() for name, value in made.state_dict().items()}

        import torch

        also = [] if more is None else [*more.inputs, more.truth]
        key = [self.key, list(folds), self.seed, *also]
        kept = self.work.recall("fusion network", key, learn)
        made = FusionNetwork(self.half_lives)
        made.load_state_dict({name: torch.from_numpy(value) for name, value in kept.items()})
        return made.eval()

    def calibrated(self, folds: Sequence[int]) -> Calibration:
        """Return a calibration on each of some parts, by a network of the others among them."""
        found: list[list[Any]] = [[], [], []]
        for held in folds:
            made = self.trained([fold for fold in folds if fold != held])
            moments = self.stitcher([held], 2).agreeing(HELD)
            for level, present in zip(found, masks(len(self.sources), len(moments))):
                level.append((hear(made, moments.without(present)), present, moments.truth))
        return calibrate([_joined(level) for level in found])

    def ours(self, fold: int, moments: Moments) -> tuple[Floats, NDArray[np.bool_]]:
        """Return probabilities [n, 4] and which are unknown [n], by a network of other parts."""
        others = [other for other in range(FOLDS) if other != fold]
        heard = hear(self.trained(others), moments)
        return answers(self._calibration(fold), heard, moments.present)

    def _calibration(self, fold: int) -> Calibration:
        others = [other for other in range(FOLDS) if other != fold]
        kept = self.work.recall(
            "fusion calibration",
            [self.key, others, self.seed, calibrate, HELD],
            lambda: vars(self.calibrated(others)),
        )
        return Calibration(**kept)

    def by_zero_filling(self, fold: int, moments: Moments) -> tuple[Floats, NDArray[np.bool_]]:
        """Return what is answered with zeros for missing modalities, learned from other parts."""
        if fold not in self._filling:
            others = [other for other in range(FOLDS) if other != fold]
            self._filling[fold] = ZeroFilling(self.stitcher(others, 3).agreeing(LESSONS, SURPRISED))
        return self._filling[fold](moments)

    def by_strategy(self, fusion: Fusion, moments: Moments) -> tuple[Floats, NDArray[np.bool_]]:
        """Return what a strategy plugin answers: probabilities [n, 4] and which are unknown [n]."""
        return decided(fusion, [self.evidence(moments, row) for row in range(len(moments))])

    def evidence(self, moments: Moments, row: int) -> list[Evidence]:
        """Return a moment as the strategies take it."""
        assert moments.rows is not None
        found = []
        for place, one in enumerate(self.sources):
            if not moments.present[row, place]:
                continue
            said = self.estimates[place][moments.rows[row, place]]
            quality = float(moments.quality[row, place])
            found.append(evidence_of(one.name, said, quality, float(moments.age[row, place])))
        return found

    def corpus(self) -> tuple[Corpus, Protocol]:
        """Return the test moments of all parts as a corpus, and how it is parted."""
        truth = np.concatenate([states_of(one.truth) for one in self.tests])
        people = np.concatenate([one.people for one in self.tests])
        fold = np.repeat(np.arange(FOLDS), TESTED)
        corpus = Corpus(
            name="Recorded answers, stitched",
            source="models/answers.md",
            licence="research only",
            items=np.arange(len(truth)),
            labels=truth,
            classes=STATES,
            people=people,
            unit="speakers",
        )
        folds = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(FOLDS)]
        return corpus, Protocol(f"stitched, {FOLDS}-fold by person or item", folds)

    def fold_of(self, rows: Rows) -> int:
        """Return the part that test rows of :meth:`corpus` are of."""
        return int(rows[0]) // TESTED

    def searched(self, fold: int) -> tuple[float, ...]:
        """Return the weights, in steps of 0.1 that sum to 1, that are right most often elsewhere.

        Paper E, section 4.3 and Table 3.
        """
        best, found = -1.0, tuple([1.0] * len(self.sources))
        rows = [self._stated(other) for other in range(FOLDS) if other != fold]
        table = np.concatenate([one[0] for one in rows])
        truth = np.concatenate([one[1] for one in rows])
        for weights in simplex(len(self.sources)):
            right = float(((np.array(weights) @ table).argmax(axis=1) == truth).mean())
            if right > best:
                best, found = right, weights
        return found

    def _stated(self, fold: int) -> tuple[Floats, NDArray[np.int64]]:
        """Return what each modality says of the states [n, m, 4] at the tests, and the state."""
        moments = self.tests[fold]
        assert moments.rows is not None
        table = np.stack(
            [
                np.array([_states(self.estimates[place][row]) for row in moments.rows[:, place]])
                for place in range(len(self.sources))
            ],
            axis=1,
        )
        return table, states_of(moments.truth)


def decided(
    fusion: Fusion, heard: Sequence[Sequence[Evidence]]
) -> tuple[Floats, NDArray[np.bool_]]:
    """Return what a strategy makes of evidence: probabilities [n, 4] and which are unknown [n]."""
    options = TimelineOptions()
    table, unknown = np.full((len(heard), len(STATES)), 0.25), np.zeros(len(heard), bool)
    for row, evidence in enumerate(heard):
        if not evidence:
            unknown[row] = True
            continue
        estimate, weights = fusion.fuse(evidence)
        if len(estimate.probabilities):
            table[row] = np.asarray(estimate.probabilities, float)
        state = decide(
            fusion, estimate, evidence, weights, options.max_uncertainty, options.max_disagreement
        )
        unknown[row] = state not in STATES
    return table / table.sum(axis=1, keepdims=True), unknown


def simplex(count: int, steps: int = 10) -> list[tuple[float, ...]]:
    """Return all weights of `count` modalities that sum to 1, in `steps` steps."""
    if count == 1:
        return [(1.0,)]
    found: list[tuple[float, ...]] = []

    def fill(head: tuple[int, ...], left: int) -> None:
        if len(head) == count - 1:
            found.append(tuple(one / steps for one in (*head, left)))
            return
        for step in range(left + 1):
            fill((*head, step), left - step)

    fill((), steps)
    return found


def evidence_of(name: str, said: Estimate, quality: float, age: float) -> Evidence:
    """Return one answer as evidence; its estimate is over the states."""
    states = Estimate(
        STATES,
        _states(said).astype(np.float32),
        said.valence,
        said.arousal,
        said.dominance,
        said.confidence,
        quality,
    )
    encoding = Encoding(name, -age, -age, states, np.empty(0, np.float32))
    return Evidence(encoding, age, said)


def _states(said: Estimate) -> Floats:
    found = states_from(said)
    return np.full(len(STATES), 0.25) if found is None else found


def _joined(level: Sequence[tuple[Any, Any, Any]]) -> tuple[Any, Any, Any]:
    """Return the held-out moments of several parts as one."""
    heard = type(level[0][0])(
        *(
            np.concatenate([getattr(one[0], name) for one in level])
            for name in ("classes", "each", "agreement")
        )
    )
    present = np.concatenate([one[1] for one in level])
    return heard, present, states_of(np.concatenate([one[2] for one in level]))
