"""Facial expression: one encoding per picture with a face."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from emo_music_ros.emotion import from_labels
from emo_music_ros.encoding.face.alignment import SIZE, Picture, as_picture, grey
from emo_music_ros.encoding.face.detection import DETECTORS, NearThenFar
from emo_music_ros.encoding.face.landmarks import (
    EXPRESSIVE,
    FaceMesh,
    motion,
    pose,
    without_head_motion,
)
from emo_music_ros.encoding.face.texture import difference
from emo_music_ros.encoding.face.tracking import FaceFinder, FaceFollower, FoundFace
from emo_music_ros.encoding.shared.model import Model
from emo_music_ros.encoding.shared.numerics import softmax
from emo_music_ros.encoding.shared.results import plain, plain_estimate
from emo_music_ros.errors import InputError
from emo_music_ros.options import option
from emo_music_ros.streams import Encoding, ImageFrame, Sample

SMALL = 96  # px, pictures up to this size are taken as a face where none is found
BATCH = 64
#: The pictures of the corpus are smooth, as if blurred by a Gaussian of 3 px: measured, the share
#: of detail in them (see `detail`) stays below 0.045, that of a sharp face is 0.15 to 0.2.
SMOOTH = 3.0  # px
DETAIL = 0.05
LEAST_DETAIL = 0.02  # below this a face is out of focus
FRONTAL, PROFILE = math.radians(20), math.radians(70)  # of a face turned away: clean, unusable


def contrast(face: NDArray[Any]) -> tuple[float, float]:
    """Return mean and standard deviation of the shades of a grey picture."""
    mean, deviation = cv2.meanStdDev(face)
    return float(mean[0, 0]), float(deviation[0, 0])


def detail(face: Picture) -> float:
    """Return how sharp a grey face is: what a blur of 1 px takes away, as share of the contrast."""
    shades = face.astype(np.float32)
    fine = shades - cv2.GaussianBlur(shades, (0, 0), 1.0)
    return contrast(fine)[1] / max(contrast(shades)[1], 1.0)


def soften(face: Picture, sharpness: float | None = None) -> Picture | NDArray[np.float32]:
    """Bring a sharp face to the resolution that the network was trained on.

    The borders are mirrored, as the network expects when it undoes the blur.
    """
    if (detail(face) if sharpness is None else sharpness) <= DETAIL:
        return face
    return cv2.GaussianBlur(  # type: ignore[return-value]
        face.astype(np.float32), (0, 0), SMOOTH, borderType=cv2.BORDER_REFLECT
    )


class FaceModel:
    """The trained network.

    Raises
    ------
    ModelError
        If a file of the model is missing or corrupt.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._model = Model("face", folder)
        self._temperature = float(self._model.description.get("temperature", 1.0))
        #: False where the network was trained on sharp pictures too.
        self._soften = bool(self._model.description.get("soften", True))
        self.labels = self._model.labels
        self.conformal = self._model.conformal
        self.version = self._model.version

    def __call__(
        self, faces: Sequence[Picture], sharpness: Sequence[float] | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """Return calibrated logits [n, 7] and embeddings [n, e] of grey faces [48, 48].

        `sharpness` saves the time of measuring it again (see `detail`).
        """
        if self._soften:
            known = [None] * len(faces) if sharpness is None else sharpness
            batch = np.stack([soften(face, value) for face, value in zip(faces, known)])
        else:
            batch = np.stack(faces)
        logits, embedding = self._model(batch.astype(np.float32)[:, None])
        return logits.astype(float) / self._temperature, embedding


def quality(
    face: Picture, side: float, score: float, away: float = 0.0, sharpness: float | None = None
) -> float:
    """Return 0 (unusable) .. 1 (clean) of a cropped face.

    It falls with a side below 48 px in the picture, shade or glare, flat contrast, lost focus, a
    head turned more than 20 degrees away, and the doubt of the detector.

    Parameters
    ----------
    face : array uint8 [48, 48]
        The face.
    side : float
        Its side in the picture [px].
    score : float
        Certainty of the detector, 0..1.
    away : float
        Angle between where it looks and the camera [rad], NaN if not known.
    sharpness : float, optional
        See `detail`.
    """
    mean, deviation = contrast(face)
    brightness = mean / 255.0
    parts = (
        side / SIZE,
        brightness / 0.15,
        (1.0 - brightness) / 0.1,
        deviation / 255.0 / 0.08,
        (detail(face) if sharpness is None else sharpness) / LEAST_DETAIL,
        1.0 if math.isnan(away) else (PROFILE - away) / (PROFILE - FRONTAL),
    )
    return math.prod(min(max(part, 0.0), 1.0) for part in parts) * score


def turned(yaw: float, pitch: float) -> float:
    """Return the angle between where a head looks and the camera [rad]."""
    return math.acos(math.cos(yaw) * math.cos(pitch))


@dataclass
class _Person:
    """What was seen of one face so far."""

    began: float
    time: float
    side: float
    points: NDArray[np.floating]
    texture: NDArray[np.float32]
    logits: NDArray[np.float64]
    embedding: NDArray[np.float64]


class FaceEncoder:
    """Follows the faces in view, and judges and smooths the expression of one or all of them.

    With `people` = primary it answers for one person: the largest face at first, and then this
    one as long as it is in view, or hidden for no longer than `max_occlusion`; others who come
    nearer do not take its place. With all, every face is answered for; `person_id` is empty for
    the primary one and ``face-<number>`` for the others.

    Features
    --------
    - `face_count`: faces in view; `face_size`: side as share of the picture's height.
    - `yaw`, `pitch`, `roll` [rad]: of the head, 0 looks straight at the camera; NaN without points.
    - `motion` [1/s]: mean displacement of the key points (paper A, Eq. 2) in sides of the face.
    - `expression_motion` [1/s]: the same without shift, turn and scale of the whole head.
    - `texture_change` [1/s]: how the local binary patterns of the face changed.
    - `brightness`: 0..1; `sharpness`: what a blur of 1 px takes away from the face at 48 px, as
      share of its contrast; 0.2 is sharp.

    The three rates are NaN in the first picture of a face. Smoothing is exponential over time, so
    it only looks back, and starts anew with another face.

    Raises
    ------
    ModelError
        If a network or the detector is missing or corrupt.
    """

    modality: ClassVar[str] = "face"

    @dataclass(frozen=True)
    class Options:
        """What can be set."""

        detector: str = option(
            "blazeface",
            "face detector: blazeface_near (faces from an eighth of the picture's longer side), "
            "blazeface_far (half that size, three times the cost), blazeface (near, then far where "
            "nothing is near), haar (frontal faces only)",
            choices=tuple(DETECTORS),
        )
        people: str = option(
            "primary",
            "whose expression: primary (one person, who stays the same one) or all in view",
            choices=("primary", "all"),
        )
        min_face: int = option(24, "smaller faces are ignored [px]", low=8, high=1000)
        max_faces: int = option(
            4, "at most so many faces are followed, the largest", low=1, high=32
        )
        max_rate: float = option(
            15.0, "pictures that come faster than this are skipped [Hz]", low=0.1, high=120.0
        )
        detection_period: float = option(
            0.4,
            "longest time between searches of the whole picture; in between faces are only "
            "followed [s]",
            low=0.0,
            high=10.0,
        )
        max_occlusion: float = option(
            2.0,
            "a face out of view for no longer than this is the same one [s]",
            low=0.1,
            high=60.0,
        )
        smoothing: float = option(
            0.5, "time constant of the smoothing, 0 = none [s]", low=0.0, high=10.0
        )
        models: str = option("", "folder with face.onnx and face.json; empty: the package's")

    def __init__(self, options: Options | None = None) -> None:
        self._options = self.Options() if options is None else options
        cv2.setNumThreads(1)  # a second thread costs more than it gains on pictures this small
        models = self._options.models
        self._model = FaceModel(Path(models) if models else None)
        finder = FaceFinder(
            DETECTORS[self._options.detector](),
            FaceMesh(),
            self._options.min_face,
            self._options.max_faces,
        )
        self._follower = FaceFollower(
            finder, self._options.detection_period, self._options.max_occlusion
        )
        self.version = self._model.version
        self.reset()

    def reset(self) -> None:
        """Forget all faces."""
        self._follower.reset()
        self._people: dict[int, _Person] = {}
        self._primary = 0
        self._taken = -math.inf

    def push(self, sample: Sample) -> list[Encoding]:
        """Take the next picture and return the encoding of the primary face, or of all."""
        if not isinstance(sample, ImageFrame) or not math.isfinite(sample.time):
            return []
        if sample.time < self._taken:  # the source started again
            self.reset()
        # A tenth of the period: the stamps of a camera at just this rate jitter.
        if sample.time - self._taken < 0.9 / self._options.max_rate:
            return []
        picture = as_picture(sample.image)
        if picture is None:
            return []
        self._taken = sample.time
        faces = [
            (found, track.identity) for found, track in self._follower.update(sample.time, picture)
        ]
        remembered = {track.identity for track in self._follower.tracks}
        self._people = {who: one for who, one in self._people.items() if who in remembered}
        if faces and self._primary not in remembered:
            self._primary = faces[0][1]
        wanted = [
            (found, who)
            for found, who in faces
            if self._options.people == "all" or who == self._primary
        ]
        if not wanted:
            return []
        sharpness = [detail(found.crop) for found, _ in wanted]
        logits, embeddings = self._model([found.crop for found, _ in wanted], sharpness)
        encodings = []
        for (found, who), sharp, answer, embedding in zip(wanted, sharpness, logits, embeddings):
            rates = self._remember(sample.time, who, found, answer, embedding.astype(float))
            person = self._people[who]
            yaw = pitch = roll = math.nan
            if found.landmarks is not None:
                yaw, pitch, roll = pose(found.landmarks.points)
            encodings.append(
                Encoding(
                    modality=self.modality,
                    time=sample.time,
                    window_start=max(person.began, sample.time - 3 * self._options.smoothing),
                    estimate=from_labels(
                        self._model.labels,
                        softmax(person.logits),
                        quality(
                            found.crop,
                            found.face.side,
                            found.face.score,
                            turned(yaw, pitch),
                            sharp,
                        ),
                        self._model.conformal,
                    ),
                    embedding=person.embedding.astype(np.float32),
                    features={
                        "face_count": float(len(faces)),
                        "face_size": found.face.side / picture.shape[0],
                        "yaw": yaw,
                        "pitch": pitch,
                        "roll": roll,
                        **rates,
                        "brightness": contrast(found.crop)[0] / 255.0,
                        "sharpness": sharp,
                    },
                    source=sample.source,
                    person_id="" if who == self._primary else f"face-{who}",
                )
            )
        return encodings

    def _remember(
        self,
        time: float,
        who: int,
        found: FoundFace,
        logits: NDArray[np.float64],
        embedding: NDArray[np.float64],
    ) -> dict[str, float]:
        """Update what is known of a person and return how the face changed, per second."""
        points: NDArray[np.floating] = found.face.points
        if found.landmarks is not None:
            points = found.landmarks.points[EXPRESSIVE, :2]
        rates = dict.fromkeys(("motion", "expression_motion", "texture_change"), math.nan)
        last = self._people.get(who)
        if last is None:
            began = time
        else:
            began, seconds = last.began, time - last.time
            if points.shape == last.points.shape:
                side = (found.face.side + last.side) / 2
                rates["motion"] = motion(points, last.points, side, seconds)
                rates["expression_motion"] = motion(
                    without_head_motion(points, last.points), last.points, side, seconds
                )
            rates["texture_change"] = difference(found.texture, last.texture) / seconds
            constant = self._options.smoothing
            fresh = 1.0 - math.exp(-seconds / constant) if constant > 0 else 1.0
            logits = last.logits + fresh * (logits - last.logits)
            embedding = last.embedding + fresh * (embedding - last.embedding)
        self._people[who] = _Person(
            began, time, found.face.side, points, found.texture, logits, embedding
        )
        return rates


class _Judge:
    """Judges single pictures."""

    def __init__(self, models: Path | None) -> None:
        cv2.setNumThreads(1)
        self._model = FaceModel(models)
        self._find = FaceFinder(NearThenFar(), FaceMesh())

    def face(self, image: Any) -> tuple[Picture, float, dict[str, Any]] | str:
        """Return the face [48, 48] in a picture, its quality and more, or why there is none.

        A picture of 48 x 48 px is a face already; a larger one is searched, and taken as a face
        where none is found only up to 96 px.
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
            if max(height, width) > SMALL:
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
            estimate = from_labels(
                self._model.labels, softmax(next(logits)), clean, self._model.conformal
            )
            yield {"input": name, **plain_estimate(estimate), **more}


def predict_images(
    paths: Sequence[str | Path], models: Path | None = None
) -> Iterator[dict[str, Any]]:
    """Judge the largest face in each image file.

    Yields
    ------
    dict
        input, labels, probabilities, valence, arousal, dominance, confidence, quality, faces
        (how many were found) and, where its points were found, yaw, pitch and roll [rad]; where
        there is no readable picture or no face input and error.

    Raises
    ------
    ModelError
        If the model or the detector is missing or corrupt.
    """
    judge = _Judge(models)
    for path in paths:
        name = str(path)
        try:
            content = np.fromfile(name, np.uint8)
            image = cv2.imdecode(content, cv2.IMREAD_COLOR) if content.size else None
        except (OSError, cv2.error) as error:
            yield {"input": name, "error": f"cannot be read: {error}"}
            continue
        if image is None:
            yield {"input": name, "error": "is no picture that can be read"}
            continue
        yield from judge.results([name], [image])


def predict_npz(path: str | Path, models: Path | None = None) -> Iterator[dict[str, Any]]:
    """Judge the array `images` of a NumPy archive: uint8 [n, h, w] grey or [n, h, w, 3] BGR.

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
    judge = _Judge(models)
    for start in range(0, len(images), BATCH):
        part = images[start : start + BATCH]
        yield from judge.results([f"{path}#{start + row}" for row in range(len(part))], list(part))
