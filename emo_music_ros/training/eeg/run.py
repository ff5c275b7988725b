# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Train and measure the mental-state networks on the Muse recordings of Bird et al. (2018).

J. J. Bird, L. J. Manso, E. P. Ribeiro, A. Ekart, D. R. Faria, "A study on mental state
classification using EEG-based brain-machine interface", IEEE Intelligent Systems 2018.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from emo_music_ros.encoding.eeg.encoder import LABELS, MEASURES
from emo_music_ros.errors import InputError
from emo_music_ros.io.model import describe
from emo_music_ros.training.corpora import muse
from emo_music_ros.training.eeg.card import BAND_POWERS_TEXT, EEGNET_TEXT, NOTE, model_card
from emo_music_ros.training.eeg.study import NAME, VERSION, MentalStateStudy, export
from emo_music_ros.training.evaluation.evaluate import evaluate_candidate
from emo_music_ros.training.evaluation.protocol import Protocol, leave_one_out, random_split
from emo_music_ros.training.evaluation.results import Result
from emo_music_ros.training.shared import baselines as papers
from emo_music_ros.training.shared import trials
from emo_music_ros.training.shared.calibration import conformal_threshold
from emo_music_ros.training.shared.cards import write_card
from emo_music_ros.training.shared.onnx_export import require_float32
from emo_music_ros.training.shared.work import Work

CORPORA = (muse.NAME, *(f"{name}, brain" for name in trials.CORPORA))


def evaluate(
    data: Path, work: Work, seed: int = 0, leaky: bool = False, baselines: bool = False
) -> list[Result]:
    """Measure on the Muse recordings, DEAP and AMIGOS, whichever the folder holds.

    Parameters
    ----------
    data : pathlib.Path
        Folder of one of the corpora, or the one above the Muse recordings.
    work : Work
        Where finished folds are kept.
    seed : int
        Of everything random.
    leaky : bool
        Also part the windows at random.
    baselines : bool
        Also the networks of the papers, and a random forest.

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
    if muse.files(data):
        results = states(MentalStateStudy(data, work, seed), leaky, baselines)
    elif not trials.found(data):
        raise InputError(
            f"{data} holds neither {', '.join(CORPORA)}", "Give the folder of one of them"
        )
    return results + trials.evaluate_trials(NAME, data, work, trials.brain, seed, leaky, baselines)


def states(study: MentalStateStudy, leaky: bool, baselines: bool) -> list[Result]:
    """Return the tables of the Muse recordings."""
    one_out = Protocol("leave one person out", leave_one_out(study.corpus.people))
    protocols = [one_out]
    if leaky:
        split = random_split(len(study.corpus), 5, study.seed)
        protocols.append(Protocol("random split of the windows", split, leaky=True))
    candidates = [study.ours(), study.convolutional()]
    if baselines:
        candidates += [study.paper(name) for name in papers.NETWORKS]
        candidates.append(study.forest())
    return [
        evaluate_candidate(
            NAME, "three states of mind, windows of 4 s", study.corpus, candidate, protocol,
            study.work, study.seed, note=NOTE if candidate is candidates[0] else "",
        )
        for protocol in protocols
        for candidate in candidates
    ]  # fmt: skip


def train(
    data: Path, out: Path, work: Work, seed: int = 0, precision: str = "float32"
) -> dict[str, Any]:
    """Measure on the Muse recordings, train on all, write networks, descriptions and cards.

    Parameters
    ----------
    data : pathlib.Path
        Folder of the Muse recordings, or the one above.
    out : pathlib.Path
        Folder for ``eeg`` (band powers) and ``eeg_eegnet`` (EEGNet): onnx, json and md.
    work : Work
        Where finished folds are kept.
    seed : int
        Of everything random.
    precision : str
        Only ``float32``, and empty for it: the networks are too small to gain by less.

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
    study = MentalStateStudy(data, work, seed)
    results = states(study, leaky=False, baselines=False)
    networks = (
        (NAME, study.linear(study.everybody, seed), study.measures, "measures", BAND_POWERS_TEXT),
        (f"{NAME}_eegnet", study.eegnet(study.everybody, seed), study.waves, "waves", EEGNET_TEXT),
    )
    for (name, network, inputs, kind, text), result in zip(networks, results):
        path = export(network, Path(out) / f"{name}.onnx", inputs)
        describe(
            path,
            version=VERSION,
            labels=list(LABELS),
            measures=list(MEASURES),
            input=kind,
            conformal=conformal_threshold(result.probabilities, result.truth),
            temperature=float(network.temperature),
            licence="research only",
            corpus=study.corpus.name,
        )
        size = sum(parameter.numel() for parameter in network.parameters())
        write_card(model_card(study, name, text.format(size=size), result), Path(out))
    return {result.candidate: result.measures for result in results}
