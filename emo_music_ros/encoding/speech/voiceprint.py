# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Voice prints: an utterance as a point that lies near others of the same person.

The network is the encoder of Resemblyzer 0.1.4 (Apache 2.0), three LSTMs trained on thousands of
speakers by the loss of Wan, Wang, Papir and Lopez Moreno (2018), "Generalized end-to-end loss for
speaker verification". Its weights are converted, not trained here.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from emo_music_ros.encoding.shared.mel import mel_filters
from emo_music_ros.encoding.speech.audio_features import RATE, frames
from emo_music_ros.io.model import Model
from emo_music_ros.io.resampling import clean

BANDS, WINDOW, HOP = 40, 400, 160
#: Frames of a part of an utterance that is judged at once (1.6 s), and from one part to the next.
PART, STEP = 160, 80
#: Speech shorter than this [s] says nothing of whose it is.
SHORTEST = 0.4
#: Softer speech is raised to this level [of full scale], as the network learnt it.
LEVEL = 10 ** (-30 / 20)


class Voiceprint:
    """The network.

    Parameters
    ----------
    folder : pathlib.Path, optional
        Where the model is; default is the package's.

    Attributes
    ----------
    same : float
        Likeness to the print of a person from which on an utterance is taken to be theirs.
    strange : float
        Likeness to it below which a part of an utterance is somebody else's.
    apart : float
        Likeness below which two utterances are of two people.
    command : float
        As `same`, for what is as short as a spoken command.

    Raises
    ------
    ModelError
        If a file of the model is missing or corrupt.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._model = Model("voice", folder)
        self.version = self._model.version
        description = self._model.description
        self.same, self.strange, self.apart, self.command = (
            float(description[name]) for name in ("same", "strange", "apart", "command")
        )

    def __call__(self, samples: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return the prints [parts, 256] of an utterance at 16 kHz, each of length 1.

        None where it is shorter than `SHORTEST` or silent; one shorter than a part is repeated.
        """
        samples = clean(np.asarray(samples))
        loud = float(np.sqrt(np.square(samples, dtype=np.float64).mean())) if samples.size else 0.0
        if len(samples) < SHORTEST * RATE or loud <= 0.0:
            return np.zeros((0, 256), np.float32)
        samples = samples * np.float32(max(1.0, LEVEL / loud))
        found = np.concatenate([self._model(part[None])[0] for part in parts(samples)])
        known = np.isfinite(found).all(axis=1)
        return found[known]


def parts(samples: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Return the Mel spectra [160, 40] of the parts of an utterance, power and not its logarithm.

    As librosa computes them for Resemblyzer: frames are centred, and filters have unit area.
    """
    needed = PART * HOP
    if len(samples) < needed:
        samples = np.resize(samples, needed)
    window = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
    spectrum = fft.rfft(frames(np.pad(samples, WINDOW // 2), WINDOW, HOP) * window)
    power = np.square(np.abs(spectrum)) @ mel_filters(RATE, WINDOW, BANDS).T
    starts = range(0, len(power) - PART + 1, STEP)
    return [power[start : start + PART].astype(np.float32) for start in starts]


def together(prints: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the print [256] of all parts [parts, 256] together, of length 1."""
    mean = prints.mean(axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9), np.float32)


def likeness(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Return how much two prints [256] are alike, 0..1: the cosine of their angle."""
    return float(np.clip(np.dot(one, other), 0.0, 1.0))
