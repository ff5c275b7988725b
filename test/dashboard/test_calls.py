# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Calls to carers on the pages: at once, with what to ask first, and acknowledged by name."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from web import tells

from emo_music_ros.dashboard.state import Part
from emo_music_ros.errors import InputError
from emo_music_ros.notifying.calls import DISTRESS, HELP, Call


def call(number=7, kind=HELP, **changes):
    made = Call(number, "<b>anna</b>", kind, 1, time.time() - 125, time.time() - 125, True)
    return replace(made, **changes)


@pytest.mark.parametrize("view", ["carer", "live"])
def test_a_call_is_shown_at_once_with_what_to_ask_first(site, view):
    browser = site.signed_in("therapist")
    assert 'role="alert"' not in browser.get(f"/{view}").body.replace('id="lost" role="alert"', "")
    with browser.events(f"/events/{view}") as following:
        following()
        site.board.calls((call(),))
        site.clock.now += 1
        assert tells(following, "asked for help")
    page = browser.get(f"/{view}").body
    assert "&lt;b&gt;anna" in page
    assert "Ask first: pain? toilet? thirst? noise? cold?" in page
    assert "2 min ago" in page
    assert page.index("asked for help") < page.index("controls")


def test_distress_is_shown_and_what_was_seen_to_is_not(site):
    browser = site.signed_in("carer")
    site.board.calls((call(8, DISTRESS, escalated=True, count=3), call(7, seen=time.time())))
    page = browser.get("/carer").body
    assert "seemed distressed; the music was stopped" in page
    assert "nobody answered in time" in page
    assert "3 times" in page
    assert "asked for help" not in page


def test_a_resident_sees_no_calls(site):
    site.board.calls((call(),))
    browser = site.signed_in("resident")
    assert "asked for help" not in browser.get("/resident").body
    assert browser.get("/calls").status == 403


def test_a_carer_acknowledges_and_says_that_there_was_no_need(site):
    site.board.calls((call(), call(8, pushed=False)))
    browser = site.signed_in("carer")
    page = browser.get("/calls").body
    assert "This is not a nurse call" in page
    assert "only here: enough was sent out in this shift" in page
    assert "I am on it" in page
    assert browser.post("/calls/acknowledge", call="7", need="yes").status == 303
    assert "Saved" in browser.get("/calls").body
    browser.post("/calls/acknowledge", call="7", need="no")
    assert site.services.calls == [
        ("acknowledge", 7, "carer 0", False),
        ("acknowledge", 7, "carer 0", True),
    ]
    noted = [(each.account, each.act) for each in site.site._audit.latest()]
    assert ("carer 0", "acknowledge call 7") in noted
    assert ("carer 0", "acknowledge call 7: no need") in noted


def test_what_was_seen_says_by_whom_and_how_many_were_false(site):
    seen = {"seen": time.time(), "seen_by": "Carl"}
    site.board.calls((call(9, false_alarm=True, **seen), call(8, **seen), call(7, **seen)))
    page = site.signed_in("therapist").get("/calls").body
    assert "Carl was there at" in page
    assert "In the last week: 3, of which without need: 1 (33 %)." in page
    assert "There was a need" in page
    assert "I am on it" not in page


def test_a_developer_sees_calls_and_answers_none(site):
    site.board.calls((call(),))
    browser = site.signed_in("developer")
    page = browser.get("/calls").body
    assert "asked for help" in page
    assert "/calls/acknowledge" not in page


def test_everything_else_is_only_a_list(site):
    site.board.part(Part("/camera", "error", "no device"))
    site.board.part(Part("/player", "ok", "active"))
    page = site.signed_in("carer").get("/calls").body
    assert "no device" in page
    assert "/player" not in page.partition("Not urgent")[2]
    assert page.index("Not urgent") < page.index("no device")


@pytest.mark.parametrize("number", ["", "x", "-1", "7.0", "²", "9" * 12, "7 OR 1=1"])
def test_what_is_no_call_is_refused(site, number):
    browser = site.signed_in("carer")
    browser.post("/calls/acknowledge", call=number, need="yes")
    assert "there is no such call" in browser.get("/calls").body
    assert site.services.calls == []


def test_the_page_says_why_it_was_not_done(site):
    site.services.refusal = InputError("the node notifying does not answer", "See its health")
    browser = site.signed_in("carer")
    browser.post("/calls/acknowledge", call="7", need="yes")
    assert "the node notifying does not answer" in browser.get("/calls").body
    assert site.site._audit.latest(1)[0].outcome == "not done"
