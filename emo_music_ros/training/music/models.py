# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What a model of music learns from, and what every way to make one has in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.encoding.music.model import FELT, Answers
from emo_music_ros.training.corpora import emotify

#: Values of one setting by name.
Setting = Mapping[str, float]
#: What is enough to choose a setting by.
TRIAL = {"members": 1, "trees": 20}
#: What a window is asked for, each as a share 0..1: the positive half of each axis, the listeners
#: who feel each emotion, those who like it.
ASKED = ("valence", "arousal", "dominance", *FELT)
#: What is learnt: also the genre, on which liking depends more than on anything else that can be
#: heard. It helps the hidden layer and is not answered.
TARGETS = (*ASKED, *emotify.GENRES)


@dataclass(frozen=True)
class Lesson:
    """Windows to learn from.

    Attributes
    ----------
    features : numpy.ndarray
        [n, features].
    wanted : numpy.ndarray
        [n, 17], share of each of :data:`TARGETS`.
    weights : numpy.ndarray
        [n, 17], how much each counts; 0 where it is not known.
    """

    features: NDArray[np.float32]
    wanted: NDArray[np.float64]
    weights: NDArray[np.float64]


class Fitted(Protocol):
    """A trained model."""

    def __call__(self, features: NDArray[np.float32]) -> Answers:
        """Answer to windows [n, features]."""
        ...

    def export(self, path: Path, examples: NDArray[np.float32]) -> None:
        """Write it as ONNX with :attr:`outputs`."""
        ...

    @property
    def outputs(self) -> list[str]:
        """Names of its outputs: ``probabilities``, and what of :class:`Answers` it knows."""
        ...

    @property
    def parameters(self) -> int:
        """How many numbers it learnt."""
        ...


@dataclass(frozen=True)
class Learner:
    """One way to make a model.

    Attributes
    ----------
    name, origin : str
        For the tables.
    features : str
        Its set of features, of :data:`emo_music_ros.encoding.music.model.FEATURE_SETS`.
    settings : sequence of mapping
        What is chosen from, by people that are not tested on; the first wins a tie.
    fit : callable
        (lesson, setting, seed) -> trained model.
    columns : tuple of str
        Names of the only features it uses; empty = all.
    knows : tuple of str
        Which of ``dominance`` and ``felt`` its models answer beside the quadrants.
    """

    name: str
    origin: str
    features: str
    settings: Sequence[Setting]
    fit: Callable[[Lesson, Setting, int], Fitted]
    columns: tuple[str, ...] = ()
    knows: tuple[str, ...] = ("dominance", "felt")
