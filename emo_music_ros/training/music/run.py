"""Train and measure the models of music on VGMIDI: piano pieces of games, rated by listeners.

Every answer is to a series of games that was left out; settings and temperatures are chosen by
parting the other series once more.
"""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros import emotion
from emo_music_ros.encoding.music import spectrum as music_spectrum
from emo_music_ros.encoding.music.encoder import FEATURE_SETS, WINDOW, tempered
from emo_music_ros.encoding.music.spectrum import SAMPLE_RATE
from emo_music_ros.encoding.shared.model import describe
from emo_music_ros.training.corpora import deam, vgmidi
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.corpora.vgmidi import AXES
from emo_music_ros.training.evaluation.cost import Cost, onnx_cost
from emo_music_ros.training.evaluation.evaluate import evaluate_candidate
from emo_music_ros.training.evaluation.metrics import Metric
from emo_music_ros.training.evaluation.protocol import Protocol, Rows, leave_one_out, random_split
from emo_music_ros.training.evaluation.results import Candidate, Result
from emo_music_ros.training.music import models as music_models
from emo_music_ros.training.music.deam import evaluate_songs
from emo_music_ros.training.music.lessons import (
    CERTAIN,
    INNER,
    SHARPNESS,
    VARIANTS,
    Material,
    by_item,
    choose,
    columns,
    halves,
    prepare,
)
from emo_music_ros.training.music.models import (
    CNN,
    FOREST,
    LINEAR,
    OURS,
    TEMPO_AND_MODE,
    TRIAL,
    Fitted,
    Learner,
)
from emo_music_ros.training.shared.calibration import conformal_threshold
from emo_music_ros.training.shared.cards import Card, Figure, write_card
from emo_music_ros.training.shared.onnx_export import require_float32
from emo_music_ros.training.shared.work import Work, fingerprint

log = logging.getLogger(__name__)

VERSION = "2.0.0"
#: All that can be measured here, for those that were not.
CORPORA = ("VGMIDI phrases", "VGMIDI pieces", "DEAM")
#: Model file -> how it is made.
SHIPPED = {"music": OURS, "music_forest": FOREST, "music_cnn": CNN}
_Columns = dict[str, NDArray[Any]]


def answers_of(
    learner: Learner, material: Material, train: Rows, seed: int, work: Work
) -> _Columns:
    """Train on some phrases, and on the pieces of their series, and answer every window.

    Returns
    -------
    dict
        ``phrases`` and ``pieces``, probabilities [windows, 4]; ``setting``, its number;
        ``piece_temperature``.
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
        return {
            **tables,
            "setting": np.array(list(learner.settings).index(choice.setting)),
            "piece_temperature": np.array(choice.piece_temperature),
        }

    return work.recall(
        f"music {learner.name} fold", [*_key(learner, material), train, seed], compute
    )


@functools.cache
def _code() -> str:
    """Return a hash of the code that answers depend on; reading it takes a while."""
    models = inspect.getsource(music_models)
    return fingerprint([models, Material, choose, columns, by_item, tempered])


def _key(learner: Learner, material: Material) -> list[object]:
    return [
        *(learner.name, learner.features, learner.columns, learner.settings),
        *(SHARPNESS, CERTAIN, INNER, TRIAL, _code()),
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
    """Train on everything; returns the ONNX network, temperatures and number of parameters."""

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
            "piece_temperature": np.array(choice.piece_temperature),
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


RATING: dict[str, Metric] = {"correlation": correlation}


def evaluate(
    data: Path, work: Work, seed: int = 0, leaky: bool = False, baselines: bool = False
) -> list[Result]:
    """Metric the models on series of games they never heard.

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
    results = _judge(material, learners, work, seed)
    if leaky:
        split = Protocol(
            "5-fold, random phrases", random_split(len(material.corpus), 5, seed), True
        )
        for task, labels, classes, answer in _tasks(material):
            part = replace(material.corpus, labels=labels, classes=classes)
            row = candidate(OURS, material, work, answer, lambda rows: rows, seed)
            results.append(
                evaluate_candidate("music", task, part, replace(row, cost=None), split, work, seed)
            )
    if (data / "deam").is_dir():
        songs = deam.load(data / "deam")
        results += evaluate_songs(songs, [OURS, LINEAR] if baselines else [OURS], work, seed)
    return results


