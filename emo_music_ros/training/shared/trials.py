# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Valence and arousal of DEAP and AMIGOS from brain or body, as papers A and C measure them.

Rows are segments of 10 s, answered by features against the rest before the stimulus, so that
nothing of another trial or person is needed. Ratings are parted at the middle of the scale.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.encoding.eeg.encoder import BANDS
from emo_music_ros.encoding.physiology import cardiac
from emo_music_ros.encoding.shared.buffer import Window
from emo_music_ros.encoding.shared.filters import Floats, StreamingFilter
from emo_music_ros.training.corpora import amigos, deap
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.corpora.trials import DIMENSIONS, Trial
from emo_music_ros.training.evaluation.evaluate import evaluate_candidate
from emo_music_ros.training.evaluation.protocol import Protocol, Rows, leave_one_out, random_split
from emo_music_ros.training.evaluation.results import Candidate, Result
from emo_music_ros.training.shared import baselines as papers
from emo_music_ros.training.shared.work import Work

CORPORA: dict[str, ModuleType] = {deap.NAME: deap, amigos.NAME: amigos}
#: Length of a segment [s].
SEGMENT = 10
#: Penalty on the weights: C of scikit-learn.
PENALTY = 0.01
CLASSES = ("low", "high")
LEAKY_FOLDS = 5


def found(data: Path) -> list[str]:
    """Return which of the corpora a folder holds."""
    return [name for name, corpus in CORPORA.items() if corpus.files(Path(data))]


