# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Signals of the body through stressful tasks: Stress-Predict, from recording to answer."""

from __future__ import annotations

import time
from itertools import takewhile
from pathlib import Path

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
from emo_music_ros.training.evaluation.protocol import Protocol, leave_one_out
from emo_music_ros.training.physiology.study import StressStudy
from emo_music_ros.training.sampling.course import Course, Policy, Study
from emo_music_ros.training.shared.work import Work

#: Distance of the moments that are judged [s]: no multiple of any distance of answers.
STEP = 7.0
#: Time that one block covers [s]; one of a live device, and for how long its cost is measured.
BLOCK, LIVE, SPAN = 2.0, 0.05, 300.0

Floats = NDArray[np.float64]


class BodyStudy(Study):
    """Every person of Stress-Predict from the first second to the last, at any rate.

    The network is that of the study of the encoder: trained without the person.
    """

    modality = "physiology"
    task = "stress or calm, looked at every 2 to 6 s"

    def __init__(self, data: Path, work: Work, seed: int) -> None:
        super().__init__(work)
        self._seed = seed
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
        self.note = time_of_blocks(data, self.limits)

    def key(self) -> list[object]:
        """Return all the answers depend on but person and policy."""
        inputs = self._stress.inputs
        return [inputs, self.limits, self._seed, STEP, BLOCK, PhysiologyFeatures, WindowGrid]

    def follow(self, person: str, policy: Policy) -> dict[str, Floats]:
        """Follow a person from the first block of the recording to the last label."""
        network = self._stress.network(
            np.flatnonzero(self._stress.corpus.people != person), self._seed
        )
        smooth = SmoothedOdds(float(network.smoothing))
        features = PhysiologyFeatures(1 / self.limits.ceiling, slowest=1 / self.limits.floor)
        course = Course(policy, self.modality, self.limits, features.pace)
        due = self.corpus.items[self.corpus.people == person].tolist()
        answers, calls = [], []
        answer, called = 0.5, 0
        for block in read_e4(self._folders[person], BLOCK):
            now = block.time + block.duration
            for moment in features.push(block):
                called += 1
                if moment.mask.any():
                    seen = np.concatenate([moment.normalised, moment.mask])[None]
                    with torch.no_grad():
                        newest = network(torch.from_numpy(seen))[0, 1]
                    answer = smooth(float(newest), moment.time)
                if course.asks:
                    said = from_labels(LABELS, np.array([1 - answer, answer]), moment.quality)
                    nothing = np.zeros(0)
                    course.hear(
                        Encoding(self.modality, moment.time, moment.start, said, nothing), now
                    )
            if course.asks:
                course.step(now)
            while due and due[0] <= now:
                due.pop(0)
                answers.append((1 - answer, answer))
                calls.append(called)
                called = 0
        for _ in due:  # the labels go on when the recording has ended
            answers.append((1 - answer, answer))
            calls.append(0)
        return {"answers": np.array(answers), "calls": np.array(calls, float)}


def time_of_blocks(data: Path, limits: Range) -> str:
    """Return what a second of signal costs at ceiling and floor, in words, as it comes live."""
    _, folder, _ = next(stress_predict.people(data))
    live = read_e4(folder, LIVE)
    first = next(live)
    blocks = [first, *takewhile(lambda block: block.time < first.time + SPAN, live)]
    told = []
    for rate in (limits.ceiling, limits.floor):
        encoder = PhysiologyEncoder()
        encoder.pace.ask(rate)
        began = time.process_time()
        for block in blocks:
            encoder.push(block)
        cost = (time.process_time() - began) / SPAN
        told.append(f"{1e3 * cost:.1f} ms of the processor every {1 / rate:g} s")
    return (
        f"Live, in blocks of {LIVE:g} s, a second of signal costs the encoder "
        f"{' and '.join(told)}: most of it are the filters, which hear everything at any rate."
    )
