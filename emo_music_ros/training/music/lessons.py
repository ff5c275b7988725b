"""What models of music learn from, and how settings are chosen without the tested series.

Windows of ten seconds of the rendered pieces get the mean rating of the listeners at that time
as a soft target, windows of the labelled phrases the sign of the phrase.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.encoding.music.encoder import FEATURE_SETS, WINDOW, tempered
from emo_music_ros.training.corpora import vgmidi
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.evaluation import metrics
from emo_music_ros.training.evaluation.protocol import Rows, by_group
from emo_music_ros.training.music import renderings
from emo_music_ros.training.music.models import TRIAL, Learner, Lesson, Setting
from emo_music_ros.training.music.renderings import Windows
from emo_music_ros.training.shared.calibration import fit_temperature
from emo_music_ros.training.shared.work import Work

#: Performances of every piece with other instruments, tempo and key.
VARIANTS = 1
#: From window to window [s].
PHRASE_HOP, PIECE_HOP = WINDOW / 2, WINDOW
#: How far a mean rating is from the middle of the corpus before it counts as clear.
SHARPNESS = 8.0
#: Target of a phrase with a sign: listeners do not all agree.
CERTAIN = 0.95
#: Folds by series among the training series, for settings and temperature.
INNER = 3


@dataclass(frozen=True)
class Material:
    """All there is to learn from.

    Attributes
    ----------
    corpus : Corpus
        The phrases.
    pieces : vgmidi.Pieces
        The rated pieces.
    phrase_windows, piece_windows : Windows
        Of both.
    rated : numpy.ndarray
        Mean rating [piece windows, 2] of all listeners.
    groups : dict of str to numpy.ndarray
        That of groups of listeners; NaN where they were too few.
    """

    corpus: Corpus
    pieces: vgmidi.Pieces
    phrase_windows: Windows
    piece_windows: Windows
    rated: NDArray[np.float64]
    groups: dict[str, NDArray[np.float64]]

    @property
    def piece_series(self) -> NDArray[np.str_]:
        """Series of each window of the pieces."""
        return self.pieces.series[self.piece_windows.item]

    def signs(self) -> NDArray[np.bool_]:
        """Whether valence and arousal [phrases, 2] are positive."""
        labels = self.corpus.labels
        return np.stack([labels < 2, labels % 2 == 0], axis=1)

    def lesson(self, learner: Learner, phrases: Rows, unheard: Sequence[str]) -> Lesson:
        """Return the windows of some phrases, and of the pieces of all but `unheard` series."""
        windows = self.phrase_windows
        mine = np.isin(windows.item, phrases)
        others = ~np.isin(self.piece_series, list(unheard))
        positive = self.signs()[windows.item[mine]]
        share = self.signs()[phrases].mean(axis=0)
        middle = np.median(self.rated[others & (self.piece_windows.variant == 0)], axis=0)
        soft = 1 / (1 + np.exp(-SHARPNESS * (self.rated[others] - middle)))
        return Lesson(
            np.concatenate(
                [
                    columns(learner, windows)[mine],
                    columns(learner, self.piece_windows)[others],
                ]
            ),
            np.concatenate([np.where(positive, CERTAIN, 1 - CERTAIN), soft]),
            np.concatenate(
                [np.where(positive, 0.5 / share, 0.5 / (1 - share)), np.ones_like(soft)]
            ),
        )


def columns(learner: Learner, windows: Windows) -> NDArray[np.float32]:
    """Return the features [n, ...] of windows that a learner uses."""
    table = windows.features[learner.features]
    if not learner.columns:
        return table
    names = FEATURE_SETS[learner.features].names
    return table[:, [names.index(name) for name in learner.columns]]


def prepare(folder: Path, seed: int, work: Work) -> Material:
    """Read the corpus in `folder`, render it and describe its windows, or recall that."""
    corpus, pieces = vgmidi.load(folder), vgmidi.load_pieces(folder)
    phrases = renderings.extract(corpus.items, 0, PHRASE_HOP, seed, work)
    whole = renderings.extract(pieces.files, VARIANTS, PIECE_HOP, seed, work)
    return Material(
        corpus,
        pieces,
        phrases,
        whole,
        renderings.ratings_of(whole, pieces.durations, pieces.ratings),
        {
            name: renderings.ratings_of(whole, pieces.durations, ratings)
            for name, ratings in pieces.groups.items()
        },
    )


def by_item(windows: Windows, answers: NDArray[np.float64], items: Rows) -> NDArray[np.float64]:
    """Return the mean answer [items, ...] over the windows of each item."""
    return np.stack([answers[windows.item == item].mean(axis=0) for item in items.tolist()])


def halves(quadrants: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the probability [n, 2] that valence and that arousal is positive."""
    return np.stack([quadrants[:, 0] + quadrants[:, 1], quadrants[:, 0] + quadrants[:, 2]], axis=1)


@dataclass(frozen=True)
class Choice:
    """What was chosen without the people that are tested.

    Attributes
    ----------
    setting : mapping
        Of the learner.
    temperature, piece_temperature : float
        Of the answer to a window, and of the mean answer to the windows of a piece.
    score : float
        By which the setting was chosen.
    """

    setting: Setting
    temperature: float
    piece_temperature: float
    score: float


def choose(learner: Learner, material: Material, train: Rows, seed: int) -> Choice:
    """Choose setting and temperature by leaving out series among the training phrases.

    The score is the balanced accuracy of the signs of the phrases, mean of both axes.
    """
    series = material.corpus.people[train]
    windows = material.phrase_windows
    truth = material.signs()
    best: Choice | None = None
    for setting in learner.settings:
        answers = np.full((len(windows.item), 4), np.nan)
        for fold, (inner, left) in enumerate(by_group(series, INNER, seed)):
            unheard = set(material.corpus.people) - set(series[inner])
            lesson = material.lesson(learner, train[inner], sorted(unheard))
            model = learner.fit(lesson, {**setting, **TRIAL}, seed + fold)
            asked = np.isin(windows.item, train[left])
            answers[asked] = model(columns(learner, windows)[asked])
        found = halves(by_item(windows, answers, train)) > 0.5
        score = float(
            np.mean([metrics.uar(truth[train][:, axis], found[:, axis]) for axis in range(2)])
        )
        if best is None or score > best.score:
            known = np.isin(windows.item, train)
            labels = material.corpus.labels
            temperature = _temperature(answers[known], labels[windows.item[known]])
            whole = by_item(windows, tempered(answers, temperature), train)
            best = Choice(setting, temperature, _temperature(whole, labels[train]), score)
    assert best is not None
    return best


def _temperature(probabilities: NDArray[np.float64], truth: NDArray[np.int64]) -> float:
    return fit_temperature(np.log(np.maximum(probabilities, 1e-6)), truth)
