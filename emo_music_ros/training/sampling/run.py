# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Measure dynamic sampling on signals of the body and on strung takes of voice and face."""

from __future__ import annotations

from pathlib import Path

from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora import ravdess_faces, stress_predict
from emo_music_ros.training.evaluation.evaluate import evaluate_candidate
from emo_music_ros.training.evaluation.results import Result
from emo_music_ros.training.sampling import course
from emo_music_ros.training.sampling.body import BodyStudy
from emo_music_ros.training.sampling.course import OURS, POLICIES, Study
from emo_music_ros.training.sampling.faces import FaceStudy
from emo_music_ros.training.shared.work import Work

NAME = "sampling"
CORPORA = (stress_predict.NAME, "RAVDESS voice and face, strung together")
#: Measures beside the usual ones.
METRICS = course.METRICS


def evaluate(
    data: Path, work: Work, seed: int = 0, leaky: bool = False, baselines: bool = False
) -> list[Result]:
    """Measure what is saved of the calls of an encoder and what is lost of the answers.

    Parameters
    ----------
    data : pathlib.Path
        Folder with all corpora: ``physio``, and ``speech`` with ``multimodal``.
    work : Work
        Where finished courses, and networks trained without a person, are kept.
    seed : int
        Of everything random.
    leaky, baselines : bool
        Change nothing: there is no split that leaks, and fixed rates always stand beside.

    Returns
    -------
    list of Result
        Of each corpus ours first, then the fixed rates.

    Raises
    ------
    InputError
        If the folder holds none of the corpora.
    """
    del leaky, baselines
    data = Path(data)
    body = next((one for one in (data, data / "physio") if stress_predict.find(one)), None)
    studies: list[Study] = []
    if body is not None:
        studies.append(BodyStudy(body, work, seed))
    if ravdess_faces.find(data):
        studies.append(FaceStudy(data, work, seed))
    if not studies:
        raise InputError(
            f"{data} holds none of {', '.join(CORPORA)}", "Give the folder with all corpora"
        )
    return [
        evaluate_candidate(
            NAME, study.task, study.corpus, study.candidate(policy), study.protocol, work, seed,
            measures=METRICS, note=study.note if policy is OURS else "",
        )
        for study in studies
        for policy in POLICIES
    ]  # fmt: skip
