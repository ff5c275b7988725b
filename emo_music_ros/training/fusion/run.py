# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Train and measure the fusion of modalities: stitched moments and real pairs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from emo_music_ros.emotion import STATES
from emo_music_ros.fusion.base import Fusion
from emo_music_ros.fusion.classes import CLASSES
from emo_music_ros.fusion.learned import NAME
from emo_music_ros.fusion.strategies import (
    AverageFusion,
    LogPoolFusion,
    SelectFusion,
    SingleModality,
    WeightedFusion,
)
from emo_music_ros.fusion.temporal import NAMES
from emo_music_ros.io.model import describe
from emo_music_ros.resources import share
from emo_music_ros.simulation.answers import Answers
from emo_music_ros.training.corpora import mosi, ravdess_faces
from emo_music_ros.training.evaluation.cost import Cost
from emo_music_ros.training.evaluation.evaluate import evaluate_candidate
from emo_music_ros.training.evaluation.metrics import CLASSIFICATION, Metric
from emo_music_ros.training.evaluation.protocol import Rows
from emo_music_ros.training.evaluation.results import Candidate, Result
from emo_music_ros.training.fusion import ablations, calibration, site, trials
from emo_music_ros.training.fusion.card import model_card, temporal_card
from emo_music_ros.training.fusion.conditions import CHANGES, CODE
from emo_music_ros.training.fusion.episodes import windows
from emo_music_ros.training.fusion.exports import (
    learned_cost,
    save_learned,
    save_temporal,
    temporal_cost,
)
from emo_music_ros.training.fusion.network import Moments
from emo_music_ros.training.fusion.pairs import SIGN, Together, opinions, pairs
from emo_music_ros.training.fusion.pairs import TASK as PAIRS
from emo_music_ros.training.fusion.stitched import FOLDS, StitchedStudy
from emo_music_ros.training.fusion.stitching import MODALITIES
from emo_music_ros.training.fusion.temporal_pairs import ORIGINS
from emo_music_ros.training.fusion.temporal_study import TemporalStudy, Told
from emo_music_ros.training.fusion.zero_filling import ZeroFilling
from emo_music_ros.training.shared.cards import write_card
from emo_music_ros.training.shared.onnx_export import require_float32
from emo_music_ros.training.shared.work import Work

CORPORA = (
    "Recorded answers, stitched",
    "Recorded answers, stitched episodes",
    "RAVDESS voice and face",
    "CMU-MOSI",
)
VERSION = "1.0.0"
STATES_TASK = "four states, stitched"
UNKNOWN_TASK = "how often unknown, stitched"
EPISODES_TASK = "four states at the end of stitched episodes"
OURS = "emo_music_ros"
NOTE = (
    "Stitched: answers of the encoders to one emotion, each modality of somebody else, put "
    "together across corpora; given the emotion they are independent, in one person they are not. "
    "The interval is over the speakers of the voices. {version}"
)
EPISODES_NOTE = (
    "Simulation: the last half minute, put together of recorded answers; how often a modality "
    "answers, how long a face keeps its expression and when an emotion changes are assumptions. "
    "attention and compressed read the time grid, the others what the timeline sums up."
)
UNKNOWN_NOTE = (
    "Agreement: three modalities of one emotion. Contradiction: three modalities of three states, "
    "where no state is right."
)

#: The usual way with what is missing.
ZERO, ZERO_ORIGIN = "zero-filled", "logistic regression on all modalities, zeros for missing ones"

#: The candidates that are networks of this package.
NETWORKS = (OURS, *ORIGINS)
Floats = NDArray[np.float64]
#: Answers moments of a part.
Answering = Callable[[int, Moments], Told]

#: Measures beside the usual ones.
METRICS: dict[str, Metric] = {
    "unknown": lambda truth, table, people: float((table[:, 1] >= 0.5).mean()),
}

#: Measures under the conditions.
ROBUSTNESS = {name: CLASSIFICATION[name] for name in ("accuracy", "macro-F1", "UAR", "ECE")}


