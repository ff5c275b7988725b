# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Made-up pictures."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter


@pytest.fixture
def pictures():
    """Give a function that makes noise, uint8 [count, 48, 48]."""

    def make(count, seed=0):
        return np.random.default_rng(seed).integers(0, 256, (count, 48, 48), np.uint8)

    return make


@pytest.fixture
def smooth():
    """Give a function that makes pictures with a falling spectrum, 0..255."""

    def make(count, seed=0, blur=2.0):
        noise = np.random.default_rng(seed).normal(size=(count, 48, 48))
        noise = np.stack([gaussian_filter(entry, blur, mode="reflect") for entry in noise])
        return 128 + 40 * noise / noise.std(axis=(1, 2), keepdims=True)

    return make
