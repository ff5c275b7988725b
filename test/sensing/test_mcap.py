# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rosbags", reason="rosbags is not installed")
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from emo_music_ros.errors import InputError
from emo_music_ros.resources import share
from emo_music_ros.sensing.base import DeviceState
from emo_music_ros.sensing.lsl import LslInlets
from emo_music_ros.sensing.lsl_finder import LslOptions
from emo_music_ros.sensing.mcap import McapReplay, McapReplayOptions
from emo_music_ros.streams import AudioBlock, BiosignalBlock, ImageFrame, Utterance

BEGIN = 1_700_000_000.0


def typestore() -> Any:
    store = get_typestore(Stores.ROS2_JAZZY)
    types: dict[str, Any] = {}
    for path in share("msg").glob("*.msg"):
        types.update(get_types_from_msg(path.read_text(), f"emo_music_ros/msg/{path.stem}"))
    store.register(types)
    return store


@pytest.fixture(scope="session")
def bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of everything from two residents, written by rosbags."""
    store = typestore()
    folder = tmp_path_factory.mktemp("bags") / "bag"
    types = store.types

    def header(time: float, frame: str = "") -> Any:
        time += BEGIN
        stamp = types["builtin_interfaces/msg/Time"](
            sec=int(time), nanosec=round((time - int(time)) * 1e9)
        )
        return types["std_msgs/msg/Header"](stamp=stamp, frame_id=frame)

    def image(time: float, encoding: str, pixel: tuple[int, ...]) -> Any:
        data = np.tile(np.array(pixel, np.uint8), 12)
        width = 4 * len(pixel)
        return types["sensor_msgs/msg/Image"](
            header=header(time, "live:camera 0"), height=3, width=4, encoding=encoding,
            is_bigendian=0, step=width, data=data,
        )  # fmt: skip

    def audio(place: int) -> Any:
        return types["emo_music_ros/msg/AudioChunk"](
            header=header(0.05 * place), source="live:mic", sample_rate=16000, channels=2,
            first_sample=800 * place, dropped=0, data=np.tile([0.5, 0.1], 800).astype(np.float32),
        )  # fmt: skip

    def biosignal(place: int) -> Any:
        return types["emo_music_ros/msg/BiosignalChunk"](
            header=header(0.25 * place), source="simulated:eda", kind="eda",
            channel_names=["wrist"], units=["uS"], nominal_rate=8.0, first_index=2 * place,
            dropped=0, clock_offset=0.5, quality=0,
            data=np.array([place, place + 0.5], np.float32),
        )  # fmt: skip

    def utterance(time: float, text: str) -> Any:
        return types["emo_music_ros/msg/Utterance"](
            header=header(time), source="live:terminal", person_id="ada", text=text,
            language="en", confidence=0.5,
        )  # fmt: skip

    events: list[tuple[str, float, Any]] = []
    for place in range(5):
        encoding, pixel = (("rgb8", (30, 20, 10)), ("bgr8", (10, 20, 30)))[place % 2]
        events.append(("/r1/camera/image_raw", 0.2 * place, image(0.2 * place, encoding, pixel)))
        events.append(("/r2/camera/image_raw", 0.2 * place, image(0.2 * place, "mono8", (9,))))
    events.append(("/r1/camera/image_raw", 0.9, image(0.9, "8SC2", (1, 2))))
    events += [("/r1/microphone/audio", 0.05 * i + 0.05, audio(i)) for i in range(20)]
    events += [("/r1/biosignals/eda", 0.25 * i + 0.25, biosignal(i)) for i in range(4)]
    events.append(("/r1/conversation/utterance", 0.5, utterance(0.5, "hello")))
    events.append(("/r1/other", 0.5, utterance(0.5, "not ours")))
    events.sort(key=lambda event: event[1])
    with Writer(folder, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        topics = {
            topic: writer.add_connection(topic, kind, typestore=store)
            for topic, kind in {topic: message.__msgtype__ for topic, _, message in events}.items()
        }
        for topic, time, message in events:
            data = store.serialize_cdr(message, message.__msgtype__)
            writer.write(topics[topic], round((BEGIN + time) * 1e9), data)
    return folder


def play(path: Path, **values: Any) -> McapReplay:
    return McapReplay(McapReplayOptions(path=str(path), **values))


@pytest.mark.parametrize("whole", [True, False])
def test_recording_comes_back_with_its_timing(bag, collect, running, sensing, whole):
    source = play(bag if whole else next(bag.glob("*.mcap")), loop=False)
    running(source, collect)
    sensing.in_state(source, DeviceState.FINISHED)
    frames, sound, said = (collect.of(kind) for kind in (ImageFrame, AudioBlock, Utterance))
    assert len(frames) + source.status().dropped == 5  # one resident, known encodings
    begin = sound[0].time
    times = np.array([frame.time - begin for frame in frames])
    np.testing.assert_allclose(times / 0.2, np.round(times / 0.2), atol=1e-3)
    for frame in frames:
        assert frame.image.shape == (3, 4, 3)
        assert frame.image[0, 0].tolist() == [10, 20, 30]
    assert [block.first_sample for block in sound] == [800 * i for i in range(20)]
    np.testing.assert_allclose(np.concatenate([b.samples for b in sound]), 0.3, atol=1e-6)
    assert [(u.text, u.person_id, u.confidence) for u in said] == [("hello", "ada", 0.5)]
    assert said[0].time - begin == pytest.approx(0.5, abs=1e-4)
    sources = {sample.source for sample in (*frames, *sound, *said)}
    assert sources == {f"recorded:{next(bag.glob('*.mcap')).name}"}


def test_physiology_comes_back_through_lsl(bag, collect, running, sensing):
    inlets = LslInlets(LslOptions(name="emo_music_ros *", kinds=["eda"], resolve_interval=0.1))
    running(inlets, collect)
    running(play(bag), collect)
    sensing.until(lambda: any(3.5 in b.samples for b in collect.of(BiosignalBlock)))
    block = collect.of(BiosignalBlock)[0]
    assert (block.source, block.rate, block.channels) == ("simulated:eda", 8.0, ("wrist",))


def test_truncated_recording_plays_as_far_as_it_goes(bag, tmp_path, collect, running, sensing):
    path = tmp_path / "cut.mcap"
    rewritten(next(bag.glob("*.mcap")), path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    source = play(path, loop=False)
    running(source, collect)
    sensing.in_state(source, DeviceState.FINISHED)
    assert 3 <= len(collect.of(AudioBlock)) < 20
    assert "cut.mcap is damaged after 0." in source.status().detail
    assert "copy or record it again" in source.status().detail


def rewritten(old: Path, new: Path) -> None:
    """Copy a recording into small chunks, as a long one has them."""
    from mcap.records import Channel, Message, Schema
    from mcap.stream_reader import StreamReader
    from mcap.writer import CompressionType
    from mcap.writer import Writer as McapWriter

    with old.open("rb") as source, new.open("wb") as target:
        writer = McapWriter(target, chunk_size=10000, compression=CompressionType.NONE)
        writer.start("ros2")
        schemas: dict[int, int] = {}
        channels: dict[int, int] = {}
        for record in StreamReader(source).records:
            if isinstance(record, Schema) and record.id not in schemas:
                schemas[record.id] = writer.register_schema(
                    record.name, record.encoding, record.data
                )
            elif isinstance(record, Channel) and record.id not in channels:
                channels[record.id] = writer.register_channel(
                    record.topic, record.message_encoding, schemas[record.schema_id]
                )
            elif isinstance(record, Message):
                writer.add_message(
                    channels[record.channel_id], record.log_time, record.data, record.log_time
                )
        writer.finish()


@pytest.mark.parametrize("content", [b"", b"no recording"])
def test_file_that_is_no_recording(tmp_path, collect, running, sensing, content):
    path = tmp_path / "bad.mcap"
    path.write_bytes(content)
    source = play(path)
    running(source, collect)
    sensing.until(lambda: "bad.mcap is damaged" in source.status().detail)
    assert source.status().state is DeviceState.OPENING
    assert not collect.samples


@pytest.mark.parametrize("path", ["", "/nowhere.mcap"])
def test_missing_recording_is_an_error(path, tmp_path):
    with pytest.raises(InputError, match="no MCAP recording"):
        McapReplay(McapReplayOptions(path=path))
    with pytest.raises(InputError, match="no MCAP recording"):
        McapReplay(McapReplayOptions(path=str(tmp_path)))


def test_a_recording_that_was_compressed_whole_is_played(bag, tmp_path, collect, running, sensing):
    zstd = pytest.importorskip("backports.zstd", reason="backports.zstd is not installed")
    (tmp_path / "bag_0.mcap.zstd").write_bytes(zstd.compress(next(bag.glob("*.mcap")).read_bytes()))
    source = play(tmp_path, loop=False)
    running(source, collect)
    sensing.in_state(source, DeviceState.FINISHED)
    assert len(collect.of(AudioBlock)) == 20
    assert len(collect.of(ImageFrame)) + source.status().dropped == 5


@pytest.mark.parametrize("whole", [True, False])
def test_a_recording_in_sqlite_is_refused_with_the_way_to_convert_it(tmp_path, whole):
    (tmp_path / "bag_0.db3").write_bytes(b"SQLite format 3\0")
    with pytest.raises(InputError, match="SQLite") as caught:
        play(tmp_path if whole else tmp_path / "bag_0.db3")
    assert "ros2 bag convert" in caught.value.remedy
