# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A few Chinese commands by a small network of our own, trained on synthetic voices only.

Whole utterances are compared: their log-Mel spectrum is stretched to a fixed number of frames, so
that slow and fast speech look alike, and a network of two layers tells which phrase it is, or none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.encoding.speech.audio_features import HOP, log_mel
from emo_music_ros.io.model import Model
from emo_music_ros.options import option
from emo_music_ros.talking.base import RATE, Transcript
from emo_music_ros.talking.commands import OTHER, phrases

NAME = "conversation"
LANGUAGE = "zh"
#: Frames that every utterance is stretched to, and bands of two that are joined.
FRAMES, BANDS = 32, 32
#: An utterance shorter than this [s] is no word.
SHORTEST = 0.15
#: Length of an utterance that is usual [s], for the one number that tells it.
_USUAL = 1.0


def picture(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what the network sees of an utterance, float32 [1 + 32 * 32].

    Its length (log2 of seconds), then the log-Mel spectrum less its mean over time, which takes
    microphone and loudness out, over its standard deviation.
    """
    mel = log_mel(samples)  # [64, frames]
    mel = mel.reshape(BANDS, -1, mel.shape[1]).mean(1)
    mel = np.maximum(mel, mel.max() - 8.0)  # what is 35 dB below the loudest is background
    at = np.linspace(0, mel.shape[1] - 1, FRAMES)
    low = np.floor(at).astype(int)
    high = np.minimum(low + 1, mel.shape[1] - 1)
    part = (at - low).astype(np.float32)
    stretched = mel[:, low] * (1 - part) + mel[:, high] * part
    stretched -= stretched.mean(axis=1, keepdims=True)
    stretched /= max(float(stretched.std()), 1e-3)
    length = np.log2(max(len(samples), HOP) / RATE / _USUAL)
    return np.concatenate([[length], stretched.ravel()]).astype(np.float32)


class Keywords:
    """Recognises a few Chinese commands by a network trained on synthetic voices only."""

    @dataclass(frozen=True)
    class Options:
        """What can be set."""

        models: str = option("", "folder with the network and its .json; empty: the package's")

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or self.Options()
        self._model: Model | None = None

    def prepare(self, phrases: Mapping[str, Sequence[str]]) -> None:
        """Load the network; it knows the phrases it was trained with.

        Raises
        ------
        ModelError
            If the network is missing or damaged.
        """
        folder = Path(self.options.models) if self.options.models else None
        self._model = Model(NAME, folder)

    def __call__(self, samples: NDArray[np.float32]) -> Transcript | None:
        """Return the command that an utterance is.

        The confidence is that of the command, whichever of its phrases was said.
        """
        if self._model is None or len(samples) < SHORTEST * RATE:
            return None
        (probabilities,) = self._model(picture(samples)[None])
        labels, known = self._model.labels, phrases(LANGUAGE)
        best = int(np.argmax(probabilities[0]))
        command = known.get(labels[best], OTHER)
        if command == OTHER:
            return None
        same = [known.get(label, OTHER) == command for label in labels]
        confidence = float(np.sum(probabilities[0], where=np.array(same)))
        return Transcript(labels[best], LANGUAGE, confidence)
