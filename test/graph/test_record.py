# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""`emo-music record` beside foreign nodes: what it keeps, what it leaves out, how it ends."""

import contextlib
import os
import signal
import subprocess
import sys
import threading

import pytest
from mcap.reader import make_reader
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import Image
from std_msgs.msg import String

from emo_music_ros import msg
from emo_music_ros.consent.rules import PURPOSES
from emo_music_ros.errors import InputError
from emo_music_ros.io.mcap import read_mcap
from emo_music_ros.io.mcap_writer import McapWriter
from emo_music_ros.ros.qos import LATCHED
from emo_music_ros.ros.recorder import DERIVED, RAW, Recorder

#: Where definitions are found.
PREFIX = sys.prefix
PICTURE = Image(height=2, width=2, encoding="mono8", step=2, data=bytes(range(4)))


@pytest.fixture
def recording(start, until, tmp_path):
    """Return a function that starts to record into a file."""

    def begin(*arguments):
        process = start("emo-music", "record", str(tmp_path / "one.mcap"), *arguments)
        until(lambda: "recording into" in process.output, "the recorder")
        return process

    return begin


def held(path):
    """Return the messages of a recording by topic."""
    found: dict[str, list[bytes]] = {}
    with path.open("rb") as file:
        for _, channel, message in make_reader(file).iter_messages():
            found.setdefault(channel.topic, []).append(message.data)
    return found


def test_derived_topics_are_kept_and_raw_ones_left_out(probe, recording, until, tmp_path):
    process = recording()
    emotion = probe.publisher(msg.EmotionState, "emotion")
    face = probe.publisher(msg.ModalityEncoding, "encoding/face")
    picture = probe.node.create_publisher(Image, "camera/image_raw", 5)
    for number in range(3):
        emotion.publish(msg.EmotionState(person_id=str(number), state=msg.EmotionState.CALM))
    face.publish(msg.ModalityEncoding(modality="face"))
    picture.publish(PICTURE)
    probe.spin(1.0)
    assert process.interrupt() == 0
    found = held(tmp_path / "one.mcap")
    assert set(found) == {"/emotion", "/encoding/face"}
    states = [deserialize_message(each, msg.EmotionState) for each in found["/emotion"]]
    assert [each.person_id for each in states] == ["0", "1", "2"]
    assert "      3 /emotion\n" in process.output
    assert "Traceback" not in process.output
    silent = process.output.split("nothing came from: ")[1].split("\n")[0].split(", ")
    assert "/recommendation" in silent
    assert not {"/emotion", "/encoding/*", "/camera/image_raw"} & set(silent)


def test_raw_is_kept_where_it_is_asked_for_and_replays(probe, recording, until, tmp_path):
    process = recording("--raw")
    best_effort = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)
    picture = probe.publisher(Image, "camera/image_raw", best_effort)
    said = probe.publisher(msg.Utterance, "conversation/utterance")
    latched = QoSProfile(
        depth=1,
        reliability=ReliabilityPolicy.RELIABLE,
        durability=DurabilityPolicy.TRANSIENT_LOCAL,
    )
    source = probe.node.create_publisher(String, "camera/source", latched)
    source.publish(String(data="live:camera 0"))  # before anybody listens
    until(source.get_subscription_count, "a subscriber of camera/source")
    probe.spin(0.5)
    for text in ("one", "two"):
        picture.publish(PICTURE)
        said.publish(msg.Utterance(text=text))
        probe.spin(0.3)
    assert process.interrupt() == 0
    assert held(tmp_path / "one.mcap")["/camera/source"]
    samples = []
    with contextlib.suppress(InputError):
        samples.extend(read_mcap([tmp_path / "one.mcap"], "recorded:it"))
    assert [getattr(each, "text", "picture") for each in samples] in (
        ["picture", "one", "picture", "two"],
        ["one", "picture", "two", "picture"],
    )


