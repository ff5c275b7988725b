# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.fft import dct

from emo_music_ros.encoding.speech.audio_features import RATE, features
from emo_music_ros.encoding.speech.functionals import CEPSTRA, COUNT, RHYTHM, _rhythm, functionals


def buzz(hertz, seconds=1.5, syllables=4.0):
    """Return a voice-like buzz whose loudness rises and falls `syllables` times a second."""
    time = np.arange(int(seconds * RATE)) / RATE
    phase = 2 * np.pi * np.cumsum(np.broadcast_to(hertz, time.shape)) / RATE
    wave = sum(np.sin(n * phase) / n for n in range(1, 15))
    loud = 0.55 + 0.45 * np.sin(2 * np.pi * syllables * time)
    return (0.1 * wave * loud).astype(np.float32)


def test_mean_and_deviation_of_the_cepstra():
    found = features(buzz(140.0, syllables=0.0))  # no frame is soft
    relative = np.maximum(found.mel - found.mel.max(), -12)
    expected = dct(relative, axis=0, norm="ortho")[:CEPSTRA]
    result = functionals(found)
    assert result.shape == (COUNT,)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result[:CEPSTRA], expected.mean(axis=1), atol=1e-3)
    np.testing.assert_allclose(result[CEPSTRA : 2 * CEPSTRA], expected.std(axis=1), atol=1e-3)


@pytest.mark.parametrize("syllables", [2.0, 4.0, 6.5, 10.0])
def test_the_rhythm_is_found_in_its_band(syllables):
    time = np.arange(300) * 0.01
    found = _rhythm(np.sin(2 * np.pi * syllables * time).astype(np.float32))
    low, high = RHYTHM[int(found.argmax())]
    assert low <= syllables < high


def test_the_gain_does_not_matter():
    loud = buzz(np.linspace(120, 220, int(1.5 * RATE)))
    np.testing.assert_allclose(
        functionals(features(loud)), functionals(features(loud * 0.3)), atol=0.15
    )


def test_other_voices_give_other_statistics():
    low, high = functionals(features(buzz(110.0))), functionals(features(buzz(240.0)))
    assert np.abs(low - high).max() > 1.0


@settings(deadline=None, max_examples=40)
@given(
    arrays(
        np.float32,
        st.integers(0, 4000),
        elements=st.floats(width=32, allow_nan=True, allow_infinity=True),
    )
)
def test_every_input_gives_finite_statistics(samples):
    result = functionals(features(samples))
    assert result.shape == (COUNT,)
    assert np.isfinite(result).all()