def kept_results() -> Path | None:
    """Return the folder of results beside the models, None where there is none."""
    folder = share("models").parent / "docs"
    return folder if (folder / "results").is_dir() else None


def _strategies(study: StitchedStudy) -> dict[str, tuple[str, Callable[[int], Fusion]]]:
    """Return the other strategies by name: origin, and what makes them for a part."""

    def searched(fold: int) -> Fusion:
        return WeightedFusion(WeightedFusion.Options(**dict(zip(MODALITIES, study.searched(fold)))))

    def single(name: str, fold: int) -> Fusion:
        return SingleModality(SingleModality.Options(modality=name))

    return {
        "average": ("paper B", lambda fold: AverageFusion()),
        "weighted": ("paper E, Eq. 7, weights searched in the other parts", searched),
        "select": ("paper D", lambda fold: SelectFusion()),
        "logpool": ("log pool by reliability", lambda fold: LogPoolFusion()),
        **{f"{name} alone": ("no fusion", partial(single, name)) for name in MODALITIES},
    }


def _candidate(
    study: StitchedStudy,
    name: str,
    origin: str,
    answer: Answering,
    title: str = "",
    agree: bool | None = None,
    depends: Sequence[object] = (),
) -> Candidate:
    """Return a candidate for states, or (with `agree`) for how often it says unknown.

    `title` names one of the conditions, `depends` what the answers depend on beside the study.
    """

    def predict(train: Rows, test: Rows, seed: int) -> Floats:
        fold = study.fold_of(test)
        moments = study.apart[fold] if agree is False else study.tests[fold]
        changed = CHANGES[title](moments) if title else moments
        table, unknown = answer(fold, changed)
        if agree is None:
            return table
        return np.stack([~unknown, unknown], axis=1).astype(float)

    key = [study.key, name, agree, title, calibration.answers, StitchedStudy, *CODE, *depends]
    return Candidate(name, origin, predict, key=key)


def _stitched(timed: TemporalStudy, work: Work, seed: int, baselines: bool) -> list[Result]:
    study = timed.study
    corpus, protocol = study.corpus()
    results = []

    def measure(one: Candidate, task: str, measures: Any, text: str = "") -> None:
        results.append(
            evaluate_candidate(
                NAME, task, corpus, one, protocol, work, seed, measures=measures, note=text
            )
        )

    others = _strategies(study) if baselines else {}
    answering: dict[str, tuple[str, Answering, Sequence[object]]] = {
        OURS: ("this project", study.ours, ()),
        **{
            kind: (origin, partial(timed.on_moments, kind), (*timed.key, TemporalStudy))
            for kind, origin in ORIGINS.items()
        },
    }
    networks = tuple(answering)
    for name, (origin, make) in others.items():
        answering[name] = origin, partial(_by, study, make), ()
    costs = _costs(timed) if baselines else {}
    for name, (origin, answer, depends) in answering.items():
        one = _candidate(study, name, origin, answer, depends=depends)
        text = NOTE.format(version=study.about) if name == OURS else ""
        measure(replace(one, cost=costs.get(name)), STATES_TASK, CLASSIFICATION, text)
    for agree, what in ((True, "agreement"), (False, "contradiction")):
        for name, (origin, answer, depends) in answering.items():
            if name.endswith("alone"):
                continue
            one = _candidate(study, name, origin, answer, agree=agree, depends=depends)
            text = UNKNOWN_NOTE if name == OURS else ""
            measure(one, f"{UNKNOWN_TASK}: {what}", METRICS, text)
    if baselines:
        answering[ZERO] = ZERO_ORIGIN, study.by_zero_filling, (ZeroFilling,)
        filling = _candidate(study, ZERO, ZERO_ORIGIN, study.by_zero_filling)
        measure(filling, STATES_TASK, CLASSIFICATION)
    for title in CHANGES if baselines else ():
        for name in (*networks, ZERO):
            origin, answer, depends = answering[name]
            one = _candidate(study, name, origin, answer, title, depends=depends)
            measure(one, f"{STATES_TASK}, {title}", ROBUSTNESS)
    return results


