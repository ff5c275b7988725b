# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import builtins
import math

import numpy as np
import pytest
import soundfile
from scipy.signal import resample_poly

from emo_music_ros.errors import InputError
from emo_music_ros.io.loudness import measure

RATE = 44100


def music(seconds=12.0, seed=3):
    """Noise that swells and falls silent, so that the gates matter."""
    rng = np.random.default_rng(seed)
    count = round(seconds * RATE)
    levels = np.interp(np.arange(count) / RATE, [0, 4, 6, 8, 12], [-40, -12, -10, -80, -30])
    swell = 10 ** (levels / 20)
    return (rng.standard_normal((count, 2)) * swell[:, None] * 0.3).clip(-1, 1)


def write(tmp_path, samples, name="x.wav", rate=RATE):
    path = tmp_path / name
    soundfile.write(path, samples.astype(np.float32), rate, subtype="FLOAT")
    return path


def test_integrated_loudness_is_that_of_pyloudnorm(tmp_path):
    pyloudnorm = pytest.importorskip("pyloudnorm")
    samples = music()
    found = measure(write(tmp_path, samples))
    assert found.integrated == pytest.approx(
        pyloudnorm.Meter(RATE).integrated_loudness(samples), abs=0.1
    )
    assert found.loudest > found.integrated
    windows = [samples[i : i + round(0.4 * RATE)] for i in range(0, len(samples) - 17640, 4410)]
    meter = pyloudnorm.Meter(RATE)
    assert found.loudest == pytest.approx(max(map(meter.integrated_loudness, windows)), abs=0.3)


def test_a_tone_of_the_recommendation_has_its_loudness_and_its_peak(tmp_path):
    """EBU Tech 3341, case 1: 1 kHz at -23 dBFS in both channels is -23 LUFS."""
    wave = 10 ** (-23 / 20) * np.sin(2 * np.pi * 1000 * np.arange(20 * 48000) / 48000)
    found = measure(write(tmp_path, np.stack([wave, wave], 1), rate=48000))
    assert found.integrated == pytest.approx(-23.0, abs=0.1)
    assert found.loudest == pytest.approx(-23.0, abs=0.1)
    assert found.peak == pytest.approx(-23.0, abs=0.1)


def test_one_channel_counts_as_it_is_played_on_both_sides(tmp_path):
    both = measure(write(tmp_path, music()))
    one = measure(write(tmp_path, music()[:, 0], "mono.wav"))
    assert one.integrated == pytest.approx(both.integrated, abs=0.5)


def test_the_true_peak_is_found_between_the_samples(tmp_path):
    wave = 0.5 * np.sin(2 * np.pi * RATE / 4 * np.arange(4 * RATE) / RATE + np.pi / 4)
    wave[: RATE // 2] *= np.hanning(RATE)[: RATE // 2]  # an edge would overshoot
    found = measure(write(tmp_path, np.stack([wave, wave], 1)))
    between = 20 * math.log10(abs(resample_poly(wave[RATE : RATE + 2000], 16, 1)[1000:-1000]).max())
    assert found.peak == pytest.approx(between, abs=0.3)
    assert found.peak > 20 * math.log10(abs(wave).max()) + 2


@pytest.mark.parametrize("samples", [np.zeros((3 * RATE, 2)), np.full((200, 2), 0.5)])
def test_silence_and_what_is_too_short_has_no_loudness(tmp_path, samples):
    assert all(map(math.isnan, measure(write(tmp_path, samples))))


def test_rubbish_in_a_file_does_not_reach_the_meter(tmp_path):
    samples = music()
    samples[RATE : RATE + 100] = np.nan
    samples[2 * RATE] = np.inf
    assert math.isfinite(measure(write(tmp_path, samples)).integrated)


def test_what_cannot_be_measured_is_said(tmp_path, monkeypatch):
    (tmp_path / "no.wav").write_bytes(b"not music")
    with pytest.raises(InputError, match=r"no\.wav"):
        measure(tmp_path / "no.wav")
    real = builtins.__import__

    def missing(name, *arguments, **more):
        if name == "av":
            raise ImportError("no av")
        return real(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(InputError, match="PyAV"):
        measure(write(tmp_path, music()))
