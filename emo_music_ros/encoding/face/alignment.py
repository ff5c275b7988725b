# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Cut a face upright and at one size out of a picture, by its eyes and mouth."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

SIZE = 48  # px, width and height of a cropped face
#: Where right eye, left eye and mouth are in a face of 48 x 48 px as FER2013 cuts them: medians of
#: the points of the face mesh in 963 of its training pictures, made symmetric.
PLACES = np.array([[14.2, 18.0], [32.8, 18.0], [23.5, 36.5]])
EYES = float(PLACES[1, 0] - PLACES[0, 0])  # px between the eyes
DROP = float(PLACES[2, 1] - PLACES[0, 1])  # px from the eyes to the mouth
#: Their mean from the middle of the crop, and they from their mean, as complex numbers [px].
MIDDLE = complex(*(PLACES.mean(axis=0) - (SIZE - 1) / 2))
EXPECTED = tuple(complex(*place) for place in PLACES - PLACES.mean(axis=0))
#: What is averaged over: one sample of the crop covers this many pixels at most [px].
STEP = 1.6


@dataclass(frozen=True)
class Region:
    """A turned square in a picture.

    Attributes
    ----------
    centre : tuple of float
        x, y of its middle [px].
    side : float
        Its width and height [px].
    angle : float
        Roll [rad], 0 upright, positive if the picture has to be turned anticlockwise.
    """

    centre: tuple[float, float]
    side: float
    angle: float


def as_picture(image: Any) -> Picture | None:
    """Return a picture uint8 [h, w] or [h, w, 3] (BGR) from what a camera may deliver.

    Other integers are scaled from the bits that their largest value needs, floats taken as 0..1
    if none is larger and as 0..255 otherwise, NaN as black, a fourth channel is dropped. None if
    it is no picture or has no pixels.
    """
    try:
        array = np.asarray(image)
    except ValueError:  # rows of different lengths
        return None
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


def samples(region: Region, size: int) -> NDArray[np.float64]:
    """Return the matrix [2, 3] from pixels of the cut region [size, size] to the picture."""
    step = region.side / size
    cosine, sine = step * math.cos(region.angle), step * math.sin(region.angle)
    half = (size - 1) / 2
    x, y = region.centre
    return np.array(
        [
            [cosine, -sine, x - half * (cosine - sine)],
            [sine, cosine, y - half * (sine + cosine)],
        ]
    )


def cut(picture: Picture, region: Region, size: int, colour: bool = False) -> Picture:
    """Return one region of a picture upright, [size, size] in grey or [size, size, 3] in BGR.

    What lies outside the picture repeats its edge. A large region is reduced first, because
    turning does not average over pixels.
    """
    height, width = picture.shape[:2]
    reach = (abs(math.cos(region.angle)) + abs(math.sin(region.angle))) * region.side / 2 + 2
    x, y = region.centre
    left, top = max(0, int(x - reach)), max(0, int(y - reach))
    right, bottom = min(width, math.ceil(x + reach)), min(height, math.ceil(y + reach))
    if right - left < 2 or bottom - top < 2:
        return np.zeros((size, size, 3) if colour else (size, size), np.uint8)
    part = picture[top:bottom, left:right]
    if not colour:
        part = grey(part)
    elif part.ndim == 2:
        part = cv2.cvtColor(part, cv2.COLOR_GRAY2BGR)  # type: ignore[assignment]
    matrix = samples(region, size)
    matrix[:, 2] -= left, top
    if region.side > STEP * size:
        shrink = size / region.side
        across = max(1, round(part.shape[1] * shrink))
        along = max(1, round(part.shape[0] * shrink))
        # Centres of pixels stay where they are, whatever the sizes were rounded to.
        scale = np.array([across / part.shape[1], along / part.shape[0]])
        matrix *= scale[:, None]
        matrix[:, 2] += (scale - 1) / 2
        part = cv2.resize(part, (across, along), interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    return cv2.warpAffine(  # type: ignore[return-value]
        part,
        matrix,
        (size, size),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )


def aligned(anchors: NDArray[np.floating]) -> Region | None:
    """Return the region that brings eyes and mouth where the network expects them.

    The turn is that of the best similarity transform (least squares). The size follows from the
    distance between the eyes or from them to the mouth, whichever is less foreshortened: a head
    that turns away does not grow in the crop.

    Parameters
    ----------
    anchors : array [3, 2]
        x, y of right eye, left eye and mouth [px].

    Returns
    -------
    Region or None
        None where the three points are one, or not finite.
    """
    right, left, mouth = (complex(x, y) for x, y in anchors.tolist())
    eyes = (right + left) / 2
    step = max(abs(left - right) / EYES, abs(mouth - eyes) / DROP)
    if not (math.isfinite(step) and step > 1e-6):
        return None
    middle = (right + left + mouth) / 3
    turn = sum(
        expected.conjugate() * (found - middle)
        for expected, found in zip(EXPECTED, (right, left, mouth))
    )
    if not abs(turn) > 1e-9:
        return None
    turn /= abs(turn)
    centre = middle - turn * step * MIDDLE
    return Region((centre.real, centre.imag), step * SIZE, math.atan2(turn.imag, turn.real))


def places(region: Region) -> NDArray[np.float64]:
    """Return where right eye, left eye and mouth [3, 2] of an average face are in a region."""
    matrix = samples(region, SIZE)
    return PLACES @ matrix[:, :2].T + matrix[:, 2]
