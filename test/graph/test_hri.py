# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""People as a ROS4HRI robot sees them, in and out: with the real messages, where they are."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import cv2
import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rcl_interfaces.srv import ListParameters
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import Image
from std_msgs.msg import Header, String

from emo_music_ros import msg
from emo_music_ros.emotion import FER2013, STATES
from emo_music_ros.ros.conversions import emotion_message, encoding_message
from emo_music_ros.streams import Emotion, Encoding, Estimate

INSTALLED = importlib.util.find_spec("hri_msgs") is not None
real = pytest.mark.skipif(not INSTALLED, reason="hri_msgs is not installed")
if INSTALLED:
    from hri_msgs.msg import EngagementLevel, Expression, IdsList, LiveSpeech

# Eileen Collins, NASA, in the public domain; she smiles.
PORTRAIT = Path(__file__).parents[1] / "encoding" / "face" / "portrait.jpg"
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


class Robot:
    """What the nodes of a ROS4HRI robot publish: detectors, a recogniser, the person manager."""

    def __init__(self, probe):
        self.probe = probe
        self.publishers = {}

    def say(self, kind, topic, message, qos=1):
        if topic not in self.publishers:
            self.publishers[topic] = self.probe.node.create_publisher(kind, topic, qos)
        self.publishers[topic].publish(message)
        return self.publishers[topic]

    def header(self):
        return Header(stamp=self.probe.stamp())

    def track(self, kind, *ids):
        message = IdsList(header=self.header(), ids=list(ids))
        return self.say(IdsList, f"/humans/{kind}/tracked", message)

    def is_of(self, person, part, value):
        topic = f"/humans/persons/{person}/{part}"
        return self.say(String, topic, String(data=value), LATCHED)

    def show(self, face, picture="cropped", **changes):
        return self.say(Image, f"/humans/faces/{face}/{picture}", crop(self.header(), **changes))

    def speak(self, voice, **values):
        values = {"header": self.header(), **values}
        return self.say(LiveSpeech, f"/humans/voices/{voice}/speech", LiveSpeech(**values))


def crop(header, encoding="bgr8"):
    """Return a face as a detector cuts it: 128 x 128 px."""
    portrait = cv2.resize(cv2.imread(str(PORTRAIT))[50:180, 60:190], (128, 128))
    return Image(
        header=header, height=128, width=128, encoding=encoding, step=384, data=portrait.tobytes()
    )


@pytest.fixture
def robot(probe):
    return Robot(probe)


def again(until, action, condition, what):
    """Repeat what a driver does all the time until a condition holds."""

    def attempt():
        action()
        return condition()

    return until(attempt, what)


def warning(probe, until, *words):
    """Wait for a WARN in the diagnostics that has all words."""
    found = probe.received.get("/diagnostics") or probe.listen(DiagnosticArray, "/diagnostics")

    def search():
        texts = [
            status.message
            for array in list(found)
            for status in array.status
            if status.level == DiagnosticStatus.WARN
        ]
        return next((text for text in texts if all(word in text for word in words)), None)

    return until(search, f"a warning with {words}")


def people(found):
    return {encoding.person_id for encoding in found}


# -- in: faces -------------------------------------------------------------------------------------


@real
def test_every_face_that_the_robot_tracks_is_encoded_for_its_person(probe, robot, start, until):
    process = start("face_encoder", faces="hri", person_id="ada")
    found = probe.listen(msg.ModalityEncoding, "encoding/face")

    def look():
        robot.track("persons", "ada")
        robot.is_of("ada", "face_id", "f1")
        robot.track("faces", "f1", "f2")
        robot.show("f1")
        robot.show("f2", "aligned")  # no more is published of this one

    again(until, look, lambda: {"ada", "f2"} <= people(found), "encodings of both faces")
    last = {encoding.person_id: encoding for encoding in found}
    assert last["ada"].source == "live:/humans/faces/f1/cropped"
    assert last["f2"].source == "live:/humans/faces/f2/aligned"
    assert "f1" not in people(found[-4:])
    for encoding in last.values():
        probabilities = encoding.estimate.probabilities
        assert FER2013[int(np.argmax(probabilities))] == "happiness"
        assert encoding.header.stamp.sec > 0

    # f1 leaves, and comes back as f3 that nobody knows
    shown = robot.show("f1")
    again(until, lambda: robot.track("faces", "f2"), lambda: not shown.get_subscription_count(),
          "the end of the subscription of f1")  # fmt: skip
    robot.is_of("ada", "face_id", "")
    found.clear()

    def come_back():
        robot.track("faces", "f2", "f3")
        robot.show("f3")

    again(until, come_back, lambda: "f3" in people(found), "an encoding of f3")
    robot.is_of("ada", "face_id", "f3")
    found.clear()
    again(until, come_back, lambda: "ada" in people(found), "that f3 is Ada")
    assert process.popen.poll() is None
    assert process.interrupt() == 0


