# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Prints of voices by the shipped network, on synthetic voices."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from emo_music_ros.encoding.speech import voiceprint as prints
from emo_music_ros.encoding.speech.voiceprint import Voiceprint, likeness, parts, together
from emo_music_ros.errors import ModelError
from emo_music_ros.resources import share

RATE = 16000


@pytest.fixture(scope="module")
def voiceprint():
    return Voiceprint()


def buzz(seconds, pitch, seed=0):
    """Return pulses through two formants with a trace of noise."""
    random, time = np.random.default_rng(seed), np.arange(int(seconds * RATE)) / RATE
    tones = sum(
        np.exp(-(((pitch * n - 700) / 500) ** 2)) * np.sin(2 * np.pi * pitch * n * time)
        for n in range(1, int(4000 / pitch))
    )
    swell = 0.6 + 0.4 * np.sin(2 * np.pi * 3 * time)
    return (0.1 * tones * swell + 1e-3 * random.normal(size=len(time))).astype(np.float32)


def test_spectra_are_those_of_librosa():
    import librosa

    samples = buzz(2.4, 120.0)
    whole = librosa.feature.melspectrogram(
        y=samples, sr=RATE, n_fft=400, hop_length=160, n_mels=40, pad_mode="constant"
    ).T
    found = parts(samples)
    assert len(found) == 2
    for index, one in enumerate(found):
        np.testing.assert_allclose(one, whole[80 * index : 80 * index + 160], rtol=1e-3, atol=1e-6)


def test_a_voice_is_like_itself_and_less_like_another(voiceprint):
    low, again, high = (
        together(voiceprint(buzz(3.2, pitch, seed)))
        for pitch, seed in ((110.0, 0), (110.0, 1), (230.0, 0))
    )
    assert likeness(low, again) > 0.95
    assert likeness(low, high) < voiceprint.same


@pytest.mark.parametrize(("seconds", "count"), [(0.3, 0), (0.5, 1), (1.6, 1), (2.4, 2), (8.0, 9)])
def test_there_is_a_print_for_every_part_and_none_of_what_is_too_short(voiceprint, seconds, count):
    found = voiceprint(buzz(seconds, 150.0))
    assert found.shape == (count, 256)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1.0, atol=1e-3)


@settings(max_examples=15)
@given(st.one_of(arrays(np.float32, 9000, elements=st.floats(-1, 1, width=32)), st.just(None)))
def test_whatever_comes_a_print_is_finite(voiceprint, samples):
    broken = np.full(9000, np.nan, np.float32) if samples is None else samples
    assert np.isfinite(voiceprint(broken)).all()


def test_how_loud_somebody_is_changes_little(voiceprint):
    one, other = (together(voiceprint(gain * buzz(2.0, 150.0))) for gain in (0.01, 0.1))
    assert likeness(one, other) > 0.99


def test_silence_is_nobodys(voiceprint):
    assert len(voiceprint(np.zeros(RATE, np.float32))) == 0


def test_a_network_that_is_missing_or_damaged_is_named(tmp_path):
    with pytest.raises(ModelError, match="voice.onnx is missing"):
        Voiceprint(tmp_path)
    for ending in ("onnx", "json"):
        shutil.copy(share("models") / f"voice.{ending}", tmp_path)
    (tmp_path / "voice.onnx").write_bytes(b"none")
    with pytest.raises(ModelError, match="corrupt"):
        Voiceprint(tmp_path)


def test_the_limits_are_in_order(voiceprint):
    assert 0 < voiceprint.apart < voiceprint.same < 1
    assert voiceprint.strange < voiceprint.same
    assert prints.SHORTEST < prints.PART * prints.HOP / RATE
