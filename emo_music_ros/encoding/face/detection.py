# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Find faces in pictures: BlazeFace for near and far faces, the Haar cascade as alternative."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from emo_music_ros.encoding.face.alignment import Picture, Region, aligned, grey, places
from emo_music_ros.errors import ModelError
from emo_music_ros.io.model import Model

OVERLAP = 0.3  # intersection over union from which two boxes are one face
HAAR_WIDTH = 240  # px, pictures are reduced to this before the cascade
HAAR_CROP = 1.06  # side of the crop of FER2013, measured on that corpus, in sides of the box
EYES_AND_MOUTH = (0, 1, 3)  # of the key points


@dataclass(frozen=True)
class Face(Region):
    """One face: where its crop is cut, see :class:`Region`.

    Attributes
    ----------
    score : float
        Certainty of the detector, 0..1.
    points : array [points, 2]
        Key points [px]: right eye, left eye, nose, mouth, right and left ear, or only eyes and
        mouth, guessed from the box, where the detector knows none.
    """

    score: float
    points: NDArray[np.float64]


Detector = Callable[[Picture], list[Face]]


@cache
def anchors(layers: tuple[tuple[int, int], ...]) -> NDArray[np.float32]:
    """Return the middles [n, 2] of the boxes, 0..1, of layers of (cells per side, boxes each)."""
    parts = []
    for cells, boxes in layers:
        place = (np.arange(cells, dtype=np.float32) + 0.5) / cells
        down, across = np.meshgrid(place, place, indexing="ij")
        parts.append(np.repeat(np.stack([across, down], axis=-1).reshape(-1, 2), boxes, axis=0))
    return np.concatenate(parts)


class BlazeFace:
    """MediaPipe BlazeFace, short range (Bazarevsky et al., 2019).

    Finds faces from about an eighth of the picture's longer side: to about 1 m from a usual
    camera.

    Raises
    ------
    ModelError
        If the network is missing or corrupt.
    """

    name: ClassVar[str] = "face_detection"
    size: ClassVar[int] = 128  # px, what the network sees
    layers: ClassVar[tuple[tuple[int, int], ...]] = ((16, 2), (8, 6))
    least: ClassVar[float] = 0.5  # score of a face

    def __init__(self) -> None:
        self._model = Model(self.name)
        self._canvas = np.zeros((1, self.size, self.size, 3), np.uint8)

    def __call__(self, picture: Picture) -> list[Face]:
        """Return the faces in a picture, best first."""
        height, width = picture.shape[:2]
        scale = self.size / max(height, width)
        across, along = max(1, round(width * scale)), max(1, round(height * scale))
        left, top = (self.size - across) // 2, (self.size - along) // 2
        small = picture
        if scale < 0.2:  # the mean of 25 pixels needs no more of them
            every = int(0.2 / scale)
            small = np.ascontiguousarray(picture[::every, ::every])
        if 0.2 <= scale <= 0.5:  # in two steps, twice as fast and the same to half a grey level
            small = cv2.resize(small, (2 * across, 2 * along), interpolation=cv2.INTER_LINEAR)  # type: ignore[assignment]
        small = cv2.resize(  # type: ignore[assignment]
            small,
            (across, along),
            interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR,
        )
        self._canvas[:] = 0
        self._canvas[0, top : top + along, left : left + across] = (
            small[:, :, None] if small.ndim == 2 else small
        )
        boxes, scores = self._model(self._canvas)
        logit = math.log(self.least / (1 - self.least))
        rows = np.flatnonzero(scores[0, :, 0] >= logit)
        if rows.size == 0:
            return []
        score = 1 / (1 + np.exp(-scores[0, rows, 0].astype(float)))
        # middle, size, then six key points, relative to the anchor
        found = boxes[0, rows].reshape(-1, 8, 2).astype(float) / self.size
        around = anchors(self.layers)[rows]
        found[:, 0] += around
        found[:, 2:] += around[:, None]
        stretch = np.array([width / across, height / along]) * self.size
        found *= stretch
        offset = np.array([left, top]) * stretch / self.size
        found[:, 0] -= offset
        found[:, 2:] -= offset
        sides = found[:, 1]
        kept = cv2.dnn.NMSBoxes(
            np.column_stack([found[:, 0] - sides / 2, sides]).tolist(),
            score.tolist(),
            self.least,
            OVERLAP,
        )
        faces = []
        for row in np.asarray(kept, int).reshape(-1):
            points = found[row, 2:]
            region = aligned(points[list(EYES_AND_MOUTH)])
            if region is not None and sides[row].min() > 0:
                faces.append(
                    Face(region.centre, region.side, region.angle, float(score[row]), points)
                )
        return faces


