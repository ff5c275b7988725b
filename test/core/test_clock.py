# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.clock import MOST_AHEAD, MOST_BEHIND, SteadyStamps, ahead, unix

WALL = 1_700_000_000.0


def test_the_age_of_a_stamp_survives_a_step_of_the_wall_clock():
    stamps = SteadyStamps()
    before = stamps(WALL - 0.5, WALL, 100.0)
    # The wall clock is set back by an hour between two signals.
    after = stamps(WALL - 3600.0 - 0.25, WALL - 3600.0, 101.0)
    assert (before, after) == pytest.approx((99.5, 100.75))
    assert stamps.refused == 0


def test_a_stamp_from_the_future_is_refused_and_counted():
    stamps = SteadyStamps()
    assert math.isnan(stamps(WALL + MOST_AHEAD + 0.01, WALL, 5.0))
    assert stamps(WALL + MOST_AHEAD - 0.01, WALL, 5.0) == 5.0
    assert stamps.refused == 1


def test_a_block_that_would_end_in_the_future_is_refused_and_a_late_one_is_taken():
    stamps = SteadyStamps()
    assert math.isnan(stamps(WALL, WALL, 5.0, lasted=600.0))
    assert "ends 600.0 s in the future" in stamps.problem
    assert stamps(WALL - 600.0, WALL, 700.0, lasted=600.0) == pytest.approx(100.0)
    assert stamps(WALL, WALL, 5.0, lasted=0.5) == 5.0  # stamped when it was sent
    assert stamps.refused == 1


@pytest.mark.parametrize("stamp", [math.nan, math.inf, -math.inf])
def test_a_stamp_without_a_value_is_refused(stamp):
    stamps = SteadyStamps()
    assert math.isnan(stamps(stamp, WALL, 5.0))
    assert stamps.refused == 1


@pytest.mark.parametrize(
    ("stamp", "words"),
    [
        (WALL + 3600, "3600.0 s in the future"),
        (WALL - 3600, "3600 s old"),
        (0.0, "the last 0. Stamp messages"),
        (math.nan, "without a time"),
    ],
)
def test_what_was_wrong_is_told_with_a_remedy_and_what_follows_is_taken(stamp, words):
    stamps = SteadyStamps()
    stamps(stamp, WALL, 5.0)
    assert math.isnan(stamps(stamp, WALL, 5.0))
    assert "2 refused" in stamps.problem
    assert words in stamps.problem
    assert stamps(WALL - 1, WALL, 5.0) == pytest.approx(4.0)
    assert stamps.refused == 2


@given(st.floats(-1, MOST_BEHIND), st.floats(0, 2e9), st.floats(0, 1e6))
def test_a_steady_stamp_is_never_in_the_future(age, wall, steady):
    found = SteadyStamps()(wall - age, wall, steady)
    assert math.isnan(found) or found <= steady
    if age >= 0 and not math.isnan(found):
        assert found == pytest.approx(steady - age, abs=1e-5)


@given(st.floats(-1e9, 1e9), st.lists(st.floats(0, 1), min_size=6, max_size=6))
def test_an_interruption_between_two_readings_does_not_show(difference, pauses):
    """Two of three readings are interrupted, before or after the second clock is read."""
    now, waits = 1000.0, iter([0.0, 0.0, *pauses])

    def reference():
        return now

    def clock():
        nonlocal now
        now += next(waits)
        reading = now + difference
        now += next(waits)
        return reading

    assert ahead(clock, reference) == pytest.approx(difference, abs=1e-6)


@pytest.mark.parametrize("step", [0.0, 3600.0, -3600.0])
def test_a_moment_is_as_old_by_the_system_clock_as_it_is(monkeypatch, step):
    real = time.time
    moment = time.monotonic() - 5.0
    monkeypatch.setattr(time, "time", lambda: real() + step)
    assert time.time() - unix(moment) == pytest.approx(5.0, abs=1.0)
