# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The shipped networks on corpora they never learnt from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from emo_music_ros.emotion import FER2013
from emo_music_ros.encoding.face.alignment import grey
from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora import ck_plus, jaffe, rafdb
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.evaluation.evaluate import evaluate_candidate
from emo_music_ros.training.evaluation.protocol import Protocol, Rows
from emo_music_ros.training.evaluation.results import Candidate, Result
from emo_music_ros.training.face import settings as face_settings
from emo_music_ros.training.face.candidates import answers_key, logger
from emo_music_ros.training.face.network import SIZE
from emo_music_ros.training.face.settings import NAME, PRECISION, TASK, Faces, FaceSettings
from emo_music_ros.training.face.training import Trainings
from emo_music_ros.training.shared.work import Work


def evaluate_others(
    data: Path, trainings: Trainings, rows: Rows, work: Work, seed: int
) -> list[Result]:
    """Measure both networks on the corpora at hand that they never learnt from."""
    results = []
    for other in (_ck_plus(data), jaffe.load(data), rafdb.load(data, "test")):
        if other is None:
            continue
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
            other.unit,
        )
        note = (
            f"A face was found in {len(kept)} of {len(known)} pictures. The trivial answer knows "
            f"the class frequencies of {other.name}. {NOTES[other.name]}"
        )
        everybody = np.arange(len(found))
        protocol = Protocol("trained on other pictures, all tested", [(everybody, everybody)])
        for name, settings in (
            ("emo_music_ros", face_settings.SHIPPED),
            ("emo_music_ros large", face_settings.LARGE),
        ):

            def predict(
                train: Rows,
                test: Rows,
                seed: int,
                settings: FaceSettings = settings,
                found: Corpus = found,
            ) -> NDArray[np.float64]:
                return trainings(settings, rows, seed).answers(found.items[test], PRECISION)

            row = Candidate(name, "this project", predict, key=[*answers_key(settings), PRECISION])
            results.append(
                evaluate_candidate(NAME, TASK, found, row, protocol, work, seed, note=note)
            )
    return results


NOTES = {
    "CK+": "Contempt, which FER2013 does not have, was left out.",
    "JAFFE": "Posed by ten women; looked at while the training was designed.",
    "RAF-DB": "The published test part; its training part was learnt from, and who is in which "
    "is not known.",
}


def _ck_plus(data: Path) -> Corpus | None:
    for folder in (data, data / "ck_plus", data / "CK+48"):
        try:
            return ck_plus.load(folder)
        except InputError as error:
            logger.info("CK+: not in %s (%s)", folder, error.cause)
    return None


def faces_of(corpus: Corpus) -> Corpus:
    """Return a corpus of pictures as one of faces [n, 48, 48], cut as at run time.

    Where no face is found the whole picture is taken for one.
    """
    items = [
        cv2.resize(grey(picture), (SIZE, SIZE), interpolation=cv2.INTER_AREA)
        if face is None
        else face
        for picture, face in zip(corpus.items, cropped(corpus.items))
    ]
    return replace(corpus, items=np.stack(items))


def cropped(pictures: Sequence[Faces]) -> list[Faces | None]:
    """Return the face [48, 48] in every picture as the encoder gives it to the network.

    A picture of 48 x 48 px is a face already; None where no face is found.
    """
    from emo_music_ros.encoding.face.detection import NearThenFar
    from emo_music_ros.encoding.face.landmarks import FaceMesh
    from emo_music_ros.encoding.face.tracking import FaceFinder

    find = FaceFinder(NearThenFar(), FaceMesh())

    def one(picture: Faces) -> Faces | None:
        if picture.shape == (SIZE, SIZE):
            return picture
        # A face that fills its picture is found in a wider one.
        border = max(picture.shape[:2]) // 4
        wide = cv2.copyMakeBorder(picture, border, border, border, border, cv2.BORDER_REPLICATE)
        faces = find.search(np.asarray(wide, np.uint8))
        return faces[0].crop if faces else None

    return [one(picture) for picture in pictures]
