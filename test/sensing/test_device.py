# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.errors import InputError
from emo_music_ros.sensing import device
from emo_music_ros.sensing.base import DeviceState, Nothing
from emo_music_ros.sensing.device import Backoff, DeviceSource, EndOfRecording
from emo_music_ros.streams import Sample, Utterance


class FakeDevice:
    """A device whose plug is in the hands of the test."""

    def __init__(self) -> None:
        self.plugged = threading.Event()
        self.failure: Exception | None = None
        self.attempts = self.closed = 0
        self.lost = 0

    def connect(self, stop: threading.Event) -> FakeDevice:
        self.attempts += 1
        if not self.plugged.is_set():
            raise InputError("fake 0 is absent", "Plug it in")
        return self

    @property
    def detail(self) -> str:
        return "fake 0"

    @property
    def dropped(self) -> int:
        return self.lost

    def read(self, stop: threading.Event) -> Sequence[Sample]:
        stop.wait(0.002)
        if self.failure is not None:
            raise self.failure
        if not self.plugged.is_set():
            raise InputError("fake 0 was unplugged", "Plug it in again")
        return [Utterance(0.0, "hello")]

    def close(self) -> None:
        self.closed += 1


def quick() -> Backoff:
    return Backoff(0.001, 0.01)


def test_absent_comes_unplugged_comes_back(collect, running, sensing):
    device = FakeDevice()
    source = DeviceSource("fake", device.connect, quick)
    assert source.status().state is DeviceState.CLOSED
    running(source, collect)
    sensing.until(lambda: device.attempts > 3)
    status = source.status()
    assert status.state is DeviceState.OPENING
    assert "absent" in status.detail
    assert "Plug it in" in status.detail

    device.plugged.set()
    collect.wait(lambda got: len(got) >= 3)
    sensing.in_state(source, DeviceState.STREAMING)
    assert source.status().detail == "fake 0"

    device.plugged.clear()
    sensing.in_state(source, DeviceState.LOST)
    before = source.status().delivered
    assert device.closed == 1
    sensing.until(lambda: "absent" in source.status().detail)
    assert source.status().state is DeviceState.LOST

    device.plugged.set()
    sensing.in_state(source, DeviceState.STREAMING)
    sensing.until(lambda: source.status().delivered > before)
    source.stop()
    source.stop()
    assert source.status().state is DeviceState.CLOSED
    assert device.closed == 2


def test_waiting_starts_anew_after_a_success(collect, running, sensing):
    made: list[Backoff] = []

    def backoff() -> Backoff:
        made.append(Backoff(0.001, 1000.0))
        return made[-1]

    device = FakeDevice()
    running(DeviceSource("fake", device.connect, backoff), collect)
    sensing.until(lambda: device.attempts > 4)
    device.plugged.set()
    collect.wait(len)
    assert made[0].next() == 0.001


def test_losses_add_up_over_connections(collect, running, sensing):
    device = FakeDevice()
    device.plugged.set()
    device.lost = 4
    source = running(DeviceSource("fake", device.connect, quick), collect)
    sensing.until(lambda: source.status().dropped == 4)
    device.plugged.clear()
    sensing.in_state(source, DeviceState.LOST)
    device.plugged.set()
    sensing.until(lambda: source.status().dropped == 8)


def test_driver_that_raises_anything_is_tried_again(collect, running, sensing, caplog):
    device = FakeDevice()
    device.plugged.set()
    device.failure = ZeroDivisionError("driver")
    source = running(DeviceSource("fake", device.connect, quick), collect)
    sensing.until(lambda: device.attempts > 3)
    assert "ZeroDivisionError" in source.status().detail
    assert sum("fake failed" in record.message for record in caplog.records) == 1
    device.failure = None
    collect.wait(len)


def test_end_of_recording_is_a_state(collect, running, sensing):
    device = FakeDevice()
    device.plugged.set()
    device.failure = EndOfRecording("played to its end")
    source = running(DeviceSource("fake", device.connect, quick), collect)
    sensing.in_state(source, DeviceState.FINISHED)
    assert source.status().detail == "played to its end"
    assert device.closed == 1


def test_receiver_that_fails_is_not_blamed_on_the_device(running, sensing, caplog):
    device = FakeDevice()
    device.plugged.set()

    def deliver(sample: Sample) -> None:
        raise RuntimeError("receiver")

    source = running(DeviceSource("fake", device.connect, quick), deliver)
    sensing.until(lambda: source.status().delivered > 5)
    assert source.status().state is DeviceState.STREAMING
    assert sum("receiver of fake" in record.message for record in caplog.records) == 1


def test_stops_although_the_driver_hangs_and_starts_again(collect, running):
    release = threading.Event()
    device = FakeDevice()
    device.plugged.set()
    calls: list[Callable[[], object]] = [release.wait]

    def connect(stop: threading.Event) -> FakeDevice:
        if calls:
            calls.pop()()
        return device.connect(stop)

    source = DeviceSource("fake", connect, quick)
    source.start(collect)
    source.stop()
    assert source.status().state is DeviceState.CLOSED
    running(source, collect)
    collect.wait(len)
    release.set()


@given(st.floats(0.01, 10), st.floats(0.01, 100), st.integers(1, 30))
def test_backoff_doubles_up_to_its_cap(first, longest, count):
    backoff = Backoff(first, longest)
    delays = [backoff.next() for _ in range(count)]
    assert delays[0] == first
    for before, after in zip(delays, delays[1:]):
        assert after == pytest.approx(min(2 * before, longest))
    backoff.reset()
    assert backoff.next() == first


def test_nothing_delivers_nothing(collect, running):
    source = running(Nothing(), collect)
    assert source.status().state is DeviceState.CLOSED
    assert not collect.samples


def test_a_device_that_never_answers_is_told_of(collect, running, sensing, monkeypatch):
    monkeypatch.setattr(device, "SLOW", 0.05)
    answer = threading.Event()

    def connect(stop: threading.Event) -> Any:
        answer.wait(20)
        raise InputError("gone", "x")

    source = DeviceSource("camera 9", connect)
    running(source, collect)
    sensing.until(lambda: "camera 9 has not answered for" in source.status().detail)
    answer.set()
    sensing.until(lambda: "gone" in source.status().detail)
