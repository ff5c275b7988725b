# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Read labelled recordings of voices into memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.encoding.speech.audio_features import RATE
from emo_music_ros.errors import InputError
from emo_music_ros.io.audio import read_mono


def voice(path: Path) -> NDArray[np.float32]:
    """Return a recording as one channel float32 [n], -1..1, at 16 kHz.

    Raises
    ------
    InputError
        If it cannot be read or holds no sound.
    """
    try:
        return read_mono(path, RATE)[0]
    except InputError as error:
        raise InputError(
            error.cause, f"Copy {path.name} again from the corpus, or remove it"
        ) from error
