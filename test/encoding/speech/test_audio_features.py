# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from emo_music_ros.encoding.shared.mel import mel_filters
from emo_music_ros.encoding.speech import audio_features as af


def voice(hertz, seconds=1.0, level=0.3):
    """Return a buzz with 20 harmonics following a pitch contour."""
    time = np.arange(int(seconds * af.RATE)) / af.RATE
    phase = 2 * np.pi * np.cumsum(np.broadcast_to(hertz, time.shape)) / af.RATE
    wave = sum(np.sin(n * phase) / n for n in range(1, 21))
    return (level * wave / np.abs(wave).max()).astype(np.float32)


def test_filters_and_spectrum_agree_with_librosa():
    librosa = pytest.importorskip("librosa")
    golden = librosa.filters.mel(
        sr=af.RATE, n_fft=af.FFT, n_mels=af.BANDS, fmin=af.LOWEST_BAND, fmax=af.RATE / 2
    )
    np.testing.assert_allclose(
        mel_filters(af.RATE, af.FFT, af.BANDS, af.LOWEST_BAND), golden, atol=1e-6
    )
    samples = np.random.default_rng(0).normal(scale=0.1, size=8000).astype(np.float32)
    # librosa centres the short window in the transform, which changes the phase only
    power = (
        np.abs(
            librosa.stft(
                np.pad(samples, (56, 56)),
                n_fft=af.FFT,
                hop_length=af.HOP,
                win_length=af.WINDOW,
                center=False,
            )
        )
        ** 2
    )
    expected = np.log(golden @ power / af.FFT + af.FLOOR)
    np.testing.assert_allclose(af.log_mel(samples), expected, atol=1e-3)


@pytest.mark.parametrize("hertz", [80.0, 121.0, 200.0, 333.0, 450.0])
def test_pitch_of_a_steady_voice(hertz):
    found = af.pitch(voice(hertz))
    assert np.isfinite(found).mean() > 0.95
    np.testing.assert_allclose(found[np.isfinite(found)], hertz, rtol=0.01)


def test_pitch_follows_a_glide_in_noise():
    contour = np.linspace(120, 240, af.RATE)
    samples = voice(contour) + np.random.default_rng(0).normal(scale=0.01, size=af.RATE)
    found = af.pitch(samples)
    centre = (np.arange(len(found)) * 0.01 + 0.024) * af.RATE
    expected = np.interp(centre, np.arange(af.RATE), contour)
    known = np.isfinite(found)
    assert known.mean() > 0.9
    assert np.median(np.abs(found[known] / expected[known] - 1)) < 0.01


def test_noise_and_silence_have_no_pitch():
    noise = np.random.default_rng(1).normal(scale=0.1, size=af.RATE)
    assert np.isfinite(af.pitch(noise)).mean() < 0.1
    assert np.isnan(af.pitch(np.zeros(af.RATE))).all()


def test_syllables_pauses_and_level():
    syllable = voice(150, 0.15) * np.hanning(int(0.15 * af.RATE))
    gap = np.zeros(int(0.1 * af.RATE))
    word = np.concatenate([syllable, gap] * 8)
    found = af.prosody(np.concatenate([word, np.zeros(af.RATE)]))
    assert found.speech_rate * found.duration == pytest.approx(8, abs=1)
    assert 0.4 < found.pause_share < 0.8
    assert found.pitch_mean == pytest.approx(150, rel=0.02)
    assert found.pitch_range < 0.5
    assert found.duration == pytest.approx(3.0)
    loud, soft = af.prosody(voice(150, level=0.5)), af.prosody(voice(150, level=0.05))
    assert loud.energy - soft.energy == pytest.approx(20, abs=0.5)


def test_vector_does_not_know_the_gain():
    samples = voice(np.linspace(100, 180, af.RATE)) * np.hanning(af.RATE)
    np.testing.assert_allclose(
        af.prosody(samples).vector(), af.prosody(samples * 0.2).vector(), atol=0.05
    )


@settings(deadline=None, max_examples=20)
@given(
    st.lists(st.integers(0, 3000), max_size=8),
    st.integers(0, 5000),
    st.integers(0, 1500),
)
def test_measured_while_spoken_or_afterwards_is_the_same(sizes, count, more):
    samples = voice(np.linspace(100, 250, af.RATE))[: count + more]
    count = min(count, len(samples)) if count >= af.PITCH_WINDOW else len(samples)
    analyser = af.Analyser()
    for start, end in zip(np.cumsum([0, *sizes]), np.cumsum(sizes)):
        analyser.push(samples[start:end])
    analyser.push(samples[analyser.count :])
    found, whole = analyser.finish(count), af.features(samples[:count])
    np.testing.assert_allclose(found.mel, whole.mel, atol=1e-4)
    np.testing.assert_allclose(found.contour, whole.contour, atol=1e-4)
    np.testing.assert_allclose(found.prosody.vector(), whole.prosody.vector(), atol=1e-4)
    assert found.quiet == pytest.approx(whole.quiet, abs=1e-3)


def test_contour_is_pitch_voicing_and_level():
    quiet = voice(np.linspace(100, 200, af.RATE), level=0.03)
    found = af.features(np.concatenate([voice(150), quiet, np.zeros(af.RATE // 2)]))
    octaves, strength, level = found.contour
    assert found.contour.shape[1] == found.mel.shape[1]
    np.testing.assert_allclose(octaves[10:80], 0.0, atol=0.1)
    assert octaves[190] - octaves[105] == pytest.approx(0.9, abs=0.12)
    assert strength[np.r_[10:90, 105:190]].min() > 0.8
    assert strength[215:].max() == 0.0
    assert level[50] == pytest.approx(0.0, abs=0.1)
    assert level[150] == pytest.approx(-1.0, abs=0.1)  # 20 dB


@settings(deadline=None, max_examples=40)
@given(
    arrays(
        np.float32,
        st.integers(0, 3000),
        elements=st.floats(width=32, allow_nan=True, allow_infinity=True),
    )
)
def test_every_input_gives_finite_features(samples):
    mel = af.log_mel(samples)
    assert mel.shape[0] == af.BANDS
    assert np.isfinite(mel).all()
    assert np.isfinite(af.level(samples)).all()
    assert np.isfinite(af.prosody(samples).vector()).all()