def _costs(timed: TemporalStudy) -> dict[str, Callable[[], Cost]]:
    """Return what measures the cost of a decision of each network."""
    study, rest = timed.study, range(1, FOLDS)
    given = windows(timed.spoken, timed.episodes[0])

    def cost(kind: str) -> Cost:
        return temporal_cost(timed.trained(kind, rest), given)

    return {
        OURS: lambda: learned_cost(study.trained(rest), study.tests[0]),
        **{kind: partial(cost, kind) for kind in ORIGINS},
    }


def _lived(timed: TemporalStudy, work: Work, seed: int, baselines: bool) -> list[Result]:
    """Measure episodes at their end; the other strategies get what the timeline sums up."""
    corpus, protocol = timed.corpus()
    study, results = timed.study, []
    strategies: dict[str, tuple[str, Callable[[int], Told]]] = {
        OURS: ("this project", timed.ours),
        **{kind: (origin, partial(timed.on_episodes, kind)) for kind, origin in ORIGINS.items()},
    }
    for name, (origin, make) in (_strategies(study) if baselines else {}).items():
        strategies[name] = origin, partial(_by_episodes, timed, make)
    for name, (origin, answer) in strategies.items():

        def predict(
            train: Rows, test: Rows, seed: int, answer: Callable[[int], Told] = answer
        ) -> Floats:
            return answer(study.fold_of(test))[0]

        one = Candidate(name, origin, predict, key=[timed.key, name, TemporalStudy, StitchedStudy])
        note = EPISODES_NOTE if name == OURS else ""
        results.append(
            evaluate_candidate(NAME, EPISODES_TASK, corpus, one, protocol, work, seed, note=note)
        )
    return results


def _by(study: StitchedStudy, make: Callable[[int], Fusion], fold: int, moments: Moments) -> Told:
    return study.by_strategy(make(fold), moments)


def _by_episodes(timed: TemporalStudy, make: Callable[[int], Fusion], fold: int) -> Told:
    return timed.by_strategy(make(fold), fold)


def _real(data: Path, work: Work, seed: int, baselines: bool) -> list[Result]:
    """Measure moments of one person in several modalities, of the corpora that are there."""
    studies: list[tuple[str, Together, str]] = []
    if ravdess_faces.find(data) is not None:
        study, about = pairs(data, work, seed, kept_results())
        about = f"Real pairs. Voice: {about}. Face: extremely randomised trees on action units."
        studies.append((PAIRS, study, about))
    if mosi.find(data) is not None:
        about = (
            "Real moments; linear classifiers on the voice (openSMILE) and on the embedding of "
            "our text network. The published features of face and words are not used: they "
            "were learnt from these labels."
        )
        studies.append((SIGN, opinions(data, seed), about))
    for name in trials.found(data):
        about = "Real moments, rated by the person; logistic regression on features of each."
        studies.append((trials.TASK, trials.study(name, data, seed), about))
    results = []
    for task, study, about in studies:
        chosen = study.candidates()
        for one in chosen if baselines else [one for one in chosen if one.name in NETWORKS]:
            note = about if one is chosen[0] else ""
            results.append(
                evaluate_candidate(
                    NAME, task, study.corpus, one, study.protocol, work, seed, note=note
                )
            )
    return results


def _of_site(data: Path, study: StitchedStudy, work: Work, seed: int) -> list[Result]:
    """Measure on the recordings of a site; none where it has none."""
    moments = site.load(data)
    if moments is None:
        return []
    teach = partial(_written, study)
    found = site.SiteStudy(moments, teach, [study.key, calibration.calibrate, _written])
    return [
        evaluate_candidate(NAME, site.TASK, found.corpus, one, found.protocol, work, seed)
        for one in found.candidates()
    ]


