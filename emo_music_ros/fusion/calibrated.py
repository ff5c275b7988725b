# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A network of the fusion with what was calibrated of it on held-out answers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.errors import ModelError
from emo_music_ros.io.model import Model


class CalibratedModel(Model):
    """A network, the modalities it was trained on, and thresholds.

    Parameters
    ----------
    name : str
        Of the network.
    folder : pathlib.Path or None
        Where to look; None is the ``models`` folder of the package.
    fields : sequence of str
        Of its description: three numbers each, for one, two, and three or more pieces of evidence.

    Attributes
    ----------
    modalities : tuple of str
        What it was trained on, in the order of its inputs.
    calibrated : dict of str to ndarray
        Field -> its numbers [3].

    Raises
    ------
    ModelError
        If the network or its description is missing or lacks something.
    """

    def __init__(self, name: str, folder: Path | None, fields: Sequence[str]) -> None:
        super().__init__(name, folder)
        try:
            about = self.description
            self.modalities = tuple(str(one) for one in about["modalities"])
            self.calibrated: dict[str, NDArray[np.float64]] = {
                field: np.array([float(one) for one in about[field]]) for field in fields
            }
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(
                f"the description of model '{name}' lacks what fusion needs: {error!r}",
                "Train it again: emo-music train fusion",
            ) from error
