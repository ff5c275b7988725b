# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Train and measure the models of music on VGMIDI and Emotify together.

VGMIDI are piano pieces of games with what they express to listeners, Emotify real recordings with
what listeners felt. Every answer is to a series of games, or to tracks, that were left out;
settings and temperatures are chosen by parting the others once more.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from emo_music_ros import emotion
from emo_music_ros.encoding.music.model import FEATURE_SETS, WINDOW
from emo_music_ros.io.model import describe
from emo_music_ros.training.corpora import deam
from emo_music_ros.training.evaluation.evaluate import evaluate_candidate
from emo_music_ros.training.evaluation.protocol import Protocol, random_split
from emo_music_ros.training.evaluation.results import Result
from emo_music_ros.training.music.candidates import candidate, final
from emo_music_ros.training.music.card import model_card
from emo_music_ros.training.music.deam import RATINGS, evaluate_songs
from emo_music_ros.training.music.learners import CNN, FOREST, LINEAR, OURS, TEMPO_AND_MODE
from emo_music_ros.training.music.lessons import prepare
from emo_music_ros.training.music.listeners import FEELINGS, MOOD, evaluate_tracks, movement_table
from emo_music_ros.training.music.tasks import RATING, evaluate_learners, phrase_tasks
from emo_music_ros.training.shared.calibration import conformal_threshold
from emo_music_ros.training.shared.cards import write_card
from emo_music_ros.training.shared.onnx_export import require_float32
from emo_music_ros.training.shared.work import Work

VERSION = "3.0.0"
#: All that can be measured here, for those that were not.
CORPORA = ("VGMIDI phrases", "VGMIDI pieces", "Emotify", "DEAM")
#: Measures beside the usual ones.
METRICS = RATING | RATINGS | MOOD | FEELINGS
#: Model file -> how it is made.
SHIPPED = {"music": OURS, "music_forest": FOREST, "music_cnn": CNN}


def evaluate(
    data: Path, work: Work, seed: int = 0, leaky: bool = False, baselines: bool = False
) -> list[Result]:
    """Measure the models on series of games and recordings they never heard.

    Parameters
    ----------
    data : pathlib.Path
        Folder that holds ``vgmidi`` and ``emotify``, and ``deam`` where it is there.
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
    material = prepare(data, seed, work)
    learners = [OURS, FOREST, CNN, LINEAR, TEMPO_AND_MODE] if baselines else [OURS]
    results = evaluate_learners(material, learners, work, seed)
    results += evaluate_tracks(material, learners, work, seed, ridge=baselines)
    if leaky:
        split = Protocol(
            "5-fold, random phrases", random_split(len(material.corpus), 5, seed), True
        )
        for task, labels, classes, answer in phrase_tasks(material):
            part = replace(material.corpus, labels=labels, classes=classes)
            row = candidate(OURS, material, work, answer, lambda rows: rows, seed)
            results.append(
                evaluate_candidate("music", task, part, replace(row, cost=None), split, work, seed)
            )
    if (data / "deam").is_dir():
        songs = deam.load(data / "deam")
        results += evaluate_songs(songs, [OURS, LINEAR] if baselines else [OURS], work, seed)
    return results


def train(
    data: Path, out: Path, work: Work, seed: int = 0, precision: str = "float32"
) -> dict[str, Any]:
    """Measure the models under the honest protocol, train them on everything and write them.

    Parameters
    ----------
    data : pathlib.Path
        Folder that holds ``vgmidi`` and ``emotify``.
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
    material = prepare(Path(data), seed, work)
    learners = list(SHIPPED.values())
    results = evaluate_learners(material, learners, work, seed)
    results += evaluate_tracks(material, learners, work, seed)
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
            outputs=trained["outputs"].tolist(),
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
        moved = movement_table(material, learner, work, seed)
        write_card(model_card(name, learner, material, figures, trained, moved), Path(out))
        metrics[name] = {figure.name: figure.value for figure in figures}
    return metrics
