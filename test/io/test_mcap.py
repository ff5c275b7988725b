# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rosbags", reason="rosbags is not installed")
pytest.importorskip("mcap", reason="mcap is not installed")
from hypothesis import given
from hypothesis import strategies as st
from mcap.writer import Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from emo_music_ros.errors import InputError
from emo_music_ros.io.mcap import read_mcap
from emo_music_ros.io.mcap_messages import _Timeline
from emo_music_ros.streams import AudioBlock, BiosignalBlock, ImageFrame, Utterance

BEGIN = 1_700_000_000.0
HEADER = """
================================================================================
MSG: std_msgs/Header
builtin_interfaces/Time stamp
string frame_id
================================================================================
MSG: builtin_interfaces/Time
int32 sec
uint32 nanosec
"""
STRING = "string data"
IMAGE = (
    "std_msgs/Header header\nuint32 height\nuint32 width\nstring encoding\nuint8 is_bigendian\n"
    "uint32 step\nuint8[] data" + HEADER
)
#: The messages of the first commit that had any.
FIRST = {
    "AudioChunk": "std_msgs/Header header\nstring source\nuint32 sample_rate\nuint8 channels\n"
    "uint64 first_sample\nuint64 dropped\nfloat32[] data" + HEADER,
    "Utterance": "std_msgs/Header header\nstring source\nstring person_id\nstring text\n"
    "string language\nfloat32 confidence" + HEADER,
    "BiosignalChunk": "string EDA=eda\nuint8 QUALITY_GOOD=0\nstd_msgs/Header header\n"
    "string source\nstring kind\nstring[] channel_names\nstring[] units\nfloat32 nominal_rate\n"
    "uint64 first_index\nuint64 dropped\nfloat64 clock_offset\nuint8 quality\nfloat32[] data"
    + HEADER,
}


class Recording:
    """Writes a recording whose messages are defined by the test."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stream = path.open("wb")
        self._writer = Writer(self._stream)
        self._writer.start("ros2")
        self._channels: dict[tuple[str, str], tuple[int, Any, str]] = {}

    def topic(
        self,
        topic: str,
        kind: str,
        definition: str,
        encoding: str = "ros2msg",
        written: str = "cdr",
    ) -> Any:
        """Return what writes one message: its time [s after BEGIN] and its fields."""
        types = get_typestore(Stores.EMPTY)
        types.register(get_types_from_msg(definition or STRING, kind))
        schema = self._writer.register_schema(kind, encoding, definition.encode())
        channel = self._writer.register_channel(topic, written, schema)

        def write(
            logged: float, stamp: float | None = None, frame: str = "", **fields: Any
        ) -> None:
            if "header" in dict(types.fielddefs[kind][1]):
                moment = BEGIN + logged if stamp is None else stamp
                fields["header"] = types.types["std_msgs/msg/Header"](
                    stamp=types.types["builtin_interfaces/msg/Time"](
                        sec=int(moment), nanosec=round(moment % 1 * 1e9)
                    ),
                    frame_id=frame,
                )
            data = types.serialize_cdr(types.types[kind](**fields), kind)
            when = round((BEGIN + logged) * 1e9)
            self._writer.add_message(channel, when, bytes(data), when)

        return write

    def messages(self, *names: str, prefix: str = "/home/") -> list[Any]:
        """Return the writers of today's standard messages."""
        known = {
            "image": (f"{prefix}camera/image_raw", "sensor_msgs/msg/Image", IMAGE),
            "source": (f"{prefix}camera/source", "std_msgs/msg/String", STRING),
            "said": (
                f"{prefix}conversation/utterance",
                "emo_music_ros/msg/Utterance",
                FIRST["Utterance"],
            ),
        }
        return [self.topic(*known[name]) for name in names]

    def read(self, *others: Recording) -> tuple[list[Any], str]:
        """Return the samples, and what is said at the end."""
        files = [self, *others]
        for file in files:
            if not file._stream.closed:
                file._writer.finish()
                file._stream.close()
        samples = []
        try:
            for sample in read_mcap([file.path for file in files], "recorded:it"):
                samples.append(sample)
        except InputError as error:
            return samples, str(error)
        return samples, ""


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    return Recording(tmp_path / "it.mcap")


PIXEL = {
    "height": 1, "width": 1, "encoding": "mono8", "is_bigendian": 0, "step": 1,
    "data": np.array([7], np.uint8),
}  # fmt: skip
WORDS = {"source": "live:mic", "person_id": "ada", "language": "en", "confidence": 0.5}


