# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Recorded sessions on the pages: who sees which, reports of them, and how one is started."""

from __future__ import annotations

import re

import pytest

from emo_music_ros.dashboard.permissions import CARER, DEVELOPER, RESIDENT, THERAPIST
from emo_music_ros.dashboard.records import Record, Records
from emo_music_ros.dashboard.situations import Situation
from emo_music_ros.errors import InputError

FIRST, SECOND = "1793628000.000000001", "1793714400.000000002"


@pytest.fixture
def recorded(tmp_path):
    folder = tmp_path / "recordings"
    folder.mkdir()
    for name in (f"{FIRST}.mcap", f"{SECOND}.mcap", f"{FIRST}.csv", "notes.mcap", "1.mcap"):
        (folder / name).write_bytes(b"x" * 1000)
    (folder / f"{FIRST[:-1]}9.mcap").mkdir()
    return folder


def test_only_sessions_are_found_the_newest_first(recorded):
    records = Records(lambda: recorded, lambda files, form, language: b"")
    assert records.found() == [
        Record(SECOND, float(SECOND), 1000), Record(FIRST, float(FIRST), 1000),
    ]  # fmt: skip
    assert Records(lambda: recorded / "none", lambda *_: b"").found() == []


@pytest.mark.parametrize("name", ["../secret", "notes", "1", "", "x" * 5000])
def test_no_name_leads_to_another_file(tmp_path, recorded, name):
    empty = tmp_path / "empty"
    empty.mkdir()
    folder = recorded if name else empty
    with pytest.raises(InputError, match="no such session"):
        Records(lambda: folder, lambda *_: b"").report(name, ".html", "en")


def test_staff_sees_the_sessions_and_nobody_else_does(site, recorded):
    page = site.signed_in(THERAPIST).get("/recordings").body
    assert page.count("0.0 MB") == 2
    assert f"/recordings/report.csv?session={FIRST}" in page
    assert 'action="/control/session"' in page
    page = site.signed_in(CARER).get("/recordings").body
    assert f"/recordings/report?session={FIRST}" in page
    assert ".csv" not in page
    assert 'action="/control/session"' not in page
    for role in (RESIDENT, DEVELOPER):
        assert site.signed_in(role).get("/recordings").status == 403
        assert site.signed_in(role).get("/recordings/report").status == 403
    assert site.signed_in(CARER).get("/recordings/report.csv").status == 403


@pytest.mark.parametrize(
    ("end", "kind", "attached"),
    [("", "text/html", False), (".pdf", "application/pdf", True), (".csv", "text/csv", True)],
)
def test_a_report_is_given_in_every_form(site, recorded, end, kind, attached):
    browser = site.signed_in(THERAPIST)
    answer = browser.get(f"/recordings/report{end}?session={FIRST}")
    assert (answer.status, answer.body) == (200, "<p>a report</p>")
    assert answer.header("content-type").startswith(kind)
    assert ("attachment" in answer.header("content-disposition")) is attached
    policies = [value for key, value in answer.headers if key.lower() == "content-security-policy"]
    assert len(policies) == 1
    assert "default-src 'none'" in policies[0]
    assert "script" not in policies[0]
    assert answer.header("cache-control") == "no-store"
    assert site.reported == [([f"{FIRST}.mcap"], end or ".html", "en")]
    assert f"report{end or '.html'} {FIRST}" in browser.get("/audit").body


def test_a_report_of_all_and_in_the_language_of_the_reader(site, recorded):
    browser = site.signed_in(CARER)
    browser.post("/language", page="recordings")
    assert browser.get("/recordings/report").status == 200
    assert site.reported == [([f"{SECOND}.mcap", f"{FIRST}.mcap"], ".html", "zh")]


@pytest.mark.parametrize("query", ["?session=../../etc/passwd", "?session=1.2", "?session=%00"])
def test_a_session_that_is_not_there_is_told(site, recorded, query):
    browser = site.signed_in(CARER)
    answer = browser.get(f"/recordings/report{query}")
    assert (answer.status, answer.header("location")) == (303, "/recordings")
    assert "No report: there is no such session" in browser.get("/recordings").body
    assert not site.reported


def test_why_there_is_no_report_is_told(site, recorded):
    site.refusal.append(InputError("<b>the disk is full</b>", "Free space"))
    browser = site.signed_in(CARER)
    browser.get("/recordings/report")
    page = browser.get("/recordings").body
    assert "&lt;b&gt;the disk is full" in page
    assert "<b>the disk" not in page


def test_a_therapist_starts_a_session(site):
    browser = site.signed_in(THERAPIST)
    answer = browser.post(
        "/control/session", page="recordings", scenario="daycare", goal="calm", minutes="45"
    )
    assert answer.header("location") == "/recordings"
    assert site.asked == [("session", Situation("session", "daycare", "calm", 2700.0))]
    assert re.search(r"Done: Session", browser.get("/recordings").body)


@pytest.mark.parametrize(
    "wrong",
    [
        {"scenario": "moon"},
        {"goal": "depression"},
        {"minutes": "0"},
        {"minutes": "1e9"},
        {"minutes": "-5"},
        {"scenario": "home:calm:5:x"},
    ],
)
def test_a_session_that_cannot_be_is_refused(site, wrong):
    browser = site.signed_in(THERAPIST)
    form = {"scenario": "home", "goal": "calm", "minutes": "30", **wrong}
    browser.post("/control/session", page="recordings", **form)
    assert "Not done: situation" in browser.get("/recordings").body
    assert not site.asked


def test_a_running_session_is_followed(site):
    page = site.signed_in(CARER).get("/recordings").body
    for section in ("session", "feels", "music"):
        assert f'id="now-{section}"' in page
    assert 'data-events="/events/carer"' in page
