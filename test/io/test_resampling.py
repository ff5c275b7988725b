# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from emo_music_ros.io.resampling import DownMix, Resampler, clean, mono, resample


def tone(seconds: float, rate: int) -> np.ndarray:
    return np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate).astype(np.float32)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16])
def test_the_channels_are_averaged(dtype):
    out = mono(np.array([[1, 3], [0, -2]], dtype))
    assert out.dtype == np.float32
    assert out.tolist() == [2.0, -1.0]
    assert mono(np.array([[4], [5]], dtype)).tolist() == [4.0, 5.0]


def test_broken_samples_are_silence():
    assert clean(np.array([np.nan, np.inf, -np.inf, 7.0, -0.5])).tolist() == [0, 0, 0, 1, -0.5]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 3000), max_size=9), st.sampled_from([8000, 22050, 48000]))
def test_a_stream_is_the_same_however_it_is_cut(sizes, rate):
    whole = tone(0.3, 16000)
    stream = Resampler(16000, rate)
    cuts = np.cumsum(sizes, dtype=int)
    parts = [stream(part) for part in np.split(whole, cuts[cuts < len(whole)])]
    parts.append(stream(np.zeros(0, np.float32), last=True))
    once = Resampler(16000, rate)(whole, last=True)
    np.testing.assert_allclose(np.concatenate(parts), once, atol=1e-6)
    assert len(once) == pytest.approx(len(soxr.resample(whole, 16000, rate)), abs=1)


def test_the_same_rate_changes_nothing():
    whole = tone(0.1, 16000)
    assert np.array_equal(Resampler(16000, 16000)(whole), whole)
    assert np.array_equal(resample(whole, 16000, 16000), whole)


@settings(max_examples=30, deadline=None)
@given(
    st.floats(-1.0, 1.0), st.floats(0.01, 1.0), st.integers(2, 4), st.sampled_from([0.0, 1e-3, 0.1])
)
def test_channels_never_cancel(correlation, gain, channels, noise):
    rng = np.random.default_rng(0)
    voice, other = rng.normal(0, 0.2, (2, 4000))
    second = correlation * voice + np.sqrt(1 - correlation**2) * other
    samples = np.column_stack([voice, gain * second, *(noise * other,) * (channels - 2)])
    power = np.square(mono(samples)).mean()
    assert power >= 0.09 * np.square(samples).mean()


def test_a_stream_keeps_to_its_channel_until_the_channels_agree():
    mix = DownMix()
    voice = tone(0.05, 16000)
    opposite = np.column_stack([voice, -0.9 * voice])
    assert np.array_equal(mix(opposite), voice)
    assert mix.opposite
    for _ in range(5):  # silence is no reason to change
        mix(np.zeros((800, 2), np.float32))
    assert mix.opposite
    assert np.array_equal(mix(opposite), voice)
    for _ in range(60):
        last = mix(np.column_stack([voice, voice]))
    assert not mix.opposite
    assert np.array_equal(last, voice)


def test_the_mean_of_silence_is_silence():
    mix = DownMix()
    assert not mix(np.zeros((10, 2), np.float32)).any()
    assert not mix.opposite
    assert len(mix(np.zeros((0, 2), np.float32))) == 0
