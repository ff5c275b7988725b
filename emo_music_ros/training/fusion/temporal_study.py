# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The networks of papers A and C on stitched moments and episodes."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.emotion import STATES
from emo_music_ros.fusion.base import Evidence, Fusion
from emo_music_ros.fusion.classes import CLASSES, STATES_OF_CLASSES, class_evidence
from emo_music_ros.fusion.grid import STEP
from emo_music_ros.fusion.timeline import STALE_AFTER, TimelineOptions
from emo_music_ros.fusion.voice import Voice
from emo_music_ros.numerics import softmax
from emo_music_ros.states import states_from
from emo_music_ros.streams import Encoding
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.evaluation.protocol import Protocol
from emo_music_ros.training.fusion import episodes, temporal
from emo_music_ros.training.fusion.calibration import FALSE_ALARMS, LEVELS, states_of
from emo_music_ros.training.fusion.episodes import Drawer, Episodes, on_grid, spoken, windows
from emo_music_ros.training.fusion.network import Moments
from emo_music_ros.training.fusion.stitched import (
    FOLDS,
    HELD,
    TESTED,
    StitchedStudy,
    decided,
    masks,
)
from emo_music_ros.training.fusion.stitching import SURPRISED
from emo_music_ros.training.fusion.temporal import Design, Network, Recipe
from emo_music_ros.training.shared.calibration import conformal_threshold, fit_temperature

#: Moments and episodes to learn from, each fold, and how many of each contradict themselves.
MOMENTS, EPISODES, APART = 4000, 6000, 0.1
#: A present so far into its step of the grid that an answer of now is in it, and one a step old in
#: the step before.
END = STEP - 1e-9
#: Steady time of the end of the tested episodes [s]: a step begins then.
NOW = 100 * STEP

Floats = NDArray[np.float64]
#: Probabilities [n, 4], and which are unknown [n].
Told = tuple[Floats, NDArray[np.bool_]]


@dataclass(frozen=True, eq=False)
class TemporalCalibration:
    """Of one, two, and three or more pieces of evidence, [3] each; see :class:`TemporalModel`."""

    temperature: Floats
    credibility: Floats
    unsure: Floats

    def described(self) -> dict[str, list[float]]:
        """Return it as the description of the network has it."""
        return {name: [float(one) for one in column] for name, column in vars(self).items()}

    def answers(self, logs: Floats, count: NDArray[np.int64]) -> Told:
        """Return probabilities [n, 4] and what is unknown [n] of `count` [n] pieces of evidence."""
        level = np.clip(count, 1, LEVELS) - 1
        table = softmax(logs / self.temperature[level][:, None])
        table[count == 0] = 1 / len(STATES)
        wide = _width(table)
        open_ = (table >= self.credibility[level][:, None]).all(axis=1) | (count == 0)
        return table, open_ | (
            wide > np.minimum(self.unsure[level], TimelineOptions().max_uncertainty)
        )


def calibrate(
    logs: Floats, states: NDArray[np.int64], count: NDArray[np.int64]
) -> TemporalCalibration:
    """Return the calibration on held-out agreement.

    Parameters
    ----------
    logs : ndarray
        [n, 4], log posterior.
    states : ndarray
        [n], what is true.
    count : ndarray
        [n], pieces of evidence.
    """
    found: list[list[float]] = []
    for level in range(1, LEVELS + 1):
        mine = count == level if level < LEVELS else count >= level
        temperature = fit_temperature(logs[mine], states[mine])
        table = softmax(logs[mine], temperature)
        # One alone contradicts nobody.
        widest = 1.0 if level == 1 else float(np.quantile(_width(table), 1 - FALSE_ALARMS))
        found.append([temperature, conformal_threshold(table, states[mine]), widest])
    return TemporalCalibration(*np.array(found).T)


