# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What does not arrive is sent again, later and later; another notifier goes on meanwhile."""

from __future__ import annotations

import pytest
from web import Clock

from emo_music_ros.errors import InputError
from emo_music_ros.notifying.base import NoNotifier, text_of
from emo_music_ros.notifying.calls import HELP, Calls
from emo_music_ros.notifying.outbox import FIRST_PAUSE, LONGEST_PAUSE, Outbox
from emo_music_ros.plugins import NoOptions


class Notifier:
    """Takes notices unless it is away."""

    tells_end = False

    def __init__(self) -> None:
        self.taken = []
        self.away: Exception | None = None
        self.tried = 0

    def send(self, notice):
        self.tried += 1
        if self.away is not None:
            raise self.away
        self.taken.append(notice)


@pytest.fixture
def calls(tmp_path):
    return Calls(tmp_path / "calls.sqlite")


def outbox(calls, notifier, clock, told, name="web"):
    return Outbox(
        name, notifier, calls, lambda each: each.what, clock, lambda *each: told.append(each)
    )


def test_what_does_not_arrive_is_tried_again_and_nothing_is_lost(calls):
    notifier, clock, told = Notifier(), Clock(), []
    box = outbox(calls, notifier, clock, told)
    notifier.away = InputError("nobody there", "Start it")
    numbers = [calls.add(person, HELP, ["web"]).number for person in ("anna", "bert")]
    box.step()
    for doubled in range(9):
        pause = min(FIRST_PAUSE * 2**doubled, LONGEST_PAUSE)
        clock.now += pause - 0.1
        box.step()
        assert notifier.tried == doubled + 1  # too early
        clock.now += 0.1
        box.step()
        assert notifier.tried == doubled + 2
    assert all(problem == "nobody there. Start it" for _, problem in told)
    notifier.away = None
    clock.now += LONGEST_PAUSE
    told.clear()
    box.step()
    assert [each.call for each in notifier.taken] == numbers
    assert [problem for _, problem in told] == ["", ""]
    box.step()
    assert len(notifier.taken) == 2


def test_an_error_of_a_third_party_is_told_without_its_text(calls):
    notifier, clock, told = Notifier(), Clock(), []
    notifier.away = ValueError("password hunter2")
    calls.add("anna", HELP, ["web"])
    outbox(calls, notifier, clock, told).step()
    assert [problem for _, problem in told] == ["failed: ValueError"]


def test_others_go_on_when_one_is_away(calls):
    away, other, clock, told = Notifier(), Notifier(), Clock(), []
    away.away = InputError("nobody there", "Start it")
    calls.add("anna", HELP, ["web", "mail"])
    outbox(calls, away, clock, told).step()
    outbox(calls, other, clock, told, "mail").step()
    assert len(other.taken) == 1
    assert len(calls.waiting("web")) == 1
    assert not calls.waiting("mail")


def test_what_is_sent_says_where_and_neither_why_nor_how_somebody_feels():
    for what in ("call", "escalated", "over"):
        for language in ("en", "zh"):
            told = text_of(what, "Room 12", language)
            assert "Room 12" in told
            assert text_of(what, "", language) not in (told, "")
            for word in ("distress", "anxi", "help", "music;", "不安", "痛苦"):
                assert word not in told


def test_nothing_is_sent_where_nothing_is_chosen():
    assert NoNotifier(NoOptions()).send(None) is None
