# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Numerics that several stages share."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray


def softmax(logits: ArrayLike, temperature: float = 1.0) -> NDArray[np.float64]:
    """Return the probabilities of logits [..., classes] divided by a temperature."""
    scaled = np.asarray(logits, float) / temperature
    scaled = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return scaled / scaled.sum(axis=-1, keepdims=True)  # type: ignore[no-any-return]


def plain(value: float) -> float | None:
    """Return a number as JSON has it: None if it is not finite."""
    return float(value) if math.isfinite(value) else None