def _written(study: StitchedStudy, more: Moments | None, folder: Path) -> Path:
    """Train on all stitched moments, and on more; write network and description; return it."""
    made = study.trained(range(FOLDS), more)
    path = save_learned(made, study.tests[0], folder / f"{NAME}.onnx")
    halves = [float(one) for one in study.half_lives]
    found: dict[str, Any] = study.calibrated(range(FOLDS)).described()
    beside = ", and a site's recordings" if more is not None else ""
    _describe(path, CLASSES, beside=beside, half_lives=halves, **found)
    return path


def evaluate(
    data: Path, work: Work, seed: int = 0, leaky: bool = False, baselines: bool = False
) -> list[Result]:
    """Measure the learned fusions on people they never learned from.

    Parameters
    ----------
    data : pathlib.Path
        Folder with all corpora. The stitched moments need none of it: they come from
        ``models/answers.npz``.
    work : Work
        Where trained networks and answers are kept.
    seed : int
        Of everything random.
    leaky : bool
        Changes nothing: there is no split that leaks.
    baselines : bool
        Also the strategies of the papers, each modality alone, and robustness.

    Returns
    -------
    list of Result
        Stitched states, unknown in agreement and in contradiction, stitched episodes, then real
        pairs if they are there; of the learned fusion and of the networks of papers A and C.
    """
    timed = TemporalStudy(StitchedStudy(Answers(), work, seed))
    return [
        *_stitched(timed, work, seed, baselines),
        *_lived(timed, work, seed, baselines),
        *_real(Path(data), work, seed, baselines),
        *_of_site(Path(data), timed.study, work, seed),
    ]


def train(
    data: Path, out: Path, work: Work, seed: int = 0, precision: str = "float32"
) -> dict[str, Any]:
    """Measure, train on all answers and write the networks with descriptions and cards.

    They are ``fusion`` (``learned``), ``fusion_attention`` and ``fusion_compressed``.

    Parameters
    ----------
    data : pathlib.Path
        Folder with all corpora.
    out : pathlib.Path
        Folder for the model.
    work : Work
        Where trained networks and answers are kept.
    seed : int
        Of everything random.
    precision : str
        Only ``float32``.

    Returns
    -------
    dict
        The figures of stitched states and of real pairs.

    Raises
    ------
    InputError
        If the recorded answers are missing, or for another precision.
    """
    require_float32(NAME, precision)
    results = evaluate(data, work, seed)
    study = StitchedStudy(Answers(), work, seed)
    timed = TemporalStudy(study)
    own = site.load(Path(data))
    more = None if own is None else site.lessons(own)
    _written(study, more, out)
    made, found = study.trained(range(FOLDS), more), study.calibrated(range(FOLDS))
    mine = [one for one in results if one.candidate == OURS]
    write_card(model_card(mine, study, found, size(made)), out)
    given = windows(timed.spoken, timed.episodes[0])
    for kind, name in NAMES.items():
        network = timed.trained(kind, range(FOLDS))
        path = save_temporal(network, given, out / f"{name}.onnx")
        calibrated = timed.calibrated(kind, range(FOLDS))
        described: dict[str, Any] = calibrated.described()
        _describe(path, STATES, **described)
        its = [one for one in results if one.candidate == kind]
        write_card(temporal_card(kind, its, timed, calibrated, size(network)), out)
    return {
        f"{one.candidate}: {one.task}: {name}": entry["value"]
        for one in results
        for name, entry in one.measures.items()
    } | {"parameters": size(made)}


def _describe(path: Path, labels: Sequence[str], beside: str = "", **more: Any) -> None:
    """Write the description of a network."""
    describe(
        path,
        version=VERSION,
        labels=list(labels),
        modalities=list(MODALITIES),
        corpus=f"Recorded answers, stitched{beside}",
        licence="research only",
        **more,
    )


def size(network: torch.nn.Module) -> int:
    """Return how many numbers a network learned."""
    return sum(weight.numel() for weight in network.parameters())


#: What each part of the networks is worth.
ablate = ablations.ablate
