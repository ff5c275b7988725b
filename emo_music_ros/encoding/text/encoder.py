# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What is said or typed, in English or Chinese: from words to emotions.

The lower layers of a multilingual sentence embedding say what a text means, as a whole and token by
token; hashed words and parts of words say how it is put; one small network weighs them. Text never
leaves the process and is not kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from emo_music_ros import emotion
from emo_music_ros.encoding.text.embedding import Embedder, sentence_vector
from emo_music_ros.encoding.text.hashed import (
    BUCKETS,
    HASHING,
    chinese_share,
    is_cut,
    legibility,
    normalise,
    slot_table,
)
from emo_music_ros.errors import ModelError
from emo_music_ros.io.model import Model
from emo_music_ros.numerics import softmax
from emo_music_ros.options import option
from emo_music_ros.streams import Encoding, Estimate, FloatArray, Sample, Utterance

#: From this share of Chinese characters on, the labels of GoEmotions are not answered.
CHINESE = 0.5


@dataclass(frozen=True)
class Judged:
    """What is found in one text.

    `probabilities` [7] are of the words of `emotion.EKMAN`, `goemotions` [28] of the labels of
    `emotion.GOEMOTIONS`, each on its own as they may go together; `embedding` [384].
    """

    probabilities: FloatArray
    goemotions: FloatArray
    embedding: FloatArray


class TextModel:
    """Embedding and network together.

    Parameters
    ----------
    name : str
        Model file in the ``models`` folder, without ending.

    Attributes
    ----------
    thresholds : array [28]
        Probability from which a label of GoEmotions is taken to hold.

    Raises
    ------
    ModelError
        If a part is missing, corrupt or of another vocabulary.
    """

    def __init__(self, name: str = "text") -> None:
        self._model = Model(name)
        self._embed = Embedder()
        self.labels, self.version = self._model.labels, self._model.version
        self.conformal = self._model.conformal
        thresholds = self._model.description.get("thresholds", ())
        features = [self._model.description.get(name) for name in ("buckets", "hashing")]
        if features != [BUCKETS, HASHING] or len(thresholds) != len(emotion.GOEMOTIONS):
            raise ModelError(
                f"model '{name}' was trained on other features than this version computes",
                "Train it again: emo-music train text",
            )
        self.thresholds = np.asarray(thresholds, np.float32)

    def __call__(self, text: str) -> Judged:
        """Judge one normalised text that is not empty."""
        features, states = self._embed.read(text)
        ekman, goemotions = self._model(
            features[None], states[None], slot_table([text]), chinese_share([text])
        )
        return Judged(
            softmax(ekman[0]).astype(np.float32),
            1 / (1 + np.exp(-goemotions[0])),
            sentence_vector(features),
        )

    def is_cut(self, text: str) -> bool:
        """Return whether the end of a text is not read, as it is too long."""
        return is_cut(text) or self._embed.is_cut(normalise(text))

    def estimate(self, judged: Judged, quality: float = 1.0) -> Estimate:
        """Return the estimate over the words of Ekman."""
        return emotion.from_labels(self.labels, judged.probabilities, quality, self.conformal)


def encode_utterance(
    sample: Sample, judge: Callable[[str, float], tuple[Estimate, FloatArray]]
) -> list[Encoding]:
    """Return the encoding of an utterance, nothing if it holds no text.

    Parameters
    ----------
    sample : Sample
        Anything but an utterance gives nothing.
    judge : callable
        Takes the normalised text and its quality, 0..1: how much it can say, times how sure the
        recogniser heard it. Returns estimate and embedding.
    """
    if not isinstance(sample, Utterance):
        return []
    text = normalise(sample.text)
    if not text:
        return []
    quality, letters, chinese = legibility(text)
    heard = float(np.clip(np.nan_to_num(sample.confidence, nan=0.0), 0.0, 1.0))
    estimate, embedding = judge(text, quality * heard)
    return [
        Encoding(
            modality="text",
            time=sample.time,
            window_start=sample.time,
            estimate=estimate,
            embedding=embedding,
            features={
                "length": float(len(text)),
                "letters": letters,
                "chinese_share": chinese,
                "recogniser_confidence": heard,
            },
            source=sample.source,
            person_id=sample.person_id,
        )
    ]


class TextEncoder:
    """Judges every utterance on its own.

    Parameters
    ----------
    options : TextEncoder.Options
        What can be set.

    Raises
    ------
    ModelError
        If the network cannot be loaded.
    """

    modality: ClassVar[str] = "text"

    @dataclass(frozen=True)
    class Options:
        """What can be set."""

        model: str = option("text", "name of the network in the models folder")
        labels: str = option(
            "ekman",
            "label set of the estimate: Ekman's seven, or the 28 of GoEmotions (English only, "
            "Chinese text is answered with Ekman's)",
            choices=("ekman", "goemotions"),
        )

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or TextEncoder.Options()
        self._model = TextModel(self.options.model)
        self.version = self._model.version

    def reset(self) -> None:
        """Do nothing: no utterance depends on another."""

    def push(self, sample: Sample) -> list[Encoding]:
        """Return the encoding of an utterance, nothing if it holds no text."""
        return encode_utterance(sample, self._judge)

    def _judge(self, text: str, quality: float) -> tuple[Estimate, FloatArray]:
        judged = self._model(text)
        if self.options.labels == "ekman" or chinese_share([text])[0, 0] >= CHINESE:
            return self._model.estimate(judged, quality), judged.embedding
        shares = judged.goemotions / max(float(judged.goemotions.sum()), 1e-9)
        return emotion.from_labels(emotion.GOEMOTIONS, shares, quality), judged.embedding


def predict_lines(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Judge texts, one result each.

    Yields
    ------
    dict
        input, labels, probabilities, valence, arousal, dominance, confidence, credible, and
        truncated: whether the end of the text was not read; for text that is not Chinese also
        emotions28 (label of GoEmotions -> probability) and labels28 (those that hold). For a line
        without text there is an error, the probabilities are empty and the circumplex None.

    Raises
    ------
    ModelError
        If a model cannot be loaded.
    """
    model = TextModel()
    for line in lines:
        text = normalise(line)
        result: dict[str, Any] = {"input": line, "labels": list(model.labels)}
        if text:
            judged = model(text)
            found = model.estimate(judged)
            result |= {
                "probabilities": [float(value) for value in found.probabilities],
                "valence": found.valence,
                "arousal": found.arousal,
                "dominance": found.dominance,
                "confidence": found.confidence,
                "credible": list(found.credible),
                "truncated": model.is_cut(line),
            }
            if chinese_share([text])[0, 0] < CHINESE:
                pairs = list(zip(emotion.GOEMOTIONS, judged.goemotions.tolist()))
                result["emotions28"] = {label: float(value) for label, value in pairs}
                result["labels28"] = [
                    label
                    for (label, value), least in zip(pairs, model.thresholds)
                    if value >= least
                ]
        else:
            result |= dict.fromkeys(("valence", "arousal", "dominance"))
            result |= {"probabilities": [], "confidence": 0.0, "credible": []}
            result["error"] = "holds no text"
        yield result
