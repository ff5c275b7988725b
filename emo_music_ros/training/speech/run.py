# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Train and measure the speech network on all voices there are, parted by speaker."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from emo_music_ros.emotion import RAVDESS
from emo_music_ros.encoding.speech.audio_features import features
from emo_music_ros.encoding.speech.functionals import functionals
from emo_music_ros.io.model import describe
from emo_music_ros.numerics import softmax
from emo_music_ros.training.evaluation.evaluate import evaluate_candidate
from emo_music_ros.training.evaluation.protocol import Protocol, Rows, random_split
from emo_music_ros.training.evaluation.results import Candidate, Result
from emo_music_ros.training.shared.calibration import conformal_threshold, fit_temperature
from emo_music_ros.training.shared.cards import write_card
from emo_music_ros.training.shared.onnx_export import export_onnx, require_float32
from emo_music_ros.training.shared.work import Work
from emo_music_ros.training.speech import lstm, voices
from emo_music_ros.training.speech import network as networks
from emo_music_ros.training.speech.card import model_card
from emo_music_ros.training.speech.clips import cut_voices, prepare_clips
from emo_music_ros.training.speech.comparison import MFCC, listeners_alone, opensmile_peer, papers
from emo_music_ros.training.speech.conditions import CONDITIONS, disturbed
from emo_music_ros.training.speech.listeners import TEMPERATURE, ListenerTraining, clean_answers
from emo_music_ros.training.speech.shipped import NAME, cost_of_shipped

CORPORA = ("RAVDESS speech", "EMO-DB", "EMOVO")
VERSION = "3.0.0"
TASK = "emotions"
FOLDS = 4


def evaluate(
    data: Path, work: Work, seed: int = 0, leaky: bool = False, baselines: bool = False
) -> list[Result]:
    """Measure the network on speakers it never heard, and on corpora it never heard.

    Parameters
    ----------
    data : pathlib.Path
        Folder with the corpora, see :func:`voices.load`.
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
        If the folder holds no RAVDESS speech.
    """
    corpus = voices.load(data)
    training = ListenerTraining(corpus, prepare_clips(corpus, work, seed), work)
    names = list(dict.fromkeys(corpus.groups["corpus"].tolist()))
    main = names[0]
    ours = together(training)

    def measured(
        candidate: Candidate, part: str = main, task: str = TASK, note: str = ""
    ) -> Result:
        split = voices.folds(corpus, FOLDS, part)
        view = voices.of(corpus, part)
        return evaluate_candidate(NAME, task, view, candidate, split, work, seed, note=note)

    first = replace(ours, cost=cost_of_shipped(corpus))
    results = [measured(first)] + [measured(ours, name, note=OTHERS) for name in names[1:]]
    if baselines:
        results += [measured(one) for one in listeners_alone(training)]
        results += [measured(one, note=PAPERS) for one in papers(training)]
        peer = opensmile_peer(corpus, work)
        if peer is not None:
            results += [measured(peer, name, note="Clean recordings only.") for name in names]
        cut = cut_voices(corpus, work)
        for name, condition in CONDITIONS.items():
            one = disturbed(cut, training, name, condition)
            note = "With the option noise_reduction, off by default." if condition[1] else ""
            results.append(measured(one, task=f"{TASK}, {name}", note=note))
        if len(names) > 1:
            results += [
                evaluate_candidate(
                    NAME,
                    TASK,
                    voices.of(corpus, name),
                    ours,
                    voices.left_out(corpus, name),
                    work,
                    seed,
                    note=OTHERS,
                )
                for name in names
            ]
    if leaky:
        _, whole = listeners_alone(training)
        rows = np.flatnonzero(corpus.groups["corpus"] == main)
        parts = random_split(len(rows), FOLDS, seed)
        split = Protocol(f"{FOLDS}-fold random", [(rows[a], rows[b]) for a, b in parts], leaky=True)
        view = voices.of(corpus, main)
        note = "Every actor is on both sides."
        results.append(evaluate_candidate(NAME, TASK, view, whole, split, work, seed, note=note))
    return results


PAPERS = "Steps of 80 ms, clean recordings only; miniatures of what the papers describe."
OTHERS = (
    "Answers in the emotions that the corpus has; calm counts as neutral where nobody was calm."
)


def together(training: ListenerTraining) -> Candidate:
    """Return all listeners together as a row of the tables."""
    corpus = training.corpus

    def learnt(rows: Rows, test: Rows, number: int) -> NDArray[np.float64]:
        found = clean_answers(training.together(rows, number), [training.clips[r] for r in test])
        return voices.restricted(corpus, test, found)

    key = [training.together_key, voices.restricted]
    return Candidate("emo_music_ros", "this project", learnt, key=key)


def train(
    data: Path, out: Path, work: Work, seed: int = 0, precision: str = "float32"
) -> dict[str, Any]:
    """Measure, train on all speakers and write ``speech`` and ``speech_lstm`` (paper D).

    Parameters
    ----------
    data : pathlib.Path
        Folder with the corpora, see :func:`voices.load`.
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
        The figures measured on speakers the network never heard.

    Raises
    ------
    InputError
        If the folder holds no RAVDESS speech, or for another precision.
    """
    require_float32("speech", precision)
    corpus = voices.load(data)
    training = ListenerTraining(corpus, prepare_clips(corpus, work, seed), work)
    ours, parts = together(training), list(dict.fromkeys(corpus.groups["corpus"].tolist()))
    measured = {
        name: evaluate_candidate(
            NAME, TASK, voices.of(corpus, name), ours, voices.folds(corpus, FOLDS, name), work, seed
        )
        for name in parts
    }
    truth = np.concatenate([result.truth for result in measured.values()])
    answers = np.concatenate([result.probabilities for result in measured.values()])
    logits = TEMPERATURE * np.log(np.maximum(answers, 1e-12))
    temperature = fit_temperature(logits, truth)
    calibrated = softmax(logits, temperature)
    conformal = conformal_threshold(calibrated, truth)
    network = training.together(np.arange(len(corpus)), seed)
    example = features(corpus.items[0])
    inputs = [example.mel.copy(), example.contour, functionals(example)]
    path = export_onnx(
        network,
        out / f"{NAME}.onnx",
        [torch.from_numpy(np.stack([one, one])) for one in inputs],
        ["mel", "contour", "statistics"],
        ["logits", "embedding", "affect"],
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
        conformal=conformal,
        embedding=networks.EMBEDDING,
        licence="research only (non-commercial)",
    )
    parameters = sum(weight.numel() for weight in network.parameters())
    write_card(model_card(measured, calibrated, conformal, corpus, parameters, temperature), out)
    mfcc = next(one for one in papers(training) if one.name == MFCC)
    main = parts[0]
    theirs = evaluate_candidate(
        NAME, TASK, voices.of(corpus, main), mfcc, voices.folds(corpus, FOLDS, main), work, seed
    )
    lstm.train(corpus, training.clips, theirs, out, work, seed)
    return {
        f"{name}, {measure}": entry["value"]
        for name, result in measured.items()
        for measure, entry in result.measures.items()
    } | {"parameters": parameters, "temperature": temperature}