def test_a_recording_of_the_first_messages_is_read(recording):
    package = "emo_music_ros/msg/"
    sound = recording.topic("/microphone/audio", package + "AudioChunk", FIRST["AudioChunk"])
    said = recording.topic("/conversation/utterance", package + "Utterance", FIRST["Utterance"])
    body = recording.topic("/biosignals/eda", package + "BiosignalChunk", FIRST["BiosignalChunk"])
    sound(
        0.0, source="live:mic", sample_rate=16000, channels=1, first_sample=5, dropped=2,
        data=np.array([0.5, 0.25], np.float32),
    )  # fmt: skip
    said(0.5, text="hello", **WORDS)
    body(
        1.0, source="simulated:eda", kind="eda", channel_names=["wrist"], units=["uS"],
        nominal_rate=4.0, first_index=9, dropped=1, clock_offset=0.5, quality=1,
        data=np.array([1.0, 2.0], np.float32),
    )  # fmt: skip
    (audio, utterance, block), problem = recording.read()
    assert problem == ""
    assert (audio.sample_rate, audio.first_sample, audio.dropped) == (16000, 5, 2)
    assert audio.samples.tolist() == [0.5, 0.25]
    assert (utterance.text, utterance.person_id, utterance.confidence) == ("hello", "ada", 0.5)
    assert (block.kind, block.units, block.first_index, block.dropped) == ("eda", ("uS",), 9, 1)
    assert block.samples[:, 0].tolist() == [1.0, 2.0]
    assert [sample.time for sample in (audio, utterance, block)] == pytest.approx([0.0, 0.5, 1.0])
    assert [audio.source, block.source] == ["recorded:it", "simulated:eda"]


def test_fields_that_are_missing_have_defaults_and_new_ones_are_left_out(recording):
    package = "emo_music_ros/msg/"
    sound = recording.topic(
        "/microphone/audio", package + "AudioChunk",
        "uint32 loudness\nstd_msgs/Header header\nuint32 sample_rate\nfloat64[] data" + HEADER,
    )  # fmt: skip
    said = recording.topic("/conversation/utterance", package + "Utterance", "string text")
    body = recording.topic(
        "/biosignals/ppg", package + "BiosignalChunk",
        "std_msgs/Header header\nfloat64 nominal_rate\nstring[] channel_names\nstring maker\n"
        "float32[] data" + HEADER,
    )  # fmt: skip
    picture = recording.topic(
        "/camera/image_raw", "sensor_msgs/msg/Image",
        "uint16 exposure\nuint32 height\nuint32 width\nstring encoding\nuint32 step\nuint8[] data",
    )  # fmt: skip
    sound(0.0, loudness=3, sample_rate=8000, data=np.array([0.5, 0.25]))
    said(0.5, text="hello")
    body(
        1.0, nominal_rate=64.0, channel_names=["a", "b"], maker="x",
        data=np.array([1, 2], np.float32),
    )  # fmt: skip
    pixel = {name: value for name, value in PIXEL.items() if name != "is_bigendian"}
    picture(1.5, exposure=4, **pixel)
    samples, problem = recording.read()
    assert problem == ""
    audio, utterance, block, frame = samples
    assert isinstance(audio, AudioBlock)
    assert (audio.samples.tolist(), audio.first_sample, audio.dropped) == ([0.5, 0.25], 0, 0)
    assert utterance == Utterance(pytest.approx(0.5), "hello", source="recorded:it")
    assert isinstance(block, BiosignalBlock)
    assert (block.kind, block.units, block.samples.tolist()) == ("ppg", (), [[1.0, 2.0]])
    assert isinstance(frame, ImageFrame)
    assert (frame.time, frame.image.tolist()) == (pytest.approx(1.5), [[7]])