def _judge(material: Material, learners: Sequence[Learner], work: Work, seed: int) -> list[Result]:
    """Metric learners on series they never heard."""
    corpus = material.corpus
    honest = Protocol("leave one series out", leave_one_out(corpus.people))
    results: list[Result] = []
    for task, labels, classes, answer in _tasks(material):
        part = replace(corpus, labels=labels, classes=classes)
        for learner in learners:
            row = candidate(learner, material, work, answer, lambda rows: rows, seed)
            if results and results[0].task != task:
                row = replace(row, cost=None)  # as above
            results.append(
                evaluate_candidate("music", task, part, row, honest, work, seed, note=NOTE)
            )
    written = material.piece_windows.variant == 0
    tables = [
        ("piano as written", written, material.rated),
        ("other instruments, tempi and keys", ~written, material.rated),
        *(
            (f"piano as written, {group}", written, ratings)
            for group, ratings in material.groups.items()
        ),
    ]
    for name, chosen, ratings in tables:
        for axis, word in enumerate(AXES):
            rows = np.flatnonzero(chosen & np.isfinite(ratings[:, axis]))
            if not len(rows):
                continue
            part = _rated(material, rows, ratings[:, axis], word)
            protocol = Protocol("leave one series out", leave_one_out(part.people))

            def over_time(
                answers: _Columns, test: Rows, rows: Rows = rows, axis: int = axis
            ) -> NDArray[np.float64]:
                return 2 * halves(answers["pieces"])[rows[test], axis : axis + 1] - 1

            def heard(train: Rows, people: NDArray[Any] = part.people) -> Rows:
                left_out = np.setdiff1d(people, people[train])
                return np.flatnonzero(~np.isin(corpus.people, left_out))

            task = f"{word} over time, {name}"
            for learner in learners:
                row = candidate(learner, material, work, over_time, heard, seed)
                row = replace(row, cost=None)
                results.append(
                    evaluate_candidate("music", task, part, row, protocol, work, seed, RATING)
                )
    return results


NOTE = (
    "an answer is the mean over the windows of a phrase; setting and temperatures were chosen "
    "among the other series. The cost is that of one window of 10 s, features included."
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
        mean = by_item(windows, answers["phrases"].astype(float), test)
        return tempered(mean, float(answers["piece_temperature"]))

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
    """Metric the models under the honest protocol, train them on all of VGMIDI and write them.

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
        Only ``float32`` (the default): the networks are small.

    Returns
    -------
    dict
        Model -> the figures of its card by name.

    Raises
    ------
    InputError
        If the corpus is not as published or the precision is another one.
    """
    require_float32("music", precision)
    material = prepare(Path(data) / "vgmidi", seed, work)
    results = _judge(material, list(SHIPPED.values()), work, seed)
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
            piece_temperature=float(trained["piece_temperature"]),
            conformal=conformal_threshold(quadrants.probabilities, quadrants.truth),
        )
        figures = [
            replace(figure, name=f"{result.task}, {figure.name}")
            for result in mine
            for figure in result.figures()
        ]
        write_card(_card(name, learner, material, figures, trained), Path(out))
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
        "of music express. `music` is better, see its card.",
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
    figures: list[Figure],
    trained: _Columns,
) -> Card:
    purpose, architecture = _WORDS[name]
    setting = dict(learner.settings[int(trained["setting"])])
    choices = "; ".join(str(dict(each)) for each in learner.settings)
    return Card(
        name=name,
        purpose=purpose,
        data=(
            f"VGMIDI (Ferreira & Whitehead, 2019): {len(material.corpus)} labelled phrases and "
            f"{len(material.pieces.files)} piano pieces from video games with the continuous "
            f"ratings of {material.pieces.listeners} listening sessions, rendered with the sound "
            f"font TimGM6mb; every piece in {1 + VARIANTS} performances, the first as written, the "
            "others with other instruments, tempo (±10 %) and key (±4 semitones)."
        ),
        licence=(
            "Research only: the pieces are commercial compositions. Neither the MIDI files nor "
            "renderings of them are distributed."
        ),
        split=(
            f"Leave one series of games out, {material.corpus.count} series; all figures are on "
            "series the model never heard. Inside every fold the setting and the temperatures "
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
            "from 55 years rest on few ratings a piece. Figures by sex and age are those of the "
            "ratings over time; who labelled a phrase is not known.",
            "Sad and peaceful music with little activity are told apart mainly by mode and "
            "harmony, and mixed up often.",
            "A logistic regression on the features of `music` is about as good as its network: "
            "the corpus is small, and the features carry the result.",
        ),
        reproduce="emo-music train music --data DATA --out models",
    )
