# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
import threading

from emo_music_ros.ros.worker import Worker

DEADLINE = 30


def test_items_are_handled_in_order():
    found, done = [], threading.Event()

    def handle(item):
        found.append(item)
        if item == 99:
            done.set()

    worker = Worker(handle, 1000, lambda error: None, "test")
    for item in range(100):
        worker.put(item)
    assert done.wait(DEADLINE)
    worker.stop()
    assert found == list(range(100))
    assert worker.skipped == 0


def test_a_slow_consumer_skips_to_the_newest():
    entered, release, last = threading.Event(), threading.Event(), threading.Event()
    found = []

    def handle(item):
        found.append(item)
        entered.set()
        release.wait(DEADLINE)
        if item == 9:
            last.set()

    worker = Worker(handle, 1, lambda error: None, "test")
    worker.put(0)
    assert entered.wait(DEADLINE)
    for item in range(1, 10):
        worker.put(item)
    release.set()
    assert last.wait(DEADLINE)
    worker.stop()
    assert found == [0, 9]
    assert worker.skipped == 8


def test_an_error_is_told_and_does_not_end_the_worker():
    errors, done = [], threading.Event()

    def handle(item):
        if item == "bad":
            raise ValueError(item)
        done.set()

    worker = Worker(handle, 10, errors.append, "test")
    worker.put("bad")
    worker.put("good")
    assert done.wait(DEADLINE)
    worker.stop()
    assert [str(error) for error in errors] == ["bad"]


def test_stop_ends_the_thread():
    worker = Worker(lambda item: None, 1, lambda error: None, "the worker that ends")
    worker.stop()
    assert "the worker that ends" not in {thread.name for thread in threading.enumerate()}


def test_recovery_is_told_once_and_in_order():
    told, done = [], threading.Event()

    def handle(item):
        if item == "bad":
            raise ValueError(item)
        told.append(item)
        if item == "last":
            done.set()

    worker = Worker(
        handle, 10, lambda error: told.append("failed"), "test", lambda: told.append("recovered")
    )
    for item in ("one", "bad", "bad", "two", "three", "bad", "last"):
        worker.put(item)
    assert done.wait(DEADLINE)
    worker.stop()
    assert told == [
        "one", "failed", "failed", "two", "recovered", "three", "failed", "last", "recovered",
    ]  # fmt: skip