def brain(trial: Trial) -> NDArray[np.float32]:
    """Return the logarithm of every band power of every channel, [seconds, channels * bands].

    The mean of the rest is taken off.
    """
    size = round(trial.rate)
    signal = trial.signals["eeg"]
    pieces = signal[: len(signal) // size * size].reshape(-1, size, signal.shape[1])
    power = np.abs(np.fft.rfft(pieces * np.hanning(size)[:, None], axis=1)) ** 2
    frequency = np.fft.rfftfreq(size, 1 / trial.rate)
    bands = [
        power[:, (frequency >= low) & (frequency < high)].mean(axis=1)
        for low, high in BANDS.values()
    ]
    return _against_rest(np.log(np.concatenate(bands, axis=1) + 1e-6), trial)


def body(trial: Trial) -> NDArray[np.float32]:
    """Return heart rate, height of the beats, skin, breath and temperature, [seconds, features].

    The heart rate is ten times its logarithm; the others are scaled by their spread within the
    trial, because the corpora give no units that could be compared. The mean of the rest is taken
    off.
    """
    size = round(trial.rate)
    kinds = {kind: signal for kind, signal in trial.signals.items() if kind != "eeg"}
    seconds = min(len(signal) for signal in kinds.values()) // size
    columns = []
    for kind, wave in (("ecg", cardiac.QRS), ("ppg", cardiac.PULSE)):
        if kind in kinds:
            columns += _heart(kinds[kind][:, :1].astype(float), trial.rate, wave, seconds)
    for kind in ("eda", "respiration", "temperature"):
        if kind in kinds:
            pieces = kinds[kind][: seconds * size, 0].reshape(seconds, size).astype(float)
            spread = max(float(pieces.std()), 1e-9)
            columns += [pieces.mean(axis=1) / spread, pieces.std(axis=1) / spread]
    return _against_rest(np.stack(columns, axis=1), trial)


def _heart(signal: Floats, rate: float, wave: cardiac.Wave, seconds: int) -> list[Floats]:
    """Return ten times the logarithm of the heart rate and the height of the beats, by second."""
    band = StreamingFilter(rate, *wave.band)
    window = Window(signal, band(signal), np.ones(signal.shape, bool), rate)
    rhythm = cardiac.find_beats(window, wave)
    gaps, kept = cardiac.intervals(rhythm)
    middle = np.arange(seconds) + 0.5
    if kept.sum() < cardiac.FEWEST:
        return [np.zeros(seconds), np.zeros(seconds)]
    height = np.maximum(rhythm.amplitudes, 1e-9)
    return [
        10.0 * np.log(60.0 / np.interp(middle, rhythm.times[1:][kept], gaps[kept])),
        np.interp(middle, rhythm.times, height / np.median(height)),
    ]


def _against_rest(steps: Floats, trial: Trial) -> NDArray[np.float32]:
    """Return the steps of the stimulus less the mean of the rest."""
    rest = round(trial.rest)
    return (steps[rest:] - steps[:rest].mean(axis=0)).astype(np.float32)


def segments(corpus: Corpus, dimension: int) -> tuple[Corpus, NDArray[np.float32]]:
    """Return a corpus of segments, low or high, and their features [n, SEGMENT, features]."""
    pieces, labels, people = [], [], []
    for steps, target, person in zip(corpus.items, corpus.labels[:, dimension], corpus.people):
        for first in range(0, len(steps) - SEGMENT + 1, SEGMENT):
            pieces.append(steps[first : first + SEGMENT])
            labels.append(int(target > 0))
            people.append(person)
    table = np.stack(pieces)
    parts = Corpus(
        corpus.name, corpus.source, corpus.licence, table, np.array(labels), CLASSES,
        np.array(people),
    )  # fmt: skip
    return parts, table


def ours(table: NDArray[np.float32], labels: NDArray[Any]) -> Candidate:
    """Return logistic regression on mean, spread and rise of the features of a segment."""
    half = SEGMENT // 2
    rise = table[:, half:].mean(axis=1) - table[:, :half].mean(axis=1)
    summary = np.concatenate([table.mean(axis=1), table.std(axis=1), rise], axis=1)

    def predict(train: Rows, test: Rows, seed: int) -> NDArray[np.float64]:
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        model = make_pipeline(StandardScaler(), LogisticRegression(C=PENALTY, max_iter=500))
        model.fit(summary[train], labels[train])
        return np.asarray(model.predict_proba(summary[test]))

    return Candidate("emo_music_ros", "this project", predict, key=[summary, PENALTY, ours])


def forest(table: NDArray[np.float32], labels: NDArray[Any]) -> Candidate:
    """Return a random forest on the mean features of a segment."""
    summary = table.mean(axis=1)

    def predict(train: Rows, test: Rows, seed: int) -> NDArray[np.float64]:
        from sklearn.ensemble import RandomForestClassifier

        model = RandomForestClassifier(100, random_state=seed).fit(summary[train], labels[train])
        return np.asarray(model.predict_proba(summary[test]))

    return Candidate("Random Forest", "paper B", predict, key=[summary, forest])


def network(name: str, table: NDArray[np.float32], labels: NDArray[Any]) -> Candidate:
    """Return a network of the papers on the features of every second."""
    build, origin = papers.NETWORKS[name]
    lengths = np.full(len(table), table.shape[1], np.int64)

    def predict(train: Rows, test: Rows, seed: int) -> NDArray[np.float64]:
        model = papers.fit_sequences(
            build, table[train], lengths[train], labels[train], len(CLASSES), seed, 10, 64
        )
        return papers.predict_sequences(model, table[test], lengths[test])

    return Candidate(name, origin, predict, key=[table, build, papers.fit_sequences])


def evaluate_trials(
    modality: str,
    data: Path,
    work: Work,
    features: Callable[[Trial], NDArray[np.float32]],
    seed: int = 0,
    leaky: bool = False,
    baselines: bool = False,
) -> list[Result]:
    """Return the tables of the corpora that are there, every person left out in turn.

    Parameters
    ----------
    modality : str
        ``eeg`` or ``physiology``, for the tables.
    data : pathlib.Path
        Folder of DEAP or AMIGOS.
    work : Work
        Where finished folds are kept.
    features : callable
        :func:`brain` or :func:`body`.
    leaky : bool
        Also part the segments at random, so that a trial is on both sides.
    baselines : bool
        Also the networks the papers compare with, and a random forest.

    Raises
    ------
    InputError
        If a recording is damaged.
    """
    results = []
    for name in found(data):
        whole = CORPORA[name].load(Path(data), features)
        for number, dimension in enumerate(DIMENSIONS):
            corpus, table = segments(whole, number)
            corpus = replace(corpus, name=f"{name}, {features.__name__}")
            protocols = [Protocol("leave one person out", leave_one_out(corpus.people))]
            if leaky:
                split = random_split(len(corpus), LEAKY_FOLDS, seed)
                protocols.append(Protocol("random split of the segments", split, leaky=True))
            candidates = [ours(table, corpus.labels)]
            if baselines:
                candidates += [network(one, table, corpus.labels) for one in papers.NETWORKS]
            if baselines or leaky:
                candidates.append(forest(table, corpus.labels))
            task = f"{dimension}, low or high"
            results += [
                evaluate_candidate(modality, task, corpus, candidate, protocol, work, seed)
                for protocol in protocols
                for candidate in candidates
            ]
    return results
