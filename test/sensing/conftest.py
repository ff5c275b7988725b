# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Keeps LSL on this machine and away from whatever else runs on it."""

from __future__ import annotations

import os
import tempfile
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from emo_music_ros.sensing.base import DeviceState, Source
from emo_music_ros.sensing.outlet import local_configuration
from emo_music_ros.streams import Sample

if "LSLAPICFG" not in os.environ:
    _FILE = Path(tempfile.gettempdir()) / f"lsl-{uuid.uuid4().hex}.cfg"
    _FILE.write_text(local_configuration(uuid.uuid4().hex))
    os.environ["LSLAPICFG"] = str(_FILE)  # read by liblsl when it is first used

#: Generous: a loaded machine is slow, not broken.
DEADLINE = 20.0


class Collector:
    """A receiver that keeps what it gets and lets a test wait for it."""

    def __init__(self) -> None:
        self.samples: list[Sample] = []
        self._change = threading.Condition()

    def __call__(self, sample: Sample) -> None:
        with self._change:
            self.samples.append(sample)
            self._change.notify_all()

    def wait(self, condition: Callable[[list[Sample]], Any]) -> list[Sample]:
        with self._change:
            assert self._change.wait_for(lambda: condition(self.samples), DEADLINE), (
                f"only {len(self.samples)} samples came"
            )
            return list(self.samples)

    def of(self, kind: type) -> list[Any]:
        with self._change:
            return [sample for sample in self.samples if isinstance(sample, kind)]


def until(condition: Callable[[], Any]) -> None:
    """Wait until a condition holds."""
    pause = threading.Event()
    for _ in range(int(DEADLINE / 0.01)):
        if condition():
            return
        pause.wait(0.01)
    raise AssertionError("the condition never held")


def in_state(source: Source, *states: DeviceState) -> None:
    """Wait until a source is in one of some states."""
    until(lambda: source.status().state in states)


@pytest.fixture
def collect() -> Collector:
    return Collector()


@pytest.fixture
def sensing() -> Any:
    """The helpers of this file, which test modules cannot import by name."""

    class Helpers:
        until = staticmethod(until)
        in_state = staticmethod(in_state)
        Collector = Collector

    return Helpers


@pytest.fixture
def running() -> Any:
    """Start sources that are stopped at the end of the test."""
    started: list[Source] = []

    def start(source: Source, deliver: Callable[[Sample], None]) -> Source:
        started.append(source)
        source.start(deliver)
        return source

    yield start
    for source in started:
        source.stop()


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One second of video at 10 Hz whose brightness counts the frames."""
    path = tmp_path_factory.mktemp("video") / "video.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (64, 48))
    assert writer.isOpened()
    for index in range(10):
        writer.write(np.full((48, 64, 3), 20 * index, np.uint8))
    writer.release()
    return path


@pytest.fixture(scope="session")
def empty_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video file that is well formed and has no frames."""
    path = tmp_path_factory.mktemp("video") / "empty.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (64, 48))
    assert writer.isOpened()
    writer.release()
    assert path.stat().st_size
    return path
