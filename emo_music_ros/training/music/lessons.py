# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What models of music learn from, and how settings are chosen without what is tested.

Three kinds of windows teach one model: windows of ten seconds of rendered pieces with the mean
rating of the listeners at that time, windows of labelled phrases with the sign of the phrase, and
recordings with what their listeners felt. The tracks of the recordings are dealt out to the series
of games, evenly by genre, so that one fold leaves out both: a series, and the tracks dealt to it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from emo_music_ros import emotion
from emo_music_ros.encoding.music.model import FEATURE_SETS, WINDOW, tempered
from emo_music_ros.training.corpora import emotify, vgmidi
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.corpora.emotify import Tracks
from emo_music_ros.training.evaluation import metrics
from emo_music_ros.training.evaluation.protocol import Rows, by_group
from emo_music_ros.training.music import recordings, renderings
from emo_music_ros.training.music.models import ASKED, TARGETS, TRIAL, Learner, Lesson, Setting
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
#: Deviations of the derived axes from their mean over the tracks that are the ends, -1 and 1.
REACH = 2.0
#: Listeners from whose number on a track says about as much as their mean does.
TRUSTED = 20.0
#: What all recordings together weigh beside all renderings.
SHARE = 0.5
#: What the genre weighs beside what is asked.
HELP = 0.5
#: Dominance of the words of the quadrants, and of what listeners felt where it has a word.
_QUADRANT_DOMINANCE = np.array(
    [emotion.PAD[emotion.canonical(word)][2] for word in emotion.QUADRANTS]
)
_WORDS = [emotion.GEMS.index(name) for name in emotion.GEMS_WORDS]
_WORD_DOMINANCE = np.array([emotion.PAD[word][2] for word in emotion.GEMS_WORDS.values()])


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
    tracks : Tracks
        The recordings.
    track_windows : Windows
        Of their releases.
    parts : numpy.ndarray
        Series that each track is dealt to [tracks].
    """

    corpus: Corpus
    pieces: vgmidi.Pieces
    phrase_windows: Windows
    piece_windows: Windows
    rated: NDArray[np.float64]
    groups: dict[str, NDArray[np.float64]]
    tracks: Tracks
    track_windows: Windows
    parts: NDArray[np.str_]

    @property
    def piece_series(self) -> NDArray[np.str_]:
        """Series of each window of the pieces."""
        return self.pieces.series[self.piece_windows.item]

    def signs(self) -> NDArray[np.bool_]:
        """Whether valence and arousal [phrases, 2] are positive."""
        labels = self.corpus.labels
        return np.stack([labels < 2, labels % 2 == 0], axis=1)

    def lesson(self, learner: Learner, phrases: Rows, unheard: Sequence[str]) -> Lesson:
        """Return the windows of some phrases, and of all but the `unheard` series and tracks."""
        windows = self.phrase_windows
        mine = np.isin(windows.item, phrases)
        others = ~np.isin(self.piece_series, list(unheard))
        positive = self.signs()[windows.item[mine]]
        share = self.signs()[phrases].mean(axis=0)
        middle = np.median(self.rated[others & (self.piece_windows.variant == 0)], axis=0)
        soft = 1 / (1 + np.exp(-SHARPNESS * (self.rated[others] - middle)))
        rendered = np.concatenate([np.where(positive, CERTAIN, 1 - CERTAIN), soft])
        weights = np.concatenate(
            [np.where(positive, 0.5 / share, 0.5 / (1 - share)), np.ones_like(soft)]
        )
        features = [
            columns(learner, windows)[mine],
            columns(learner, self.piece_windows)[others],
        ]
        unknown = np.zeros((len(rendered), len(TARGETS) - 3))
        wanted = [np.column_stack([rendered, _dominance_of_halves(rendered), unknown])]
        counts = [np.column_stack([weights, weights.mean(axis=1), unknown])]
        heard = np.flatnonzero(~np.isin(self.parts, list(unheard)))
        if len(heard):
            known = np.isin(self.track_windows.item, heard)
            place = np.searchsorted(heard, self.track_windows.item[known])
            genre = self.tracks.genres[heard][:, None] == np.array(emotify.GENRES)
            targets = np.column_stack([track_targets(self.tracks.answers[heard]), genre])
            # The mean of few listeners says less.
            worth = self.tracks.listeners[heard] / (self.tracks.listeners[heard] + TRUSTED)
            counted = worth[place] * SHARE * weights[:, 0].sum() / worth[place].sum()
            features.append(columns(learner, self.track_windows)[known])
            wanted.append(targets[place])
            counts.append(
                counted[:, None] * np.where(np.arange(len(TARGETS)) < len(ASKED), 1, HELP)
            )
        return Lesson(np.concatenate(features), np.concatenate(wanted), np.concatenate(counts))


def track_targets(answers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share [tracks, 13] of each target from what listeners answered [tracks, 10].

    The derived axes are standardised over these tracks, two deviations being the ends, so that
    answers have the shape on the circumplex that those of the listeners have.
    """
    axes = emotify.derived_axes(answers)
    spread = np.maximum(axes.std(axis=0), 1e-6)
    standard = np.clip((axes - axes.mean(axis=0)) / (REACH * spread), -1, 1)
    dominance = word_dominance(answers)
    return np.column_stack([(standard + 1) / 2, (dominance + 1) / 2, answers])


