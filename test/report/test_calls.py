# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Calls to carers in reports: how many were without need, each counted once."""

from __future__ import annotations

import pytest
from recordings import Recording, build

from emo_music_ros.report.write import render


def calls(*marks, person="anna"):
    kind = "emo_music_ros/msg/CarerCall"
    return [
        build(kind, id=number, person_id=person, count=1, false_alarm=false)
        for number, false in marks
    ]


def session(path, began, *listed):
    with Recording(path, "anna", began) as made:
        made.told(0.0)
        made.plan(0.1, 600.0)
        for time, each in enumerate(listed):
            made.write(1.0 + time, "carer/calls", "CarerCalls", calls=each)
        made.play(2.0, 60.0, "Waltz")
    return path


@pytest.mark.parametrize(
    ("language", "said"), [("en", "without need"), ("zh", "没有必要的护理呼叫")]
)
def test_calls_without_need_are_counted_once_as_said_last(tmp_path, language, said):
    other = calls((9, True), person="bert")
    first = session(tmp_path / "1.mcap", 1.8e9, [], [*calls((1, False)), *other])
    second = session(tmp_path / "2.mcap", 1.8e9 + 9e4, calls((3, False), (2, True), (1, True)))
    page = render([first, second], ".html", language).decode()
    line = next(each for each in page.split("<li>") if said in each)
    assert "67 %" in line
    assert "2" in line
    assert "3" in line


def test_nothing_is_said_where_nobody_called(tmp_path):
    page = render([session(tmp_path / "1.mcap", 1.8e9, [])], ".html", "en").decode()
    assert "without need" not in page
