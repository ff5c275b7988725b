# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The network of paper D for voices: one recurrent layer on MFCC."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from emo_music_ros.encoding.speech.encoder import SpeechEncoder, SpeechModel

CEPSTRA = 40
HALVINGS = 3  # of the steps of 10 ms: one every 80 ms
RANGE = 10.0  # nepers of power (43 dB) below the loudest band that count
EMBEDDING = 64


def halve(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the means of two frames each of [rows, frames]."""
    if frames.shape[1] < 2:
        return frames
    even = frames.shape[1] // 2 * 2
    return frames[:, :even].reshape(len(frames), -1, 2).mean(axis=2)


def steps(mel: NDArray[np.float32], halvings: int = HALVINGS) -> NDArray[np.float32]:
    """Return log-Mel [bands, frames] as [steps, bands], relative to its loudest band."""
    whole = mel.astype(np.float32)
    for _ in range(halvings):
        whole = halve(whole)
    return np.maximum(whole - whole.max(), np.float32(-RANGE)).T


def mfcc(spectrum: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the cepstra [steps, 40] of log-Mel [steps, bands]."""
    return fft.dct(spectrum, axis=1, norm="ortho")[:, :CEPSTRA].astype(np.float32)  # type: ignore[no-any-return]


class LstmSpeechModel(SpeechModel):
    """The recurrent network in the place of the package's own."""

    name: ClassVar[str] = "speech_lstm"

    def run(self, *inputs: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Return logits [n, 8] and the last state [n, 64] of spectra; the rest is not used."""
        return self._model(np.stack([mfcc(steps(mel)) for mel in inputs[0]]))


class LstmSpeechEncoder(SpeechEncoder):
    """Judges utterances as :class:`SpeechEncoder` does, by the network of paper D.

    Smaller, quicker and less often right; the model card has the figures. Raises ModelError as
    that one does.
    """

    Model: ClassVar[type[SpeechModel]] = LstmSpeechModel
