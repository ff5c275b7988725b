# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What is done to the tested pictures to see how far the answers hold."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import cv2
import numpy as np

from emo_music_ros.training.face.network import SIZE
from emo_music_ros.training.face.settings import Faces

#: Task -> what is done to the pictures that are tested.
CORRUPTIONS: dict[str, Callable[[Faces], Faces]] = {
    "at half the brightness": lambda faces: np.round(faces * 0.5).astype(np.uint8),
    "at a quarter of the brightness": lambda faces: np.round(faces * 0.25).astype(np.uint8),
    "overexposed (1.3 times, + 20)": lambda faces: np.clip(
        np.round(faces * 1.3 + 20.0), 0, 255
    ).astype(np.uint8),
    "blurred by 1.5 px more": lambda faces: _each(faces, _blurred),
    "turned by 10 degrees": lambda faces: _each(faces, partial(_turned, degrees=10.0)),
    "turned by -10 degrees": lambda faces: _each(faces, partial(_turned, degrees=-10.0)),
}


def _each(faces: Faces, change: Callable[[Faces], Any]) -> Faces:
    return np.stack([change(face) for face in faces]).astype(np.uint8)


def _blurred(face: Faces) -> Any:
    return cv2.GaussianBlur(face, (0, 0), 1.5, borderType=cv2.BORDER_REFLECT)


def _turned(face: Faces, degrees: float) -> Any:
    middle = (SIZE - 1) / 2
    matrix = cv2.getRotationMatrix2D((middle, middle), degrees, 1.0)
    return cv2.warpAffine(
        face,
        matrix,
        face.shape[::-1],
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
