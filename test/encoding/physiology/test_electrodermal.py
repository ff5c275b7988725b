# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Skin conductance against what was put in and against NeuroKit2."""

from __future__ import annotations

import numpy as np
import pytest

from emo_music_ros.encoding.physiology import electrodermal
from emo_music_ros.encoding.physiology.electrodermal import BAND, summarise
from emo_music_ros.encoding.shared.buffer import SignalBuffer
from emo_music_ros.encoding.shared.filters import StreamingFilter
from emo_music_ros.streams import BiosignalBlock


def windowed(samples, rate=4.0, seconds=60.0):
    buffer = SignalBuffer(rate, 1, StreamingFilter(rate, *BAND, order=1), settle=4.0)
    buffer.push(BiosignalBlock(0.0, "eda", np.asarray(samples, float)[:, None], rate, ("a",)))
    return buffer.window(len(samples) / rate, seconds)


def skin(rate=4.0, responses=6, level=2.0, slope=0.001, seconds=80):
    """A level with a slope, and responses of 0.3 uS evenly spread over the last minute."""
    time = np.arange(round(seconds * rate)) / rate
    samples = level + slope * time
    for onset in seconds - 60 + 4 + np.arange(responses) * 52 / max(responses, 1):
        since = np.maximum(time - onset, 0.0)
        samples += 0.3 * since / 1.5 * np.exp(1 - since / 1.5)
    return samples


@pytest.mark.parametrize("rate", [4.0, 15.5, 256.0])
@pytest.mark.parametrize("responses", [0, 3, 8])
def test_responses_are_counted_at_any_rate(rate, responses):
    found = summarise(windowed(skin(rate, responses), rate))
    assert found.responses == pytest.approx(responses, abs=0.6)


def test_level_and_slope():
    found = summarise(windowed(skin(responses=0, level=5.0, slope=0.01)))
    assert found.level == pytest.approx(5.0 + 0.01 * 50.0, abs=0.01)
    assert found.slope == pytest.approx(0.01, rel=0.01)
    assert found.usable == pytest.approx(60.0)


def test_amplitudes_add_up():
    few, many = (summarise(windowed(skin(responses=count))) for count in (2, 6))
    assert few.response_sum == pytest.approx(0.6, rel=0.35)
    assert many.response_sum == pytest.approx(3 * few.response_sum, rel=0.3)


@pytest.mark.parametrize("count", [4, 9])
def test_agrees_with_neurokit(count):
    neurokit = pytest.importorskip("neurokit2", reason="NeuroKit2, the reference, is missing")
    rate = 50
    eda = neurokit.eda_simulate(
        duration=80, sampling_rate=rate, scr_number=count, noise=0.0, drift=-0.01, random_state=1
    )
    phasic = neurokit.eda_phasic(eda, sampling_rate=rate, method="highpass")["EDA_Phasic"]
    _, info = neurokit.eda_peaks(phasic.to_numpy(), sampling_rate=rate)
    wanted = np.sum(info["SCR_Peaks"] >= 20 * rate)
    assert summarise(windowed(eda, float(rate))).responses == pytest.approx(wanted, abs=1.1)


@pytest.mark.parametrize(
    "samples",
    [np.zeros(400), np.full(400, 2.0), np.full(400, 500.0), np.full(400, -1.0), np.ones(10)],
    ids=["off", "constant", "beyond range", "negative", "short"],
)
def test_no_contact_says_nothing(samples):
    found = summarise(windowed(samples))
    assert np.isnan([found.level, found.slope, found.responses, found.response_sum]).all()
    assert found.usable == 0.0


def test_an_electrode_that_falls_off_costs_only_its_time():
    samples = skin(responses=0)
    samples[-80:] = 0.0
    found = summarise(windowed(samples))
    assert found.usable == pytest.approx(40.0, abs=0.5)
    assert found.level == pytest.approx(2.04, abs=0.02)
    assert found.slope == pytest.approx(0.001, rel=0.05)


def test_units_of_the_limits():
    assert electrodermal.LOWEST < 0.1 < 30.0 < electrodermal.HIGHEST


def test_parts_of_the_window():
    found = summarise(windowed(skin(responses=0, level=5.0, slope=0.01)))
    assert found.recent == pytest.approx(5.0 + 0.01 * 70.0, abs=0.01)
    assert found.lowest == pytest.approx(5.0 + 0.01 * 20.0, abs=0.01)
    assert found.highest == pytest.approx(5.0 + 0.01 * 80.0, abs=0.01)
    assert found.phasic < 0.01 < summarise(windowed(skin())).phasic


def test_jumps_that_no_skin_makes_are_left_out():
    samples = skin(responses=0)
    spoilt = samples.copy()
    spoilt[200:204] += 6.0
    clean, found = summarise(windowed(samples)), summarise(windowed(spoilt))
    assert found.usable == pytest.approx(54, abs=1)
    assert found.level == pytest.approx(clean.level, abs=0.05)
    assert found.highest == pytest.approx(clean.highest, abs=0.01)
    good = electrodermal.plausible(spoilt, 4.0)
    assert not good[195:209].any()
    assert good[:189].all()
    assert good[215:].all()
