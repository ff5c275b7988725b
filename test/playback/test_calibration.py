# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.errors import InputError
from emo_music_ros.playback.calibration import (
    SENSITIVITIES,
    STEPS,
    Calibration,
    pink_noise,
    sensitivity_of,
    usable,
)
from emo_music_ros.playback.weighting import Weighting, level_of

RATE = 44100


@given(st.floats(66, 110), st.floats(-1, 1))
def test_what_a_meter_shows_is_the_level_plus_the_sensitivity(sensitivity, error):
    readings = [sensitivity + STEPS[0], sensitivity + STEPS[1] + error]
    room = max(20.0, readings[0] - 30)
    if readings[0] < room + 10:
        return
    found = sensitivity_of(room, readings)
    assert found == pytest.approx(sensitivity, abs=0.51)
    assert Calibration("x", found).level(-23.0) == pytest.approx(found - 23)


@pytest.mark.parametrize(
    ("room", "readings", "reason"),
    [
        (35.0, (36.0, 36.0), "silent or too soft"),
        (35.0, (42.0, 52.0), "silent or too soft"),
        (35.0, (60.0, 64.0), "clips or compresses"),
        (35.0, (50.0, 66.0), "automatic"),
        (35.0, (math.nan, 60.0), "no reading"),
        (35.0, (50.0, 400.0), "no reading"),
        (-5.0, (50.0, 60.0), "no reading"),
        (25.0, (88.0, 98.0), "sensitivity of 128"),
    ],
)
def test_readings_that_cannot_be_right_are_named(room, readings, reason):
    with pytest.raises(InputError, match=reason):
        sensitivity_of(room, readings)


@pytest.mark.parametrize("value", [math.nan, math.inf, 0.0, 59.9, 120.1])
def test_an_absurd_sensitivity_is_none(value):
    assert not usable(value)
    assert usable(SENSITIVITIES[0])


@pytest.mark.parametrize("level", STEPS)
@pytest.mark.parametrize("rate", [RATE, 48000])
def test_the_noise_has_its_level_and_is_pink(level, rate):
    noise = pink_noise(4.0, rate, level)
    assert noise.shape == (4 * rate, 2)
    assert abs(noise).max() < 1.0
    assert level_of(Weighting(rate)(noise), 4.0) == pytest.approx(level, abs=0.1)
    power = np.abs(np.fft.rfft(noise[:, 0])) ** 2
    axis = np.fft.rfftfreq(len(noise), 1 / rate)

    def octave(low):
        return 10 * math.log10(power[(axis >= low) & (axis < 2 * low)].sum())

    levels = [octave(low) for low in (125, 250, 500, 1000, 2000, 4000)]
    assert np.ptp(levels) < 1.5
    assert power[axis < 90].sum() < 1e-9 * power.sum()
