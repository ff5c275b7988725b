# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Who is asked to work less often does, within bounds of its own, and only for a while."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.errors import InputError, OptionError
from emo_music_ros.pacing import HOLD, Pace, Requests, Schedule
from emo_music_ros.streams import SamplingRequest

ANY = st.floats(allow_nan=True, allow_infinity=True)
ASKED = SamplingRequest(0.0, "face", 5.0, 3.0, 15.0)


def taken(schedule, times):
    return [time for time in times if schedule.due(time)]


@given(ANY)
def test_a_pace_stays_between_its_floor_and_its_own_rate(rate):
    pace = Pace(15.0, 3.0)
    pace.ask(rate)
    assert 3.0 <= pace.rate <= 15.0
    pace.release()
    assert pace.rate == 15.0


def test_a_floor_above_the_own_rate_is_the_own_rate():
    pace = Pace(2.0, 3.0)
    pace.ask(0.1)
    assert pace.rate == pace.floor == 2.0


@pytest.mark.parametrize("rates", [(0.0, 1.0), (-1.0, 1.0), (1.0, math.nan), (math.inf, 1.0)])
def test_rates_that_are_none_are_refused(rates):
    with pytest.raises(OptionError, match="Give positive numbers"):
        Pace(*rates)


@given(
    st.floats(0.2, 60.0),
    st.floats(0.2, 60.0),
    st.floats(0.0, 0.4),
    st.integers(0, 2**32 - 1),
)
def test_the_rate_is_kept_on_average_whatever_comes(comes, asked, jitter, seed):
    """Never more than asked, but for jitter; never less than that and than what comes."""
    pace = Pace(60.0, 0.1)
    pace.ask(asked)
    random = np.random.default_rng(seed)
    times = np.arange(400) / comes + random.uniform(0, jitter, 400) / comes
    found = taken(Schedule(pace), np.sort(times))
    reached = (len(found) - 1) / (found[-1] - found[0]) if len(found) > 1 else 0.0
    usual = min(comes, asked)
    assert reached <= usual * 1.12 + 1 / (found[-1] - found[0] + 1e-9)
    assert len(found) >= math.floor(400 / comes * usual * 0.9) - 1


def test_twenty_four_pictures_a_second_give_fifteen():
    found = taken(Schedule(Pace(15.0, 3.0)), np.arange(240) / 24)
    assert len(found) == pytest.approx(150, abs=1)
    assert np.diff(found).max() < 0.1


def test_unix_times_of_a_grid_are_all_taken_for_a_month():
    # 0.7 s cannot be added a million times without rounding
    schedule = Schedule(Pace(1 / 0.7, 1.0))
    first = math.floor(1.7e9 / 0.7)
    assert all(schedule.due(number * 0.7) for number in range(first, first + 200_000))


@given(st.floats(3.0, 15.0), st.integers(15, 60), st.integers(0, 2**32 - 1))
def test_who_works_after_somebody_at_the_same_pace_takes_everything(asked, comes, seed):
    pace = Pace(15.0, 3.0)
    pace.ask(asked)
    jitter = np.random.default_rng(seed).uniform(-0.004, 0.004, 300)
    sent = taken(Schedule(pace), np.arange(300) / comes + jitter)
    assert taken(Schedule(pace), sent) == sent


def test_a_faster_pace_holds_at_once():
    pace = Pace(10.0, 0.5)
    pace.ask(0.5)
    schedule = Schedule(pace)
    assert schedule.due(0.0)
    assert not schedule.due(0.3)
    pace.release()
    assert schedule.due(0.4)


def test_times_that_go_back_begin_anew():
    schedule = Schedule(Pace(10.0, 0.5))
    assert schedule.due(100.0)
    assert schedule.due(5.0)
    assert not schedule.due(5.01)


def test_a_sensible_request_is_obeyed_until_nobody_asks_any_more():
    pace = Pace(15.0, 3.0)
    requests = Requests("face", pace)
    assert requests.told() == ""
    requests.take(ASKED, age=0.0, now=100.0)
    assert pace.rate == 5.0
    assert requests.told() == "asked to work at 5 Hz, of 3 to 15"
    requests.step(100.0 + HOLD)
    assert pace.rate == 5.0
    requests.step(100.1 + HOLD)
    assert pace.rate == 15.0
    assert requests.told() == ""
    assert (requests.taken, requests.refused) == (1, 0)


def test_the_own_floor_holds_whoever_asks_for_less():
    pace = Pace(15.0, 3.0)
    Requests("face", pace).take(replace(ASKED, rate=0.5, floor=0.5), age=0.0, now=0.0)
    assert pace.rate == 3.0


@pytest.mark.parametrize(
    ("change", "age", "said"),
    [
        ({"rate": math.nan}, 0.0, "its rates are"),
        ({"rate": -1.0}, 0.0, "its rates are"),
        ({"rate": 0.0, "floor": 0.0}, 0.0, "its rates are"),
        ({"ceiling": math.inf}, 0.0, "its rates are"),
        ({"floor": math.nan}, 0.0, "its rates are"),
        ({"rate": 20.0}, 0.0, "its rate 20 is not from 3 to 15"),
        ({"rate": 2.0}, 0.0, "its rate 2 is not from 3 to 15"),
        ({"modality": "eeg"}, 0.0, "it is for 'eeg'"),
        ({}, HOLD + 0.1, "it is 5.1 s old"),
        ({}, -2.0, "it comes from 2.0 s in the future"),
        ({}, math.nan, "in the future"),
    ],
)
def test_absurd_requests_are_refused_and_counted(change, age, said):
    pace = Pace(15.0, 3.0)
    requests = Requests("face", pace)
    with pytest.raises(InputError, match="sampling request 1 refused") as refusal:
        requests.take(replace(ASKED, **change), age, now=0.0)
    assert said in str(refusal.value)
    assert "Ask for face with" in refusal.value.remedy
    assert (pace.rate, requests.taken, requests.refused) == (15.0, 0, 1)


def test_a_refused_request_does_not_keep_a_rate_alive():
    pace = Pace(15.0, 3.0)
    requests = Requests("face", pace)
    requests.take(ASKED, age=0.0, now=0.0)
    with pytest.raises(InputError):
        requests.take(replace(ASKED, rate=math.nan), age=0.0, now=HOLD)
    requests.step(HOLD + 0.1)
    assert pace.rate == 15.0


@given(ANY, ANY, ANY, ANY, st.sampled_from(["face", "eeg", ""]))
def test_whatever_is_asked_the_rate_stays_within_its_bounds(rate, floor, ceiling, age, modality):
    pace = Pace(15.0, 3.0)
    requests = Requests("face", pace)
    try:
        requests.take(SamplingRequest(0.0, modality, rate, floor, ceiling), age, now=0.0)
    except InputError:
        assert pace.rate == 15.0
    assert 3.0 <= pace.rate <= 15.0
    assert requests.taken + requests.refused == 1