@real
def test_faces_of_a_detector_that_is_gone_are_gone(probe, robot, start, until):
    start("face_encoder", faces="hri")
    shown = robot.show("f1")
    tracked = robot.track("faces", "f1")
    again(until, lambda: robot.track("faces", "f1"), shown.get_subscription_count, "a subscriber")
    probe.node.destroy_publisher(tracked)
    until(lambda: not shown.get_subscription_count(), "the end of the subscription")


@real
@pytest.mark.parametrize("qos", [1, LATCHED], ids=["once", "latched, before"])
def test_a_list_that_is_said_once_is_heard(probe, robot, start, until, qos):
    shown = robot.show("f1")
    message = IdsList(ids=["f1"])
    tracked = robot.say(IdsList, "/humans/faces/tracked", message, qos)
    start("face_encoder", faces="hri")
    if qos == 1:
        until(tracked.get_subscription_count, "a subscriber")
        tracked.publish(message)
    until(shown.get_subscription_count, "a subscriber of the face")


@real
def test_a_face_that_cannot_be_used_is_one_warning_with_the_remedy(probe, robot, start, until):
    process = start("face_encoder", faces="hri")

    def show(**changes):
        robot.track("faces", "f1")
        robot.show("f1", **changes)

    def seen(*words):
        return lambda: any(all(word in line for word in words) for line in process.lines)

    topic = "/humans/faces/f1/cropped"
    again(until, lambda: show(encoding="hologram"), seen(topic, "hologram"), "the encoding")
    warning(probe, until, f"messages of {topic}", "hologram")

    def unstamped():
        robot.track("faces", "f1")
        robot.say(Image, topic, crop(Header()))

    again(until, unstamped, seen(f"stamps of {topic}", "refused, the last 0"), "the stamp")
    warning(probe, until, f"stamps of {topic}", "Stamp messages when the signal is acquired")
    assert sum("hologram" in line for line in process.lines) == 1

    # what is gone has no faults, counters and parameters
    told = probe.listen(DiagnosticArray, "/diagnostics")

    def over():
        told.clear()
        robot.track("faces", "f2")
        until(lambda: told, "diagnostics")
        (status,) = told[0].status
        return topic not in " ".join([status.message, *(pair.key for pair in status.values)])

    until(over, "the end of what was wrong")
    request = ListParameters.Request(prefixes=["qos_overrides"], depth=0)
    names = probe.call(ListParameters, "/face_encoder/list_parameters", request).result.names
    assert any("/encoding/face" in name for name in names)
    assert not [name for name in names if "f1" in name]


@real
def test_ids_and_pictures_that_cannot_be_followed_are_told(probe, robot, start, until):
    process = start("face_encoder", faces="hri", person_id="ada")

    def said(*words):
        return lambda: any(all(word in line for word in words) for line in process.lines)

    again(until, lambda: robot.track("faces", "3fa"), said("/humans/faces/tracked", "'3fa'"), "id")
    robot.say(String, "/humans/faces/f1/cropped", String(data="a face"))
    track = lambda: robot.track("faces", "f1", "f2")  # noqa: E731
    again(until, track, said("std_msgs/msg/String", "/humans/faces/f1/cropped"), "the type")
    again(until, track, said("'f2' is tracked", "/humans/faces/f2/cropped or aligned"), "picture")
    again(until, track, said("the run is for 'ada'", "'f1', 'f2'", "set_person"), "the person")


