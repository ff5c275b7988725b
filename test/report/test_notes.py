# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Notes and ratings stand in a report under the role of whoever gave them, and never together."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import recordings
from recordings import BEGAN, Recording

from emo_music_ros.care.notes import Note
from emo_music_ros.cli import main
from emo_music_ros.errors import InputError
from emo_music_ros.report.findings import raters
from emo_music_ros.report.process import ReportProcess
from emo_music_ros.report.recording import read_sessions
from emo_music_ros.report.write import read_notes, render

HOSTILE = "<script>alert('x')</script> $\\frac{"
CARER = Note(BEGAN + 65.0, "carer", "Cara", "smiled")
THERAPIST = Note(BEGAN, "therapist", "Thea", HOSTILE, session="one")
ELSEWHERE = Note(BEGAN + 9e5, "carer", "Cara", "another day")


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    return recordings.session(tmp_path_factory.mktemp("whole") / "one.mcap")


def test_each_roles_notes_stand_apart_and_hostile_ones_are_text(recording):
    page = render([recording], ".html", notes=[CARER, THERAPIST, ELSEWHERE]).decode()
    assert "<script>alert" not in page
    assert "another day" not in page
    order = [page.index(text) for text in ("Noted by: Carer", "smiled", "Noted by: Therapist",
                                           "&lt;script&gt;")]  # fmt: skip
    assert order == sorted(order)
    assert "1:04" in page
    assert "Noted by" not in render([recording], ".html").decode()
    assert "记录者：护理员" in render([recording], ".html", "zh", notes=[CARER]).decode()


def test_notes_come_into_a_report_of_a_process_of_its_own(recording):
    made = ReportProcess().make([recording], ".html", "en", [CARER, THERAPIST]).decode()
    assert "smiled" in made
    assert "Noted by: Therapist" in made


@pytest.mark.parametrize("content", ["", "3", '{"a": 1}', '[{"time": 1}]', '[{"time": "x"}]'])
def test_what_are_no_notes_is_told(recording, tmp_path, content):
    path = tmp_path / "notes.json"
    path.write_text(content)
    with pytest.raises(InputError, match="no notes"):
        read_notes(path)
    bad = [vars(replace(CARER, rater="neighbour"))]
    path.write_text(json.dumps(bad))
    out = tmp_path / "report.html"
    assert main(["report", str(recording), "--out", str(out), "--notes", str(path)]) != 0
    assert not out.exists()


def test_two_raters_are_never_pooled(tmp_path):
    with Recording(tmp_path / "r.mcap") as file:
        file.plan(1.0, 100.0)
        file.play(2.0, 60.0, "Aria")
        for time, rater, value in ((10.0, "", 1.0), (20.0, "carer", -1.0), (30.0, "therapist", 1.0),
                                   (40.0, "carer", 1.0)):  # fmt: skip
            file.write(
                time, "interaction/event", "InteractionEvent", header=file.header(time),
                source="live:dashboard", person_id="anna", action=9, track_id="id of Aria",
                value=value, rater=rater,
            )  # fmt: skip
    (session,), _ = read_sessions([file.path])
    assert raters([session]) == {
        "anna (live:dashboard)": [1.0],
        "carer (live:dashboard)": [-1.0, 1.0],
        "therapist (live:dashboard)": [1.0],
    }


def test_a_plan_that_is_unlocked_goes_on_as_one_session(tmp_path):
    with Recording(tmp_path / "r.mcap") as file:
        for time, locked in ((1.0, True), (50.0, False)):
            file.write(
                time, "session/plan", "SessionPlan", header=file.header(1.0), person_id="anna",
                name="washing", remaining=101.0 - time, locked=locked, plan_id="p",
            )  # fmt: skip
            file.play(time + 1.0, time + 40.0, "Aria")
        file.plan(101.0, 0.0)
    found, _ = read_sessions([file.path])
    assert [(each.plan, round(each.length)) for each in found if each.planned] == [("washing", 100)]
    assert "washing" in render([file.path], ".html").decode()
