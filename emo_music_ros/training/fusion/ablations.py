# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What each part of the learned fusions is worth (paper A, Tables 3 and 5; paper C, Table 4).

Every part is dropped in turn and the network trained again; all answer the same stitched episodes,
in five seeds, each with parts by person or item, episodes and a start of its own. In each seed two
parts are learned from, one sets the temperature and one is tested. Fewer moments are learned from
than by the shipped networks, so these are compared with each other only. The sampling that paper C
drops is no part of the fusion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.emotion import STATES
from emo_music_ros.fusion.classes import FLOOR, STATES_OF_CLASSES
from emo_music_ros.fusion.grid import AGE_AT, CLASSES_AT, MASK_AT, QUALITY_AT
from emo_music_ros.numerics import softmax
from emo_music_ros.simulation.answers import Answers
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.evaluation.cost import Cost
from emo_music_ros.training.evaluation.evaluate import evaluate_candidate
from emo_music_ros.training.evaluation.protocol import Protocol, Rows
from emo_music_ros.training.evaluation.results import Candidate, Result
from emo_music_ros.training.fusion import temporal
from emo_music_ros.training.fusion.calibration import log_states, states_of
from emo_music_ros.training.fusion.episodes import windows
from emo_music_ros.training.fusion.exports import learned_cost, temporal_cost
from emo_music_ros.training.fusion.network import FusionNetwork, Moments, fit, hear
from emo_music_ros.training.fusion.stitched import FOLDS, StitchedStudy
from emo_music_ros.training.fusion.stitching import SURPRISED
from emo_music_ros.training.fusion.temporal import Design, Recipe
from emo_music_ros.training.fusion.temporal_study import APART, TemporalStudy
from emo_music_ros.training.shared.calibration import fit_temperature
from emo_music_ros.training.shared.work import Work

TASK = "what each part is worth, stitched episodes"
SEEDS = 5
#: Parts that are tested in each seed, and moments or episodes that are learned from, set the
#: temperature, and are tested.
TESTED_PARTS = 1
LESSONS, HELD, TESTED = 4000, 800, 800
RECIPE = Recipe(epochs=5)
NOTE = (
    "Simulation: episodes stitched of recorded answers. Each part dropped in turn and trained "
    f"again; {SEEDS} seeds, each with parts, episodes and a start of its own; the interval is over "
    "the speakers of the voices and holds the seeds, too. Costs: the network with its input, not "
    "the sampling of signals."
)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Variant:
    """A network with a part dropped.

    Attributes
    ----------
    name : str
        For the table.
    design : Design or None
        Its parts; None for the learned fusion of this project.
    hidden : tuple of str
        Of ``quality``, ``age``, ``classes`` and ``past``: what it is not told.
    missing, contradictions, calibrated : bool
        Whether modalities are missing in what it learns from, whether some contradict each other
        there, and whether a temperature is set.
    """

    name: str
    design: Design | None = None
    hidden: tuple[str, ...] = ()
    missing: bool = True
    contradictions: bool = True
    calibrated: bool = True

    @property
    def origin(self) -> str:
        """Where its design comes from."""
        kinds = {"attention": "paper A", "compressed": "paper C"}
        return "this project" if self.design is None else kinds[self.design.kind]


def variants() -> list[Variant]:
    """Return every network whole, and without each of its parts."""
    found = []
    for kind in (None, "attention", "compressed"):
        whole = Variant(kind or "emo_music_ros", Design(kind) if kind else None)
        told = ("quality", "age", "classes", *(("past",) if kind else ()))
        found += [
            whole,
            *(replace(whole, name=f"{whole.name} without {one}", hidden=(one,)) for one in told),
            replace(whole, name=f"{whole.name} without missing modalities", missing=False),
            replace(whole, name=f"{whole.name} without contradictions", contradictions=False),
            replace(whole, name=f"{whole.name} without calibration", calibrated=False),
        ]
    paper_a, paper_c = Design("attention"), Design("compressed")
    without = {
        "attention without attention": replace(paper_a, attention=False),
        "attention without Bi-LSTM": replace(paper_a, recurrent=False),
        "attention without convolution": replace(paper_a, convolution=False),
        "compressed without auto-encoder": replace(paper_c, encoder=False),
        "compressed without reconstruction": replace(paper_c, reconstruction=0.0),
        "compressed without Bi-LSTM": replace(paper_c, recurrent=False),
        "compressed without both": replace(paper_c, encoder=False, recurrent=False),
    }
    return found + [Variant(name, design) for name, design in without.items()]


