"""What the facial expression networks are and how they are trained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import nn

from emo_music_ros.training.face import network
from emo_music_ros.training.face.network import PlainNetwork

NAME = "face"
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

    make: Callable[[], nn.Module]
    epochs: int
    teacher: FaceSettings | None = None


TEACHER = FaceSettings(network.teacher, 40)
SHIPPED = FaceSettings(network.student, 50, TEACHER)
PLAIN = FaceSettings(PlainNetwork, 30)
