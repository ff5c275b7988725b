# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Beats, heart rate and variability against NeuroKit2."""

from __future__ import annotations

import numpy as np
import pytest

from emo_music_ros.encoding.physiology import cardiac, respiration
from emo_music_ros.encoding.physiology.cardiac import PULSE, QRS, Rhythm, find_beats, summarise
from emo_music_ros.encoding.shared.buffer import SignalBuffer
from emo_music_ros.encoding.shared.filters import StreamingFilter
from emo_music_ros.streams import BiosignalBlock

SECONDS = 80


def windowed(samples, rate, wave, seconds=60.0):
    buffer = SignalBuffer(rate, 1, StreamingFilter(rate, *wave.band), settle=2.0)
    buffer.push(BiosignalBlock(0.0, "ppg", samples[:, None], rate, ("a",)))
    return buffer.window(len(samples) / rate, seconds)


def pulse(rate=64.0, bpm=72.0, seconds=SECONDS, wobble=0.0):
    time = np.arange(round(seconds * rate)) / rate
    phase = bpm / 60 * time + wobble * np.sin(2 * np.pi * 0.1 * time)
    return np.exp(4 * np.cos(2 * np.pi * phase)) / np.exp(4)


@pytest.fixture(scope="module")
def neurokit():
    return pytest.importorskip("neurokit2", reason="NeuroKit2, the reference, is not installed")


def reference(neurokit, peaks, rate):
    peaks = peaks[peaks >= (SECONDS - 60) * rate]
    gaps = np.diff(peaks) / rate
    table = neurokit.hrv_time(peaks - peaks[0], sampling_rate=rate)
    return 60 / np.median(gaps), *(float(table[f"HRV_{n}"].iloc[0]) for n in ("RMSSD", "SDNN"))


@pytest.mark.parametrize(("bpm", "rate"), [(55, 250), (75, 200), (110, 500)])
def test_ecg_agrees_with_neurokit(neurokit, bpm, rate):
    ecg = neurokit.ecg_simulate(
        duration=SECONDS, sampling_rate=rate, heart_rate=bpm, noise=0.05, random_state=3
    )
    _, found = neurokit.ecg_peaks(neurokit.ecg_clean(ecg, rate), sampling_rate=rate)
    wanted = reference(neurokit, found["ECG_R_Peaks"], rate)
    heart = summarise(find_beats(windowed(ecg, float(rate), QRS), QRS))
    assert heart.rate == pytest.approx(wanted[0], rel=0.02)
    assert heart.rmssd == pytest.approx(wanted[1], rel=0.15, abs=3.0)
    assert heart.sdnn == pytest.approx(wanted[2], rel=0.15, abs=3.0)
    assert heart.covered > 50


@pytest.mark.parametrize("bpm", [55, 75, 100])
def test_pulse_agrees_with_neurokit(neurokit, bpm):
    rate = 64
    ppg = neurokit.ppg_simulate(
        duration=SECONDS, sampling_rate=rate, heart_rate=bpm, random_state=3,
        frequency_modulation=0.2, ibi_randomness=0.1,
    )  # fmt: skip
    found = neurokit.ppg_findpeaks(neurokit.ppg_clean(ppg, sampling_rate=rate), sampling_rate=rate)
    wanted = reference(neurokit, found["PPG_Peaks"], rate)
    heart = summarise(find_beats(windowed(ppg, float(rate), PULSE), PULSE))
    assert heart.rate == pytest.approx(wanted[0], rel=0.03)
    assert heart.rmssd == pytest.approx(wanted[1], rel=0.15, abs=5.0)
    assert heart.sdnn == pytest.approx(wanted[2], rel=0.15, abs=5.0)


def test_beats_lie_between_samples():
    heart = summarise(find_beats(windowed(pulse(bpm=73.0), 64.0, PULSE), PULSE))
    assert heart.rate == pytest.approx(73.0, abs=0.1)
    assert heart.rmssd < 2.0  # a whole sample would be 15.6 ms
    assert heart.pnn50 == 0.0


def test_movement_spoils_some_beats_and_not_the_rate():
    samples = pulse()
    burst = slice(40 * 64, 46 * 64)
    samples[burst] += np.random.default_rng(0).normal(scale=8.0, size=6 * 64)
    heart = summarise(find_beats(windowed(samples, 64.0, PULSE), PULSE))
    assert heart.rate == pytest.approx(72.0, abs=1.0)
    assert 40 < heart.covered < 56


@pytest.mark.parametrize(
    "samples",
    [np.zeros(4000), np.full(4000, 3.7), np.full(4000, np.nan), np.zeros(100)],
    ids=["zero", "constant", "nan", "short"],
)
def test_no_signal_has_no_rate(samples):
    window = windowed(samples, 64.0, PULSE)
    if window is not None:
        heart = summarise(find_beats(window, PULSE))
        assert np.isnan(heart.rate)
        assert heart.covered == 0.0


def test_noise_is_covered_worse_than_a_pulse():
    noise = np.random.default_rng(1).normal(size=SECONDS * 64)
    heart = summarise(find_beats(windowed(noise, 64.0, PULSE), PULSE))
    assert heart.covered < 35.0