class Ablation:
    """The study of one seed.

    Parameters
    ----------
    recorded : Answers
        Of the encoders.
    work : Work
        For the study; nothing of an ablation is kept but the answers.
    seed : int
        Of everything random.
    """

    def __init__(self, recorded: Answers, work: Work, seed: int) -> None:
        self.seed = seed
        self.study = TemporalStudy(StitchedStudy(recorded, work, seed), TESTED)
        self.tests = self.study.episodes[:TESTED_PARTS]
        self._said, self._answered = cache(self._moments), cache(self._trained)

    def answer(self, variant: Variant, part: int) -> Floats:
        """Return the probabilities [TESTED, 4] of the episodes of a part."""
        # The name and the temperature change nothing of what is learned.
        plain = replace(variant, name="", calibrated=True)
        logs, states, tested = self._answered(plain, part)
        temperature = fit_temperature(logs, states) if variant.calibrated else 1.0
        return softmax(tested, temperature)

    def _trained(self, variant: Variant, part: int) -> tuple[Floats, Rows, Floats]:
        """Return log posteriors of held-out episodes, their states, and those of a part."""
        held, rest = (part + 1) % FOLDS, [(part + 2) % FOLDS, (part + 3) % FOLDS]
        if variant.design is None:
            return self._learned(variant, part, held, rest)
        return self._temporal(variant, variant.design, part, held, rest)

    def _temporal(
        self, variant: Variant, design: Design, part: int, held: int, rest: Sequence[int]
    ) -> tuple[Floats, Rows, Floats]:
        study = self.study
        apart = APART if variant.contradictions else 0.0
        lessons = study.drawer(rest, 6).draw(
            LESSONS, SURPRISED, apart, variant.missing, variant.contradictions
        )
        given = without(windows(study.spoken, lessons), variant.hidden)
        made = temporal.fit(design, given, lessons.targets, self.seed, RECIPE)
        held_out = study.drawer([held], 7).draw(HELD)
        logs, tested = (
            temporal.log_posterior(made, without(windows(study.spoken, one), variant.hidden))
            for one in (held_out, study.episodes[part])
        )
        return logs, states_of(held_out.truth), tested

    def _learned(
        self, variant: Variant, part: int, held: int, rest: Sequence[int]
    ) -> tuple[Floats, Rows, Floats]:
        study = self.study.study
        stitcher = study.stitcher(rest, 6)
        lessons = stitcher.lessons(LESSONS)
        if not variant.contradictions:
            agreeing = stitcher.agreeing(LESSONS, SURPRISED)
            lessons = replace(
                agreeing, present=lessons.present, quality=lessons.quality, age=lessons.age
            )
        if not variant.missing:
            lessons = replace(lessons, present=np.ones_like(lessons.present))
        made = fit(plainer(lessons, variant.hidden), study.half_lives, self.seed)
        held_out, tested = self._said(held, True), self._said(part, False)
        logs, answers = (
            log_states(hear(made, plainer(one, variant.hidden))) for one in (held_out, tested)
        )
        return logs, states_of(held_out.truth), answers

    def _moments(self, part: int, held: bool) -> Moments:
        """Return the episodes of a part, or held-out ones, as the timeline sums them up."""
        study = self.study
        given = study.drawer([part], 7).draw(HELD) if held else study.episodes[part]
        return study.summed(given, study.heard(given))


