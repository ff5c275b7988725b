# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The expression of the largest face in single pictures."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from emo_music_ros.emotion import from_labels
from emo_music_ros.encoding.face.alignment import SIZE, Picture, as_picture, grey
from emo_music_ros.encoding.face.detection import NearThenFar
from emo_music_ros.encoding.face.landmarks import FaceMesh, pose
from emo_music_ros.encoding.face.model import FaceModel
from emo_music_ros.encoding.face.quality import Quality, quality, turned
from emo_music_ros.encoding.face.tracking import FaceFinder
from emo_music_ros.encoding.shared.results import each, file, plain_estimate, unanswered
from emo_music_ros.errors import InputError
from emo_music_ros.numerics import plain, softmax

SMALL = 96  # px, pictures up to this size are taken as a face where none is found
BATCH = 64


class _Judge:
    """Judges single pictures; of `crops` each is a face whatever is found in it."""

    def __init__(self, network: str, models: Path | None, crops: bool = False) -> None:
        cv2.setNumThreads(1)
        self._model = FaceModel(models, network)
        self._crops = crops
        self._find = FaceFinder(NearThenFar(), FaceMesh())

    def face(self, image: Any) -> tuple[Picture, Quality, dict[str, Any]] | str:
        """Return the face [48, 48] in a picture, its quality and more, or why there is none.

        A picture of 48 x 48 px is a face already; a larger one is searched, and taken as a face
        where none is found only up to 96 px or where it is said to be one.
        """
        picture = as_picture(image)
        if picture is None:
            return "is no picture, or has no pixels"
        height, width = picture.shape[:2]
        if (height, width) != (SIZE, SIZE):
            faces = self._find.search(picture)
            if faces:
                best = faces[0]
                more: dict[str, Any] = {"faces": len(faces)}
                away = math.nan
                if best.landmarks is not None:
                    yaw, pitch, roll = pose(best.landmarks.points)
                    away = turned(yaw, pitch)
                    more |= {"yaw": plain(yaw), "pitch": plain(pitch), "roll": plain(roll)}
                return best.crop, quality(best.crop, best.face.side, best.face.score, away), more
            if max(height, width) > SMALL and not self._crops:
                return "no face found"
        shades = grey(picture)
        if shades.shape != (SIZE, SIZE):
            shrinks = max(shades.shape) > SIZE
            shades = cv2.resize(  # type: ignore[assignment]
                shades,
                (SIZE, SIZE),
                interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR,
            )
        return shades, quality(shades, float(min(height, width)), 1.0), {"faces": 1}

    def results(self, names: Sequence[str], images: Sequence[Any]) -> Iterator[dict[str, Any]]:
        """Yield the result of every picture in order."""
        found = [self.face(image) for image in images]
        faces = [entry[0] for entry in found if not isinstance(entry, str)]
        logits = iter(self._model(faces)[0] if faces else ())
        for name, entry in zip(names, found):
            if isinstance(entry, str):
                yield {"input": name, "error": entry}
                continue
            _, clean, more = entry
            probabilities = softmax(next(logits))
            if not clean.usable and not self._crops:
                yield {"input": name, "error": f"no usable face: {clean.weakness}"}
                continue
            estimate = from_labels(
                self._model.labels, probabilities, clean.value, self._model.conformal
            )
            yield {"input": name, **plain_estimate(estimate), **more}


def predict_images(
    paths: Sequence[str | Path], network: str = "face", models: Path | None = None
) -> Iterator[dict[str, Any]]:
    """Judge the largest face in each image file.

    Parameters
    ----------
    paths : sequence of str or Path
        The files.
    network : str
        ``face``, ``face_large`` or ``face_vgg19`` (paper E).
    models : Path, optional
        Folder of the network; default is the package's.

    Yields
    ------
    dict
        input, labels, probabilities, valence, arousal, dominance, confidence, quality, faces
        (how many were found) and, where its points were found, yaw, pitch and roll [rad]; where
        there is no readable picture or no usable face input and error.

    Raises
    ------
    ModelError
        If the model or the detector is missing or corrupt.
    """
    judge = _Judge(network, models)

    def one(path: Path) -> Iterator[dict[str, Any]]:
        content = np.fromfile(file(path), np.uint8)
        image = cv2.imdecode(content, cv2.IMREAD_COLOR) if content.size else None
        if image is None:
            yield unanswered(path, "is no picture that can be read")
        else:
            yield from judge.results([str(path)], [image])

    yield from each(paths, one)


def predict_npz(
    path: str | Path, network: str = "face", models: Path | None = None
) -> Iterator[dict[str, Any]]:
    """Judge the array `images` of a NumPy archive: uint8 [n, h, w] grey or [n, h, w, 3] BGR.

    Each picture is the crop of a face and gets probabilities, however it looks.

    Parameters
    ----------
    path : str or Path
        The file.
    network : str
        ``face``, ``face_large`` or ``face_vgg19`` (paper E).
    models : Path, optional
        Folder of the network; default is the package's.

    Yields
    ------
    dict
        As :func:`predict_images`; `input` is ``<file>#<row>``.

    Raises
    ------
    InputError
        If the archive cannot be read or has no such array.
    ModelError
        If the model or the detector is missing or corrupt.
    """
    try:
        with np.load(path) as archive:
            images = archive["images"]
    except (OSError, KeyError, ValueError, EOFError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path} holds no pictures: {error!r}",
            "Give an .npz file with an array `images` [n, h, w] or [n, h, w, 3]",
        ) from error
    if images.ndim not in (3, 4):
        raise InputError(
            f"the array `images` of {path} has the shape {images.shape}",
            "Give [n, h, w] or [n, h, w, 3]",
        )
    judge = _Judge(network, models, crops=True)
    for start in range(0, len(images), BATCH):
        part = images[start : start + BATCH]
        yield from judge.results([f"{path}#{start + row}" for row in range(len(part))], list(part))