@pytest.fixture
def recorder(probe, tmp_path, monkeypatch):
    """A recorder in this process, whose counts can be waited for."""
    monkeypatch.setenv("EMO_MUSIC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("AMENT_PREFIX_PATH", PREFIX)
    writer = McapWriter(tmp_path / "one.mcap")
    node = Recorder(writer, DERIVED + RAW, pytest.fail)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    thread = threading.Thread(target=executor.spin, daemon=True)
    thread.start()
    yield node, writer.counts
    executor.shutdown()
    thread.join(10)
    node.destroy_node()
    writer.close()


def test_nothing_of_somebody_who_withdrew_is_kept(probe, recorder, until):
    node, counts = recorder
    consent = probe.publisher(msg.ConsentState, "consent/state", LATCHED)
    picture = probe.publisher(Image, "camera/image_raw")

    def decide(given):
        consents = [
            msg.Consent(person_id="resident", purpose=each, given=given) for each in PURPOSES
        ]
        consent.publish(msg.ConsentState(consents=consents))
        return True

    def left_out():
        picture.publish(PICTURE)
        return "messages of /camera/image_raw were left out for want of consent" in str(
            node.report()
        )

    until(lambda: picture.publish(PICTURE) or counts["/camera/image_raw"], "a picture")
    decide(False)
    until(left_out, "a picture that is left out")
    before = counts["/camera/image_raw"]
    for _ in range(5):
        assert left_out()
    decide(True)
    assert counts["/camera/image_raw"] == before
    until(lambda: picture.publish(PICTURE) or counts["/camera/image_raw"] > before, "a picture")
    assert counts["/consent/state"]


def test_what_is_missing_is_named(probe, recorder, until, monkeypatch):
    node, counts = recorder
    monkeypatch.setenv("AMENT_PREFIX_PATH", "/nowhere")
    publisher = probe.node.create_publisher(String, "encoding/gait", 5)
    until(lambda: "/encoding/gait" in node.problems, "the complaint")
    assert "not recorded: the definition of std_msgs/msg/String" in node.problems["/encoding/gait"]
    probe.node.destroy_publisher(publisher)


def test_somebody_forgotten_is_told(probe, recording, until):
    process = recording()
    forgotten = probe.publisher(msg.Person, "person/forgotten")
    forgotten.publish(msg.Person(person_id="anna"))
    probe.spin(0.5)
    assert process.interrupt() == 0
    assert "person 'anna': was forgotten while this was recorded" in process.output
    assert "Delete it" in process.output


def test_it_ends_by_itself_after_its_duration(recording):
    process = recording("--duration", "1")
    assert process.join() == 0
    assert "nothing came from: " in process.output


def test_a_file_that_is_there_is_left_alone(start, tmp_path):
    path = tmp_path / "one.mcap"
    path.write_bytes(b"precious")
    process = start("emo-music", "record", str(path))
    assert process.join() == 2
    assert "is there already" in process.output
    assert path.read_bytes() == b"precious"


def test_a_full_disk_ends_it_with_a_message(probe, start, until, tmp_path):
    process = start("emo-music", "record", str(tmp_path / "one.mcap"), "--raw")
    until(lambda: "recording into" in process.output, "the recorder")
    # no file of that process may grow beyond 64 KiB, as if the disk were full
    subprocess.run(["prlimit", "--pid", str(process.popen.pid), f"--fsize={1 << 16}"], check=True)
    picture = probe.publisher(Image, "camera/image_raw")
    noise = os.urandom(1 << 20)
    message = Image(height=1024, width=1024, encoding="mono8", step=1024, data=noise)
    until(lambda: picture.publish(message) or process.popen.poll() is not None, "the end")
    assert process.join() == 2
    assert "cannot be written any further" in process.output
    assert "recorded into" in process.output
    assert process.popen.returncode != -signal.SIGXFSZ


@pytest.mark.parametrize("wrong", [("--duration", "nan"), ("--namespace", "no space")])
def test_what_cannot_be_is_refused(start, tmp_path, wrong):
    process = start("emo-music", "record", str(tmp_path / "one.mcap"), *wrong)
    assert process.join() == 2
    assert "error: " in process.output
    assert not (tmp_path / "one.mcap").exists()


def test_a_namespace_is_its_own(probe, recording, tmp_path):
    process = recording("--namespace", "robot1")
    mine = probe.publisher(msg.EmotionState, "/robot1/emotion")
    other = probe.node.create_publisher(msg.EmotionState, "/robot2/emotion", 5)
    mine.publish(msg.EmotionState())
    other.publish(msg.EmotionState())
    probe.spin(0.5)
    assert process.interrupt() == 0
    assert set(held(tmp_path / "one.mcap")) == {"/robot1/emotion"}


def test_raw_and_derived_are_apart():
    assert not set(RAW) & set(DERIVED)
