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
from emo_music_ros.encoding.face_detection import (
    DETECTORS,
    SIZE,
    Detector,
    Face,
    Picture,
    as_picture,
    crop,
    grey,
)
from emo_music_ros.encoding.model import Model
from emo_music_ros.encoding.results import plain_estimate
from emo_music_ros.errors import InputError
from emo_music_ros.options import option
from emo_music_ros.streams import Encoding, FloatArray, ImageFrame, Sample

SMALL = 96  # px, pictures up to this size are taken as a face where none is found
LOST = 1.0  # s without the face after which it counts as another one
BATCH = 64
#: The pictures of the corpus are smooth, as if blurred by a Gaussian of 3 px: measured, the share
#: of detail in them (see `detail`) stays below 0.045, that of a sharp face is 0.15 to 0.2.
SMOOTH = 3.0  # px
DETAIL = 0.05
LEAST_DETAIL = 0.02  # below this a face is out of focus


def detail(face: Picture) -> float:
    """Return how sharp a grey face is: what a blur of 1 px takes away, as share of the contrast."""
    shades = face.astype(np.float32)
    fine = shades - cv2.GaussianBlur(shades, (0, 0), 1.0)
    return float(fine.std() / max(float(shades.std()), 1.0))


def soften(face: Picture) -> Picture:
    """Bring a sharp face to the resolution that the network was trained on."""
    return face if detail(face) <= DETAIL else cv2.GaussianBlur(face, (0, 0), SMOOTH)  # type: ignore[return-value]


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
        self.labels = self._model.labels
        self.version = self._model.version

    def __call__(self, faces: Sequence[Picture]) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """Return calibrated logits [n, 7] and embeddings [n, 64] of grey faces [48, 48]."""
        batch = np.stack([soften(face) for face in faces]).astype(np.float32)[:, None]
        logits, embedding = self._model(batch)
        return logits.astype(float) / self._temperature, embedding


def probabilities(logits: FloatArray) -> NDArray[np.float64]:
    """Return the softmax of logits [classes]."""
    weights = np.exp(logits - logits.max())
    return np.asarray(weights / weights.sum(), float)


def quality(face: Picture, side: float, score: float) -> float:
    """Return 0 (unusable) .. 1 (clean) of a cropped face.

    It falls with a side below 48 px in the picture, shade or glare, flat contrast, lost focus and
    the doubt of the detector.
    """
    shades = face.astype(np.float32) / 255.0
    brightness = float(shades.mean())
    parts = (
        side / SIZE,
        brightness / 0.15,
        (1.0 - brightness) / 0.1,
        float(shades.std()) / 0.08,
        detail(face) / LEAST_DETAIL,
    )
    return float(np.prod(np.clip(parts, 0.0, 1.0)) * score)


@dataclass
class _Track:
    """The face being followed: its last place, and what was seen of it so far."""

    began: float
    time: float
    face: Face
    logits: NDArray[np.float64]
    embedding: NDArray[np.float64]


