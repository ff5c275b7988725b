"""The shipped network on CK+, which it never learnt from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.emotion import FER2013
from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora import ck_plus
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.evaluation.evaluate import evaluate_candidate
from emo_music_ros.training.evaluation.protocol import Protocol, Rows
from emo_music_ros.training.evaluation.results import Candidate, Result
from emo_music_ros.training.face import settings as face_settings
from emo_music_ros.training.face.candidates import answers_key, logger
from emo_music_ros.training.face.network import SIZE
from emo_music_ros.training.face.settings import NAME, PRECISION, TASK, Faces
from emo_music_ros.training.face.training import Trainings
from emo_music_ros.training.shared.work import Work


def evaluate_ck_plus(
    data: Path, trainings: Trainings, rows: Rows, work: Work, seed: int
) -> list[Result]:
    """Measure the shipped network on CK+, which it never learnt from."""
    other = None
    for folder in (data, data / "ck_plus", data / "CK+48"):
        try:
            other = ck_plus.load(folder)
            break
        except InputError as error:
            logger.info("CK+: not in %s (%s)", folder, error.cause)
    if other is None:
        return []
    known = [row for row, label in enumerate(other.labels) if other.classes[label] in FER2013]
    faces = cropped([other.items[row] for row in known])
    kept = [row for row, face in zip(known, faces) if face is not None]
    found = Corpus(
        other.name,
        other.source,
        other.licence,
        np.stack([face for face in faces if face is not None]),
        np.array([FER2013.index(other.classes[other.labels[row]]) for row in kept], np.int64),
        FER2013,
        other.people[kept],
    )
    note = (
        f"Contempt, which FER2013 does not have, was left out. A face was found in {len(kept)} of "
        f"{len(known)} pictures. The trivial answer knows the class frequencies of CK+."
    )
    everybody = np.arange(len(found))
    protocol = Protocol("trained on FER2013, all people tested", [(everybody, everybody)])

    def predict(train: Rows, test: Rows, seed: int) -> NDArray[np.float64]:
        return trainings(face_settings.SHIPPED, rows, seed).answers(found.items[test], PRECISION)

    key = [*answers_key(face_settings.SHIPPED), PRECISION]
    row = Candidate("emo_music_ros", "this project", predict, key=key)
    return [evaluate_candidate(NAME, TASK, found, row, protocol, work, seed, note=note)]


def cropped(pictures: Sequence[Faces]) -> list[Faces | None]:
    """Return the face [48, 48] in every picture as the encoder gives it to the network.

    A picture of 48 x 48 px is a face already; None where no face is found.
    """
    from emo_music_ros.encoding.face.detection import BlazeFace
    from emo_music_ros.encoding.face.landmarks import FaceMesh
    from emo_music_ros.encoding.face.tracking import FaceFinder

    find = FaceFinder(BlazeFace(), FaceMesh())

    def one(picture: Faces) -> Faces | None:
        if picture.shape == (SIZE, SIZE):
            return picture
        faces = find.search(picture)
        return faces[0].crop if faces else None

    return [one(picture) for picture in pictures]
