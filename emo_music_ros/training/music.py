"""Train and measure the models of music on VGMIDI: piano pieces of games, rated by listeners.

Windows of ten seconds of the rendered pieces get the mean rating of the listeners at that time
as a soft target, windows of the labelled phrases the sign of the phrase. Every answer is to a
series of games that was left out; settings and temperature are chosen by parting the other
series once more.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros import emotion
from emo_music_ros.encoding import music_features, music_spectrum
from emo_music_ros.encoding.model import describe
from emo_music_ros.encoding.music import FEATURE_SETS, WINDOW, read_audio, tempered
from emo_music_ros.encoding.music import windows as windows_of
from emo_music_ros.encoding.music_spectrum import SAMPLE_RATE
from emo_music_ros.errors import InputError
from emo_music_ros.training import common, music_models, renderings
from emo_music_ros.training.corpora import deam, vgmidi
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.corpora.vgmidi import AXES
from emo_music_ros.training.evaluation import (
    Candidate,
    Cost,
    Measure,
    Protocol,
    Result,
    Rows,
    by_group,
    leave_one_out,
    onnx_cost,
    random_split,
)
from emo_music_ros.training.evaluation import evaluate as measure
from emo_music_ros.training.music_models import (
    CNN,
    FOREST,
    LINEAR,
    OURS,
    TEMPO_AND_MODE,
    TRIAL,
    Fitted,
    Learner,
    Lesson,
    Setting,
)
from emo_music_ros.training.renderings import Windows
from emo_music_ros.training.work import Work

log = logging.getLogger(__name__)

VERSION = "2.0.0"
#: All that can be measured here, for those that were not.
CORPORA = ("VGMIDI phrases", "VGMIDI pieces", "DEAM")
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
#: Model file -> how it is made.
SHIPPED = {"music": OURS, "music_forest": FOREST, "music_cnn": CNN}
_Columns = dict[str, NDArray[Any]]


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
    rated, older : numpy.ndarray
        Mean rating [piece windows, 2] of all listeners, and of those from 55 years (NaN: too few).
    """

    corpus: Corpus
    pieces: vgmidi.Pieces
    phrase_windows: Windows
    piece_windows: Windows
    rated: NDArray[np.float64]
    older: NDArray[np.float64]

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
        renderings.ratings_of(whole, pieces.durations, pieces.older),
    )


def by_item(windows: Windows, answers: NDArray[np.float64], items: Rows) -> NDArray[np.float64]:
    """Return the mean answer [items, ...] over the windows of each item."""
    return np.stack([answers[windows.item == item].mean(axis=0) for item in items.tolist()])


