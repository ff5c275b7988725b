"""The blur of the corpus is undone."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from scipy.fft import dctn
from scipy.ndimage import gaussian_filter

pytest.importorskip("torch")
pytest.importorskip("onnxscript")

from emo_music_ros.training.face import (  # noqa: E402
    restoration,
)


def test_cosines_are_those_of_the_library(smooth):
    picture = smooth(1)[0]
    forth = restoration.cosines(48)
    wanted = dctn(picture, norm="ortho")[: restoration.ORDERS, : restoration.ORDERS]
    np.testing.assert_allclose(forth.T @ picture @ forth, wanted, atol=1e-9)


def test_the_blur_of_the_corpus_is_undone(smooth):
    sharp = smooth(8)
    blurred = np.stack(
        [gaussian_filter(one, restoration.BLUR, mode="reflect", truncate=6) for one in sharp]
    )
    restored = restoration.restore(np.round(blurred).astype(np.uint8))
    before = np.sqrt(np.mean((blurred - sharp) ** 2))
    after = np.sqrt(np.mean((restored - sharp) ** 2))
    assert after < 0.35 * before
    # Sampled more coarsely it is the same picture.
    coarse = restoration.restore(np.round(blurred).astype(np.uint8), restoration.GRID)
    for one, other in zip(restored, coarse):
        resized = cv2.resize(one, (restoration.GRID,) * 2, interpolation=cv2.INTER_AREA)
        assert np.corrcoef(resized.ravel(), other.ravel())[0, 1] > 0.95


def test_resolution_is_where_the_spectrum_ends(smooth):
    sharp = np.clip(smooth(64, blur=0.6), 0, 255).astype(np.uint8)
    blurred = np.round(smooth(64, blur=3.0)).clip(0, 255).astype(np.uint8)
    assert restoration.resolution(sharp) > 15
    assert 5 < restoration.resolution(blurred) < 12