class BlazeFaceFar(BlazeFace):
    """MediaPipe BlazeFace, full range: faces of half that size, at three times the cost."""

    name: ClassVar[str] = "face_detection_far"
    size: ClassVar[int] = 192
    layers: ClassVar[tuple[tuple[int, int], ...]] = ((48, 1),)
    least: ClassVar[float] = 0.6


class NearThenFar:
    """BlazeFace for near faces, and where none is near, for far ones.

    Raises
    ------
    ModelError
        If a network is missing or corrupt.
    """

    def __init__(self) -> None:
        self._near, self._far = BlazeFace(), BlazeFaceFar()

    def __call__(self, picture: Picture) -> list[Face]:
        """Return the faces in a picture, best first."""
        return self._near(picture) or self._far(picture)


class Tiles:
    """BlazeFace for far faces, on square tiles of a picture: groups in front of a wide camera.

    The networks see a square of 192 px whatever the picture: of one of 1280 x 720 a face of 100 px
    is 14 px wide there, in a tile of 720 px it is 27. Tiles overlap by a fifth, more than a face
    that is only found in a tile.

    Raises
    ------
    ModelError
        If the network is missing or corrupt.
    """

    overlap: ClassVar[float] = 0.2  # of the side of a tile
    most: ClassVar[int] = 4  # so many times as wide as high is a picture, hardly more

    def __init__(self) -> None:
        self._far = BlazeFaceFar()

    def __call__(self, picture: Picture) -> list[Face]:
        """Return the faces in a picture, best first."""
        height, width = picture.shape[:2]
        side = max(min(height, width), max(height, width) // self.most)
        steps = math.ceil((max(height, width) - side) / ((1 - self.overlap) * side))
        faces: list[Face] = []
        for first in np.linspace(0, max(height, width) - side, steps + 1).round().astype(int):
            left, top = (first, 0) if width > height else (0, first)
            tile = picture[top : top + side, left : left + side]
            faces += [_moved(face, np.array([left, top])) for face in self._far(tile)]
        found: list[Face] = []
        for face in sorted(faces, key=lambda one: -one.score):
            if not any(_same(face, other) for other in found):
                found.append(face)
        return found


def _moved(face: Face, by: NDArray[np.int64]) -> Face:
    left, top = (float(value) for value in face.centre + by)
    return replace(face, centre=(left, top), points=face.points + by)


def _same(one: Face, other: Face) -> bool:
    """Say whether two tiles show one face; at the edge of a tile it looks smaller."""
    return math.dist(one.centre, other.centre) < max(one.side, other.side) / 2


class HaarCascade:
    """Viola-Jones frontal face cascade that comes with OpenCV.

    Raises
    ------
    ModelError
        If the cascade is missing, as in OpenCV 5.
    """

    def __init__(self) -> None:
        folder = getattr(getattr(cv2, "data", None), "haarcascades", "")
        path = Path(folder) / "haarcascade_frontalface_default.xml"
        self._cascade = cv2.CascadeClassifier(str(path)) if path.is_file() else None
        if self._cascade is None or self._cascade.empty():
            raise ModelError(
                f"the face cascade {path} is missing",
                "Install opencv-python-headless >=4.8,<5, or choose the detector 'blazeface'",
            )

    def __call__(self, picture: Picture) -> list[Face]:
        """Return the faces in a picture, best first."""
        shades = grey(picture)
        scale = min(1.0, HAAR_WIDTH / max(shades.shape))
        if scale < 1.0:
            shades = cv2.resize(  # type: ignore[assignment]
                shades, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA
            )
        if min(shades.shape) < 28:
            return []
        assert self._cascade is not None
        boxes, _, weights = self._cascade.detectMultiScale3(
            cv2.equalizeHist(shades), 1.2, 3, minSize=(28, 28), outputRejectLevels=True
        )
        faces = []
        for (left, top, width, height), weight in zip(boxes, np.asarray(weights).reshape(-1)):
            region = Region(
                ((left + width / 2) / scale, (top + height / 2) / scale),
                HAAR_CROP * float(max(width, height)) / scale,
                0.0,
            )
            # Its weight grows with certainty from about 0 to 8.
            score = float(1 / (1 + math.exp(-float(weight))))
            faces.append(Face(region.centre, region.side, region.angle, score, places(region)))
        return sorted(faces, key=lambda face: -face.score)


#: Name of the option -> detector.
DETECTORS: dict[str, Callable[[], Detector]] = {
    "blazeface": NearThenFar,
    "blazeface_near": BlazeFace,
    "blazeface_far": BlazeFaceFar,
    "blazeface_tiles": Tiles,
    "haar": HaarCascade,
}