def word_dominance(answers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean dominance [tracks], -1..1, of the words that listeners chose."""
    chosen = answers[:, _WORDS]
    return (chosen @ _WORD_DOMINANCE) / np.maximum(chosen.sum(axis=1), 1e-9)  # type: ignore[no-any-return]


def _dominance_of_halves(positive: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of dominance [n] that the quadrants have, given both halves [n, 2]."""
    pleasant, active = positive.T
    quadrants = [
        pleasant * active,
        pleasant * (1 - active),
        (1 - pleasant) * active,
        (1 - pleasant) * (1 - active),
    ]
    return (np.stack(quadrants, axis=1) @ _QUADRANT_DOMINANCE + 1) / 2  # type: ignore[no-any-return]


def columns(learner: Learner, windows: Windows) -> NDArray[np.float32]:
    """Return the features [n, ...] of windows that a learner uses."""
    table = windows.features[learner.features]
    if not learner.columns:
        return table
    names = FEATURE_SETS[learner.features].names
    return table[:, [names.index(name) for name in learner.columns]]


def prepare(data: Path, seed: int, work: Work) -> Material:
    """Read VGMIDI and Emotify in `data` and describe their windows, or recall that.

    Raises
    ------
    InputError
        If one of them is missing or not as published.
    """
    corpus, pieces = vgmidi.load(data / "vgmidi"), vgmidi.load_pieces(data / "vgmidi")
    tracks = emotify.load(data / "emotify")
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
        tracks,
        recordings.extract(tracks.files, work),
        deal(tracks.genres, np.unique(corpus.people), seed),
    )


def deal(genres: NDArray[np.str_], series: NDArray[np.str_], seed: int) -> NDArray[np.str_]:
    """Deal tracks out to series at random, every genre evenly; returns a series a track."""
    parts = np.empty(len(genres), series.dtype)
    rng = np.random.default_rng(seed)
    dealt = 0
    for genre in np.unique(genres):
        rows = rng.permutation(np.flatnonzero(genres == genre))
        parts[rows] = series[(dealt + np.arange(len(rows))) % len(series)]
        dealt += len(rows)
    return parts


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
        Of the answer to a window, which makes the phrases most likely, and of the mean answer to
        the windows of a piece, which spreads answers to recordings as those of listeners do.
    score : float
        By which the setting was chosen.
    """

    setting: Setting
    temperature: float
    piece_temperature: float
    score: float


def choose(learner: Learner, material: Material, train: Rows, seed: int) -> Choice:
    """Choose setting and temperature by leaving out series among the training phrases.

    The score is the mean of the balanced accuracies of the signs of the phrases and of the
    correlations of the axes of the tracks.
    """
    series = material.corpus.people[train]
    windows, tracks = material.phrase_windows, material.track_windows
    truth = material.signs()
    best: Choice | None = None
    for setting in learner.settings:
        answers = np.full((len(windows.item), 4), np.nan)
        heard = np.full((len(tracks.item), 4), np.nan)
        for fold, (inner, left) in enumerate(by_group(series, INNER, seed)):
            unheard = set(material.corpus.people) - set(series[inner])
            lesson = material.lesson(learner, train[inner], sorted(unheard))
            model = learner.fit(lesson, {**setting, **TRIAL}, seed + fold)
            asked = np.isin(windows.item, train[left])
            answers[asked] = model(columns(learner, windows)[asked]).quadrants
            asked = np.isin(material.parts[tracks.item], list(set(series[left])))
            asked &= tracks.variant == 0
            heard[asked] = model(columns(learner, tracks)[asked]).quadrants
        found = halves(by_item(windows, answers, train)) > 0.5
        scores = [metrics.uar(truth[train][:, axis], found[:, axis]) for axis in range(2)]
        asked = np.isfinite(heard[:, 0])
        known = np.unique(tracks.item[asked])
        axes = 2 * track_targets(material.tracks.answers[known])[:, :2] - 1
        moods = by_item(replace(tracks, item=np.where(asked, tracks.item, -1)), heard, known)
        scores += [
            float(np.corrcoef(axes[:, axis], halves(moods)[:, axis])[0, 1]) for axis in range(2)
        ]
        score = float(np.mean(scores))
        if best is None or score > best.score:
            asked = np.isin(windows.item, train)
            labels = material.corpus.labels[windows.item[asked]]
            logits = np.log(np.maximum(answers[asked], 1e-6))
            temperature = fit_temperature(logits, labels)
            whole = spread_temperature(tempered(moods, temperature), axes)
            best = Choice(setting, temperature, whole, score)
    assert best is not None
    return best


def spread_temperature(quadrants: NDArray[np.float64], axes: NDArray[np.float64]) -> float:
    """Return the temperature, 0.2..5, that makes answers spread as far as those of listeners.

    The mean answer of a model is nearer to the middle than what it is asked for. Without this
    most music would be a little of everything.

    Parameters
    ----------
    quadrants : numpy.ndarray
        Probabilities [n, 4] of pieces that the model never heard.
    axes : numpy.ndarray
        Valence and arousal [n, 2] of their listeners, -1..1.
    """
    wanted = axes.std(axis=0).mean()

    def away(power: float) -> float:
        found = 2 * halves(tempered(quadrants, 2.0**power)) - 1
        return abs(float(found.std(axis=0).mean()) - wanted)

    best = minimize_scalar(away, bounds=(math.log2(0.2), math.log2(5.0)), method="bounded")
    return float(2.0**best.x)