@real
def test_people_of_one_robot_are_within_its_namespace(probe, robot, start, until):
    name = ("--ros-args", "-r", "__ns:=/one")
    start("face_encoder", *name, faces="hri", humans="humans")
    start("conversation", *name, plugin="none", humans="humans/")
    watched = ("faces/f1/cropped", "voices/v1/speech")

    def track():
        for root in ("/one/humans", "/humans"):
            for kind, id_ in (("faces", "f1"), ("voices", "v1")):
                robot.say(IdsList, f"{root}/{kind}/tracked", IdsList(ids=[id_]))

    def followed(root):
        return [bool(probe.node.count_subscribers(f"{root}/{each}")) for each in watched]

    again(until, track, lambda: all(followed("/one/humans")), "its own face and voice")
    assert not any(followed("/humans"))


@pytest.mark.skipif(INSTALLED, reason="hri_msgs is installed")
def test_without_the_messages_it_is_said_how_to_get_them(probe, start, until):
    start("face_encoder", faces="hri")
    found = probe.listen(DiagnosticArray, "/diagnostics")
    until(
        lambda: any("hri_msgs is not installed" in each.message
                    and "faces:=camera" in each.message
                    for array in found for each in array.status),
        "the remedy",
    )  # fmt: skip


@real
def test_who_withdraws_is_looked_at_no_longer_and_what_was_said_is_taken_back(
    probe, robot, start, until
):
    for node in ("face_encoder", "hri"):
        start(node, person_id="ada", **({"faces": "hri"} if node == "face_encoder" else {}))
    found = probe.listen(msg.ModalityEncoding, "encoding/face")
    heard = probe.listen(Expression, "/humans/faces/f2/expression")

    def live():
        robot.track("faces", "f1", "f2")
        robot.track("persons", "ada", "eve")
        robot.is_of("ada", "face_id", "f1")
        robot.is_of("eve", "face_id", "f2")
        robot.show("f1")
        robot.show("f2")

    again(until, live, lambda: heard and {"ada", "eve"} <= people(found), "the face of Eve")
    assert heard[-1].expression == Expression.HAPPY
    withdrawn = msg.Consent(person_id="eve", purpose="sensing", given=False)
    state = msg.ConsentState(header=robot.header(), consents=[withdrawn])
    robot.say(msg.ConsentState, "consent/state", state, LATCHED)
    again(until, live, lambda: not heard[-1].confidence, "that it is taken back")
    assert heard[-1].expression == ""
    found.clear()
    again(until, live, lambda: len(found) > 5 and people(found[-5:]) == {"ada"}, "Ada alone")
    found = probe.listen(DiagnosticArray, "/diagnostics")
    told = "'eve' has withdrawn consent to sensing"
    until(lambda: any(told in each.message for array in found for each in array.status), told)


# -- in: voices ------------------------------------------------------------------------------------


@real
def test_every_voice_is_heard_with_its_stamp_and_person(probe, robot, start, until):
    start("conversation", plugin="none", person_id="resident")
    found = probe.listen(msg.Utterance, "conversation/utterance")
    speech = robot.say(LiveSpeech, "/humans/voices/v1/speech", LiveSpeech())

    def present():
        robot.track("voices", "v1", "v2")
        robot.track("persons", "ada")
        robot.is_of("ada", "voice_id", "v1")

    again(until, present, speech.get_subscription_count, "a subscriber of v1")
    stamp = probe.stamp()

    def talk():
        present()
        robot.speak("v1", incremental="I feel")
        robot.speak("v1", header=Header(stamp=stamp), final="I feel lonely", confidence=0.75)

    again(until, talk, lambda: any(each.person_id == "ada" for each in found), "what Ada says")
    said = next(each for each in found if each.person_id == "ada")
    assert (said.text, said.confidence) == ("I feel lonely", 0.75)
    assert said.source == "live:/humans/voices/v1/speech"
    apart = said.header.stamp.sec - stamp.sec + (said.header.stamp.nanosec - stamp.nanosec) * 1e-9
    assert abs(apart) < 0.5
    assert not [each for each in found if each.text == "I feel"]

    # a voice of nobody is of whom the run is for; one that ends in the middle was heard, too
    def whisper():
        present()
        robot.speak("v2", incremental="good mor")

    again(until, whisper, lambda: robot.publishers["/humans/voices/v2/speech"]
          .get_subscription_count(), "a subscriber of v2")  # fmt: skip
    for _ in range(10):
        whisper()
        probe.spin(0.05)
    probe.node.destroy_publisher(robot.publishers.pop("/humans/voices/v2/speech"))
    again(
        until, lambda: robot.track("voices", "v1"),
        lambda: [each for each in found if each.text == "good mor"], "what was begun",
    )  # fmt: skip
    (said,) = (each for each in found if each.text == "good mor")
    assert said.person_id == "resident"


