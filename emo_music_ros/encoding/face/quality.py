# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""How usable a picture of a face is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from emo_music_ros.encoding.face.alignment import SIZE, Picture

LEAST_DETAIL = 0.02  # below this a face is out of focus
#: Below this quality a picture holds no usable face.
USABLE = 0.05
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


@dataclass(frozen=True)
class Quality:
    """How usable a picture of a face is.

    Attributes
    ----------
    value : float
        0 (unusable) .. 1 (clean).
    weakness : str
        What lowers it most.
    """

    value: float
    weakness: str

    @property
    def usable(self) -> bool:
        """Whether an expression can be read from it."""
        return self.value >= USABLE


def quality(
    face: Picture, side: float, score: float, away: float = 0.0, sharpness: float | None = None
) -> Quality:
    """Judge a cropped face.

    The quality falls with a side below 48 px in the picture, shade or glare, flat contrast, lost
    focus, a head turned more than 20 degrees away, and the doubt of the detector.

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
    parts = {
        "too small": side / SIZE,
        "too dark": brightness / 0.15,
        "too bright": (1.0 - brightness) / 0.1,
        "without contrast": deviation / 255.0 / 0.08,
        "out of focus": (detail(face) if sharpness is None else sharpness) / LEAST_DETAIL,
        "turned away": 1.0 if math.isnan(away) else (PROFILE - away) / (PROFILE - FRONTAL),
        "in doubt": score,
    }
    parts = {name: min(max(part, 0.0), 1.0) for name, part in parts.items()}
    weakness = min(parts, key=lambda name: parts[name])
    if weakness == "without contrast" and parts["too dark"] < 0.5:
        weakness = "too dark"  # what takes the contrast
    return Quality(math.prod(parts.values()), weakness)


def turned(yaw: float, pitch: float) -> float:
    """Return the angle between where a head looks and the camera [rad]."""
    return math.acos(math.cos(yaw) * math.cos(pitch))
