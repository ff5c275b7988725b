# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from emo_music_ros.sensing.simulated import electrodermal, respiration, temperature

MODELS = {
    electrodermal: (0.05, 40.0),
    respiration: (-3.0, 3.0),
    temperature: (30.0, 36.0),
}


@settings(max_examples=15, deadline=None)
@given(
    st.sampled_from(list(MODELS)),
    st.integers(0, 2**32 - 1),
    st.floats(1, 600),
    st.sampled_from([1.0, 4.0, 25.0, 64.0]),
)
def test_signals_are_plausible_and_repeatable(model, seed, seconds, rate):
    signal = model(seconds, rate, np.random.default_rng(seed))
    low, high = MODELS[model]
    assert signal.shape == (round(seconds * rate), 1)
    assert signal.dtype == np.float32
    assert np.isfinite(signal).all()
    assert signal.min() >= low
    assert signal.max() <= high
    np.testing.assert_array_equal(signal, model(seconds, rate, np.random.default_rng(seed)))


def test_breathing_has_its_rate():
    signal = respiration(300.0, 25.0, np.random.default_rng(0), breaths=12.0)[:, 0]
    spectrum = np.abs(np.fft.rfft(signal - signal.mean()))
    assert abs(60 * np.argmax(spectrum) / 300.0 - 12.0) < 2.0


def test_more_responses_make_more_conductance():
    quiet, excited = (
        electrodermal(600.0, 4.0, np.random.default_rng(1), responses) for responses in (1.0, 20.0)
    )
    assert np.abs(np.diff(excited[:, 0])).mean() > 1.5 * np.abs(np.diff(quiet[:, 0])).mean()