@real
def test_speech_that_cannot_be_used_as_it_is_is_told(probe, robot, start, until):
    process = start("conversation", plugin="none")
    found = probe.listen(msg.Utterance, "conversation/utterance")
    topic = "/humans/voices/v1/speech"
    again(until, lambda: robot.speak("v1", header=Header(), final="hello"), lambda: found, "speech")
    text = warning(probe, until, f"stamps of {topic}", "the stamp is 0")
    assert "taken for said when it came" in text
    robot.say(String, "/humans/voices/v9/speech", String(data="hello"))
    until(lambda: any("v9/speech" in line and "std_msgs/msg/String" in line
                      for line in process.lines), "the type")  # fmt: skip


# -- out -------------------------------------------------------------------------------------------


def estimate(labels, label, valence, arousal):
    table = np.where(np.array(labels) == label, 0.91, 0.09 / (len(labels) - 1)).astype(np.float32)
    return Estimate(tuple(labels), table, valence, arousal, 0.0, 0.7)


class Encoders:
    """What our nodes say."""

    def __init__(self, robot):
        self.robot = robot

    def encode(self, modality, person, source="", turned=0.0, topic=""):
        now = self.robot.probe.node.get_clock().now().nanoseconds * 1e-9
        encoding = Encoding(
            modality, now, now, estimate(FER2013, "sadness", -0.5, -0.25), np.zeros(4, np.float32),
            {"yaw": turned, "pitch": 0.0}, source,
        )  # fmt: skip
        message = encoding_message(encoding, modality, "1", person)
        self.robot.say(msg.ModalityEncoding, topic or f"encoding/{modality}", message, 20)

    def fuse(self, person, state):
        now = self.robot.probe.node.get_clock().now().nanoseconds * 1e-9
        what = estimate(STATES, "positive", 0.5, 0.25)
        emotion = Emotion(now, state, what, 0.3, (), "logpool", person, True)
        self.robot.say(msg.EmotionState, "emotion", emotion_message(emotion), 20)


@real
def test_expressions_of_face_voice_and_person(probe, robot, start, until):
    start("hri", person_id="ada")
    ours = Encoders(robot)
    topics = ("faces/f1", "faces/f2", "voices/v1", "persons/ada", "persons/eve")
    heard = {each: probe.listen(Expression, f"/humans/{each}/expression") for each in topics}

    def live():
        robot.track("faces", "f1", "f2")
        robot.track("voices", "v1")
        robot.track("persons", "ada")
        robot.is_of("ada", "face_id", "f1")
        robot.is_of("ada", "voice_id", "v1")
        ours.encode("face", "ada")  # of which face, the robot knows
        ours.encode("face", "f2", "live:/humans/faces/f2/cropped")
        ours.encode("text", "ada", "live:/humans/voices/v1/speech")
        ours.fuse("ada", "positive")
        ours.fuse("eve", "positive")  # nobody tracks her

    some = [each for name, each in heard.items() if name != "persons/eve"]
    again(until, live, lambda: all(some), "an expression of each")
    for name, frame in (
        ("faces/f1", "face_f1"),
        ("faces/f2", "face_f2"),
        ("voices/v1", "voice_v1"),
    ):
        said = heard[name][-1]
        assert said.expression == Expression.SAD
        assert (said.valence, said.arousal) == (-0.5, -0.25)
        assert said.confidence == pytest.approx(0.7)
        assert said.header.frame_id == frame
        assert said.header.stamp.sec > 0
    said = heard["persons/ada"][-1]
    assert (said.expression, said.valence, said.arousal) == (Expression.HAPPY, 0.5, 0.25)
    assert said.header.frame_id == "person_ada"
    assert not heard["persons/eve"]

    # nothing is known any more: taken back once
    heard["persons/ada"].clear()

    def doubt():
        robot.track("persons", "ada")
        ours.fuse("ada", "unknown")

    again(until, doubt, lambda: any(not each.confidence for each in heard["persons/ada"]), "doubt")
    (said,) = (each for each in heard["persons/ada"] if not each.confidence)
    assert said.expression == ""
    # who is gone has no topic
    gone = "/humans/faces/f2/expression"
    again(
        until, lambda: robot.track("faces", "f1"), lambda: not probe.node.count_publishers(gone),
        "the end of the topic",
    )  # fmt: skip


