# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The network that judges the expression of a face."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.encoding.face.alignment import Picture
from emo_music_ros.io.model import Model


class FaceModel:
    """A trained network.

    Parameters
    ----------
    folder : pathlib.Path, optional
        Where it is; default is the ``models`` folder of the package.
    name : str
        ``face``, ``face_large`` (larger, slower and a little better) or ``face_vgg19`` (paper E).

    Raises
    ------
    ModelError
        If a file of the model is missing or corrupt.
    """

    def __init__(self, folder: Path | None = None, name: str = "face") -> None:
        self._model = Model(name, folder)
        self._temperature = float(self._model.description.get("temperature", 1.0))
        self.labels = self._model.labels
        self.conformal = self._model.conformal
        self.version = self._model.version

    def __call__(self, faces: Sequence[Picture]) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """Return calibrated logits [n, 7] and embeddings [n, e] of grey faces [48, 48]."""
        logits, embedding = self._model(np.stack(faces).astype(np.float32)[:, None])
        return logits.astype(float) / self._temperature, embedding
