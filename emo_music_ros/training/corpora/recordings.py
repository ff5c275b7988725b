"""Read labelled recordings of voices into memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from emo_music_ros.encoding.speech.audio_features import RATE, clean
from emo_music_ros.errors import InputError


def voice(path: Path) -> NDArray[np.float32]:
    """Return a recording as one channel float32 [n], -1..1, at 16 kHz.

    Raises
    ------
    InputError
        If it cannot be read or holds no sound.
    """
    remedy = f"Copy {path.name} again from the corpus, or remove it"
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(f"{path} cannot be read as audio: {error}", remedy) from error
    if len(samples) == 0:
        raise InputError(f"{path} holds no samples", remedy)
    mono = samples.mean(axis=1)
    return clean(mono if rate == RATE else soxr.resample(mono, rate, RATE))
