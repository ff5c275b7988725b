# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Sessions out of recordings: what is in them, what is not, and hostile ones."""

from __future__ import annotations

import math

import numpy as np
import pytest
import recordings
from recordings import BEGAN, Recording

from emo_music_ros.errors import InputError
from emo_music_ros.report.findings import ends_of, figures
from emo_music_ros.report.recording import read_sessions


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A session of ten minutes; nobody may change it."""
    return recordings.session(tmp_path_factory.mktemp("whole") / "one.mcap")


def test_a_session_is_read_as_it_was(whole):
    (session,), problems = read_sessions([whole])
    assert not problems
    assert (session.person, session.planned, session.goal) == ("anna", 600.0, "calm")
    assert session.began == pytest.approx(BEGAN + 0.1)
    assert session.length == pytest.approx(599.9, abs=0.2)
    assert [each.title for each in session.listens] == [
        "Jasmine", "茉莉花", "Clair de lune", "Blue Danube",
    ]  # fmt: skip
    assert [each.ending for each in session.listens] == ["replaced", "skipped", "stopped", ""]
    assert [round(each.heard) for each in session.listens] == [167, 12, 179, 219]
    assert [(round(each.time), each.reason) for each in session.stops] == [(359, "")]
    assert [(each.rater, each.value) for each in session.ratings] == [
        ("anna (live:dashboard)", 1.0), ("mei (live:dashboard)", -1.0),
    ]  # fmt: skip
    assert len(session.moments) == 599
    assert len(session.responses) == 4
    assert 0.08 <= min(session.responses) <= max(session.responses) <= 0.2
    assert session.sources == {"face": {"live:camera 0"}, "physiology": {"live:band"}}
    assert len(session.outcomes) == 4
    assert session.outcomes[0].rationality == pytest.approx(0.18)
    found = figures([session])
    assert found.accepted == (3, 4)
    assert found.completed == (1, 1)
    assert found.worse == (0, 1)
    assert found.improved == pytest.approx(0.36, abs=0.02)
    assert found.minutes == pytest.approx(577 / 60, abs=0.1)


def test_a_recording_that_was_cut_is_read_up_to_there(whole, tmp_path):
    cut = tmp_path / "cut.mcap"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 4])
    (session,), problems = read_sessions([cut])
    assert 100 < session.length < 590
    assert "cut.mcap is damaged after" in problems[0]


@pytest.mark.parametrize("content", [b"", b"no mcap", b"\x89MCAP0\r\n" + bytes(100)])
def test_what_is_no_recording_gives_no_session(tmp_path, content):
    path = tmp_path / "one.mcap"
    path.write_bytes(content)
    sessions, problems = read_sessions([path])
    assert not sessions
    assert "one.mcap" in problems[0]


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match="no recording"):
        read_sessions([tmp_path / "none.mcap"])


def test_the_same_recording_counts_once(whole, tmp_path):
    again = tmp_path / "again.mcap"
    again.write_bytes(whole.read_bytes())
    sessions, problems = read_sessions([whole, again])
    assert len(sessions) == 1
    assert problems == ["again.mcap repeats a session that was read before"]


def test_one_sample_and_nothing_else(tmp_path):
    with Recording(tmp_path / "one.mcap") as file:
        file.emotion(0.0, 2)
    (session,), _ = read_sessions([file.path])
    assert (session.person, session.length, len(session.moments)) == ("anna", 0.0, 1)
    assert math.isnan(ends_of(session).after)


def test_no_emotions_at_all(tmp_path):
    with Recording(tmp_path / "one.mcap") as file:
        file.play(0.0, 60.0, "Jasmine")
    (session,), _ = read_sessions([file.path])
    found = figures([session])
    assert (session.planned, found.planned, found.free) == (0.0, 0, 1)
    assert found.minutes == pytest.approx(59 / 60)
    assert math.isnan(found.improved)
    assert math.isnan(found.worse.value)


def test_numbers_that_are_none_are_unknown(tmp_path):
    with Recording(tmp_path / "one.mcap") as file:
        file.plan(0.0, math.nan)
        file.plan(0.1, math.inf)
        for second in range(60):
            file.emotion(second, 2, math.nan)
            file.emotion(second + 0.2, 99)  # no such state
            file.pulse(second, math.inf)
            file.play(second, second + 1, "x", duration=math.nan)
        file.act(30.0, 9, "x", value=math.nan)
        file.outcome(60.0, "x", (math.inf, 5.0), (math.nan, math.inf), math.inf)
    (session,), _ = read_sessions([file.path])
    assert session.planned == 0
    assert {each.state for each in session.moments} == {"unknown"}
    assert not session.ratings
    assert session.listens[0].duration == 0
    assert math.isnan(session.outcomes[0].valence_before)
    assert figures([session]).accepted.whole <= 1


def test_nobody_is_pooled_with_anybody_else(tmp_path):
    with Recording(tmp_path / "one.mcap") as file:
        file.told(0.0)
        file.emotion(1.0, 2)
        file.emotion(1.1, 4, person="somebody else")
        file.play(2.0, 40.0, "Jasmine")
        file.told(50.0, "bert")
        file.emotion(51.0, 1, person="bert")
        file.emotion(52.0, 3)  # late news of anna
        file.play(53.0, 90.0, "Danube")
    anna, bert = read_sessions([file.path])[0]
    assert (anna.person, bert.person) == ("anna", "bert")
    assert [each.state for each in anna.moments] == ["calm"]
    assert [each.state for each in bert.moments] == ["positive"]
    assert (anna.others, bert.others) == (1, 1)
    assert [[each.title for each in one.listens] for one in (anna, bert)] == [
        ["Jasmine"],
        ["Danube"],
    ]


def test_who_was_forgotten_is_left_out(tmp_path):
    with Recording(tmp_path / "one.mcap") as file:
        file.told(0.0)
        file.play(1.0, 40.0, "Jasmine")
        file.write(50.0, "person/forgotten", "Person", person_id="anna")
    sessions, problems = read_sessions([file.path])
    assert not sessions
    assert "'anna' was forgotten" in problems[0]
    assert "delete the file" in problems[0]


def test_sessions_that_were_asked_for_are_told_from_what_just_played(tmp_path):
    with Recording(tmp_path / "one.mcap") as file:
        file.told(0.0)
        file.play(1.0, 50.0, "before")
        file.plan(60.0, 120.0)
        file.play(61.0, 170.0, "asked")
        file.plan(180.0, 0.0)
        file.emotion(181.0, 2)  # but nothing sounds
        file.plan(200.0, 600.0)
        file.play(201.0, 300.0, "again")
        file.plan(301.0, 0.0)  # cut short
    sessions, _ = read_sessions([file.path])
    assert [each.planned for each in sessions] == [0, 120, 600]
    found = figures(sessions)
    assert (found.planned, found.held, found.free) == (2, 2, 1)
    assert found.completed == (1, 2)


def test_a_plan_from_before_the_recording_counts_from_its_own_beginning(tmp_path):
    with Recording(tmp_path / "one.mcap") as file:
        file.write(
            100.0, "session/plan", "SessionPlan", header=file.header(40.0), person_id="anna",
            remaining=300.0,
        )  # fmt: skip
        file.emotion(101.0, 2)
    (session,), _ = read_sessions([file.path])
    assert session.began == pytest.approx(BEGAN + 40)
    assert session.length == pytest.approx(61)
    assert session.moments[0].time == pytest.approx(61)


def test_a_wrong_clock_gives_no_response_time(tmp_path):
    with Recording(tmp_path / "one.mcap") as file:
        file.recommend(100.0, "x", took=3600.0)
        file.recommend(101.0, "x", took=-5.0)
        file.recommend(102.0, "x", took=0.25)
    (session,), _ = read_sessions([file.path])
    assert session.responses == [pytest.approx(0.25, abs=1e-6)]


def test_a_stop_told_twice_is_one_and_one_of_silence_is_none(tmp_path):
    with Recording(tmp_path / "one.mcap") as file:
        file.act(1.0, 4)
        file.play(2.0, 60.0, "Jasmine")
        file.act(60.0, 4, "Jasmine")
        file.act(61.0, 4, "Jasmine")
        file.player(62.0)
        file.play(80.0, 120.0, "Danube")
        file.recommend(120.0, reason="Seems distressed")
        file.player(122.0)
        file.act(200.0, 4)
    (session,), _ = read_sessions([file.path])
    assert [each.reason for each in session.stops] == ["", "Seems distressed"]
    assert [each.ending for each in session.listens] == ["stopped", "halted"]


def test_a_message_that_cannot_be_read_is_counted(tmp_path):
    with Recording(tmp_path / "one.mcap") as file:
        file.play(0.0, 10.0, "Jasmine")
        writer = file._writer
        topic, name = "/r1/emotion", "emo_music_ros/msg/EmotionState"
        writer.write(topic, name, recordings._definition("EmotionState"), b"\x00\x01", 10**18)
        writer.write("/r1/recommendation", "std_msgs/msg/String", "string data", b"", 10**18)
    (session,), problems = read_sessions([file.path])
    assert session.listens
    assert any("1 messages of /r1/emotion cannot be used" in each for each in problems)
    assert any("/r1/recommendation cannot be read" in each for each in problems)


def test_what_was_simulated_says_so(tmp_path):
    with Recording(tmp_path / "one.mcap") as file:
        file.emotion(0.0, 2, source="simulated:demo")
        file.pulse(1.0, 70.0)
    (session,), _ = read_sessions([file.path])
    assert session.simulated == ["face"]


def test_a_day_of_moments_keeps_one_a_second(tmp_path):
    with Recording(tmp_path / "one.mcap") as file:
        for quarter in np.arange(0.0, 20.0, 0.25):
            file.emotion(float(quarter), 2)
    (session,), _ = read_sessions([file.path])
    assert len(session.moments) == 20
