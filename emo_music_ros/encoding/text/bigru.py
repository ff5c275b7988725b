# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What is said or typed, by a miniature of the Bi-GRU of paper E (section 3.2, Eqs. 1-5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from emo_music_ros import emotion
from emo_music_ros.encoding.text.embedding import Embedder
from emo_music_ros.encoding.text.encoder import encode_utterance
from emo_music_ros.io.model import Model
from emo_music_ros.numerics import softmax
from emo_music_ros.options import option
from emo_music_ros.streams import Encoding, Estimate, FloatArray, Sample


class BiGruTextEncoder:
    """Judges every utterance on its own, word vector by word vector in both directions.

    Smaller and quicker than
    :class:`~emo_music_ros.encoding.text.encoder.TextEncoder`, and less often right; the
    model card has the figures.

    Parameters
    ----------
    options : BiGruTextEncoder.Options
        What can be set.

    Raises
    ------
    ModelError
        If the network or the word vectors cannot be loaded.
    """

    modality: ClassVar[str] = "text"

    @dataclass(frozen=True)
    class Options:
        """What can be set."""

        model: str = option("text_bigru", "name of the network in the models folder")

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or BiGruTextEncoder.Options()
        self._model = Model(self.options.model)
        self._embed = Embedder()
        self.version = self._model.version

    def reset(self) -> None:
        """Do nothing: no utterance depends on another."""

    def push(self, sample: Sample) -> list[Encoding]:
        """Return the encoding of an utterance, nothing if it holds no text."""
        return encode_utterance(sample, self._judge)

    def _judge(self, text: str, quality: float) -> tuple[Estimate, FloatArray]:
        vectors = self._embed.vectors(text)
        found = softmax(self._model(vectors[None])[0][0]).astype(np.float32)
        estimate = emotion.from_labels(self._model.labels, found, quality, self._model.conformal)
        return estimate, vectors.mean(axis=0, dtype=np.float32)
