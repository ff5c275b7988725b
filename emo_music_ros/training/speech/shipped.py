# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The speech network that comes with the package, and what it costs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from emo_music_ros.encoding.speech.audio_features import Analyser, features
from emo_music_ros.encoding.speech.encoder import SpeechModel
from emo_music_ros.encoding.speech.functionals import functionals
from emo_music_ros.encoding.speech.voice_activity import Segment
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.evaluation.cost import Cost, onnx_cost
from emo_music_ros.training.speech.clips import Voice

NAME = "speech"


def _cost(path: Path, voice: Voice) -> Cost:
    """Return what the shipped network costs after an utterance that was analysed while spoken."""
    found = features(voice)
    inputs = {
        "mel": found.mel[None],
        "contour": found.contour[None],
        "statistics": functionals(found)[None],
    }
    parameters, operations = onnx_cost(path, inputs)
    judge = SpeechModel(path.parent)
    segment = Segment(voice, 0, 0.1, 1e-4)
    analyser = Analyser()
    analyser.push(voice)
    return Cost(parameters, operations, lambda: judge(segment, 0.0, analyser.finish()))


def shipped() -> Path:
    """Return the network that comes with the package."""
    from emo_music_ros.resources import share

    return share("models") / f"{NAME}.onnx"


def cost_of_shipped(corpus: Corpus) -> Callable[[], Cost] | None:
    """Return how to time the shipped network on a middling utterance, None without a network."""
    path = shipped()
    if not path.is_file():
        return None
    middle = int(np.argsort([len(item) for item in corpus.items])[len(corpus) // 2])
    return lambda: _cost(path, np.resize(corpus.items[middle], 48000))
