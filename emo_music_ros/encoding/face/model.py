"""The network that judges the expression of a face."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.encoding.face.alignment import Picture
from emo_music_ros.encoding.face.quality import soften
from emo_music_ros.io.model import Model


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
        #: False where the network was trained on sharp pictures too.
        self._soften = bool(self._model.description.get("soften", True))
        self.labels = self._model.labels
        self.conformal = self._model.conformal
        self.version = self._model.version

    def __call__(
        self, faces: Sequence[Picture], sharpness: Sequence[float] | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """Return calibrated logits [n, 7] and embeddings [n, e] of grey faces [48, 48].

        `sharpness` saves the time of measuring it again (see `detail`).
        """
        if self._soften:
            known = [None] * len(faces) if sharpness is None else sharpness
            batch = np.stack([soften(face, value) for face, value in zip(faces, known)])
        else:
            batch = np.stack(faces)
        logits, embedding = self._model(batch.astype(np.float32)[:, None])
        return logits.astype(float) / self._temperature, embedding
