# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Sessions that are recorded: where, what, and what becomes of it."""

import csv
import os
import subprocess
import time

import pytest
from rclpy.action import ActionClient
from sensor_msgs.msg import Image

from emo_music_ros import msg
from emo_music_ros.action import RunSession
from emo_music_ros.consent.rules import PURPOSES, RECORDING
from emo_music_ros.report.recording import read_sessions
from emo_music_ros.ros.qos import LATCHED

PICTURE = Image(height=2, width=2, encoding="mono8", step=2, data=bytes(range(4)))


@pytest.fixture
def run(probe, until):
    """Return a function that runs a session, with what is told meanwhile."""
    client = ActionClient(probe.node, RunSession, "run_session")

    def session(meanwhile, duration=4.0):
        until(client.server_is_ready, "run_session")
        probe.spin(0.5)  # an answer whose way back is not discovered within 0.1 s is dropped
        goal = RunSession.Goal(duration=duration, goal="calm")
        asked = probe.run(client.send_goal_async, goal)
        until(asked.done, "the answer")
        assert asked.result().accepted
        ended = probe.run(asked.result().get_result_async)
        while not ended.done():
            meanwhile()
            probe.spin(0.1)
        return ended.result().result

    yield session
    probe.run(client.destroy)


@pytest.fixture
def session_node(start, until, tmp_path):
    """Return a function that starts the session node with a folder for recordings."""

    def begin(**parameters):
        node = start("session", record=True, recordings=str(tmp_path / "kept"), **parameters)
        until(lambda: "active" in node.output, "the session node")
        return node

    return begin


def files(tmp_path, ending):
    return sorted((tmp_path / "kept").glob(f"*/*{ending}"))


def test_a_session_is_recorded_with_its_log_and_raw_only_with_consent_to_that(
    probe, session_node, run, until, tmp_path
):
    node = session_node(record_raw=True)
    emotion = probe.node.create_publisher(msg.EmotionState, "emotion", 20)
    picture = probe.node.create_publisher(Image, "camera/image_raw", 5)
    consent = probe.node.create_publisher(msg.ConsentState, "consent/state", LATCHED)

    def tell():
        emotion.publish(msg.EmotionState(person_id="resident", state=msg.EmotionState.CALM))
        picture.publish(PICTURE)

    def agree(*purposes):
        consents = [
            msg.Consent(person_id="resident", purpose=each, given=True) for each in purposes
        ]
        consent.publish(msg.ConsentState(consents=consents))

    agree(*PURPOSES)
    result = run(tell)
    assert result.success
    (path,) = files(tmp_path, ".mcap")
    assert f"recording in {path}" in result.message
    assert path.stat().st_mode & 0o077 == 0
    assert "/camera/image_raw: not recorded: no consent of 'resident' to recording" in node.output
    (session,), problems = read_sessions([path])
    assert not problems
    assert (session.person, session.planned, session.goal) == ("resident", 4.0, "calm")
    assert session.moments
    assert {each.state for each in session.moments} == {"calm"}
    until(lambda: files(tmp_path, ".csv"), "the log")
    (log,) = files(tmp_path, ".csv")
    rows = list(csv.DictReader(log.open(encoding="utf-8-sig")))
    assert rows[0]["state"] == "calm"
    assert b"image_raw" not in path.read_bytes()

    agree(*PURPOSES, RECORDING)
    run(tell)
    first, second = files(tmp_path, ".mcap")
    assert first == path
    assert b"image_raw" in second.read_bytes()
    assert "Traceback" not in node.output


def test_whoever_is_forgotten_leaves_no_recording(probe, session_node, run, until, tmp_path):
    node = session_node()
    run(lambda: None, duration=1.0)
    assert files(tmp_path, ".mcap")
    forgotten = probe.publisher(msg.Person, "person/forgotten")

    def forget():
        forgotten.publish(msg.Person(person_id="resident"))

    result = run(forget, duration=30.0)
    assert "was forgotten" in result.message
    until(lambda: not files(tmp_path, ""), "the end of the files")
    assert "Traceback" not in node.output


def test_nothing_is_kept_for_longer_than_was_said(session_node, until, tmp_path):
    folder = tmp_path / "kept" / "anna"
    folder.mkdir(parents=True)
    for name, days in (("old.mcap", 8), ("new.mcap", 6)):
        (folder / name).write_bytes(b"")
        os.utime(folder / name, (time.time() - days * 86400,) * 2)
    session_node(keep_days=7.0)
    until(lambda: not (folder / "old.mcap").exists(), "the end of the old one")
    assert (folder / "new.mcap").exists()


def test_a_session_that_cannot_be_recorded_is_held_all_the_same(session_node, run, tmp_path):
    (tmp_path / "kept").write_text("in the way")
    node = session_node()
    result = run(lambda: None, duration=1.0)
    assert result.success
    assert "recording in" not in result.message
    assert "Traceback" not in node.output


def test_a_full_disk_ends_the_recording_and_not_the_session(
    probe, session_node, run, until, tmp_path
):
    node = session_node()
    # no file of that process may grow beyond 64 KiB, as if the disk were full
    subprocess.run(["prlimit", "--pid", str(node.popen.pid), f"--fsize={1 << 16}"], check=True)
    emotion = probe.node.create_publisher(msg.EmotionState, "emotion", 20)

    def tell():
        emotion.publish(msg.EmotionState(person_id="resident", strategy=os.urandom(1 << 15).hex()))

    assert run(tell).success
    assert "Traceback" not in node.output
    (path,) = files(tmp_path, ".mcap")
    sessions, problems = read_sessions([path])
    assert problems
    assert len(sessions) == 1


def test_nothing_is_recorded_unless_it_is_asked_for(start, run, until, tmp_path):
    node = start("session", recordings=str(tmp_path / "kept"))
    until(lambda: "active" in node.output, "the session node")
    assert run(lambda: None, duration=1.0).success
    assert not (tmp_path / "kept").exists()