def halves(quadrants: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the probability [n, 2] that valence and that arousal is positive."""
    return np.stack([quadrants[:, 0] + quadrants[:, 1], quadrants[:, 0] + quadrants[:, 2]], axis=1)


@dataclass(frozen=True)
class Choice:
    """A setting and a temperature, chosen without the people that are tested."""

    setting: Setting
    temperature: float
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
            np.mean([common.uar(truth[train][:, axis], found[:, axis]) for axis in range(2)])
        )
        if best is None or score > best.score:
            known = np.isin(windows.item, train)
            temperature = common.fit_temperature(
                np.log(np.maximum(answers[known], 1e-6)),
                material.corpus.labels[windows.item[known]],
            )
            best = Choice(setting, temperature, score)
    assert best is not None
    return best


def answers_of(
    learner: Learner, material: Material, train: Rows, seed: int, work: Work
) -> _Columns:
    """Train on some phrases, and on the pieces of their series, and answer every window.

    Returns
    -------
    dict
        ``phrases`` and ``pieces``, probabilities [windows, 4]; ``setting``, its number.
    """
    known = np.unique(material.corpus.people[train])
    unheard = sorted(set(np.unique(material.corpus.people)) - set(known))

    def compute() -> _Columns:
        choice = choose(learner, material, train, seed)
        model = learner.fit(material.lesson(learner, train, unheard), choice.setting, seed)
        tables = {
            name: tempered(model(columns(learner, windows)), choice.temperature)
            for name, windows in (
                ("phrases", material.phrase_windows),
                ("pieces", material.piece_windows),
            )
        }
        log.info("music %s without %s: %s", learner.name, ", ".join(unheard), dict(choice.setting))
        return {**tables, "setting": np.array(list(learner.settings).index(choice.setting))}

    return work.recall(
        f"music {learner.name} fold", [*_key(learner, material), train, seed], compute
    )


def _key(learner: Learner, material: Material) -> list[object]:
    return [
        *(learner.name, learner.features, learner.columns, learner.settings, learner.fit),
        *(SHARPNESS, CERTAIN, INNER, TRIAL, choose, Material, music_models.PaperE),
        *(music_models.Perceptron, music_models.Halves, music_models._train, columns),
        columns(learner, material.phrase_windows),
        columns(learner, material.piece_windows),
        *(material.rated, material.corpus.labels, material.corpus.people),
    ]


def candidate(
    learner: Learner,
    material: Material,
    work: Work,
    answer: Callable[[_Columns, Rows], NDArray[np.float64]],
    training: Callable[[Rows], Rows],
    seed: int,
) -> Candidate:
    """Return a row of the tables.

    Parameters
    ----------
    learner, material, work
        As above.
    answer : callable
        (answers to all windows, test rows) -> probabilities [test rows, ...].
    training : callable
        Training rows of the corpus of the table -> training phrases.
    seed : int
        Of the final model, whose cost is told.
    """

    def predict(train: Rows, test: Rows, seed: int) -> NDArray[np.float64]:
        return answer(answers_of(learner, material, training(train), seed, work), test)

    return Candidate(
        learner.name,
        learner.origin,
        predict,
        lambda: _cost(learner, final(learner, material, seed, work), work),
        _key(learner, material),
    )


def final(learner: Learner, material: Material, seed: int, work: Work) -> _Columns:
    """Train on everything; returns the ONNX network, its temperature and number of parameters."""

    def compute() -> _Columns:
        every = np.arange(len(material.corpus))
        choice = choose(learner, material, every, seed)
        lesson = material.lesson(learner, every, ())
        model: Fitted = learner.fit(lesson, choice.setting, seed)
        path = work.folder / f"{learner.features}.onnx"
        model.export(path, lesson.features[:8])
        network = np.frombuffer(path.read_bytes(), np.uint8)
        path.unlink()
        return {
            "network": network,
            "temperature": np.array(choice.temperature),
            "parameters": np.array(model.parameters),
            "setting": np.array(list(learner.settings).index(choice.setting)),
        }

    return work.recall(f"music {learner.name} final", [*_key(learner, material), seed], compute)


def _cost(learner: Learner, trained: _Columns, work: Work) -> Cost:
    """Return the cost of one window of ten seconds, features included."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    content = trained["network"].tobytes()
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    time = np.arange(int(WINDOW * SAMPLE_RATE)) / SAMPLE_RATE
    tones = [220 * 2 ** (step / 12) for step in (0, 4, 7, 12)]
    audio = sum(np.sin(2 * np.pi * tone * time) for tone in tones) * np.exp(-4 * (time % 0.5))
    features = FEATURE_SETS[learner.features]
    chosen = [features.names.index(entry) for entry in learner.columns or features.names]

    def once() -> object:
        vector = features.of(music_spectrum.analyse(0.1 * audio))[chosen]
        return session.run(None, {name: vector[None]})

    path = work.folder / "cost.onnx"
    path.write_bytes(content)
    try:
        _, flops = onnx_cost(path, {name: np.zeros((1, len(chosen)), np.float32)})
    finally:
        path.unlink()
    return Cost(int(trained["parameters"]), flops or float("nan"), once)


def correlation(truth: NDArray[Any], answers: NDArray[np.float64], people: NDArray[Any]) -> float:
    """Return Pearson's correlation, 0 if either does not vary."""
    truth, found = np.ravel(truth), np.ravel(answers)
    if truth.std() < 1e-12 or found.std() < 1e-12:
        return 0.0
    return float(np.corrcoef(truth, found)[0, 1])


def determination(truth: NDArray[Any], answers: NDArray[np.float64]) -> float:
    """Return R2, the share of the variance that is explained; below 0 = worse than the mean."""
    return float(1 - np.sum((truth - answers) ** 2) / np.sum((truth - truth.mean()) ** 2))


def concordance(truth: NDArray[Any], answers: NDArray[np.float64]) -> float:
    """Return Lin's concordance correlation coefficient (Lin 1989), -1..1."""
    joint = np.mean((truth - truth.mean()) * (answers - answers.mean()))
    away = (truth.mean() - answers.mean()) ** 2
    return float(2 * joint / (truth.var() + answers.var() + away))


RATING: dict[str, Measure] = {"correlation": correlation}
RATINGS: dict[str, Measure] = {
    f"{name} {word}": lambda truth, answers, people, of=of, axis=axis: of(  # type: ignore[misc]
        truth[:, axis], answers[:, axis]
    )
    for axis, word in enumerate(AXES)
    for name, of in (("R2", determination), ("CCC", concordance))
}


def evaluate(
    data: Path, work: Work, seed: int = 0, leaky: bool = False, baselines: bool = False
) -> list[Result]:
    """Measure the models on series of games they never heard.

    Parameters
    ----------
    data : pathlib.Path
        Folder that holds ``vgmidi``, and ``deam`` where it is there.
    work : Work
        Where finished steps are kept.
    seed : int
        Of renderings, weights and folds.
    leaky : bool
        Add the same under a random split of the phrases.
    baselines : bool
        Add the models of papers B and E and linear ones.

    Returns
    -------
    list of Result
        The shipped model first.
    """
    data = Path(data)
    material = prepare(data / "vgmidi", seed, work)
    learners = [OURS, FOREST, CNN, LINEAR, TEMPO_AND_MODE] if baselines else [OURS]
    corpus = material.corpus
    honest = Protocol("leave one series out", leave_one_out(corpus.people))
    results = []
    for task, labels, classes, answer in _tasks(material):
        part = replace(corpus, labels=labels, classes=classes)
        for learner in learners:
            row = candidate(learner, material, work, answer, lambda rows: rows, seed)
            results.append(measure("music", task, part, row, honest, work, seed, note=NOTE))
    for name, chosen, ratings in (
        ("piano as written", material.piece_windows.variant == 0, material.rated),
        ("other instruments, tempi and keys", material.piece_windows.variant > 0, material.rated),
        (
            "piano as written, listeners from 55 years",
            material.piece_windows.variant == 0,
            material.older,
        ),
    ):
        for axis, word in enumerate(AXES):
            rows = np.flatnonzero(chosen & np.isfinite(ratings[:, axis]))
            part = _rated(material, rows, ratings[:, axis], word)
            protocol = Protocol("leave one series out", leave_one_out(part.people))

            def over_time(
                answers: _Columns, test: Rows, rows: Rows = rows, axis: int = axis
            ) -> NDArray[np.float64]:
                return 2 * halves(answers["pieces"])[rows[test], axis : axis + 1] - 1

            def heard(train: Rows, people: NDArray[Any] = part.people) -> Rows:
                return np.flatnonzero(np.isin(corpus.people, people[train]))

            task = f"{word} over time, {name}"
            for learner in learners:
                row = candidate(learner, material, work, over_time, heard, seed)
                row = replace(row, cost=None)
                results.append(measure("music", task, part, row, protocol, work, seed, RATING))
    if leaky:
        split = Protocol("5-fold, random phrases", random_split(len(corpus), 5, seed), leaky=True)
        for task, labels, classes, answer in _tasks(material):
            part = replace(corpus, labels=labels, classes=classes)
            row = candidate(OURS, material, work, answer, lambda rows: rows, seed)
            results.append(measure("music", task, part, replace(row, cost=None), split, work, seed))
    if (data / "deam").is_dir():
        results += _evaluate_deam(deam.load(data / "deam"), work, seed, baselines)
    return results


NOTE = (
    "An answer is the mean over the windows of a phrase; setting and temperature were chosen among "
    "the other series. The cost is that of one window of 10 s, features included."
)


def _tasks(
    material: Material,
) -> list[
    tuple[
        str,
        NDArray[np.int64],
        tuple[str, ...],
        Callable[[_Columns, Rows], NDArray[np.float64]],
    ]
]:
    """Return name, labels, classes and answer of every task on the phrases."""
    windows = material.phrase_windows

    def quadrants(answers: _Columns, test: Rows) -> NDArray[np.float64]:
        return by_item(windows, answers["phrases"].astype(float), test)

    def sign(axis: int) -> Callable[[_Columns, Rows], NDArray[np.float64]]:
        def answer(answers: _Columns, test: Rows) -> NDArray[np.float64]:
            positive = halves(quadrants(answers, test))[:, axis]
            return np.stack([1 - positive, positive], axis=1)

        return answer

    signs = material.signs().astype(np.int64)
    return [
        ("valence sign", signs[:, 0], ("negative", "positive"), sign(0)),
        ("arousal sign", signs[:, 1], ("negative", "positive"), sign(1)),
        ("4 classes", material.corpus.labels, emotion.QUADRANTS, quadrants),
    ]


def _rated(material: Material, rows: Rows, ratings: NDArray[np.float64], axis: str) -> Corpus:
    """Return windows of the pieces with their ratings as a corpus."""
    return Corpus(
        name="VGMIDI pieces",
        source=vgmidi.SOURCE,
        licence=vgmidi.LICENCE,
        items=rows,
        labels=ratings[rows],
        classes=(axis,),
        people=material.piece_series[rows],
        unit="series",
    )


def train(
    data: Path, out: Path, work: Work, seed: int = 0, precision: str = "float32"
) -> dict[str, Any]:
    """Measure the models under the honest protocol, train them on all of VGMIDI and write them.

    Parameters
    ----------
    data : pathlib.Path
        Folder that holds ``vgmidi``.
    out : pathlib.Path
        Where ``music``, ``music_forest`` and ``music_cnn`` go: network, description and card.
    work : Work
        Where finished steps are kept.
    seed : int
        Of renderings, weights and folds.
    precision : str
        Only ``float32``: the networks are small.

    Returns
    -------
    dict
        Model -> the figures of its card by name.

    Raises
    ------
    InputError
        If the corpus is not as published or the precision is another one.
    """
    if precision != "float32":
        raise InputError(
            f"the models of music are not written as {precision}", "Leave the precision out"
        )
    results = evaluate(data, work, seed, baselines=True)
    material = prepare(Path(data) / "vgmidi", seed, work)
    metrics: dict[str, Any] = {}
    for name, learner in SHIPPED.items():
        mine = [result for result in results if result.candidate == learner.name]
        quadrants = next(result for result in mine if result.task == "4 classes")
        trained = final(learner, material, seed, work)
        path = Path(out) / f"{name}.onnx"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(trained["network"].tobytes())
        describe(
            path,
            version=VERSION,
            labels=list(emotion.QUADRANTS),
            feature_set=learner.features,
            features=list(FEATURE_SETS[learner.features].names),
            window=WINDOW,
            temperature=float(trained["temperature"]),
            conformal=common.conformal_threshold(quadrants.probabilities, quadrants.truth),
        )
        figures = [
            replace(figure, name=f"{result.task}, {figure.name}")
            for result in mine
            for figure in result.figures()
        ]
        common.write_card(_card(name, learner, material, figures, trained), Path(out))
        metrics[name] = {figure.name: figure.value for figure in figures}
    return metrics


#: What the card of each model says of it.
_WORDS = {
    "music": (
        "Valence and arousal that ten seconds of music express to listeners, as probabilities of "
        "the four quadrants. It says nothing about what a listener feels.",
        "perceptrons of one hidden layer with tanh units, their logits averaged",
    ),
    "music_forest": (
        "The Random Forest of paper B, for those who want to compare: quadrant that ten seconds "
        "of music express. `music` is better in every figure that matters, see its card.",
        "Random Forest of 100 trees (Gini impurity, bagging) on averages of MFCC, chroma, spectral "
        "contrast, zero-crossing rate and tempo; which statistics paper B took is assumed",
    ),
    "music_cnn": (
        "The one-dimensional convolutional network of paper E, for those who want to compare: "
        "valence and arousal that ten seconds of music express.",
        "two convolutions of width 5 and 5 channels over 194 features, 1024 hidden units, dropout "
        "0.5; eleven of the fourteen kinds of features, and two outputs for valence and arousal "
        "instead of three, are assumed",
    ),
}


def _card(
    name: str,
    learner: Learner,
    material: Material,
    figures: list[common.Figure],
    trained: _Columns,
) -> common.Card:
    purpose, architecture = _WORDS[name]
    setting = dict(learner.settings[int(trained["setting"])])
    choices = "; ".join(str(dict(each)) for each in learner.settings)
    return common.Card(
        name=name,
        purpose=purpose,
        data=(
            f"VGMIDI (Ferreira & Whitehead, 2019): {len(material.corpus)} labelled phrases and "
            f"{len(material.pieces.files)} piano pieces from video games with the continuous "
            f"ratings of {material.pieces.listeners} listening sessions, rendered with the sound "
            f"font TimGM6mb; every piece {VARIANTS} more time(s) with other instruments, tempo "
            "(±10 %) and key (±4 semitones)."
        ),
        licence=(
            "Research only: the pieces are commercial compositions. Neither the MIDI files nor "
            "renderings of them are distributed."
        ),
        split=(
            f"Leave one series of games out, {material.corpus.count} series; all figures are on "
            "series the model never heard. Inside every fold the setting and the temperature "
            f"were chosen by {INNER} folds by series among the other series, so no figure was "
            f"used to choose. Settings to choose from: {choices}. The shipped model is trained "
            f"on all series, with the setting that the same choice among all gives: {setting}."
        ),
        network=(
            f"{len(learner.columns or FEATURE_SETS[learner.features].names)} features of timbre, "
            "harmony and rhythm that do not depend on the playback level; "
            f"{architecture}; {int(trained['parameters'])} parameters. Dominance is not rated in "
            "the corpus; it is taken from the words of the quadrants."
        ),
        figures=figures,
        limits=(
            "Piano arrangements of game music rendered from MIDI: recordings, singing and dense "
            "productions are outside of what was measured.",
            "Other instruments are heard less well than the piano, see the table.",
            "Two thirds of the phrases have positive valence; the classes were weighted equally, "
            "so an output of zero is the middle of this corpus, not of all music.",
            "Most listeners were below 55 and from the United States; the figures for listeners "
            "from 55 years rest on few ratings a piece. Nothing is known by the sex of those "
            "who labelled the phrases.",
            "Sad and peaceful music with little activity are told apart mainly by mode and "
            "harmony, and mixed up often.",
        ),
        reproduce="emo-music train music --data DATA --out models",
    )


def _evaluate_deam(corpus: Corpus, work: Work, seed: int, baselines: bool) -> list[Result]:
    """Measure ratings of songs, DEAM 10-fold by song; the first setting of each learner."""
    code = [inspect.getsource(module) for module in (music_spectrum, music_features)]
    key = [[(path.name, path.stat().st_size) for path in corpus.items], code]
    table = work.recall("music features DEAM", key, lambda: {"music": _songs(corpus.items)})
    features = table["music"]
    protocol = Protocol("10-fold by song", by_group(corpus.people, 10, seed))
    results = []
    for learner in (OURS, LINEAR) if baselines else (OURS,):

        def predict(
            train: Rows, test: Rows, seed: int, learner: Learner = learner
        ) -> NDArray[np.float64]:
            wanted = (corpus.labels[train] + 1) / 2
            lesson = Lesson(features[train], wanted, np.ones_like(wanted))
            return 2 * halves(learner.fit(lesson, learner.settings[0], seed)(features[test])) - 1

        row = Candidate(learner.name, learner.origin, predict, None, [features, learner.settings])
        results.append(
            measure("music", "valence and arousal", corpus, row, protocol, work, seed, RATINGS)
        )
    return results


def _songs(files: Sequence[Path]) -> NDArray[np.float32]:
    """Return the mean features [songs, features] over the windows of each song."""
    found = []
    for file in files:
        spectrum = music_spectrum.analyse(read_audio(file)[0])
        found.append(
            np.mean(
                [music_features.describe(part).vector for _, part in windows_of(spectrum)], axis=0
            )
        )
    return np.array(found, np.float32)
