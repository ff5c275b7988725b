# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The speech network through noise, a telephone line or a room."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.encoding.speech.audio_features import features
from emo_music_ros.encoding.speech.encoder import denoised
from emo_music_ros.encoding.speech.noise_reduction import noise_floor, reduce_noise
from emo_music_ros.numerics import softmax
from emo_music_ros.training.evaluation.protocol import Rows
from emo_music_ros.training.evaluation.results import Candidate
from emo_music_ros.training.speech import acoustics
from emo_music_ros.training.speech.clips import Voice
from emo_music_ros.training.speech.listeners import TEMPERATURE, ListenerTraining, answer

#: Name -> what happens to a clean voice before the network hears it, and whether noise is reduced.
Condition = tuple[Callable[[Voice, np.random.Generator], Voice], bool]


def _white(ratio: float) -> Callable[[Voice, np.random.Generator], Voice]:
    return lambda voice, draw: acoustics.mix(voice, draw.normal(size=len(voice)), ratio)


def _crowd(ratio: float) -> Callable[[Voice, np.random.Generator], Voice]:
    return lambda voice, draw: acoustics.mix(voice, acoustics.babble(voice, draw), ratio)


def _telephone(voice: Voice, draw: np.random.Generator) -> Voice:
    return acoustics.companded(acoustics.peak(acoustics.band(voice, 300.0, 3400.0)))


def _room(voice: Voice, draw: np.random.Generator) -> Voice:
    return acoustics.reverberate(voice, 0.5, 0.7, draw).astype(np.float32)


CONDITIONS: dict[str, Condition] = {
    "white noise, 10 dB": (_white(10.0), False),
    "white noise, 5 dB": (_white(5.0), False),
    "white noise, 5 dB, reduced": (_white(5.0), True),
    "babble, 0 dB": (_crowd(0.0), False),
    "babble, 0 dB, reduced": (_crowd(0.0), True),
    "telephone": (_telephone, False),
    "reverberation, 0.5 s": (_room, False),
}


def disturbed(
    voices: Sequence[Voice], training: ListenerTraining, name: str, condition: Condition
) -> Candidate:
    """Return our network on voices it hears through noise, a line or a room."""
    disturb, reduced = condition

    def predict(rows: Rows, test: Rows, seed: int) -> NDArray[np.float64]:
        network = training.together(rows, seed)
        logits = []
        for row in test:
            draw = np.random.default_rng([seed, row])
            found = features(acoustics.peak(disturb(voices[row], draw)))
            logits.append(answer(network, denoised(found) if reduced else found))
        return softmax(np.stack(logits), TEMPERATURE)

    key = [training.together_key, name, disturb, reduced, noise_floor, reduce_noise, denoised]
    return Candidate("emo_music_ros", "this project", predict, key=key)