def without(given: NDArray[np.float32], hidden: Sequence[str]) -> NDArray[np.float32]:
    """Return windows [n, steps, m, FEATURES] that do not tell some things."""
    found = given.copy()
    if "quality" in hidden:
        found[..., QUALITY_AT] = found[..., MASK_AT]
    if "age" in hidden:
        found[..., AGE_AT] = 0.0
    if "classes" in hidden:
        found[..., CLASSES_AT] = 0.0
    if "past" in hidden:
        found[:, :-1] = 0.0
    return found


def plainer(moments: Moments, hidden: Sequence[str]) -> Moments:
    """Return moments that do not tell some things; without classes, only what state they are of."""
    found = moments
    if "quality" in hidden:
        found = replace(found, quality=np.ones_like(found.quality))
    if "age" in hidden:
        found = replace(found, age=np.zeros_like(found.age))
    if "classes" in hidden:
        states = softmax(found.evidence) @ STATES_OF_CLASSES
        spread = np.maximum(states @ (STATES_OF_CLASSES / STATES_OF_CLASSES.sum(axis=0)).T, FLOOR)
        logs = np.log(spread)
        logs -= logs.mean(axis=-1, keepdims=True)
        found = replace(found, evidence=logs.astype(np.float32))
    return found


def ablate(work: Work, seed: int = 0, chosen: Sequence[Variant] = ()) -> list[Result]:
    """Measure every network without each of its parts.

    Parameters
    ----------
    work : Work
        Where finished answers are kept.
    seed : int
        The first of the seeds.
    chosen : sequence of Variant, optional
        Default: all of :func:`variants`.
    """
    recorded = Answers()
    seeds = [Ablation(recorded, work, seed + number) for number in range(SEEDS)]
    corpus, protocol = corpus_of(seeds)
    price = cache(partial(_cost, seeds[0]))
    results: list[Result] = []
    for variant in chosen or variants():

        def predict(train: Rows, test: Rows, seed: int, variant: Variant = variant) -> Floats:
            number, part = divmod(int(test[0]) // TESTED, TESTED_PARTS)
            return seeds[number].answer(variant, part)

        key = [*(one.study.key for one in seeds), repr(variant), repr(RECIPE), Ablation, Design]
        key += [without, plainer, LESSONS, HELD, TESTED, TESTED_PARTS, SEEDS]
        candidate = Candidate(
            variant.name, variant.origin, predict, partial(price, variant.design), key
        )
        note = NOTE if not results else ""
        results.append(
            evaluate_candidate("fusion", TASK, corpus, candidate, protocol, work, seed, note=note)
        )
    return results


def corpus_of(seeds: Sequence[Ablation]) -> tuple[Corpus, Protocol]:
    """Return the tested episodes of all seeds as a corpus, and how it is parted."""
    tests = [one for seed in seeds for one in seed.tests]
    count = len(tests)
    corpus = Corpus(
        name="Recorded answers, stitched episodes",
        source="models/answers.md",
        licence="research only",
        items=np.arange(count * TESTED),
        labels=np.concatenate([states_of(one.truth) for one in tests]),
        classes=STATES,
        people=np.concatenate([one.people for one in tests]),
        groups={
            "seed": np.repeat([str(one.seed) for one in seeds], TESTED_PARTS * TESTED),
        },
        unit="speakers",
    )
    place = np.repeat(np.arange(count), TESTED)
    folds = [(np.flatnonzero(place != k), np.flatnonzero(place == k)) for k in range(count)]
    name = f"stitched, {TESTED_PARTS} of {FOLDS} parts by person or item, {len(seeds)} seeds"
    return corpus, Protocol(name, folds)


def _cost(ablation: Ablation, design: Design | None) -> Cost:
    """Return the cost of one decision of a design."""
    study = ablation.study
    if design is None:
        return learned_cost(FusionNetwork(study.study.half_lives), study.study.tests[0])
    given = windows(study.spoken, study.episodes[0])
    return temporal_cost(temporal.build(design, given.shape, len(STATES)).eval(), given)
