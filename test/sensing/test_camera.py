# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from emo_music_ros.pacing import Pace
from emo_music_ros.sensing import camera
from emo_music_ros.sensing.base import DeviceState
from emo_music_ros.sensing.camera import Camera, CameraOptions, LiveCamera


class FakeCapture:
    """Stands in for cv2.VideoCapture: a camera whose plug is in the hands of the test."""

    plugged = threading.Event()
    gate: threading.Semaphore | None = None
    grabbed = 0
    grabbed_at = 0.0
    size: tuple[int, ...] = (48, 64, 3)
    released = 0

    def __init__(self, device: Any) -> None:
        self.device = device

    def isOpened(self) -> bool:
        return self.plugged.is_set()

    def set(self, *_: Any) -> bool:
        return True

    def grab(self) -> bool:
        kind = type(self)
        if kind.gate is None:
            threading.Event().wait(0.002)
        elif not kind.gate.acquire(timeout=5):
            return False
        kind.grabbed += 1
        kind.grabbed_at = time.time()
        return self.plugged.is_set()

    def retrieve(self) -> tuple[bool, Any]:
        return True, np.full(self.size, type(self).grabbed % 256, np.uint8)

    def release(self) -> None:
        type(self).released += 1


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> type[FakeCapture]:
    class Capture(FakeCapture):
        plugged = threading.Event()

    monkeypatch.setattr(cv2, "VideoCapture", Capture)
    return Capture


def test_camera_absent_comes_unplugged_comes_back(fake, collect, running, sensing):
    source = Camera(CameraOptions(device="3", rate=120.0))
    running(source, collect)
    sensing.until(lambda: "camera 3 cannot be opened" in source.status().detail)
    assert source.status().state is DeviceState.OPENING
    fake.plugged.set()
    collect.wait(lambda got: len(got) >= 3)
    sensing.in_state(source, DeviceState.STREAMING)
    fake.plugged.clear()
    sensing.in_state(source, DeviceState.LOST)
    assert "Connect it" in source.status().detail
    count = len(collect.samples)
    fake.plugged.set()
    collect.wait(lambda got: len(got) > count)
    source.stop()
    sensing.until(lambda: fake.released == 3)  # the attempt that failed, and two connections
    frame = collect.samples[0]
    assert frame.source == "live:camera 3"
    assert frame.image.shape == (48, 64, 3)


def test_stamp_is_taken_at_the_grab(fake, collect, running):
    fake.gate = threading.Semaphore(0)
    fake.plugged.set()
    source = Camera(CameraOptions(device="0", rate=120.0, latency_offset=0.25))
    running(source, collect)
    fake.gate.release()
    frame = collect.wait(len)[0]
    assert frame.time == pytest.approx(fake.grabbed_at - 0.25, abs=0.05)
    for _ in range(10):
        fake.gate.release()


@pytest.mark.parametrize("step", [3600.0, -3600.0])
def test_a_step_of_the_system_clock_is_followed(fake, sensing, monkeypatch, step):
    real, by = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: real() + by[0])
    fake.gate = threading.Semaphore(0)
    fake.plugged.set()
    stop = threading.Event()
    device = LiveCamera(CameraOptions(device="0", rate=120.0), stop, Pace(120.0, 3.0))
    for seconds in (0.0, step, 0.0):
        # Pictures that come too fast are left out, so one grab may not be enough.
        sensing.until(lambda: fake.gate.release() or device._latest is not None)
        by[0] = seconds  # while the picture waits to be read
        (frame,) = device.read(stop)
        assert frame.time == pytest.approx(time.time(), abs=5)
    stop.set()
    fake.gate.release()


def test_the_buffer_is_drained_while_the_receiver_is_busy(fake, running, sensing):
    fake.plugged.set()
    busy, frames = threading.Event(), []

    def deliver(sample: Any) -> None:
        frames.append(sample)
        if len(frames) == 1:
            busy.wait(10)

    source = Camera(CameraOptions(device="0", rate=120.0))
    running(source, deliver)
    sensing.until(lambda: len(frames) == 1)
    before = fake.grabbed
    sensing.until(lambda: fake.grabbed > before + 20)
    resumed = time.time()
    busy.set()
    sensing.until(lambda: len(frames) >= 3)
    assert frames[1].time > resumed - 2.0  # the newest, not the one after the first
    assert int(frames[1].image[0, 0, 0]) - int(frames[0].image[0, 0, 0]) > 10
    assert source.status().dropped > 0


