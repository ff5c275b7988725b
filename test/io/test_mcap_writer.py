# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What is written can be read, is never written over, and survives a full disk."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("mcap", reason="mcap is not installed")
from hypothesis import given, settings
from hypothesis import strategies as st
from mcap.exceptions import EndOfFile
from mcap.reader import make_reader
from mcap.records import Message
from mcap.stream_reader import StreamReader

from emo_music_ros.errors import InputError, StorageError
from emo_music_ros.io.mcap import read_mcap
from emo_music_ros.io.mcap_writer import McapWriter

MESSAGES = st.lists(
    st.tuples(
        st.sampled_from(["/emotion", "/a/b"]), st.binary(max_size=300), st.integers(1, 2**62)
    ),
    max_size=20,
)


@settings(max_examples=25)
@given(MESSAGES)
def test_what_is_written_is_read_in_full(tmp_path_factory, messages) -> None:
    path = tmp_path_factory.mktemp("recordings") / "one.mcap"
    writer = McapWriter(path)
    for topic, data, time in messages:
        writer.write(topic, "std_msgs/msg/String", "string data", data, time)
    writer.close()
    with path.open("rb") as file:
        reader = make_reader(file)
        assert reader.get_header().profile == "ros2"
        found = [
            (channel.topic, message.data, message.log_time, schema.name, schema.encoding)
            for schema, channel, message in reader.iter_messages(log_time_order=False)
        ]
        channels = reader.get_summary().channels.values()
    assert found == [(*each, "std_msgs/msg/String", "ros2msg") for each in messages]
    assert sum(writer.counts.values()) == len(messages)
    # the profile of ROS 2 in MCAP asks for both
    assert {each.message_encoding for each in channels} <= {"cdr"}
    assert all("offered_qos_profiles" in each.metadata for each in channels)


def test_what_is_there_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "one.mcap"
    path.write_bytes(b"precious")
    with pytest.raises(InputError, match="is there already"):
        McapWriter(path)
    assert path.read_bytes() == b"precious"


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    McapWriter(tmp_path / "one.mcap").close()
    assert stat.S_IMODE((tmp_path / "one.mcap").stat().st_mode) == 0o600


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="No such file or directory"):
        McapWriter(tmp_path / "none" / "one.mcap")


@pytest.fixture
def full() -> Iterator[None]:
    """Let no file of this process grow beyond 64 KiB."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_is_told_and_closing_is_harmless(tmp_path: Path, full: None) -> None:
    writer = McapWriter(tmp_path / "one.mcap")

    def fill() -> None:
        for time in range(1, 100):
            writer.write("/a", "std_msgs/msg/String", "string data", os.urandom(1 << 14), time)

    with pytest.raises(StorageError, match="cannot be written any further: File too large"):
        fill()
    writer.close()
    assert (tmp_path / "one.mcap").stat().st_size <= 1 << 16


def test_what_a_killed_recorder_wrote_is_read(tmp_path: Path) -> None:
    writer = McapWriter(tmp_path / "one.mcap")
    for time in range(1, 20):
        writer.write("/a", "std_msgs/msg/String", "string data", os.urandom(1 << 15), time)
    found = 0
    with (tmp_path / "one.mcap").open("rb") as file, contextlib.suppress(EndOfFile):
        for record in StreamReader(file).records:
            found += isinstance(record, Message)
    writer.close()
    assert found >= 16


def test_a_recording_without_sensors_says_how_to_have_them(tmp_path: Path) -> None:
    writer = McapWriter(tmp_path / "one.mcap")
    writer.write("/emotion", "std_msgs/msg/String", "string data", b"\0\1\0\0", 1)
    writer.close()
    with pytest.raises(InputError, match=r"record --raw keeps them\), only /emotion"):
        list(read_mcap([writer.path], "recorded:it"))
