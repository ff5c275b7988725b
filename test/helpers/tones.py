# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Files of music that is none: tones that differ in pitch and beat."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import soundfile

RATE, SECONDS = 11025, 40


def pieces(folder: Path, titles: Iterable[str]) -> Path:
    """Make a folder with a piece of each title, and return it."""
    folder.mkdir()
    moments = np.arange(RATE * SECONDS) / RATE
    for number, title in enumerate(titles):
        tone = 0.2 * np.sin(2 * np.pi * 110 * (number + 2) * moments)
        tone *= 1 + np.sin(2 * np.pi * (1 + number) * moments)
        soundfile.write(folder / f"{title}.wav", tone, RATE)
    return folder
