# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The models of music, trained on some phrases and what goes with them, as rows of the tables."""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.encoding.music import spectrum as music_spectrum
from emo_music_ros.encoding.music.model import FEATURE_SETS, WINDOW, tempered
from emo_music_ros.encoding.music.spectrum import SAMPLE_RATE
from emo_music_ros.io.model import open_network
from emo_music_ros.training.corpora import emotify
from emo_music_ros.training.evaluation.cost import Cost, onnx_cost
from emo_music_ros.training.evaluation.protocol import Rows
from emo_music_ros.training.evaluation.results import Candidate
from emo_music_ros.training.music import forest, lessons, models, networks
from emo_music_ros.training.music.lessons import Material, choose, columns
from emo_music_ros.training.music.models import Fitted, Learner
from emo_music_ros.training.shared.work import Work, fingerprint

log = logging.getLogger(__name__)
WindowAnswers = dict[str, NDArray[Any]]


def answers_of(
    learner: Learner, material: Material, train: Rows, seed: int, work: Work
) -> WindowAnswers:
    """Train on some phrases and on the pieces and tracks of their series; answer every window.

    Returns
    -------
    dict
        ``phrases``, ``pieces`` and ``tracks``, probabilities [windows, 4]; ``dominance``
        [track windows] and ``felt`` [track windows, 10], where the model knows them; ``setting``,
        its number; ``piece_temperature``.
    """
    known = np.unique(material.corpus.people[train])
    unheard = sorted(set(np.unique(material.corpus.people)) - set(known))

    def compute() -> WindowAnswers:
        choice = choose(learner, material, train, seed)
        model = learner.fit(material.lesson(learner, train, unheard), choice.setting, seed)
        found = {
            "phrases": model(columns(learner, material.phrase_windows)),
            "pieces": model(columns(learner, material.piece_windows)),
            "tracks": model(columns(learner, material.track_windows)),
        }
        tables: WindowAnswers = {
            name: tempered(answers.quadrants, choice.temperature) for name, answers in found.items()
        }
        for name in ("dominance", "felt"):
            if (table := getattr(found["tracks"], name)) is not None:
                tables[name] = table
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
    code = [inspect.getsource(module) for module in (models, networks, forest, lessons, emotify)]
    return fingerprint([code, tempered, answers_of])


def _key(learner: Learner, material: Material) -> list[object]:
    return [
        *(learner.name, learner.features, learner.columns, learner.settings),
        _code(),
        columns(learner, material.phrase_windows),
        columns(learner, material.piece_windows),
        columns(learner, material.track_windows),
        *(material.rated, material.corpus.labels, material.corpus.people),
        *(material.tracks.answers, material.tracks.listeners, material.parts),
    ]


def candidate(
    learner: Learner,
    material: Material,
    work: Work,
    answer: Callable[[WindowAnswers, Rows], NDArray[np.float64]],
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


def final(learner: Learner, material: Material, seed: int, work: Work) -> WindowAnswers:
    """Train on everything; returns the ONNX network, temperatures and number of parameters."""

    def compute() -> WindowAnswers:
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
            "outputs": np.array(model.outputs),
            "setting": np.array(list(learner.settings).index(choice.setting)),
        }

    return work.recall(f"music {learner.name} final", [*_key(learner, material), seed], compute)


def _cost(learner: Learner, trained: WindowAnswers, work: Work) -> Cost:
    """Return the cost of one window of ten seconds, features included."""
    content = trained["network"].tobytes()
    session = open_network(content, "the trained network", "Train it again")
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
