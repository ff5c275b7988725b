# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""People whose moments are confirmed: kept answers to somebody the networks never saw.

What the encoders answered goes through the fusion that runs. A moment is confirmed by its label in
the corpus; those that are asked afterwards are others, as far from the confirmed ones as a corpus
allows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.emotion import RAVDESS, STATES, STRESS, from_labels
from emo_music_ros.errors import InputError
from emo_music_ros.fusion.adaptation.head import Answer, Moment, answer_of
from emo_music_ros.fusion.base import Evidence
from emo_music_ros.fusion.classes import STATES_OF_CLASSES
from emo_music_ros.fusion.strategies import LogPoolFusion
from emo_music_ros.numerics import softmax
from emo_music_ros.states import states_from
from emo_music_ros.streams import Contribution, Encoding
from emo_music_ros.training.corpora import ravdess_faces
from emo_music_ros.training.evaluation import answers as kept
from emo_music_ros.training.evaluation.protocol import Rows

Floats = NDArray[np.float64]

#: Kept answers: file, and what the result is found by.
_PAIRS = ("8 emotions of voice and face", "RAVDESS voice and face", "real pairs, 5-fold by actor")
_STRESS = ("stress or calm, windows of 60 s", "Stress-Predict", "leave one person out")
_WESAD = ("baseline, stress or amusement", "WESAD", "leave one person out")
CORPORA = (_PAIRS[1], _STRESS[1], _WESAD[1])
#: Every so many windows of Stress-Predict are asked, and so many stand between the halves: windows
#: of 60 s come every 10 s. Of WESAD, minutes come every 15 s.
STRIDE, STRESS_GAP, WESAD_GAP = 3, 6, 4


@dataclass(frozen=True, eq=False)
class Sessions:
    """The moments of one corpus.

    Attributes
    ----------
    name, unit : str
        Of the corpus, and what its people are called.
    asked_of : str
        Which moments are confirmed, and which asked.
    answers : sequence of Answer
        What the shipped weights said, [n].
    states : array [n]
        That hold.
    people : array [n]
        Whose moment it is.
    part : array [n]
        0 or 1: one part is confirmed, the other asked; -1 neither.
    both : bool
        Whether each part is confirmed in turn, else the first alone.
    """

    name: str
    unit: str
    asked_of: str
    answers: Sequence[Answer]
    states: Rows
    people: NDArray[Any]
    part: Rows
    both: bool

    @cached_property
    def fused(self) -> Floats:
        """Log probabilities of the shipped weights less their mean [n, 4]."""
        return np.array([answer.fused for answer in self.answers])

    @cached_property
    def said(self) -> dict[str, Floats]:
        """The same of every modality [n, 4]; 0 where it says nothing."""
        names = {name for answer in self.answers for name in answer.said}
        nothing = np.zeros(len(STATES))
        return {
            name: np.array([answer.said.get(name, nothing) for answer in self.answers])
            for name in sorted(names)
        }

    @cached_property
    def shipped(self) -> Floats:
        """What the shipped weights say [n, 4]."""
        return softmax(self.fused)

    @cached_property
    def names(self) -> NDArray[Any]:
        """The people."""
        return np.unique(self.people)

    def fold(self, person: Any, folds: int) -> int:
        """Return the fold of a person: people in order, in equal parts."""
        return int(np.searchsorted(self.names, person)) * folds // len(self.names)

    def confirmed(self, person: Any, draw: int) -> list[int]:
        """Return the moments of a person that may be confirmed, in the order of a draw."""
        rows = np.flatnonzero((self.people == person) & (self.part == self._first(draw)))
        return list(np.random.default_rng((draw, int(person))).permutation(rows))

    def asked(self, person: Any, draw: int) -> Rows:
        """Return the moments of a person that are asked in a draw."""
        return np.flatnonzero((self.people == person) & (self.part == 1 - self._first(draw)))

    def moments(self, rows: Sequence[int], states: Mapping[int, int] | None = None) -> list[Moment]:
        """Return moments as they are confirmed; some with another state, by row."""
        wrong = states or {}
        return [
            Moment(self.answers[row], int(wrong.get(row, self.states[row])), float(place))
            for place, row in enumerate(rows)
        ]

    def _first(self, draw: int) -> int:
        return draw % 2 if self.both else 0


def load(results: Path, data: Path) -> list[Sessions]:
    """Return the corpora.

    Parameters
    ----------
    results : pathlib.Path
        Folder of results with kept answers of fusion and physiology, such as ``docs``.
    data : pathlib.Path
        Folder with ``multimodal/ravdess_face_au``, which says what a take is; without it RAVDESS is
        left out.

    Raises
    ------
    InputError
        If the answers were not kept.
    """
    found = []
    if ravdess_faces.find(data) is not None:
        found.append(_ravdess(results, data))
    return [*found, _stress_predict(results), _wesad(results)]


