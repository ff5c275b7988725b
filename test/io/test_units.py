# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.errors import InputError
from emo_music_ros.io.units import conversion
from emo_music_ros.streams import UNITS


def converted(kind: str, unit: str, value: float) -> float:
    change = conversion(kind, unit, "LSL stream 'x'")
    values = np.array([[value]], np.float32)
    return float((values if change is None else change(values))[0, 0])


@pytest.mark.parametrize(
    ("kind", "unit", "value", "wanted"),
    [
        ("eeg", "uV", 3.0, 3.0),
        ("eeg", "", 3.0, 3.0),
        ("eeg", "\u00b5V", 3.0, 3.0),
        ("eeg", "\u03bcV", 3.0, 3.0),
        ("eeg", "UV", 3.0, 3.0),
        ("eeg", "microvolts", 3.0, 3.0),
        ("eeg", "Microvolts", 3.0, 3.0),
        ("eeg", "MicroVolt", 3.0, 3.0),
        ("eeg", " [mV] ", 3.0, 3e3),
        ("eeg", "nV", 3.0, 3e-3),
        ("eeg", "Volt", 3e-6, 3.0),
        ("ecg", "V", 3.0, 3e3),
        ("ecg", "\u03bcV", 3.0, 3e-3),
        ("eda", "kohm", 100.0, 10.0),
        ("eda", "kOhm", 100.0, 10.0),
        ("eda", "KOhms", 100.0, 10.0),
        ("eda", "k\u03a9", 100.0, 10.0),
        ("eda", "k\u2126", 100.0, 10.0),
        ("eda", "MOhm", 0.1, 10.0),
        ("eda", "ohm", 1e5, 10.0),
        ("eda", "mS", 0.01, 10.0),
        ("eda", "ms", 0.01, 10.0),
        ("eda", "nS", 1e4, 10.0),
        ("eda", "micro siemens", 10.0, 10.0),
        ("eda", "micromho", 10.0, 10.0),
        ("eda", "umho", 10.0, 10.0),
        ("temperature", "K", 306.15, 33.0),
        ("temperature", "\u00b0C", 33.0, 33.0),
        ("temperature", "Celsius", 33.0, 33.0),
        ("temperature", "\u00b0F", 91.4, 33.0),
        ("acceleration", "m/s^2", 9.80665, 1.0),
        ("acceleration", "mg", 1000.0, 1.0),
        ("ppg", "counts", 7.0, 7.0),
        ("respiration", "%", 7.0, 7.0),
    ],
)
def test_units_are_converted(kind, unit, value, wanted):
    assert converted(kind, unit, value) == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize(
    ("kind", "unit"),
    [
        ("eda", "kV"), ("eda", "adc"), ("eda", "V"), ("eda", "furlong"), ("eeg", "MV"),
        ("eeg", "counts"), ("eeg", "uS"), ("temperature", "uV"), ("acceleration", "m"),
        ("ecg", "kV"),
    ],
)  # fmt: skip
def test_what_measures_something_else_is_refused_by_name(kind, unit):
    with pytest.raises(InputError) as caught:
        conversion(kind, unit, "LSL stream 'x'")
    assert "LSL stream 'x'" in caught.value.cause
    assert f"'{unit}'" in caught.value.cause
    assert UNITS[kind] in caught.value.remedy


def test_no_resistance_is_no_conductance():
    change = conversion("eda", "kohm", "x")
    assert np.isnan(change(np.array([0.0, -1.0, np.nan]))).all()


@given(st.sampled_from(sorted(UNITS)), st.text(max_size=12))
def test_any_text_is_converted_or_refused(kind, unit):
    try:
        change = conversion(kind, unit, "x")
    except InputError:
        return
    if change is not None:
        assert change(np.ones((2, 1), np.float32)).dtype == np.float32
