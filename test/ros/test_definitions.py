# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Definitions that recordings carry are whole: messages of this ROS are read by them alone."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="ROS 2 is not installed")
pytest.importorskip("rosbags", reason="rosbags is not installed")
from rclpy.serialization import serialize_message
from rosbags import typesys as rosbags

from emo_music_ros.errors import InputError
from emo_music_ros.ros.definitions import definition

ROOT = Path(__file__).resolve().parents[2]
KINDS = [
    *(f"emo_music_ros/msg/{path.stem}" for path in sorted((ROOT / "msg").glob("*.msg"))),
    *("sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage", "std_msgs/msg/String"),
    "diagnostic_msgs/msg/DiagnosticArray",
]


@pytest.fixture(autouse=True)
def _prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMENT_PREFIX_PATH", f"/nowhere::{sys.prefix}")


@pytest.mark.parametrize("kind", KINDS)
def test_a_message_is_read_by_its_definition_alone(kind: str) -> None:
    package, _, name = kind.split("/")
    message = getattr(import_module(f"{package}.msg"), name)()
    types = rosbags.get_typestore(rosbags.Stores.EMPTY)
    types.register(rosbags.get_types_from_msg(definition(kind), kind))
    read = types.deserialize_cdr(serialize_message(message), kind)
    assert [name for name, _ in types.fielddefs[kind][1]] == list(
        message.get_fields_and_field_types()
    )
    # what fills gaps differs
    assert len(types.serialize_cdr(read, kind)) == len(serialize_message(message))


def test_a_type_that_is_not_installed_is_named() -> None:
    with pytest.raises(InputError, match="no_msgs/msg/Thing is not installed"):
        definition("no_msgs/msg/Thing")