class TemporalStudy:
    """The networks over the time grid, trained and tested on the parts of a stitched study.

    Parameters
    ----------
    study : StitchedStudy
        Whose parts, moments and work folder are taken.

    Attributes
    ----------
    episodes : list of Episodes
        Those that are tested, of every part.
    """

    def __init__(self, study: StitchedStudy, tested: int = TESTED) -> None:
        self.study = study
        self.spoken = [spoken(*one) for one in zip(study.sources, study.estimates)]
        self.episodes = [self.drawer([fold], 300 + fold).draw(tested) for fold in range(FOLDS)]
        self._evidence = cache(lambda fold: self.heard(self.episodes[fold]))
        self.key = [
            *(study.key, episodes.Drawer, episodes.PAUSES, episodes.KEEPS, episodes.CHANGED),
            *(episodes.SINCE, episodes.SILENT, episodes.POOR, MOMENTS, EPISODES, APART),
            *(temporal.fit, temporal.AttentionNetwork, temporal.CompressedNetwork),
            *(temporal.HIDDEN, temporal.CODE, temporal.KERNEL, repr(Recipe()), on_grid),
        ]

    def drawer(self, folds: Sequence[int], number: int) -> Drawer:
        """Return what draws episodes from some parts; `number` tells draws apart."""
        study = self.study
        return Drawer(study.sources, study.groups(folds), 1000 * study.seed + number)

    def lessons(self, folds: Sequence[int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return windows and targets to learn from: moments as of the other network, episodes."""
        stitcher = self.study.stitcher(folds, 1)
        moments, apart = stitcher.lessons(MOMENTS), stitcher.contradicting(int(APART * MOMENTS))
        lived = self.drawer(folds, 4).draw(EPISODES, SURPRISED, APART)
        uniform = np.full((len(apart), len(STATES)), 1 / len(STATES))
        parts = [self.of_moments(moments), self.of_moments(apart), windows(self.spoken, lived)]
        targets = [STATES_OF_CLASSES[moments.truth], uniform, lived.targets]
        return np.concatenate(parts), np.concatenate(targets).astype(np.float32)

    def of_moments(self, moments: Moments) -> NDArray[np.float32]:
        """Return moments on the grid, [n, STEPS, m, FEATURES]."""
        assert moments.rows is not None
        parts = []
        for place, one in enumerate(self.spoken):
            quality, present, age = (
                column[:, [place]].astype(float)
                for column in (moments.quality, moments.present, moments.age)
            )
            said, phase = one.said[moments.rows[:, [place]]], np.full(len(moments), END)
            parts.append(on_grid(said, quality, present, age, phase, math.inf))
        return np.stack(parts, axis=2)

    def trained(self, kind: str, folds: Sequence[int]) -> Network:
        """Return a network that learned from some parts."""
        design = Design(kind)

        def learn() -> dict[str, NDArray[Any]]:
            return temporal.weights_of(
                temporal.fit(design, *self.lessons(folds), seed=self.study.seed)
            )

        key = [self.key, repr(design), list(folds), self.study.seed]
        kept = self.study.work.recall(f"fusion {kind} network", key, learn)
        shape = windows(self.spoken, self.episodes[0]).shape
        return temporal.restored(temporal.build(design, shape, len(STATES)), kept)

    def calibrated(self, kind: str, folds: Sequence[int]) -> TemporalCalibration:
        """Return a calibration on the first of some parts, by a network of the others."""
        held, *rest = folds

        def measure() -> dict[str, NDArray[Any]]:
            made = self.trained(kind, rest)
            moments, lived = self.study.stitcher([held], 2).agreeing(HELD), self.drawer([held], 5)
            episodes = lived.draw(HELD)
            given = [
                self.of_moments(moments.without(present))
                for present in masks(len(self.spoken), len(moments))
            ] + [windows(self.spoken, episodes)]
            states = [states_of(moments.truth)] * (len(given) - 1) + [states_of(episodes.truth)]
            logs = [temporal.log_posterior(made, one) for one in given]
            count = [heard_of(one) for one in given]
            found = calibrate(np.concatenate(logs), np.concatenate(states), np.concatenate(count))
            return dict(vars(found))

        key = [self.key, kind, list(folds), self.study.seed, calibrate, HELD]
        kept = self.study.work.recall(f"fusion {kind} calibration", key, measure)
        return TemporalCalibration(**kept)

    def on_moments(self, kind: str, fold: int, moments: Moments) -> Told:
        """Return probabilities [n, 4] and which are unknown [n], by a network of other parts."""
        return self._told(kind, fold, self.of_moments(moments))

    def on_episodes(self, kind: str, fold: int) -> Told:
        """Return the same of the episodes of a part."""
        return self._told(kind, fold, windows(self.spoken, self.episodes[fold]))

    def _told(self, kind: str, fold: int, given: NDArray[np.float32]) -> Told:
        others = [other for other in range(FOLDS) if other != fold]
        logs = temporal.log_posterior(self.trained(kind, others), given)
        return self.calibrated(kind, others).answers(logs, heard_of(given))

    def ours(self, fold: int) -> Told:
        """Return what the learned fusion, of other parts, makes of the episodes of a part."""
        return self.study.ours(fold, self.summed(self.episodes[fold], self._evidence(fold)))

    def by_strategy(self, fusion: Fusion, fold: int) -> Told:
        """Return what a strategy plugin makes of the episodes of a part at their end."""
        return decided(fusion, self._evidence(fold))

    def heard(self, given: Episodes, remembers: bool = False) -> list[list[Evidence]]:
        """Return the evidence at the end of each episode, as the timeline has it."""
        return [self._heard(given, row, remembers) for row in range(len(given))]

    def summed(self, given: Episodes, heard: Sequence[Sequence[Evidence]]) -> Moments:
        """Return the evidence at the end of each episode as the learned fusion takes it."""
        shape = (len(given), len(self.spoken))
        evidence = np.zeros((*shape, len(CLASSES)), np.float32)
        present, quality, age = (np.zeros(shape, np.float32) for _ in range(3))
        places = {one.name: place for place, one in enumerate(self.study.sources)}
        for row, items in enumerate(heard):
            for item in items:
                place = places[item.encoding.modality]
                words = class_evidence(item.classes or item.encoding.estimate)
                assert words is not None
                evidence[row, place], present[row, place] = words, 1.0
                quality[row, place], age[row, place] = item.encoding.estimate.quality, item.age
        return Moments(evidence, present, quality, age, given.truth, given.people)

    def _heard(self, given: Episodes, row: int, remembers: bool) -> list[Evidence]:
        now, smoothing = NOW + float(given.phase[row]), TimelineOptions().smoothing
        found = []
        for place, one in enumerate(self.study.sources):
            voice = Voice(remembers)
            for late in np.flatnonzero(given.there[row, place])[::-1]:
                said = self.study.estimates[place][given.rows[row, place, late]]
                said = dataclasses.replace(said, quality=float(given.quality[row, place, late]))
                states, time = states_from(said), now - float(given.age[row, place, late])
                if states is None or not said.confidence * said.quality > 0:
                    continue
                encoding = Encoding(one.name, time, time, said, np.empty(0, np.float32))
                voice.add(encoding, states, smoothing, STALE_AFTER[one.name])
            if voice.newest is not None:
                age = now - voice.newest.time
                if age <= STALE_AFTER[one.name]:
                    found.append(voice.evidence(age, STALE_AFTER[one.name]))
        return found

    def corpus(self) -> tuple[Corpus, Protocol]:
        """Return the tested episodes of all parts as a corpus, and how it is parted."""
        corpus, protocol = self.study.corpus()
        changed = np.concatenate([one.changed for one in self.episodes])
        return dataclasses.replace(
            corpus,
            name="Recorded answers, stitched episodes",
            labels=np.concatenate([states_of(one.truth) for one in self.episodes]),
            people=np.concatenate([one.people for one in self.episodes]),
            groups={"emotion": np.where(changed, "changed on the way", "the same all along")},
        ), protocol


def heard_of(given: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return how many modalities say anything at the end of windows, [n]."""
    found: NDArray[np.int64] = (given[:, -1, :, -1] > 0).sum(axis=1)
    return found


def _width(table: Floats) -> Floats:
    """Return the normalised entropy [n] of distributions [n, 4], 0..1."""
    found: Floats = -(table * np.log(np.maximum(table, 1e-12))).sum(axis=1) / np.log(len(STATES))
    return found
