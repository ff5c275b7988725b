# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Takes of RAVDESS strung together with rests: voice and face of one person at one moment.

The face is judged picture by picture. Of the takes only the mean of the action units is at hand, so
that a face shows one answer during a take; the flutter from picture to picture is simulated.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from emo_music_ros.emotion import RAVDESS, STATES, from_labels
from emo_music_ros.encoding.face.encoder import FaceEncoder
from emo_music_ros.fusion.classes import FLOOR
from emo_music_ros.fusion.sampling import Range
from emo_music_ros.numerics import softmax
from emo_music_ros.pacing import Pace, Schedule
from emo_music_ros.states import states_of
from emo_music_ros.streams import Encoding, ImageFrame
from emo_music_ros.training.corpora import fer2013
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.evaluation.protocol import Protocol, leave_one_out
from emo_music_ros.training.fusion.pairs import pairs
from emo_music_ros.training.fusion.run import kept_results
from emo_music_ros.training.sampling.course import Course, Policy, Study
from emo_music_ros.training.shared.work import Work

#: Pictures of the camera [Hz], steps of the fusion and distance of the moments judged [s].
CAMERA, GRID, STEP = 30.0, 0.25, 1.0
#: How long a take lasts, the pause after it that ends an utterance, and a rest [s]. The takes of
#: RAVDESS last 3.7 s on average.
TAKE, PAUSE, REST = 3.7, 0.5, 20.0
#: How long a change of state is new [s].
NEW = 5.0
#: Standard deviation of the logits from picture to picture: that of the face encoder on faces of
#: FER2013 that move by a few pixels before a camera with noise.
FLUTTER = 0.1

NOTE = (
    "Takes of one emotion in a row, then a rest of 20 s with a neutral face. A face shows one "
    "answer during a take, for only the mean of its action units is at hand, with simulated "
    "flutter from picture to picture: what a quick expression would lose is not measured."
)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Scene:
    """What goes on from `begin` to `end` [s]: a take that is spoken, or a rest with its face.

    The state began with the scene or one before, at `turned` [s].
    """

    begin: float
    end: float
    turned: float
    take: int
    speaks: bool
    state: int


