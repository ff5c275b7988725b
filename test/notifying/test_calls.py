# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Which calls are pushed, joined, escalated, acknowledged; and that nothing of them is lost."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from web import Clock

from emo_music_ros.errors import InputError, OptionError
from emo_music_ros.notifying.base import CALL, ESCALATED, OVER
from emo_music_ros.notifying.calls import DISTRESS, HELP, Calls, shift_began

SHIFTS = ("06:00", "14:00", "22:00")
MORNING = datetime(2026, 11, 30, 9, 0).timestamp()


class Times:
    """A clock that people set and one that nobody sets, moved together."""

    def __init__(self, now: float = MORNING) -> None:
        self.now = now

    def wall(self) -> float:
        return self.now

    def steady(self) -> float:
        return self.now - MORNING


@pytest.fixture
def times():
    return Times()


@pytest.fixture
def calls(tmp_path, times):
    return made(tmp_path, times)


def made(folder, times, **options):
    return Calls(
        folder / "calls.sqlite", shifts=SHIFTS, clock=times.wall, steady=times.steady, **options
    )


def waiting(calls, name="web"):
    return [(each.call, each.what) for each in calls.waiting(name)]


def test_a_call_is_pushed_and_further_ones_join_it(calls, times):
    first = calls.add("anna", DISTRESS, ["web", "mail"])
    assert (first.kind, first.count, first.pushed) == (DISTRESS, 1, True)
    times.now += 30
    again = calls.add("anna", HELP, ["web", "mail"])
    assert (again.number, again.kind, again.count) == (first.number, HELP, 2)
    assert calls.add("anna", DISTRESS).kind == HELP  # what is more urgent stays
    assert waiting(calls, "web") == waiting(calls, "mail") == [(first.number, CALL)]
    other = calls.add("bert", HELP, ["web"])
    assert other.number != first.number


def test_two_are_pushed_a_shift_and_all_are_on_the_list(calls, times):
    for expected in (True, True, False, False):
        call = calls.add("anna", HELP, ["web"])
        assert call.pushed is expected
        calls.acknowledge(call.number, "Carl", False)
        times.now += 60
    assert calls.add("bert", HELP, ["web"]).pushed  # each has their own
    times.now = datetime(2026, 11, 30, 14, 0, 1).timestamp()
    assert calls.add("anna", HELP, ["web"]).pushed
    assert len(calls.latest()) == 6


def test_what_nobody_acknowledges_is_escalated_once_after_a_minute(calls, times):
    call = calls.add("anna", HELP, ["web"])
    times.now += 59
    assert calls.escalate(["web"]) == []
    times.now += 1.5
    assert [each.number for each in calls.escalate(["web"])] == [call.number]
    assert waiting(calls) == [(call.number, CALL), (call.number, ESCALATED)]
    times.now += 600
    assert calls.escalate(["web"]) == []
    assert calls.latest()[0].escalated


def test_what_was_acknowledged_or_never_pushed_is_not_escalated(calls, times):
    calls.acknowledge(calls.add("anna", HELP).number, "Carl", False)
    calls.acknowledge(calls.add("anna", HELP).number, "Carl", False)
    assert not calls.add("anna", HELP).pushed
    times.now += 600
    assert calls.escalate(["web"]) == []


def test_an_acknowledgement_takes_back_what_has_not_arrived(calls, times):
    call = calls.add("anna", HELP, ["web", "broker"])
    times.now += 20
    seen = calls.acknowledge(call.number, "Carl", False, ["broker"])
    assert (seen.seen, seen.seen_by, seen.false_alarm) == (times.now, "Carl", False)
    assert waiting(calls) == []
    assert waiting(calls, "broker") == [(call.number, OVER)]
    marked = calls.acknowledge(call.number, "Cleo", True, ["broker"])
    assert (marked.seen_by, marked.false_alarm) == ("Carl", True)  # who was first stays
    assert waiting(calls, "broker") == [(call.number, OVER)]
    with pytest.raises(InputError, match="no call 99"):
        calls.acknowledge(99, "Carl", False)


def test_nothing_is_lost_when_the_program_ends(tmp_path, calls, times):
    call = calls.add("anna", HELP, ["web"])
    times.now += 50
    again = made(tmp_path, times)
    assert waiting(again) == [(call.number, CALL)]
    assert again.escalate(["web"]) == []  # a minute from when it is looked at
    times.now += 60
    assert [each.number for each in again.escalate(["web"])] == [call.number]
    (waits, _) = again.waiting("web")
    again.arrived(waits)
    assert waiting(again) == [(call.number, ESCALATED)]


def test_a_clock_that_is_set_escalates_nothing(tmp_path, times):
    steady = Clock()
    calls = Calls(tmp_path / "c.sqlite", shifts=SHIFTS, clock=times.wall, steady=steady)
    calls.add("anna", HELP, ["web"])
    times.now += 5000
    assert calls.escalate(["web"]) == []


def test_a_person_is_forgotten_and_old_calls_go(calls, times):
    calls.add("anna", HELP, ["web"])
    calls.add("bert", HELP, ["web"])
    assert calls.forget("anna") == 1
    assert [each.person_id for each in calls.latest()] == ["bert"]
    assert [each.person_id for each in calls.waiting("web")] == ["bert"]
    times.now += 8 * 86400
    assert calls.latest() == []
    assert len(calls.latest(days=30)) == 1
    times.now += 90 * 86400
    calls.add("carl", HELP)
    assert [each.person_id for each in calls.latest(days=1000)] == ["carl"]
    assert calls.waiting("web") == []


def test_a_number_is_never_given_twice(calls):
    first = calls.add("anna", HELP).number
    calls.forget("anna")
    assert calls.add("anna", HELP).number > first


@settings(max_examples=15)  # every step is a transaction on disk
@given(
    steps=st.lists(st.tuples(st.floats(0, 20000), st.sampled_from(["call", "seen"])), max_size=12)
)
def test_never_more_than_two_pushes_of_a_person_and_shift(tmp_path_factory, steps):
    times = Times()
    calls = made(tmp_path_factory.mktemp("calls"), times)
    pushed: dict[float, set[int]] = {}
    for passed, act in steps:
        times.now += passed
        if act == "call":
            call = calls.add("anna", DISTRESS, ["web"])
            if call.pushed:
                pushed.setdefault(shift_began(call.began, SHIFTS), set()).add(call.number)
        else:
            for each in calls.latest():
                calls.acknowledge(each.number, "Carl", False)
    assert all(len(each) <= 2 for each in pushed.values())


def test_shifts_begin_by_the_local_time_of_day():
    night = datetime(2026, 11, 30, 3, 0).timestamp()
    assert shift_began(night, SHIFTS) == datetime(2026, 11, 29, 22, 0).timestamp()
    assert shift_began(MORNING, SHIFTS) == datetime(2026, 11, 30, 6, 0).timestamp()
    assert shift_began(MORNING, ()) == datetime(2026, 11, 30).timestamp()
    with pytest.raises(OptionError, match="06:00"):
        shift_began(MORNING, ["6 o'clock"])