class FaceEncoder:
    """Finds the largest face, and judges and smooths its expression.

    Features: `face_count`; `face_size` (side as share of the picture's height); `motion` (Eq. 2 of
    paper A: mean displacement of the key points since the picture before, in sides of the face;
    NaN for the first picture of a face); `brightness` (0..1); `sharpness` (what a blur of 1 px
    takes away from the face at 48 px, as share of its contrast; 0.2 is sharp).

    Smoothing is exponential over time, so it only looks back, and starts anew when the face was
    away for 1 s or another one takes its place.

    Raises
    ------
    ModelError
        If the network or the detector is missing or corrupt.
    """

    modality: ClassVar[str] = "face"

    @dataclass(frozen=True)
    class Options:
        """What can be set."""

        detector: str = option(
            "blazeface",
            "face detector: blazeface (accurate, tilted faces), haar (frontal faces only)",
            choices=tuple(DETECTORS),
        )
        min_face: int = option(24, "smaller faces are ignored [px]", low=8, high=1000)
        max_rate: float = option(
            15.0, "pictures that come faster than this are skipped [Hz]", low=0.1, high=120.0
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
        self._detect: Detector = DETECTORS[self._options.detector]()
        self.version = self._model.version
        self.reset()

    def reset(self) -> None:
        """Forget the face being followed."""
        self._track: _Track | None = None
        self._taken = -math.inf

    def push(self, sample: Sample) -> list[Encoding]:
        """Take the next picture and return the encoding of its largest face, if there is one."""
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
        faces = [face for face in self._detect(picture) if face.side >= self._options.min_face]
        if not faces:
            return []
        face = max(faces, key=lambda one: one.side)
        shades = crop(picture, face)
        logits, embedding = self._model([shades])
        motion = self._follow(sample.time, face, logits[0], embedding[0].astype(float))
        track = self._track
        assert track is not None
        return [
            Encoding(
                modality=self.modality,
                time=sample.time,
                window_start=max(track.began, sample.time - 3 * self._options.smoothing),
                estimate=from_labels(
                    self._model.labels,
                    probabilities(track.logits),
                    quality(shades, face.side, face.score),
                ),
                embedding=track.embedding.astype(np.float32),
                features={
                    "face_count": float(len(faces)),
                    "face_size": face.side / picture.shape[0],
                    "motion": motion,
                    "brightness": float(shades.mean()) / 255.0,
                    "sharpness": detail(shades),
                },
                source=sample.source,
            )
        ]

    def _follow(
        self, time: float, face: Face, logits: NDArray[np.float64], embedding: NDArray[np.float64]
    ) -> float:
        """Update the track and return the motion since the picture before."""
        last = self._track
        if last is not None and (
            time - last.time > LOST or math.dist(face.centre, last.face.centre) > last.face.side
        ):
            last = None
        if last is None:
            self._track = _Track(time, time, face, logits, embedding)
            return float("nan")
        constant = self._options.smoothing
        fresh = 1.0 - math.exp(-(time - last.time) / constant) if constant > 0 else 1.0
        self._track = _Track(
            last.began,
            time,
            face,
            last.logits + fresh * (logits - last.logits),
            last.embedding + fresh * (embedding - last.embedding),
        )
        moved = np.linalg.norm(face.points - last.face.points, axis=1).mean()
        return float(moved / last.face.side)


class _Judge:
    """Judges single pictures."""

    def __init__(self, models: Path | None) -> None:
        cv2.setNumThreads(1)
        self._model = FaceModel(models)
        self._detect = DETECTORS["blazeface"]()

    def face(self, image: Any) -> tuple[Picture, float] | str:
        """Return the face [48, 48] in a picture and its quality, or why there is none.

        A picture of 48 x 48 px is a face already; a larger one is searched, and taken as a face
        where none is found only up to 96 px.
        """
        picture = as_picture(image)
        if picture is None:
            return "is no picture, or has no pixels"
        height, width = picture.shape[:2]
        if (height, width) != (SIZE, SIZE):
            faces = self._detect(picture)
            if faces:
                best = max(faces, key=lambda one: one.side)
                shades = crop(picture, best)
                return shades, quality(shades, best.side, best.score)
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
        return shades, quality(shades, float(min(height, width)), 1.0)

    def results(self, names: Sequence[str], images: Sequence[Any]) -> Iterator[dict[str, Any]]:
        """Yield the result of every picture in order."""
        found = [self.face(image) for image in images]
        faces = [entry for entry in found if not isinstance(entry, str)]
        logits = iter(self._model([face for face, _ in faces])[0] if faces else ())
        for name, entry in zip(names, found):
            if isinstance(entry, str):
                yield {"input": name, "error": entry}
                continue
            estimate = from_labels(
                self._model.labels, probabilities(next(logits)), quality=entry[1]
            )
            yield {"input": name, **plain_estimate(estimate)}


def predict_images(
    paths: Sequence[str | Path], models: Path | None = None
) -> Iterator[dict[str, Any]]:
    """Judge the largest face in each image file.

    Yields
    ------
    dict
        input, labels, probabilities, valence, arousal, dominance, confidence, quality; where
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
