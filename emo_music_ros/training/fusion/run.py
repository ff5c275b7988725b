"""Train and measure the fusion of modalities: stitched moments and real pairs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

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
from emo_music_ros.io.model import describe
from emo_music_ros.resources import share
from emo_music_ros.simulation.answers import Answers
from emo_music_ros.training.corpora import mosi, ravdess_faces
from emo_music_ros.training.evaluation.evaluate import evaluate_candidate
from emo_music_ros.training.evaluation.metrics import CLASSIFICATION, Metric
from emo_music_ros.training.evaluation.protocol import Rows
from emo_music_ros.training.evaluation.results import Candidate, Result
from emo_music_ros.training.fusion import calibration, site, trials
from emo_music_ros.training.fusion.card import model_card
from emo_music_ros.training.fusion.conditions import CHANGES, CODE
from emo_music_ros.training.fusion.network import Moments
from emo_music_ros.training.fusion.pairs import SIGN, Together, opinions, pairs
from emo_music_ros.training.fusion.pairs import TASK as PAIRS
from emo_music_ros.training.fusion.stitched import FOLDS, StitchedStudy
from emo_music_ros.training.fusion.stitching import MODALITIES
from emo_music_ros.training.shared.cards import write_card
from emo_music_ros.training.shared.onnx_export import export_onnx, require_float32
from emo_music_ros.training.shared.work import Work

CORPORA = ("Recorded answers, stitched", "RAVDESS voice and face", "CMU-MOSI")
VERSION = "1.0.0"
STATES_TASK = "four states, stitched"
UNKNOWN_TASK = "how often unknown, stitched"
NOTE = (
    "Stitched: answers of the encoders to one emotion, each modality of somebody else, put "
    "together across corpora; given the emotion they are independent, in one person they are not. "
    "The interval is over the speakers of the voices. {version}"
)
UNKNOWN_NOTE = (
    "Agreement: three modalities of one emotion. Contradiction: three modalities of three states, "
    "where no state is right."
)

#: The usual way with what is missing.
ZERO, ZERO_ORIGIN = "zero-filled", "logistic regression on all modalities, zeros for missing ones"

Floats = NDArray[np.float64]
#: Answers moments of a part: probabilities [n, 4], and which are unknown [n].
Answering = Callable[[int, Moments], tuple[Floats, NDArray[np.bool_]]]

#: Measures beside the usual ones.
METRICS: dict[str, Metric] = {
    "unknown": lambda truth, table, people: float((table[:, 1] >= 0.5).mean()),
}


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
) -> Candidate:
    """Return a candidate for states, or (with `agree`) for how often it says unknown.

    `title` names one of the conditions.
    """

    def predict(train: Rows, test: Rows, seed: int) -> Floats:
        fold = study.fold_of(test)
        moments = study.apart[fold] if agree is False else study.tests[fold]
        changed = CHANGES[title](moments) if title else moments
        table, unknown = answer(fold, changed)
        if agree is None:
            return table
        return np.stack([~unknown, unknown], axis=1).astype(float)

    key = [study.key, name, agree, title, calibration.answers, StitchedStudy, *CODE]
    return Candidate(name, origin, predict, key=key)


def _stitched(study: StitchedStudy, work: Work, seed: int, baselines: bool) -> list[Result]:
    corpus, protocol = study.corpus()
    note = NOTE.format(version=study.about)
    results = []

    def measure(one: Candidate, task: str, measures: Any, text: str = "") -> None:
        results.append(
            evaluate_candidate(
                NAME, task, corpus, one, protocol, work, seed, measures=measures, note=text
            )
        )

    others = _strategies(study) if baselines else {}
    made: dict[str, Answering] = {
        name: partial(_by, study, make) for name, (_, make) in others.items()
    }
    ours = _candidate(study, "emo_music_ros", "this project", study.ours)
    measure(ours, STATES_TASK, CLASSIFICATION, note)
    for name, (origin, _) in others.items():
        one = _candidate(study, name, origin, made[name])
        measure(one, STATES_TASK, CLASSIFICATION)
    for agree, what in ((True, "agreement"), (False, "contradiction")):
        everybody: dict[str, Answering] = {"emo_music_ros": study.ours, **made}
        for name, answer in everybody.items():
            if name.endswith("alone"):
                continue
            origin = others[name][0] if name in others else "this project"
            one = _candidate(study, name, origin, answer, agree=agree)
            text = UNKNOWN_NOTE if name == "emo_music_ros" else ""
            measure(one, f"{UNKNOWN_TASK}: {what}", METRICS, text)
    if baselines:
        filling = _candidate(study, ZERO, ZERO_ORIGIN, study.by_zero_filling)
        measure(filling, STATES_TASK, CLASSIFICATION)
        for title in CHANGES:
            one = _candidate(study, "emo_music_ros", "this project", study.ours, title)
            measure(one, f"{STATES_TASK}, {title}", CLASSIFICATION)
            filling = _candidate(study, ZERO, ZERO_ORIGIN, study.by_zero_filling, title)
            measure(filling, f"{STATES_TASK}, {title}", CLASSIFICATION)
    return results


def _by(
    study: StitchedStudy, make: Callable[[int], Fusion], fold: int, moments: Moments
) -> tuple[Floats, NDArray[np.bool_]]:
    return study.by_strategy(make(fold), moments)


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
        for one in chosen if baselines else chosen[:1]:
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
    path = export_onnx(
        study.trained(range(FOLDS), more),
        folder / f"{NAME}.onnx",
        [torch.from_numpy(np.asarray(one[:2], np.float32)) for one in study.tests[0].inputs],
        ["evidence", "present", "quality", "age"],
        ["classes", "each", "agreement"],
    )
    describe(
        path,
        version=VERSION,
        labels=list(CLASSES),
        modalities=list(MODALITIES),
        half_lives=[float(one) for one in study.half_lives],
        corpus="Recorded answers, stitched" + (", and a site's recordings" if more else ""),
        licence="research only",
        **study.calibrated(range(FOLDS)).described(),
    )
    return path


def evaluate(
    data: Path, work: Work, seed: int = 0, leaky: bool = False, baselines: bool = False
) -> list[Result]:
    """Measure the learned fusion on people it never learned from.

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
        Stitched states, unknown in agreement and in contradiction, then real pairs if they are
        there.
    """
    study = StitchedStudy(Answers(), work, seed)
    return [
        *_stitched(study, work, seed, baselines),
        *_real(Path(data), work, seed, baselines),
        *_of_site(Path(data), study, work, seed),
    ]


def train(
    data: Path, out: Path, work: Work, seed: int = 0, precision: str = "float32"
) -> dict[str, Any]:
    """Measure, train on all answers and write ``fusion.onnx``, ``fusion.json``, ``fusion.md``.

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
    own = site.load(Path(data))
    _written(study, None if own is None else site.lessons(own), out)
    found = study.calibrated(range(FOLDS))
    parameters = sum(weight.numel() for weight in study.trained(range(FOLDS)).parameters())
    write_card(model_card(results, study, found, parameters), out)
    return {
        f"{one.task}: {name}": entry["value"]
        for one in results
        for name, entry in one.measures.items()
    } | {"parameters": parameters}
