# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.playback.envelope import (
    Envelope,
    decibels,
    geometric,
    power_in,
    power_out,
    smooth,
)


def test_ramp_reaches_its_target_exactly_and_stays():
    envelope = Envelope(0.2)
    envelope.go(0.9, 100)
    gains = envelope.take(150)[:, 0]
    assert gains[99] == np.float32(0.9)
    assert (gains[100:] == np.float32(0.9)).all()
    assert (np.diff(gains) >= 0).all()
    assert envelope.remaining == 0


def test_golden_middle_of_each_shape():
    half = np.array([0.5])
    assert smooth(half)[0] == pytest.approx(0.5)
    assert power_in(half)[0] == pytest.approx(math.sqrt(0.5))
    assert power_out(half)[0] == pytest.approx(1 - math.sqrt(0.5))


def test_cross_fade_keeps_the_power():
    x = np.linspace(0, 1, 101)
    assert np.allclose(power_in(x) ** 2 + (1 - power_out(x)) ** 2, 1)


def test_geometric_ramp_changes_by_equal_decibels():
    envelope = Envelope(0.1)
    envelope.go(0.8, 1000, geometric(0.1, 0.8))
    gains = envelope.take(1000)[:, 0].astype(float)
    steps = np.diff(20 * np.log10(gains + 0.01))
    assert np.ptp(steps) < 1e-4
    assert decibels(0.1, 0.8) == pytest.approx(20 * math.log10(0.81 / 0.11))


@given(
    st.lists(st.integers(1, 60), min_size=1, max_size=20),
    st.floats(0, 1),
    st.floats(0, 1),
    st.integers(0, 300),
)
def test_gains_do_not_depend_on_how_they_are_taken(cuts, first, last, length):
    whole, pieces = Envelope(first), Envelope(first)
    whole.go(last, length)
    pieces.go(last, length)
    cut = np.concatenate([pieces.take(cut) for cut in cuts])
    assert np.allclose(cut, whole.take(sum(cuts)), atol=1e-7)


def test_going_elsewhere_in_the_middle_starts_from_the_gain_of_now():
    envelope = Envelope(0.0)
    envelope.go(1.0, 1000, power_in)
    before = envelope.take(400)[-1, 0]
    envelope.go(0.0, 1000, power_out)
    after = envelope.take(1)[0, 0]
    assert after == pytest.approx(before, abs=0.002)
