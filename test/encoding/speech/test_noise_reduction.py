# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from emo_music_ros.encoding.speech.audio_features import BANDS, RATE, log_mel
from emo_music_ros.encoding.speech.noise_reduction import noise_floor, reduce_noise

DRAW = np.random.default_rng(0)
NOISE = DRAW.normal(0, 0.02, 3 * RATE).astype(np.float32)
TIME = np.arange(3 * RATE) / RATE
BURSTS = (np.sin(2 * np.pi * 1500 * TIME) * (np.sin(2 * np.pi * TIME) > 0.3) * 0.3).astype(
    np.float32
)
TONE = int(np.argmax(log_mel(BURSTS).max(axis=1)))  # the band of the tone


def test_the_floor_is_the_noise_also_below_a_sound_with_pauses():
    true = np.exp(log_mel(NOISE)).mean(axis=1)
    for samples in (NOISE, NOISE + BURSTS):
        error = 10 * np.log10(noise_floor(log_mel(samples)) / true)
        assert np.abs(np.median(error)) < 2.0


def test_noise_falls_and_the_sound_stays():
    dirty, clean = log_mel(NOISE + BURSTS), log_mel(BURSTS)
    result = reduce_noise(dirty, noise_floor(dirty))
    sounding = clean[TONE] > clean[TONE].max() - 1
    np.testing.assert_allclose(result[TONE, sounding], clean[TONE, sounding], atol=0.3)
    far = np.r_[0 : TONE - 12, TONE + 12 : BANDS]
    assert (dirty - result)[far].mean() > np.log(4.0)  # more than 6 dB


def test_a_clean_sound_is_left_as_it_is():
    mel = log_mel(BURSTS)
    loud = mel > mel.max() - 7
    np.testing.assert_allclose(reduce_noise(mel, noise_floor(mel))[loud], mel[loud], atol=0.1)


def test_a_frame_depends_on_the_past_alone():
    mel = log_mel(NOISE + BURSTS)
    noise = noise_floor(mel)
    whole = reduce_noise(mel, noise)
    np.testing.assert_allclose(reduce_noise(mel[:, :100], noise), whole[:, :100], atol=1e-5)


@settings(deadline=None, max_examples=40)
@given(
    arrays(
        np.float32,
        st.tuples(st.just(BANDS), st.integers(1, 20)),
        elements=st.floats(-27.0, 15.0, width=32),
    )
)
def test_nothing_becomes_louder_or_undefined(mel):
    result = reduce_noise(mel, noise_floor(mel))
    assert np.isfinite(result).all()
    assert (result <= mel + 1e-5).all()
    assert (result >= mel - 2.4).all()
