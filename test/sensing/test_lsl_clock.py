# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.sensing.lsl_clock import NEAR, StampError, StreamClock, restarts

UPTIMES = st.floats(1e3, 1e7)
#: Unix time minus uptime: machines of the last and the next decades.
EPOCHS = st.floats(1.4e9, 3e9)
AGES = st.lists(st.floats(0.0, NEAR - 1), min_size=1, max_size=20)


@given(UPTIMES, EPOCHS, AGES, st.sampled_from(["LSL", "unix"]), st.floats(-1e6, 1e6))
def test_the_clock_that_is_near_is_the_clock_of_the_stream(now, epoch, ages, name, correction):
    true = now - np.sort(ages)[::-1]
    clock = StreamClock()
    stamps = true - correction if name == "LSL" else true + epoch
    np.testing.assert_allclose(clock(stamps, correction, now, epoch), true, atol=1e-5)
    assert clock.name == name
    assert clock.delay == pytest.approx(min(ages), abs=1e-5)


@given(UPTIMES, EPOCHS, AGES, st.floats(-NEAR + 1, NEAR - 1), st.sampled_from(["LSL", "unix"]))
def test_nothing_comes_from_the_future_whatever_the_remote_clock_says(now, epoch, ages, off, name):
    clock = StreamClock()
    shift = 0.0 if name == "LSL" else epoch
    for age in ages:
        stamp = np.array([now - age / NEAR + shift + off])
        mapped = clock(stamp, 0.0, now, epoch)
        assert mapped[0] <= now + 1e-5
        # Nor is a sample moved further than its clock is known to be wrong.
        assert mapped[0] >= now - age / NEAR + min(off, 0.0) - 1e-5
        now += 0.1


@given(
    UPTIMES,
    EPOCHS,
    st.floats(2 * NEAR, 1e13) | st.floats(-1e13, -2 * NEAR) | st.sampled_from([np.nan, np.inf]),
)
def test_stamps_that_are_far_from_both_clocks_are_refused(now, epoch, off):
    stamp = np.array([now + off])
    if abs(now + off - (now + epoch)) <= 2 * NEAR:
        return
    with pytest.raises(StampError, match="from now|no numbers"):
        StreamClock()(stamp, 0.0, now, epoch)


def test_one_bad_stamp_among_good_ones_is_not_believed():
    with pytest.raises(StampError, match="no numbers"):
        StreamClock()(np.array([1000.0, np.nan]), 0.0, 1000.0, 1.7e9)


def test_the_distance_is_told_in_words():
    for stamps, words in (
        (np.array([1.7e9 + 1000.0 + 300.0]), "its stamps are 300 s from now as unix time"),
        (np.array([0.0]), "54 years from now as unix time and 28 hours as LSL time"),
    ):
        with pytest.raises(StampError, match=words):
            StreamClock()(stamps, 0.0, 100000.0, 1.7e9 - 99000.0)


def test_a_clock_that_is_corrected_is_followed():
    """It was 20 s ahead; its samples are not held back for ever after it was set right."""
    clock, epoch = StreamClock(), 1.7e9
    for place, off in enumerate([20.0] * 5 + [0.0] * 5):
        now = 1000.0 + place
        (mapped,) = clock(np.array([now + epoch + off]), 0.0, now, epoch)
        clock.renew()
    assert mapped == pytest.approx(now, abs=1e-5)


@given(st.lists(st.floats(-0.9, 4.9), max_size=50))
def test_jitter_packets_and_gaps_are_no_restart(intervals):
    stamps = 1000.0 + np.cumsum([0.0, *intervals])
    assert not restarts(stamps, 1000.0, 0.0).size


@pytest.mark.parametrize("jump", [-1.5, -3600.0, 6.0, 3600.0, np.nan])
def test_jumps_are_restarts_wherever_the_chunk_begins(jump):
    stamps = np.array([1000.0, 1000.1, 1000.2 + jump, 1000.3 + jump])
    assert 2 in restarts(stamps, 999.9, 0.0)
    assert 0 in restarts(stamps[2:], 1000.1, 0.0)
    assert not restarts(np.array([1000.0]), 940.0, 60.0).size  # a real gap of a minute
