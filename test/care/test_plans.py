# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Rule 8: what the clock makes due, and what is left out."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.care.plans import (
    LASTS,
    LONGEST_PLAN,
    MOST_A_DAY,
    REST,
    Due,
    Held,
    Plan,
    checked,
    due,
    parsed,
    shown,
)  # fmt: skip
from emo_music_ros.care.profile import HardTime
from emo_music_ros.errors import InputError

WASHING = HardTime("washing", 16 * 60)
NOON = time.mktime((2026, 11, 30, 12, 0, 0, 0, 0, -1))


def at(text):
    return NOON + (parsed(text) - 720) * 60.0


def begins(text, held=(), plans=(), hard=(WASHING,), stops=()):
    return due(at(text), hard, plans, held, stops)


def test_music_begins_half_an_hour_before_a_hard_time_and_lasts_until_it():
    assert begins("15:29")[0] is None
    assert begins("15:30")[0] == Due("washing", LASTS * 60.0)
    assert begins("15:50")[0] == Due("washing", 600.0)  # started late: not longer
    assert begins("16:00")[0] is None
    assert begins("12:00")[1] == "'washing' begins at 15:30"
    assert due(at("12:00"), (), (), ()) == (None, "")


def test_a_hard_time_after_midnight_begins_before_it():
    assert begins("23:45", hard=(HardTime("night", 5),))[0] == Due("night", 1200.0)


def test_a_session_is_held_once_also_if_it_was_ended_early():
    held = [Held(at("15:30"), at("15:35"), "washing")]
    assert begins("15:40", held)[0] is None
    yesterday = [Held(at("15:30") - 86400, at("16:00") - 86400, "washing")]
    assert begins("15:40", yesterday)[0] is not None


def test_after_a_planned_session_there_is_an_hour_of_rest():
    held = [Held(at("14:10"), at("14:40"), "visit")]
    found, why = begins("15:35", held)
    assert found is None
    assert "rest until 15:40" in why
    assert begins("15:40", held)[0] == Due("washing", 1200.0)
    assert REST == 60


def test_at_most_three_a_day():
    held = [Held(at(f"{hour}:00"), at(f"{hour}:10"), "visit") for hour in (8, 10, 12)]
    found, why = begins("15:40", held)
    assert found is None
    assert f"{MOST_A_DAY} planned sessions were held today" in why
    assert begins("15:40", held[1:])[0] is not None


def test_after_two_stops_by_distress_a_carer_has_to_look_first():
    stops = [at("10:00"), at("12:00")]
    found, why = begins("15:40", stops=stops)
    assert found is None
    assert "a carer has to look" in why
    assert begins("15:40", stops=stops[1:])[0] is not None
    assert begins("15:40", stops=[at("10:00") - 86400, stops[1]])[0] is not None


def test_plans_of_one_name_take_turns():
    plans = [Plan("washing", goal="calm", plan_id=name, held=held)
             for name, held in (("a", 2), ("b", 1), ("c", 1))]  # fmt: skip
    assert begins("15:30", plans=plans)[0].plan.plan_id == "b"
    plans[1] = replace(plans[1], held=2)
    assert begins("15:30", plans=plans)[0].plan.plan_id == "c"


def test_a_plan_begins_at_its_own_hours():
    plan = Plan("dance", starts=(parsed("10:00"), parsed("18:00")), minutes=45, goal="positive")
    assert begins("10:00", plans=[plan], hard=())[0] == Due("dance", 2700.0, plan)
    assert begins("18:44", plans=[plan], hard=())[0].length == 60
    assert begins("18:45", plans=[plan], hard=())[0] is None


def test_a_clock_that_was_set_back_repeats_nothing_at_once():
    held = [Held(at("15:30") + 86400, at("16:00") + 86400, "washing")]
    found, why = begins("15:40", held)
    assert found is None
    assert "rest" in why


@given(st.integers(0, 1439), st.lists(st.integers(0, 1439), max_size=5), st.integers(1, 240))
def test_nothing_lasts_longer_than_its_slot(now, starts, minutes):
    plan = Plan("p", starts=tuple(starts), minutes=minutes, goal="calm")
    found, _ = due(at(shown(now)), (), (plan,), ())
    assert (found is not None) == any((now - start) % 1440 < minutes for start in starts)
    assert found is None or 0 < found.length <= minutes * 60


@pytest.mark.parametrize(
    "change",
    [
        {"name": " "}, {"name": "a\nb"}, {"minutes": 0}, {"minutes": LONGEST_PLAN + 1},
        {"starts": (1440,)}, {"starts": (1,) * 13}, {"scenario": "moon"}, {"goal": "joy"},
        {"goal": ""}, {"tracks": ("t",) * 301}, {"note": "x" * 1001},
    ],
)  # fmt: skip
def test_what_cannot_be_held_is_refused_by_name(change):
    plan = Plan("washing", goal="calm")
    assert checked(plan) is plan
    with pytest.raises(InputError) as raised:
        checked(replace(plan, **change))
    assert raised.value.remedy


@pytest.mark.parametrize("text", ["", "16", "24:00", "16:60", "-1:00", "１６:00", "4pm", "16:0:0"])
def test_what_is_no_time_of_the_day_is_refused(text):
    with pytest.raises(InputError, match="no time of the day"):
        parsed(text)


@given(st.integers(0, 1439))
def test_times_of_the_day_are_read_as_they_are_shown(value):
    assert parsed(shown(value)) == value