@real
def test_a_topic_that_another_node_serves_is_left_to_it(probe, robot, start, until):
    start("hri", person_id="ada")
    ours = Encoders(robot)
    heard = probe.listen(Expression, "/humans/faces/f2/expression")
    foreign = robot.say(Expression, "/humans/faces/f1/expression", Expression())

    def live():
        robot.track("faces", "f1", "f2")
        for face in ("f1", "f2"):
            ours.encode("face", face, f"live:/humans/faces/{face}/cropped")

    again(until, live, lambda: heard, "an expression of f2")
    assert probe.node.count_publishers("/humans/faces/f1/expression") == 1
    found = probe.listen(DiagnosticArray, "/diagnostics")
    told = "/humans/faces/f1/expression is left to 'probe'"
    until(lambda: any(told in each.message for array in found for each in array.status), told)
    probe.node.destroy_publisher(foreign)
    again(until, live, lambda: probe.node.count_publishers("/humans/faces/f1/expression"), "ours")


@real
def test_of_two_robots_that_share_people_one_speaks(probe, robot, start, until):
    heard = probe.listen(Expression, "/humans/faces/f1/expression")
    for name in ("one", "two"):
        start("hri", "--ros-args", "-r", f"__ns:=/{name}")
    ours = Encoders(robot)

    def live():
        robot.track("faces", "f1")
        for name in ("one", "two"):
            topic = f"/{name}/encoding/face"
            ours.encode("face", "f1", "live:/humans/faces/f1/cropped", topic=topic)

    found = probe.listen(DiagnosticArray, "/diagnostics")

    def left():
        heard.clear()
        return any(
            status.name == "/two/hri" and "is left to 'hri'" in status.message
            for array in found
            for status in array.status
        )

    again(until, live, left, "that one leaves the topic")
    again(until, live, lambda: len(heard) > 5, "the other one")
    assert probe.node.count_publishers("/humans/faces/f1/expression") == 1


@real
def test_engagement_is_whether_the_head_is_turned_to_the_robot(probe, robot, start, until):
    process = start("hri")
    ours = Encoders(robot)
    heard = probe.listen(EngagementLevel, "/humans/persons/ada/engagement_status")

    def look(turned):
        robot.track("persons", "ada")
        ours.encode("face", "ada", turned=turned)

    def levels():
        return list(dict.fromkeys(each.level for each in heard))

    again(until, lambda: look(1.0), lambda: EngagementLevel.DISENGAGED in levels(), "disengaged")
    again(until, lambda: look(0.1), lambda: EngagementLevel.ENGAGED in levels(), "engaged")
    assert EngagementLevel.ENGAGING in levels()
    again(until, lambda: look(1.0), lambda: EngagementLevel.DISENGAGING in levels(), "disengaging")
    assert heard[-1].header.frame_id == "person_ada"
    until(lambda: heard[-1].level == EngagementLevel.UNKNOWN, "that nothing is known")
    again(until, lambda: look(0.1), lambda: heard[-1].level == EngagementLevel.ENGAGED, "engaged")
    assert process.interrupt() == 0
