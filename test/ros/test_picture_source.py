# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Where pictures come from goes from the node that publishes them to the one that reads them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sensor_msgs.msg import Image
from std_msgs.msg import Header, String

from emo_music_ros.nodes.camera import CameraNode
from emo_music_ros.nodes.face_encoder import FaceEncoderNode
from emo_music_ros.ros.qos import LATCHED
from emo_music_ros.streams import ImageFrame

PICTURE = np.full((48, 64, 3), 128, np.uint8)


def frame(source: str) -> ImageFrame:
    return ImageFrame(time.time(), PICTURE, source)


@pytest.fixture
def camera(graph) -> Callable[..., Any]:
    """Return what makes the camera node; pictures come from the test alone."""
    return lambda **parameters: graph.active(CameraNode, plugin="none", **parameters)


def test_the_source_is_said_once_and_again_when_it_changes_also_to_late_listeners(graph, camera):
    node = camera()
    said = graph.listen(String, "camera/source", LATCHED)
    pictures = graph.listen(Image, "camera/image_raw")
    node.deliver(frame("live:camera 0"))
    graph.until(lambda: said and graph.probe.count_publishers("camera/image_raw"))
    graph.until(lambda: node._outputs["camera/image_raw"].get_subscription_count())
    for source in ("live:camera 0", "recorded:a.mp4", "recorded:a.mp4"):
        node.deliver(frame(source))
    graph.until(lambda: len(said) >= 2 and pictures)
    late = graph.listen(String, "camera/source", LATCHED)
    graph.until(lambda: late)
    assert [message.data for message in said] == ["live:camera 0", "recorded:a.mp4"]
    assert [message.data for message in late] == ["recorded:a.mp4"]
    assert {message.header.frame_id for message in pictures} == {"camera"}


def test_the_frame_of_the_pictures_is_a_parameter(graph, camera):
    node = camera(frame_id="head_camera")
    pictures = graph.listen(Image, "camera/image_raw")
    graph.until(lambda: node._outputs["camera/image_raw"].get_subscription_count())
    node.deliver(frame("live:camera 0"))
    assert graph.until(lambda: pictures)[0].header.frame_id == "head_camera"


@pytest.fixture
def seen(graph) -> Callable[[], list[str]]:
    """Return what starts the face encoder, and the sources of the pictures that reach it."""

    def start() -> list[str]:
        found: list[str] = []
        node = graph.active(FaceEncoderNode)
        node.plugin.push = lambda frame: found.append(frame.source) or []
        return found

    return start


@pytest.mark.parametrize("source", ["live:camera 0", "simulated:face"])
def test_the_face_encoder_knows_where_the_pictures_come_from(graph, camera, seen, source):
    node = camera()
    node.deliver(frame(source))  # nobody listens yet: the word is kept
    found = seen()

    def known() -> bool:
        node.deliver(frame(source))
        return bool(found) and found[-1] != ""

    graph.until(known)
    assert set(found) <= {"", source}  # unknown until the word came, and never anything else
    assert found[-1] == source


@pytest.mark.parametrize(
    ("frame_id", "source"),
    [
        ("head_camera", "live:head_camera"),
        ("", "live:camera/image_raw"),
        ("simulated:face", "simulated:face"),
    ],
)
def test_pictures_of_somebody_elses_camera_are_live(graph, seen, frame_id, source):
    publisher = graph.probe.create_publisher(Image, "camera/image_raw", 2)
    found = seen()

    def arrived() -> list[str]:
        header = Header(stamp=graph.probe.get_clock().now().to_msg(), frame_id=frame_id)
        data = PICTURE.tobytes()
        publisher.publish(
            Image(header=header, height=48, width=64, encoding="bgr8", step=192, data=data)
        )
        return found

    graph.until(arrived)
    assert set(found) == {source}
