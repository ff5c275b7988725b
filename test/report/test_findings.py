# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Weeks, trend and the first line, of sessions made by hand."""

from __future__ import annotations

import math
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.measures import LEAST_TREND, Listen
from emo_music_ros.report import findings
from emo_music_ros.report.recording import Moment, Rating, Session

DAY = 86400.0
MONDAY = datetime(2026, 11, 2, 14).timestamp()


def session(day: float, change: float = math.nan, minutes: float = 10.0) -> Session:
    """Return a session of ten minutes in which valence changes from -change/2 to change/2."""
    one = Session("anna", MONDAY + day * DAY, planned=600.0, length=600.0)
    if math.isfinite(change):
        one.moments = [
            Moment(float(second), "calm", True, math.copysign(change / 2, change * (second - 300)),
                   0.0, math.nan, 0.5)
            for second in range(600)
        ]  # fmt: skip
    one.listens = [Listen("1", "one", "", 600.0, 0.0, True, minutes * 60)]
    return one


def test_the_first_line_by_hand():
    sessions = [session(0, 0.4), session(1, -0.4), session(2, 0.05), session(15)]
    found = findings.figures(sessions)
    assert found.minutes == 40
    assert (found.planned, found.held) == (4, 4)
    assert found.worse == (1, 3)
    assert found.improved == pytest.approx((0.2 - 0.2 + 0.025) / 3)
    weeks = findings.weeks(sessions)
    assert [(monday, len(held)) for monday, held in weeks] == [
        (date(2026, 11, 2), 3), (date(2026, 11, 9), 0), (date(2026, 11, 16), 1),
    ]  # fmt: skip


@given(st.lists(st.floats(0, 400), min_size=1, max_size=30))
def test_weeks_have_every_session_once_and_no_hole(days):
    weeks = findings.weeks([session(day) for day in days])
    assert sum(len(held) for _, held in weeks) == len(days)
    mondays = [monday for monday, _ in weeks]
    assert all((two - one).days == 7 for one, two in zip(mondays, mondays[1:]))
    assert weeks[0][1]
    assert weeks[-1][1]


def test_a_clock_that_was_wrong_makes_no_thousand_weeks():
    assert len(findings.weeks([session(0), session(365 * 200)])) == 2


def test_no_trend_below_six_sessions():
    few = [session(day, 0.2) for day in range(LEAST_TREND - 1)]
    assert findings.halves([*few, session(20), session(21)]) is None
    first, second = findings.halves([*few, session(22, 0.8)])
    assert first == pytest.approx(0.1)
    assert second == pytest.approx((0.1 + 0.1 + 0.4) / 3)


def test_raters_are_never_pooled():
    one = session(0)
    one.ratings = [
        Rating(1, "mei", "1", 1.0),
        Rating(2, "anna", "1", -1.0),
        Rating(3, "mei", "1", 1.0),
    ]
    assert findings.raters([one]) == {"anna": [-1.0], "mei": [1.0, 1.0]}


def test_nothing_is_known_of_nothing():
    found = findings.figures([])
    assert found.minutes == 0
    assert math.isnan(found.improved)
    assert math.isnan(found.response)
    assert findings.weeks([]) == []
    assert findings.favourites([]) == []
    assert findings.unknown([]).length == 0