def _ravdess(results: Path, data: Path) -> Sessions:
    face, voice = (
        _kept(results, "fusion", (*_PAIRS, False, name)) for name in ("face alone", "voice alone")
    )
    corpus, clips = ravdess_faces.load(data)
    if not np.array_equal(face.truth, corpus.labels):
        raise InputError("the kept answers are of other takes", "Evaluate fusion again")
    statement = np.array([int(clip.split("-")[4]) for clip in clips])
    # surprise may be of any state
    rows = np.flatnonzero(STATES_OF_CLASSES[face.truth].max(axis=1) == 1.0)
    said = {"face": (RAVDESS, face.probabilities), "speech": (RAVDESS, voice.probabilities)}
    return Sessions(
        _PAIRS[1],
        "actors",
        "takes of one sentence confirmed, takes of the other asked, and the other way round",
        [_answer(said, row) for row in rows],
        STATES_OF_CLASSES[face.truth[rows]].argmax(axis=1),
        corpus.people[rows],
        statement[rows] - 1,
        True,
    )


def _stress_predict(results: Path) -> Sessions:
    one = _kept(results, "physiology", (*_STRESS, False, "emo_music_ros"))
    said = {"physiology": (STRESS, one.probabilities)}
    return Sessions(
        _STRESS[1],
        "people",
        "windows of the first half of the session confirmed, those of the second asked",
        [_answer(said, row) for row in range(len(one.truth))],
        np.where(one.truth == 1, STATES.index("anxiety"), STATES.index("calm")),
        one.people,
        halves(one.people, STRESS_GAP, STRIDE),
        False,
    )


def _wesad(results: Path) -> Sessions:
    one = _kept(results, "physiology", (*_WESAD, False, "emo_music_ros"))
    # every condition was there once: where another begins, another stretch does
    stretch = np.cumsum(np.r_[False, np.diff(one.people * len(STATES) + one.truth) != 0])
    states = np.array([STATES.index(name) for name in ("calm", "anxiety", "positive")])
    said = {"physiology": (("calm", "stress", "amusement"), one.probabilities)}
    return Sessions(
        _WESAD[1],
        "people",
        "segments of the first half of each condition confirmed, those of the second half, a minute"
        " later, asked; each condition was there once, so that both are of one stretch",
        [_answer(said, row) for row in range(len(one.truth))],
        states[one.truth],
        one.people,
        halves(stretch, WESAD_GAP),
        False,
    )


def halves(stretches: NDArray[Any], gap: int, stride: int = 1) -> Rows:
    """Return the part of each row: 0 in the first half of its stretch, 1 in the second.

    Parameters
    ----------
    stretches : array [n]
        Which stretch a row is of, in order of time.
    gap : int
        So many rows before the second half are in neither (-1).
    stride : int
        Every so many rows of the second half are in it.
    """
    part = np.full(len(stretches), -1)
    for one in np.unique(stretches):
        rows = np.flatnonzero(stretches == one)
        half = len(rows) // 2
        part[rows[: max(half - gap, 1)]] = 0
        part[rows[half:][::stride]] = 1
    return part


def _kept(results: Path, modality: str, key: kept.Key) -> kept.Answers:
    path = kept.path_of(results, modality)
    found = kept.load(path).get(key)
    if found is None:
        raise InputError(
            f"{path} has no answers of {', '.join(map(str, key))}",
            f"Run emo-music evaluate {modality} --data FOLDER --baselines --save {results}",
        )
    return found


def _answer(said: Mapping[str, tuple[tuple[str, ...], Floats]], row: int) -> Answer:
    """Return what the default strategy makes of what modalities say in their own words."""
    evidence = []
    for modality, (labels, probabilities) in said.items():
        words = from_labels(labels, probabilities[row] / probabilities[row].sum())
        states = states_from(words)
        assert states is not None
        estimate = from_labels(STATES, states)
        evidence.append(Evidence(Encoding(modality, 0.0, 0.0, estimate, np.zeros(0)), 0.0))
    estimate, weights = LogPoolFusion().fuse(evidence)
    parts = [
        Contribution(
            item.encoding.modality,
            weight,
            0.0,
            1.0,
            "",
            tuple(item.encoding.estimate.probabilities),
        )
        for item, weight in zip(evidence, weights)
    ]
    answer = answer_of(estimate, parts)
    if answer is None:  # a modality that knows nothing at all
        return Answer(np.zeros(len(STATES)))
    return answer
