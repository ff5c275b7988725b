# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import bilinear_zpk, sosfilt, zpk2sos

from emo_music_ros.playback.weighting import Weighting, a_weighting, level_of

RATE = 44100
#: IEC 61672-1, table 3.
STANDARD = {
    31.5: -39.4, 63: -26.2, 125: -16.1, 250: -8.6, 500: -3.2, 1000: 0.0, 2000: 1.2, 4000: 1.0,
    8000: -1.1, 16000: -6.6,
}  # fmt: skip


@pytest.mark.parametrize(("frequency", "expected"), STANDARD.items())
def test_the_curve_is_that_of_the_standard(frequency, expected):
    # the table is for the exact frequencies of its bands
    exact = 1000 * 10 ** (0.1 * round(10 * math.log10(frequency / 1000)))
    assert a_weighting(np.array([exact]))[0] == pytest.approx(expected, abs=0.06)


def filtered(samples, rate):
    """Return the A-weighted samples by a filter of scipy."""
    poles = 2 * np.pi * np.array([20.598997, 20.598997, 107.65265, 737.86223, 12194.217, 12194.217])
    gain = 10 ** (2.0 / 20) * (2 * np.pi * 12194.217) ** 2
    zeros, roots, gain = bilinear_zpk(np.zeros(4), -poles, gain, rate)
    return sosfilt(zpk2sos(zeros, roots, gain), samples, axis=0)


@pytest.mark.parametrize("seed", range(3))
def test_the_level_is_that_of_a_filter_of_scipy(seed):
    rng = np.random.default_rng(seed)
    rate = 192000  # where a filter made by the bilinear transform is right, too
    spectrum = np.fft.rfft(rng.standard_normal((4 * rate, 2)), axis=0)
    axis = np.fft.rfftfreq(4 * rate, 1 / rate)[:, None]
    tilt = np.where(axis < 15000, np.maximum(axis, 20.0) ** -rng.uniform(0, 1), 0)
    samples = 0.1 * np.fft.irfft(spectrum * tilt, axis=0)
    expected = level_of(float((filtered(samples, rate) ** 2).sum()) / rate, 4.0)
    assert level_of(Weighting(rate)(samples), 4.0) == pytest.approx(expected, abs=0.15)


@pytest.mark.parametrize("frequency", [50, 100, 1000, 8000])
def test_a_tone_has_the_level_that_the_curve_says(frequency):
    wave = 0.5 * np.sin(2 * np.pi * frequency * np.arange(10 * RATE) / RATE)
    found = level_of(Weighting(RATE)(np.stack([wave, wave], 1)), 10.0)
    expected = 10 * math.log10(2 * 0.125) + a_weighting(np.array([float(frequency)]))[0]
    assert found == pytest.approx(expected, abs=0.3)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 9000), min_size=1, max_size=8))
def test_energy_does_not_depend_on_how_the_stream_is_cut(cuts):
    samples = np.random.default_rng(1).standard_normal((sum(cuts), 2))
    pieces, whole = Weighting(RATE), Weighting(RATE)
    places = np.cumsum(cuts)[:-1]
    assert sum(map(pieces, np.split(samples, places))) == pytest.approx(whole(samples), abs=1e-12)


def test_silence_has_no_level():
    assert Weighting(RATE)(np.zeros((RATE, 2))) == 0.0
    assert level_of(0.0, 1.0) == level_of(1.0, 0.0) == -math.inf
