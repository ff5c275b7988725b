# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from emo_music_ros.encoding.speech.audio_features import RATE
from emo_music_ros.training.speech import acoustics

TIME = np.arange(RATE) / RATE
TONE = (0.5 * np.sin(2 * np.pi * 700 * TIME)).astype(np.float32)


def power(samples, low, high):
    spectrum = np.abs(np.fft.rfft(samples)) ** 2
    hertz = np.fft.rfftfreq(len(samples), 1 / RATE)
    return spectrum[(hertz >= low) & (hertz < high)].sum()


def test_damage_keeps_the_voice():
    draw = np.random.default_rng(0)
    for _ in range(20):
        result = acoustics.damage(TONE, draw)
        assert result.dtype == np.float32
        assert np.abs(result).max() == pytest.approx(0.7, abs=1e-3)
        assert 0.85 * RATE < len(result) < 1.15 * RATE
        hertz = np.argmax(np.abs(np.fft.rfft(result))) * RATE / len(result)
        assert 600 < hertz < 810


def test_damage_is_repeated_by_its_seed():
    one, two = (acoustics.damage(TONE, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("ratio", [0.0, 10.0, 25.0])
def test_noise_has_the_ratio(ratio):
    noise = np.random.default_rng(0).normal(size=RATE)
    added = acoustics.mix(TONE, noise, ratio) - TONE
    assert 20 * np.log10(np.std(TONE) / np.std(added)) == pytest.approx(ratio, abs=0.01)


def test_coloured_noise_falls_with_frequency():
    draw = np.random.default_rng(0)
    white = acoustics.coloured_noise(RATE, 0.0, draw)
    brown = acoustics.coloured_noise(RATE, 1.0, draw)
    assert power(white, 4000, 8000) == pytest.approx(power(white, 0, 4000), rel=0.1)
    assert power(brown, 4000, 8000) < 0.01 * power(brown, 0, 4000)


def test_echo_decays():
    click = np.zeros(RATE, np.float32)
    click[0] = 1.0
    echo = acoustics.reverberate(click, 0.5, 0.5, np.random.default_rng(0))
    early, late = np.std(echo[1000:2000]), np.std(echo[5000:6000])
    assert 20 * np.log10(early / late) == pytest.approx(60 * 4000 / RATE / 0.5, abs=3)


def test_line_and_codec():
    mixed = TONE + 0.2 * np.sin(2 * np.pi * 6000 * TIME)
    line = acoustics.band(mixed, 300, 3400)
    assert power(line, 5900, 6100) < 0.15 * power(mixed, 5900, 6100)
    assert power(line, 690, 710) == pytest.approx(power(mixed, 690, 710), rel=0.1)
    coarse = acoustics.companded(TONE)
    assert len(np.unique(coarse)) <= 255
    np.testing.assert_allclose(coarse, TONE, atol=0.02)


def test_babble_is_a_crowd_of_the_same_voice():
    crowd = acoustics.babble(TONE, np.random.default_rng(0))
    assert crowd.shape == TONE.shape
    assert power(crowd, 500, 950) > 0.9 * power(crowd, 0, 8000)
