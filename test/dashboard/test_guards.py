# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Attempts, sessions, the first code, situations: what is kept and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from web import Clock

from emo_music_ros.dashboard.first import MOST_WRONG, FirstCode
from emo_music_ros.dashboard.sessions import MOST, Sessions
from emo_music_ros.dashboard.situations import DEFAULT, situations
from emo_music_ros.dashboard.throttle import Attempts
from emo_music_ros.errors import OptionError


@given(st.lists(st.floats(0, 200), max_size=60))
def test_never_more_than_most_within_the_time(steps):
    clock = Clock()
    attempts = Attempts(clock, 5, 100.0)
    made: list[float] = []
    for step in steps:
        clock.now += step
        wait = attempts.take("x")
        assert wait >= 0
        if not wait:
            made.append(clock.now)
        assert sum(clock.now - time < 100.0 for time in made) <= 5
        if wait:  # it is as long as it says
            clock.now += wait + 1e-6
            assert attempts.take("x") == 0
            made.append(clock.now)


def test_attempts_are_counted_by_key_and_can_be_forgiven():
    clock = Clock()
    attempts = Attempts(clock, 2, 100.0)
    assert [attempts.take("a") for _ in range(2)] == [0, 0]
    assert attempts.left("a") == 0
    assert attempts.take("a") == 100.0
    assert attempts.take("b") == 0
    attempts.forgive("a")
    assert attempts.take("a") == 0
    attempts.clear("a")
    assert attempts.left("a") == 2
    attempts.forgive("nobody")


def test_many_keys_neither_fill_the_memory_nor_set_anybody_free():
    clock = Clock()
    attempts = Attempts(clock, 1, 100.0, keys=3)
    for key in "abc":
        assert attempts.take(key) == 0
    assert attempts.take("d") == 100.0
    assert attempts.take("a") > 0
    clock.now += 100.0
    assert attempts.take("d") == 0


def test_an_account_has_so_many_sessions_at_most():
    sessions = Sessions(Clock(), 100.0, 1000.0)
    cookies = [sessions.begin("Carl", "carer", "en") for _ in range(MOST + 3)]
    alive = [cookie for cookie in cookies if sessions.find(cookie)]
    assert alive == cookies[3:]
    assert len(set(cookies)) == len(cookies)


def test_sessions_of_an_account_end_together():
    sessions = Sessions(Clock(), 100.0, 1000.0)
    one, two = (sessions.begin("Carl", "carer", "en") for _ in range(2))
    other = sessions.begin("Thea", "therapist", "en")
    sessions.end_all("Carl", but=two)
    assert sessions.find(one) is None
    assert sessions.find(two)
    assert sessions.find(other)
    sessions.end_all("Carl")
    assert sessions.find(two) is None


def test_cookies_are_not_kept_in_the_clear():
    sessions = Sessions(Clock(), 100.0, 1000.0)
    cookie = sessions.begin("Carl", "carer", "en")
    assert cookie not in repr(vars(sessions))
    assert len(cookie) >= 40


def test_the_first_code():
    shown: list[str] = []
    code = FirstCode(shown.append)
    assert not code.matches("")  # none was made
    code.renew()
    first = shown[-1].rpartition(" ")[2]
    assert code.matches(f" {first.upper()} ")
    assert code.matches(first.replace("-", ""))
    for _ in range(MOST_WRONG):
        assert not code.matches("é\ud800")
    assert len(shown) == 2
    assert not code.matches(first)
    assert code.matches(shown[-1].rpartition(" ")[2])


def test_situations_of_the_options_can_be_read():
    found = situations(DEFAULT)
    assert list(found) == [
        "calm_afternoon", "before_washing", "wake_up", "company", "sleep",
    ]  # fmt: skip
    assert found["company"].scenario == "group"
    assert found["sleep"].duration == 1800.0


@pytest.mark.parametrize(
    "line",
    [
        "", "tea", "tea:home:calm", "tea:home:calm:0", "tea:home:calm:241", "tea:home:calm:-5",
        "tea:home:calm:x", "tea:moon:calm:5", "tea:home:sad:5", ":home:calm:5", "t\nx:home:calm:5",
        "tea:home:calm:5:6", "tea:home:calm:²", "tea:home:calm:" + "9" * 5000,
    ],
)  # fmt: skip
def test_a_situation_that_cannot_be_read_is_refused_by_name(line):
    with pytest.raises(OptionError, match="situation"):
        situations([line])
    with pytest.raises(OptionError, match="each name once"):
        situations(["tea:home:calm:5", "tea:home:calm:6"])
