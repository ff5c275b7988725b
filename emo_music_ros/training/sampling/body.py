"""Signals of the body through stressful tasks: Stress-Predict, from recording to answer."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from emo_music_ros.emotion import STRESS, from_labels
from emo_music_ros.encoding.physiology.encoder import (
    LABELS,
    WINDOW,
    PhysiologyEncoder,
    PhysiologyFeatures,
)
from emo_music_ros.encoding.physiology.smoothing import SmoothedOdds
from emo_music_ros.encoding.shared.grid import WindowGrid
from emo_music_ros.fusion.sampling import Range
from emo_music_ros.io.empatica import read_e4
from emo_music_ros.streams import Encoding
from emo_music_ros.training.corpora import stress_predict
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.evaluation.protocol import Protocol, Rows, leave_one_out
from emo_music_ros.training.evaluation.results import Candidate
from emo_music_ros.training.physiology.study import StressStudy
from emo_music_ros.training.sampling.course import CODE, FULL, Course, Policy, columns
from emo_music_ros.training.shared.work import Work

TASK = "stress or calm, looked at every 2 to 6 s"
#: Distance of the moments that are judged [s]: no multiple of any distance of answers.
STEP = 7.0
#: Time that one block covers [s].
BLOCK = 1.0

Floats = NDArray[np.float64]


class BodyStudy:
    """Every person of Stress-Predict from the first second to the last, at any rate.

    The network is that of the study of the encoder: trained without the person.
    """

    def __init__(self, data: Path, work: Work, seed: int) -> None:
        self._work, self._seed = work, seed
        self._stress = StressStudy(data, work, seed)
        options = PhysiologyEncoder.Options()
        self.limits = Range(1 / options.longest_interval, 1 / options.update_interval)
        self._folders: dict[str, Path] = {}
        who, times, labels = [], [], []
        for name, folder, seconds in stress_predict.people(data):
            self._folders[name] = folder
            for at in np.arange(seconds[:, 0].min() + WINDOW, seconds[:, 0].max(), STEP):
                inside = (seconds[:, 0] >= at - WINDOW) & (seconds[:, 0] < at)
                if inside.sum() >= WINDOW / 2:
                    who.append(name)
                    times.append(at)
                    labels.append(int(seconds[inside, 1].mean() >= 0.5))
        trained = self._stress.corpus
        self.corpus = Corpus(
            trained.name, trained.source, trained.licence, np.array(times),
            np.array(labels, np.int64), STRESS, np.array(who),
        )  # fmt: skip
        self.protocol = Protocol("leave one person out", leave_one_out(self.corpus.people))

    def candidate(self, policy: Policy) -> Candidate:
        """Return what is answered under a policy, beside the full rate."""

        def predict(train: Rows, test: Rows, seed: int) -> Floats:
            people = np.unique(self.corpus.people[test])
            return np.concatenate(
                [columns(self.run(one, policy), self.run(one, FULL)) for one in people]
            )

        return Candidate(policy.name, policy.origin, predict, key=[policy.name, self._key])

    def note(self, policy: Policy) -> str:
        """Return what of the time of the processor is saved, in words."""
        people = np.unique(self.corpus.people)
        own, full = (
            sum(float(self.run(one, each)["cpu"]) for one in people) for each in (policy, FULL)
        )
        return (
            f"Filters, features and network took {own:.0f} s of the processor, at the full rate "
            f"{full:.0f} s: {1 - own / full:.0%} saved."
        )

    @property
    def _key(self) -> list[object]:
        inputs = self._stress.inputs
        return [inputs, self.limits, self._seed, STEP, BLOCK, PhysiologyFeatures, WindowGrid, *CODE]

    def run(self, person: str, policy: Policy) -> dict[str, NDArray[Any]]:
        """Return ``answers`` [rows, 2] and ``calls`` [rows] of a person, and ``cpu`` [s]."""
        return self._work.recall(
            f"sampling body {policy.name} {person}",
            [self._key, policy.name, person],
            lambda: self._follow(person, policy),
        )

    def _follow(self, person: str, policy: Policy) -> dict[str, NDArray[Any]]:
        network = self._stress.network(
            np.flatnonzero(self._stress.corpus.people != person), self._seed
        )
        smooth = SmoothedOdds(float(network.smoothing))
        features = PhysiologyFeatures(1 / self.limits.ceiling, slowest=1 / self.limits.floor)
        course = Course(policy, "physiology", self.limits, features.pace)
        due = self.corpus.items[self.corpus.people == person].tolist()
        answers, calls = [], []
        answer, called, cpu, now = 0.5, 0, 0.0, -np.inf
        for block in read_e4(self._folders[person], BLOCK):
            began = time.process_time()
            moments = list(features.push(block))
            stress = []
            for moment in moments:
                seen = np.concatenate([moment.normalised, moment.mask])[None]
                with torch.no_grad():
                    newest = network(torch.from_numpy(seen))[0, 1]
                stress.append(smooth(float(newest), moment.time) if moment.mask.any() else 0.5)
            cpu += time.process_time() - began
            arrived = block.time + block.duration
            for moment, answer in zip(moments, stress):
                said = from_labels(LABELS, np.array([1 - answer, answer]), moment.quality)
                nothing = np.zeros(0)
                course.hear(
                    Encoding("physiology", moment.time, moment.start, said, nothing), arrived
                )
            called += len(moments)
            if arrived > now:
                course.step(arrived)
                now = arrived
            while due and due[0] <= now:
                due.pop(0)
                answers.append((1 - answer, answer))
                calls.append(called)
                called = 0
        for _ in due:  # the labels go on when the recording has ended
            answers.append((1 - answer, answer))
            calls.append(0)
        return {
            "answers": np.array(answers),
            "calls": np.array(calls, float),
            "cpu": np.array(cpu),
        }
