# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What the facial expression networks are and how they are trained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.training.face import network
from emo_music_ros.training.face.network import Expressions, PlainNetwork, Vgg19

NAME, LARGE_NAME, VGG_NAME = "face", "face_large", "face_vgg19"
TASK = "7 expressions"
PRECISION = "int8"  # of the shipped network
Faces = NDArray[np.uint8]


@dataclass(frozen=True)
class FaceSettings:
    """What a network is and how it is trained.

    Parameters
    ----------
    make : callable
        Returns it with random weights.
    epochs : int
        Passes over the faces.
    teacher : FaceSettings, optional
        Of the network whose answers temper the labels.
    """

    make: Callable[[], Expressions]
    epochs: int
    teacher: FaceSettings | None = None


LARGE = FaceSettings(network.large, 12)
SHIPPED = FaceSettings(network.small, 14, LARGE)
PLAIN = FaceSettings(PlainNetwork, 14)
VGG = FaceSettings(Vgg19, 10)