def test_two_versions_of_a_message_in_one_recording_are_both_read(recording):
    kind = "emo_music_ros/msg/Utterance"
    (old,) = recording.messages("said", prefix="/")
    new = recording.topic("/conversation/utterance/", kind, "string text\nstring language")
    old(0.0, text="old", **WORDS)
    new(1.0, text="new", language="zh")
    samples, problem = recording.read()
    assert problem == ""
    assert [(said.text, said.language) for said in samples] == [("old", "en"), ("new", "zh")]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"encoding": "ros2idl"}, "its messages are defined as 'ros2idl' and written as 'cdr'"),
        ({"written": "json"}, "its messages are defined as 'ros2msg' and written as 'json'"),
        ({"definition": ""}, "the recording carries no definition of its messages"),
        ({"kind": "std_msgs/msg/String"}, "its type is std_msgs/msg/String, not emo_music_ros"),
    ],
)
def test_messages_that_cannot_be_read_are_named_and_the_others_are_read(recording, changes, words):
    topic = {"kind": "emo_music_ros/msg/Utterance", "definition": STRING, **changes}
    bad = recording.topic("/home/conversation/utterance", **topic)
    (picture,) = recording.messages("image")
    bad(0.0, data="hello")
    picture(0.5, **PIXEL)
    samples, problem = recording.read()
    assert [type(sample) for sample in samples] == [ImageFrame]
    assert f"topic /home/conversation/utterance cannot be read: {words}" in problem
    assert "The rest was played" in problem


def test_messages_with_nothing_usable_are_counted_and_the_next_ones_are_read(recording):
    (picture, said) = recording.messages("image", "said")
    for place in range(3):
        picture(0.1 * place, **{**PIXEL, "encoding": "yuv422"})
    picture(0.3, **PIXEL)
    said(0.4, text="", **WORDS)
    samples, problem = recording.read()
    assert [type(sample) for sample in samples] == [ImageFrame]
    assert "3 messages of /home/camera/image_raw cannot be used" in problem
    assert "in 'yuv422' cannot be used" in problem
    assert "1 messages of /home/conversation/utterance cannot be used" in problem


def test_pictures_come_from_what_the_recording_says(recording, tmp_path):
    """Said once, it holds until something else is said, in the next file too."""
    second = Recording(tmp_path / "second.mcap")
    for file, words in ((recording, ["live:webcam", "simulated:face"]), (second, ["live:webcam"])):
        picture, source = file.messages("image", "source")
        begin = 0.0 if file is recording else 10.0
        picture(begin, frame="camera", **PIXEL)
        for place, word in enumerate(words):
            source(begin + place + 0.5, data=word)
            picture(begin + place + 1, frame="camera", **PIXEL)
    samples, problem = recording.read(second)
    assert problem == ""
    assert [frame.source for frame in samples] == [
        "recorded:it", "recorded:it", "simulated:face", "simulated:face", "recorded:it",
    ]  # fmt: skip


def test_pictures_of_older_recordings_carry_their_source_in_the_frame_id(recording):
    (picture,) = recording.messages("image")
    labels = ["live:camera 0", "simulated:face", "recorded:video.mp4", "camera", ""]
    for place, label in enumerate(labels):
        picture(float(place), frame=label, **PIXEL)
    samples, _ = recording.read()
    assert [frame.source == "simulated:face" for frame in samples] == [0, 1, 0, 0, 0]
    assert {frame.source for frame in samples} == {"recorded:it", "simulated:face"}


def test_a_clock_that_was_set_back_while_recording_does_not_send_the_replay_back(recording):
    (said,) = recording.messages("said")
    for place in range(10):
        said(0.1 * place - (3600.0 if place >= 5 else 0.0), text="hello", **WORDS)
    times = [sample.time for sample in recording.read()[0]]
    assert times == sorted(times)
    assert times[-1] == pytest.approx(0.9, abs=0.2)


@pytest.mark.parametrize("stamp", [0.0, 12.0, BEGIN + 7200.0])
def test_stamps_of_another_clock_than_the_recording_are_not_believed(recording, stamp):
    """Nothing, simulated time, or a clock that was set wrong."""
    (said,) = recording.messages("said")
    said(0.0, text="first", **WORDS)
    said(1.0, stamp=stamp, text="second", **WORDS)
    said(2.0, text="third", **WORDS)
    assert [sample.time for sample in recording.read()[0]] == pytest.approx([0.0, 1.0, 2.0])


@given(
    st.lists(
        st.tuples(st.floats(0.0, 1.0), st.floats(0.0, 5.0), st.sampled_from([0.0, 0.0, 3600.0])),
        min_size=1,
        max_size=50,
    )
)
def test_times_never_go_back_by_more_than_the_age_of_a_message(messages):
    """Whatever the pauses, the ages of the messages and the steps of the clock [s]."""
    timeline, now, newest = _Timeline(), BEGIN, 0.0
    for pause, age, back in messages:
        now += pause - back
        time = timeline(now - age, now)
        assert newest - 6.0 - 1e-3 <= time <= newest + 6.0 + 1e-3
        newest = max(newest, time)