def test_an_extra_beat_is_left_out():
    times = np.arange(60.0)
    times = np.sort(np.append(times, 30.4))
    rhythm = Rhythm(times, np.ones(61), np.ones(61, bool))
    heart = summarise(rhythm)
    assert heart.rate == pytest.approx(60.0)
    assert heart.rmssd == pytest.approx(0.0, abs=1e-9)


def test_variability_needs_more_beats_than_the_rate():
    rhythm = Rhythm(np.arange(8.0), np.ones(8), np.ones(8, bool))
    heart = summarise(rhythm)
    assert heart.rate == pytest.approx(60.0)
    assert np.isnan(heart.rmssd)


@pytest.mark.parametrize("breaths", [8.0, 15.0, 24.0])
def test_breath_of_a_belt(breaths):
    rate = 25.0
    time = np.arange(round(SECONDS * rate)) / rate
    noise = np.random.default_rng(0).normal(scale=0.2, size=len(time))
    belt = np.sin(2 * np.pi * breaths / 60 * time) + noise
    buffer = SignalBuffer(rate, 1, StreamingFilter(rate, *respiration.BAND), settle=4.0)
    buffer.push(BiosignalBlock(0.0, "respiration", belt[:, None], rate, ("a",)))
    assert respiration.from_belt(buffer.window(80.0, 60.0)) == pytest.approx(breaths, abs=0.7)


def test_breath_of_the_heart_and_none_where_it_is_not_clear():
    beats = np.cumsum(0.8 + 0.05 * np.sin(2 * np.pi * 0.25 * 0.8 * np.arange(75)))
    rhythm = Rhythm(beats, np.ones(75), np.ones(75, bool))
    assert respiration.from_heart(rhythm) == pytest.approx(15.0, abs=1.0)
    assert np.isnan(respiration.from_heart(cardiac.NO_BEATS))


def test_breath_rate_agrees_with_neurokit(neurokit):
    rate = 25
    belt = neurokit.rsp_simulate(
        duration=SECONDS, sampling_rate=rate, respiratory_rate=14, random_state=2
    )
    buffer = SignalBuffer(float(rate), 1, StreamingFilter(float(rate), *respiration.BAND), 4.0)
    buffer.push(BiosignalBlock(0.0, "respiration", belt[:, None], float(rate), ("a",)))
    wanted = np.mean(neurokit.rsp_rate(neurokit.rsp_clean(belt, rate), sampling_rate=rate))
    assert respiration.from_belt(buffer.window(80.0, 60.0)) == pytest.approx(wanted, rel=0.1)


def test_recent_rate_follows_before_the_whole_window_does():
    rate = 64.0
    time = np.arange(round(SECONDS * rate)) / rate
    beats = np.cumsum(np.where(time < 60, 60, 90) / 60) / rate
    heart = summarise(
        find_beats(windowed(np.exp(4 * np.cos(2 * np.pi * beats) - 4), rate, PULSE), PULSE)
    )
    assert heart.recent == pytest.approx(90, abs=2)
    assert heart.rate == pytest.approx(60, abs=2)


def test_movement_is_seen_in_the_pulse_and_its_beats_are_not_believed():
    rate = 64.0
    calm = pulse(rate)
    shaken = calm.copy()
    draw = np.random.default_rng(0)
    where = slice(round(40 * rate), round(52 * rate))
    shaken[where] += 8 * draw.normal(size=where.stop - where.start).cumsum() / 10
    quiet, wild = windowed(calm, rate, PULSE), windowed(shaken, rate, PULSE)
    assert cardiac.disturbed(quiet) == 0.0
    assert 0.1 < cardiac.disturbed(wild) < 0.35
    assert summarise(find_beats(wild, PULSE)).rate == pytest.approx(72, abs=1.5)
    assert summarise(find_beats(wild, PULSE)).covered < 50
    dead = windowed(np.full(calm.shape, np.nan), rate, PULSE)
    assert dead is None or np.isnan(cardiac.disturbed(dead))


@pytest.mark.parametrize("breaths", [9.0, 15.0, 22.0])
def test_breath_is_found_in_the_pulse(breaths):
    rate = 64.0
    time = np.arange(round(SECONDS * rate)) / rate
    breath = np.sin(2 * np.pi * breaths / 60 * time)
    beats = 1.2 * time + 0.05 * breath
    wave = (1 + 0.15 * breath) * np.exp(4 * np.cos(2 * np.pi * beats) - 4) + 0.1 * breath
    window = windowed(wave, rate, PULSE)
    found = respiration.from_pulse(window, find_beats(window, PULSE))
    assert found == pytest.approx(breaths, abs=1.0)


def test_no_breath_where_signs_of_it_disagree():
    window = windowed(pulse(), 64.0, PULSE)
    assert np.isnan(respiration.from_pulse(window, find_beats(window, PULSE)))
    assert np.isnan(respiration.from_pulse(window, cardiac.NO_BEATS))
