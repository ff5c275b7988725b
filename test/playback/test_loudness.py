# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import freqz

from emo_music_ros.playback.loudness import (
    A_OVER_K,
    FULL,
    MOST,
    PEAK,
    TARGET,
    UNKNOWN,
    loudness_of,
    measured,
)
from emo_music_ros.playback.weighting import a_weighting
from emo_music_ros.streams import Track

LUFS = st.floats(-70, 5)


def track(loudness, loudest, peak=math.nan):
    return Track("t", "", loudness=loudness, loudest=loudest, peak=peak)


@given(LUFS, st.floats(0, 30), st.floats(-60, 6))
def test_every_track_comes_to_the_target_or_stays_below_it(loudness, above, peak):
    found = loudness_of(track(loudness, loudness + above, peak))
    gain = 20 * math.log10(found.gain)
    assert loudness + gain <= max(TARGET, -70 + MOST) + 1e-6
    if gain < TARGET - loudness - 1e-6:  # not raised as far as it could be: why?
        assert gain == pytest.approx(MOST) or peak + gain >= PEAK - 1e-6
    if gain > 0:
        assert peak + gain <= PEAK + 1e-6
    assert found.loudest <= max(loudness + above, FULL) + gain + A_OVER_K + 1e-6


def test_one_that_was_not_measured_is_never_louder_than_a_measured_one():
    unknown = Track("t", "")
    assert not measured(unknown)
    found = loudness_of(unknown)
    assert found.gain == pytest.approx(10 ** ((TARGET - UNKNOWN) / 20))
    loud = loudness_of(track(UNKNOWN, UNKNOWN + 2))
    assert measured(track(UNKNOWN, UNKNOWN + 2))
    assert found.gain <= loud.gain + 1e-9
    assert found.loudest >= loud.loudest


def test_a_weighting_is_nowhere_above_that_of_r128_by_more_than_is_allowed_for():
    """The loudest moment in LUFS is then an upper bound of that in dBA."""
    pyloudnorm = pytest.importorskip("pyloudnorm")
    frequencies = np.geomspace(20, 20000, 2000)
    k = -0.691 + sum(
        20 * np.log10(abs(freqz(each.b, each.a, frequencies, fs=48000)[1]))
        for each in pyloudnorm.Meter(48000)._filters.values()
    )
    over = a_weighting(frequencies) - k
    assert over.max() < A_OVER_K
    assert a_weighting(frequencies).max() + 10 * math.log10(2) == pytest.approx(FULL, abs=0.01)
