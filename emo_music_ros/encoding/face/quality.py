"""How usable a picture of a face is, and bringing it to the sharpness the network knows."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from emo_music_ros.encoding.face.alignment import SIZE, Picture

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
