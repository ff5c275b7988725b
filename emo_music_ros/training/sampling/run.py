"""Measure dynamic sampling on signals of the body and on strung takes of voice and face."""

from __future__ import annotations

from pathlib import Path

from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora import fer2013, ravdess_faces, stress_predict
from emo_music_ros.training.evaluation.evaluate import evaluate_candidate
from emo_music_ros.training.evaluation.results import Result
from emo_music_ros.training.sampling import body, course, faces
from emo_music_ros.training.sampling.course import OURS, POLICIES
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
    results: list[Result] = []
    for place in (data, data / "physio"):
        if stress_predict.find(place) is not None:
            study = body.BodyStudy(place, work, seed)
            note = body.time_of_blocks(place, study.limits)
            results += _measured(study, body.TASK, note, work, seed)
            break
    if ravdess_faces.find(data) is not None:
        takes = faces.FaceStudy(data, work, seed)
        note = f"{faces.NOTE} Voice: {takes.about}."
        if (data / "face" / fer2013.ARCHIVE).is_file():
            note += f" {faces.time_of_pictures(data / 'face', takes.limits)}"
        results += _measured(takes, faces.TASK, note, work, seed)
    if not results:
        raise InputError(
            f"{data} holds none of {', '.join(CORPORA)}", "Give the folder with all corpora"
        )
    return results


def _measured(
    study: body.BodyStudy | faces.FaceStudy, task: str, note: str, work: Work, seed: int
) -> list[Result]:
    return [
        evaluate_candidate(
            NAME, task, study.corpus, study.candidate(policy), study.protocol, work, seed,
            measures=METRICS, note=note if policy is OURS else "",
        )
        for policy in POLICIES
    ]  # fmt: skip
