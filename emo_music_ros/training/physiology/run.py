# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Train and measure the stress network on Stress-Predict (Empatica E4, Iqbal et al. 2022).

Where the tables of WESAD are there too, also the model that tells amusement from stress.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from emo_music_ros.encoding.physiology.encoder import LABELS, MEASURES
from emo_music_ros.errors import InputError
from emo_music_ros.io.model import describe
from emo_music_ros.training.corpora import stress_predict, wesad
from emo_music_ros.training.evaluation.evaluate import evaluate_candidate
from emo_music_ros.training.evaluation.protocol import Protocol, random_split
from emo_music_ros.training.evaluation.results import Candidate, Result
from emo_music_ros.training.physiology.card import CLOCK_NOTE, FOREST_NOTE, TRIED, model_card
from emo_music_ros.training.physiology.network import NAME, SUBSETS, VERSION, export
from emo_music_ros.training.physiology.per_person import STRESS_METRICS
from emo_music_ros.training.physiology.states import StateStudy
from emo_music_ros.training.physiology.states import train as train_states
from emo_music_ros.training.physiology.study import StressStudy
from emo_music_ros.training.shared import baselines as papers
from emo_music_ros.training.shared import trials
from emo_music_ros.training.shared.calibration import conformal_threshold
from emo_music_ros.training.shared.cards import write_card
from emo_music_ros.training.shared.onnx_export import require_float32
from emo_music_ros.training.shared.work import Work

#: Measures beside the usual ones.
METRICS = STRESS_METRICS
CORPORA = (stress_predict.NAME, wesad.NAME, *(f"{name}, body" for name in trials.CORPORA))


def evaluate(
    data: Path, work: Work, seed: int = 0, leaky: bool = False, baselines: bool = False
) -> list[Result]:
    """Measure on Stress-Predict, WESAD, DEAP and AMIGOS, whichever the folder holds.

    Parameters
    ----------
    data : pathlib.Path
        Folder of one of the corpora, or the one above Stress-Predict and WESAD.
    work : Work
        Where finished folds are kept.
    seed : int
        Of everything random.
    leaky : bool
        Also part the windows at random.
    baselines : bool
        Also the networks of the papers, a random forest, single features, and a clock.

    Returns
    -------
    list of Result
        The shipped network first.

    Raises
    ------
    InputError
        If the folder holds none of them, or a file is damaged.
    """
    data = Path(data)
    results: list[Result] = []
    if stress_predict.find(data):
        study = StressStudy(data, work, seed)
        results = stress(study, leaky, baselines)
    if wesad.find(data):
        results += StateStudy(data, work, seed).results(baselines)
    if not results and not trials.found(data):
        raise InputError(
            f"{data} holds neither {', '.join(CORPORA)}", "Give the folder of one of them"
        )
    return results + trials.evaluate_trials(NAME, data, work, trials.body, seed, leaky, baselines)


def stress(study: StressStudy, leaky: bool, baselines: bool) -> list[Result]:
    """Return the tables of Stress-Predict."""

    def table(candidate: Candidate, protocol: Protocol = study.one_out, note: str = "") -> Result:
        return evaluate_candidate(
            NAME, "stress or calm, windows of 60 s", study.corpus, candidate, protocol,
            study.work, study.seed, STRESS_METRICS, note,
        )  # fmt: skip

    candidates = [(study.ours(), TRIED)]
    candidates += [
        (study.ours(SUBSETS[name], f"emo_music_ros, {name}"), "")
        for name in ("skin only", "heart only")
    ]
    candidates += [
        (study.single("heart rate alone", "heart_rate"), ""),
        (study.single("skin conductance alone", "eda_level"), ""),
    ]
    if baselines:
        candidates += [(study.paper(name), "") for name in papers.NETWORKS]
        candidates += [(study.forest(), FOREST_NOTE), (study.logistic(), FOREST_NOTE)]
        candidates += [(study.clock(), CLOCK_NOTE)]
    results = [table(candidate, note=note) for candidate, note in candidates]
    if leaky:
        split = random_split(len(study.corpus), 5, study.seed)
        random = Protocol("random split of the windows", split, leaky=True)
        results += [table(study.ours(), random), table(study.forest(), random)]
    return results


def train(
    data: Path, out: Path, work: Work, seed: int = 0, precision: str = "float32"
) -> dict[str, Any]:
    """Measure on Stress-Predict, train on all its people, write network, description and card.

    The same for the model of states where the folder holds WESAD.

    Parameters
    ----------
    data : pathlib.Path
        Folder of Stress-Predict, or the one above it and WESAD.
    out : pathlib.Path
        Folder for ``physiology`` and ``physiology_states``: onnx, json and md.
    work : Work
        Where finished folds are kept.
    seed : int
        Of everything random.
    precision : str
        Only ``float32``, and empty for it: the network is too small to gain by less.

    Returns
    -------
    dict
        The measured figures.

    Raises
    ------
    InputError
        If the corpus is not there or damaged, or the precision is another.
    """
    require_float32(NAME, precision)
    study = StressStudy(data, work, seed)
    results = stress(study, leaky=False, baselines=False)
    ours = results[0]
    network = study.network(np.arange(len(study.corpus)), seed)
    path = export(network, Path(out) / f"{NAME}.onnx")
    describe(
        path,
        version=VERSION,
        labels=list(LABELS),
        measures=list(MEASURES),
        conformal=conformal_threshold(ours.probabilities, ours.truth),
        temperature=1.0,
        smoothing=float(network.smoothing),
        licence="MIT",
        corpus=study.corpus.name,
    )
    write_card(model_card(study, network, results), Path(out))
    figures: dict[str, Any] = {result.candidate: result.measures for result in results}
    if wesad.find(Path(data)):
        found = train_states(StateStudy(Path(data), work, seed), Path(out))
        figures |= {f"{wesad.NAME}, {result.task}": result.measures for result in found}
    return figures
