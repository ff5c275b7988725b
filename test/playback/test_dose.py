# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.playback.dose import HOUR, RELIEF, WEEK, Dose, allowance, hours_allowed, pressure

NOW = 1_800_000_000.0


def test_the_doses_of_the_recommendation():
    """H.870: 1.6 Pa²h for adults, 0.51 Pa²h for the stricter mode."""
    assert allowance("adults") == pytest.approx(1.6, rel=0.01)
    assert allowance("sensitive") == pytest.approx(0.51, rel=0.02)
    assert Dose().mode == "sensitive"


@pytest.mark.parametrize(
    ("level", "mode", "hours"),
    [(80, "adults", 40), (83, "adults", 20), (75, "sensitive", 40), (65, "sensitive", 400)],
)
def test_three_decibels_more_are_half_the_time(level, mode, hours):
    assert hours_allowed(level, mode) == pytest.approx(hours, rel=0.01)
    dose = Dose(mode)
    for hour in range(hours if hours < WEEK else 0):
        dose.add(NOW - hour * HOUR, pressure(level) * HOUR)
    if hours < WEEK:
        assert dose.share(NOW) == pytest.approx(1.0, rel=0.01)


def test_after_a_full_dose_a_whole_week_fits_into_the_stricter_mode():
    assert hours_allowed(RELIEF, "sensitive") > WEEK


@given(st.lists(st.tuples(st.floats(0, 30 * WEEK), st.floats(0, 10)), max_size=40))
def test_only_the_last_seven_days_count_and_energies_add_up(heard):
    dose = Dose()
    for ago, energy in heard:
        dose.add(NOW - ago * HOUR, energy)
    recent = sum(energy for ago, energy in heard if ago <= WEEK - 1)
    late = sum(energy for ago, energy in heard if ago <= WEEK)
    full = HOUR * allowance("sensitive")
    assert recent / full - 1e-9 <= dose.share(NOW) <= late / full + 1e-9
    assert dose.share(NOW + 8 * 24 * HOUR) == 0.0


def test_what_is_no_energy_is_not_counted():
    dose = Dose()
    for energy in (math.nan, math.inf, -1.0, 0.0):
        dose.add(NOW, energy)
    dose.load([(int(NOW // HOUR), math.nan), (int(NOW // HOUR) - 1, -3.0)])
    assert dose.share(NOW) == 0.0


def test_what_is_new_is_handed_over_once_and_what_could_not_be_kept_again():
    dose = Dose()
    dose.load([(int(NOW // HOUR), 0.1)])
    dose.add(NOW, HOUR * 0.2)
    new = dose.take_new()
    assert new == {int(NOW // HOUR): pytest.approx(0.2)}
    assert dose.take_new() == {}
    dose.give_back(new)
    dose.add(NOW, HOUR * 0.1)
    assert dose.take_new() == {int(NOW // HOUR): pytest.approx(0.3)}
    assert dose.share(NOW) == pytest.approx(0.4 / allowance("sensitive"))
