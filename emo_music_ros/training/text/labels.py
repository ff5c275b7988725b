# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The three kinds of labels of the text network, and how they map to one another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emo_music_ros import emotion
from emo_music_ros.training.evaluation.protocol import Rows

LABELS, EKMAN, CHINESE = len(emotion.GOEMOTIONS), len(emotion.EKMAN), len(emotion.SMP2020)


def ekman_table() -> NDArray[np.float32]:
    """Return which label of GoEmotions belongs to which word of Ekman, float32 [28, 7]."""
    return emotion.to_ekman(np.eye(LABELS)).astype(np.float32)


def single_ekman(labels: NDArray[np.bool_]) -> tuple[Rows, NDArray[np.int64]]:
    """Return the rows of labels [n, 28] that have one word of Ekman, and which."""
    ekman = labels @ (ekman_table() > 0)
    alone = np.flatnonzero((ekman > 0).sum(axis=1) == 1)
    return alone, ekman[alone].argmax(axis=1).astype(np.int64)


def chinese_to_ekman() -> NDArray[np.int64]:
    """Return the number of every Chinese class among Ekman's words, int64 [6]."""
    return np.array([emotion.EKMAN.index(label) for label in emotion.SMP2020])


def chinese_words(words: NDArray[np.int64]) -> tuple[Rows, NDArray[np.int64]]:
    """Return the rows of Ekman's words [n] that are Chinese classes too, and which."""
    number = np.full(EKMAN, -1)
    number[chinese_to_ekman()] = np.arange(CHINESE)
    rows = np.flatnonzero(number[words] >= 0)
    return rows, number[words[rows]]


def spread(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return probabilities [n, 7] of Ekman's words from [n, 6] of the Chinese classes."""
    result = np.zeros((len(table), EKMAN))
    result[:, chinese_to_ekman()] = table
    return result