class FaceStudy(Study):
    """An actor goes through six emotions, all takes of each in a row, and rests after each.

    Rests have the face of a neutral take and no voice. Surprise, which speaks for no state, is left
    out. Voice and face are answered for by models that never saw the actor.
    """

    modality = "face"
    task = "four states of voice and face, looked at 3 to 15 times a second"

    def __init__(self, data: Path, work: Work, seed: int) -> None:
        super().__init__(work)
        self._seed = seed
        self._takes, about = pairs(data, work, seed, kept_results())
        options = FaceEncoder.Options()
        self.limits = Range(options.min_rate, options.max_rate)
        takes = self._takes.corpus
        self._scenes = {actor: self._plan(actor) for actor in np.unique(takes.people).tolist()}
        moments = [
            (actor, at, scene.state, at - scene.turned < NEW)
            for actor, scenes in self._scenes.items()
            for scene in scenes
            for at in np.arange(math.ceil(scene.begin), scene.end, STEP).tolist()
        ]
        who, times, states, new = (np.array(column) for column in zip(*moments))
        self.corpus = Corpus(
            f"{takes.name}, strung together", takes.source, takes.licence, times,
            states.astype(np.int64), STATES, who, takes.unit,
            {"time since the state turned": np.where(new, f"under {NEW:g} s", "later")},
        )  # fmt: skip
        self.protocol = Protocol(
            "real pairs, actors apart, each in turn", leave_one_out(self.corpus.people)
        )
        self.note = f"{NOTE} Voice: {about}."
        if (Path(data) / "face" / fer2013.ARCHIVE).is_file():
            self.note += f" {time_of_pictures(Path(data) / 'face', self.limits)}"
        self._said: Floats | None = None

    def key(self) -> list[object]:
        """Return all the answers depend on but person and policy."""
        settings = (CAMERA, GRID, STEP, TAKE, PAUSE, REST, FLUTTER)
        return [self.said, self.limits, self._seed, settings, FaceStudy]

    @property
    def said(self) -> Floats:
        """What face and voice say of every take, [takes, 2, 8], by models that never saw it."""
        if self._said is None:
            said = np.zeros((len(self._takes.corpus), 2, len(RAVDESS)))
            for train, test in self._takes.protocol.folds:
                said[test] = self._takes.read(train, test)
            self._said = said
        return self._said

    def _plan(self, actor: int) -> list[Scene]:
        takes = self._takes.corpus
        own = np.flatnonzero(takes.people == actor)
        random = np.random.default_rng([self._seed, actor])
        emotions = [
            number
            for number, label in enumerate(RAVDESS)
            if label != "neutral" and states_of(label).max() > 1 / len(STATES)
        ]
        neutral = own[takes.labels[own] == RAVDESS.index("neutral")]
        scenes: list[Scene] = []
        now = 0.0

        def add(lasts: float, take: int, speaks: bool) -> None:
            nonlocal now
            state = int(states_of(RAVDESS[takes.labels[take]]).argmax())
            goes_on = bool(scenes) and scenes[-1].state == state
            turned = scenes[-1].turned if goes_on else now
            scenes.append(Scene(now, now + lasts, turned, take, speaks, state))
            now += lasts

        for emotion in random.permutation(emotions).tolist():
            for take in random.permutation(own[takes.labels[own] == emotion]).tolist():
                add(TAKE + PAUSE, take, True)
            add(REST, int(random.choice(neutral)), False)
        return scenes

    def follow(self, person: int, policy: Policy) -> dict[str, Floats]:
        """Follow an actor through all scenes."""
        random = np.random.default_rng([self._seed, person, 1])
        scenes = self._scenes[person]
        pace = Pace(self.limits.ceiling, self.limits.floor)
        course, schedule = Course(policy, self.modality, self.limits, pace), Schedule(pace)
        memory = FaceEncoder.Options().smoothing
        due = self.corpus.items[self.corpus.people == person].tolist()
        answers, calls = [], []
        answer: Floats = np.full(len(STATES), 1 / len(STATES))
        called = 0
        logits: Floats | None = None
        seen, place, spoken, stepped = -math.inf, 0, 0, -math.inf
        for tick in range(math.ceil(scenes[-1].end * CAMERA)):
            now = tick / CAMERA
            while now >= scenes[place].end:
                place += 1
            while spoken < place:  # its pause is over
                if scenes[spoken].speaks:
                    said = from_labels(RAVDESS, self.said[scenes[spoken].take, 1])
                    end = scenes[spoken].end - PAUSE
                    course.hear(Encoding("speech", end, end - TAKE, said, np.zeros(0)), now)
                spoken += 1
            if schedule.due(now):
                newest = np.log(np.maximum(self.said[scenes[place].take, 0], FLOOR))
                newest = newest + random.normal(0, FLUTTER, len(newest))
                # as the face encoder smooths them
                fresh = 1.0 if logits is None else 1.0 - math.exp(-(now - seen) / memory)
                logits = newest if logits is None else logits + fresh * (newest - logits)
                shown = from_labels(RAVDESS, softmax(logits))
                course.hear(Encoding("face", now, now, shown, np.zeros(0)), now)
                called, seen = called + 1, now
            if now >= stepped + GRID - 1e-9:
                emotion, stepped = course.step(now), now
                if len(emotion.estimate.probabilities):
                    answer = np.asarray(emotion.estimate.probabilities, float)
            while due and due[0] <= now:
                due.pop(0)
                answers.append(answer)
                calls.append(called)
                called = 0
        return {"answers": np.array(answers), "calls": np.array(calls, float)}


def time_of_pictures(data: Path, limits: Range) -> str:
    """Return what a picture costs at ceiling and floor, in words, on an enlarged FER2013 face."""
    face = fer2013.load(data, keep_duplicates=True).items[0]
    random = np.random.default_rng(0)
    scene = np.full((480, 640), 110.0)
    scene[140:332, 220:412] = cv2.resize(face, (192, 192), interpolation=cv2.INTER_CUBIC)
    noisy = scene + random.normal(0, 2, (15, *scene.shape))
    pictures = noisy.clip(0, 255).astype(np.uint8)
    told = []
    for rate in (limits.ceiling, limits.floor):
        encoder = FaceEncoder()
        encoder.pace.ask(rate)
        began, judged = time.process_time(), 0
        for number in range(300):
            picture = pictures[number % len(pictures)]
            judged += len(encoder.push(ImageFrame(number / limits.ceiling, picture)))
        cost = (time.process_time() - began) / max(judged, 1)
        told.append(f"{1e3 * cost:.1f} ms of the processor at {rate:g} Hz")
    return f"A picture costs the face encoder {' and '.join(told)}."
