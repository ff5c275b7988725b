"""Train and measure the speech network on RAVDESS, parted by actor."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from emo_music_ros.emotion import RAVDESS
from emo_music_ros.encoding.speech.audio_features import features
from emo_music_ros.encoding.speech.functionals import functionals
from emo_music_ros.errors import InputError
from emo_music_ros.io.model import describe
from emo_music_ros.numerics import softmax
from emo_music_ros.training.corpora import emodb, ravdess
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.evaluation.cost import Cost
from emo_music_ros.training.evaluation.evaluate import evaluate_candidate
from emo_music_ros.training.evaluation.protocol import Protocol, Rows, random_split
from emo_music_ros.training.evaluation.results import Candidate, Result
from emo_music_ros.training.shared.calibration import conformal_threshold, fit_temperature
from emo_music_ros.training.shared.cards import write_card
from emo_music_ros.training.shared.onnx_export import export_onnx, require_float32
from emo_music_ros.training.shared.work import Work
from emo_music_ros.training.speech import network as networks
from emo_music_ros.training.speech.card import model_card
from emo_music_ros.training.speech.clips import cut_voices, prepare_clips
from emo_music_ros.training.speech.comparison import listeners_alone, papers_and_peers
from emo_music_ros.training.speech.conditions import CONDITIONS, disturbed
from emo_music_ros.training.speech.cross_corpus import evaluate_across
from emo_music_ros.training.speech.listeners import TEMPERATURE, ListenerTraining, clean_answers
from emo_music_ros.training.speech.shipped import NAME, cost_of_shipped

CORPORA = ("RAVDESS speech", "EMO-DB")
VERSION = "2.0.0"
TASK = "8 emotions"
FOLDS = 5


def folds_by_actor(corpus: Corpus) -> Protocol:
    """Return the folds: two men and two women each, in order of their numbers."""
    people = np.unique(corpus.people)
    part = {actor: index // 2 % FOLDS for index, actor in enumerate(people)}
    place = np.array([part[actor] for actor in corpus.people])
    folds = [(np.flatnonzero(place != k), np.flatnonzero(place == k)) for k in range(FOLDS)]
    return Protocol(f"{FOLDS}-fold by actor", folds)


def evaluate(
    data: Path, work: Work, seed: int = 0, leaky: bool = False, baselines: bool = False
) -> list[Result]:
    """Measure the network on actors it never heard, or on a corpus it never heard.

    Parameters
    ----------
    data : pathlib.Path
        Folder with RAVDESS speech. With EMO-DB instead, the network of the package is measured
        across corpora and languages.
    work : Work
        Where trained listeners and answers are kept.
    seed : int
        Of everything random.
    leaky : bool
        Also measure the listeners to statistics under a random split, LEAKY.
    baselines : bool
        Also measure the networks of the papers, openSMILE with a linear classifier where it is
        installed, both kinds of listeners alone, and noise, telephone and reverberation.

    Raises
    ------
    InputError
        If the folder holds neither corpus.
    """
    if not ravdess.files(data):
        if emodb.files(data):
            return [evaluate_across(emodb.load(data), work, seed)]
        raise InputError(
            f"{data} holds neither RAVDESS speech nor EMO-DB",
            "Give the folder with Actor_01 and so on, or with wav/03a01Fa.wav and so on",
        )
    corpus = ravdess.load(data)
    training = ListenerTraining(corpus, prepare_clips(corpus, work, seed), work)
    results = [_by_actors(corpus, training, work, seed, cost_of_shipped(corpus))]
    protocol = folds_by_actor(corpus)

    def measured(
        candidate: Candidate, split: Protocol = protocol, task: str = TASK, note: str = ""
    ) -> Result:
        return evaluate_candidate(NAME, task, corpus, candidate, split, work, seed, note=note)

    if baselines:
        results += [measured(one) for one in listeners_alone(training)]
        results += [
            measured(one, note=note) for one, note in papers_and_peers(corpus, training, work)
        ]
        voices = cut_voices(corpus, work)
        for name, condition in CONDITIONS.items():
            one = disturbed(voices, training, name, condition)
            note = "With the option noise_reduction, off by default." if condition[1] else ""
            results.append(measured(one, task=f"{TASK}, {name}", note=note))
    if leaky:
        _, whole = listeners_alone(training)
        split = Protocol(f"{FOLDS}-fold random", random_split(len(corpus), FOLDS, seed), leaky=True)
        results.append(measured(whole, split, note="Every actor is on both sides."))
    return results


def _by_actors(
    corpus: Corpus,
    training: ListenerTraining,
    work: Work,
    seed: int,
    cost: Callable[[], Cost] | None = None,
) -> Result:
    """Measure all listeners together on actors they never heard."""

    def learnt(rows: Rows, test: Rows, number: int) -> NDArray[np.float64]:
        return clean_answers(training.together(rows, number), [training.clips[r] for r in test])

    candidate = Candidate("emo_music_ros", "this project", learnt, cost, training.together_key)
    return evaluate_candidate(NAME, TASK, corpus, candidate, folds_by_actor(corpus), work, seed)


def train(
    data: Path, out: Path, work: Work, seed: int = 0, precision: str = "float32"
) -> dict[str, Any]:
    """Measure, train on all actors and write ``speech.onnx``, ``speech.json`` and ``speech.md``.

    Parameters
    ----------
    data : pathlib.Path
        Folder with RAVDESS speech.
    out : pathlib.Path
        Folder for the model.
    work : Work
        Where trained listeners and answers are kept.
    seed : int
        Of everything random.
    precision : str
        Only ``float32``.

    Returns
    -------
    dict
        The figures measured on actors the network never heard.

    Raises
    ------
    InputError
        If the folder holds no RAVDESS speech, or for another precision.
    """
    require_float32("speech", precision)
    corpus = ravdess.load(data)
    training = ListenerTraining(corpus, prepare_clips(corpus, work, seed), work)
    result = _by_actors(corpus, training, work, seed)
    network = training.together(np.arange(len(corpus)), seed)
    logits = TEMPERATURE * np.log(np.maximum(result.probabilities, 1e-12))
    temperature = fit_temperature(logits, result.truth)
    calibrated = softmax(logits, temperature)
    example = features(corpus.items[0])
    inputs = [example.mel.copy(), example.contour, functionals(example)]
    path = export_onnx(
        network,
        out / f"{NAME}.onnx",
        [torch.from_numpy(np.stack([one, one])) for one in inputs],
        ["mel", "contour", "statistics"],
        ["logits", "embedding"],
        {
            "mel": {0: "batch", 2: "frames"},
            "contour": {0: "batch", 2: "frames"},
            "statistics": {0: "batch"},
        },
    )
    describe(
        path,
        version=VERSION,
        labels=list(RAVDESS),
        temperature=temperature,
        conformal=conformal_threshold(calibrated, result.truth),
        embedding=networks.EMBEDDING,
        licence="research only (CC BY-NC-SA 4.0)",
    )
    parameters = sum(weight.numel() for weight in network.parameters())
    write_card(model_card(result, calibrated, corpus, parameters, temperature), out)
    return {name: entry["value"] for name, entry in result.measures.items()} | {
        "parameters": parameters,
        "temperature": temperature,
    }