def test_pictures_without_pixels_are_not_delivered(fake, collect, running, sensing, monkeypatch):
    monkeypatch.setattr(camera, "SILENCE", 0.3)
    fake.size = (0, 0, 3)
    fake.plugged.set()
    source = Camera(CameraOptions(device="0", rate=120.0))
    running(source, collect)
    sensing.until(lambda: "gives no picture" in source.status().detail)
    assert source.status().state is DeviceState.OPENING
    assert not collect.samples


def test_video_file(video: Path, collect, running, sensing):
    source = Camera(CameraOptions(device=str(video), rate=30.0, loop=False))
    running(source, collect)
    sensing.in_state(source, DeviceState.FINISHED)
    frames = collect.samples
    assert len(frames) + source.status().dropped == 10
    steps = np.diff([frame.time for frame in frames])
    np.testing.assert_allclose(steps / 0.1, np.round(steps / 0.1), atol=1e-3)
    assert {frame.source for frame in frames} == {"recorded:video.avi"}
    assert abs(frames[-1].time - time.time()) < 10


def test_fewer_pictures_are_delivered_while_fewer_are_asked_for(fake, collect, running, sensing):
    fake.plugged.set()
    source = Camera(CameraOptions(device="0", rate=120.0, min_rate=0.1))
    source.pace.ask(0.1)
    running(source, collect)
    collect.wait(len)
    before = fake.grabbed
    sensing.until(lambda: fake.grabbed > before + 50)  # it is read on, so that none gets old
    assert len(collect.samples) == 1
    source.pace.release()
    collect.wait(lambda got: len(got) >= 5)


def test_fewer_pictures_of_a_file_are_delivered_while_fewer_are_asked_for(
    tmp_path: Path, collect, running, sensing
):
    for index in range(12):
        cv2.imwrite(str(tmp_path / f"{index:02}.png"), np.full((4, 4, 3), index, np.uint8))
    source = Camera(CameraOptions(device=str(tmp_path), rate=20.0, min_rate=5.0, loop=False))
    source.pace.ask(1.0)
    running(source, collect)
    sensing.in_state(source, DeviceState.FINISHED)
    values = [int(frame.image[0, 0, 0]) for frame in collect.samples]
    assert min(np.diff(values), default=4) >= 3  # every fourth, but for pictures that came late
    assert len(values) <= 4


def test_folder_of_pictures_loops(tmp_path: Path, collect, running):
    for index in range(2):
        cv2.imwrite(str(tmp_path / f"{index}.png"), np.full((4, 4, 3), 50 * index, np.uint8))
    running(Camera(CameraOptions(device=str(tmp_path), rate=50.0)), collect)
    frames = collect.wait(lambda got: len(got) >= 4)
    steps = np.diff([frame.time for frame in frames])
    np.testing.assert_allclose(steps / 0.02, np.round(steps / 0.02), atol=1e-3)
    assert steps.min() > 0.01


def test_bad_files_are_a_state(
    tmp_path: Path, empty_video: Path, collect, running, sensing, capfd: Any
):
    zero = tmp_path / "zero.png"
    zero.touch()
    for device, words in (
        (empty_video, "no frame"),
        (zero, "empty or damaged"),
        (tmp_path / "absent.mp4", "cannot be opened"),
        (tmp_path, "no usable picture"),
    ):
        source = Camera(CameraOptions(device=str(device)))
        running(source, collect)
        sensing.until(lambda source=source, words=words: words in source.status().detail)
        status = source.status()
        assert status.state is DeviceState.OPENING
        assert str(device) in status.detail
        source.stop()
    assert not collect.samples
    assert "OpenCV" not in capfd.readouterr().err


def test_file_that_appears_later_is_played(tmp_path: Path, video: Path, collect, running, sensing):
    path = tmp_path / "later.avi"
    source = Camera(CameraOptions(device=str(path)))
    running(source, collect)
    sensing.until(lambda: "cannot be opened" in source.status().detail)
    (tmp_path / "copy").write_bytes(video.read_bytes())
    (tmp_path / "copy").rename(path)
    collect.wait(len)


def test_a_pipe_is_no_camera_and_that_is_said(tmp_path: Path, collect, running, sensing):
    os.mkfifo(tmp_path / "pipe.mp4")
    source = Camera(CameraOptions(device=str(tmp_path / "pipe.mp4")))
    running(source, collect)
    sensing.until(lambda: "is a pipe" in source.status().detail)
