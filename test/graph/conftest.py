# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Real nodes in processes of their own, on a ROS domain of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import emo_music_ros

#: Other tests use those from 71 on.
DOMAIN = 10 + os.getpid() % 60
os.environ["ROS_DOMAIN_ID"] = str(DOMAIN)
os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"

import rclpy  # noqa: E402 - the domain must be set first
from rclpy.executors import SingleThreadedExecutor  # noqa: E402
from rclpy.node import Node  # noqa: E402
from rclpy.qos import QoSProfile  # noqa: E402

#: Generous: the machine may be busy. Nothing waits this long when all is well.
DEADLINE = 60.0
#: Where the nodes are installed: a virtual environment or a workspace.
PREFIX = next(
    (up for up in Path(emo_music_ros.__file__).parents if (up / "lib" / "emo_music_ros").is_dir()),
    Path(sys.prefix),
)


def wait(condition: Callable[[], Any], what: str, deadline: float = DEADLINE) -> Any:
    """Return the first true value of a condition, or fail saying what was awaited."""
    end = time.monotonic() + deadline
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        threading.Event().wait(0.02)
    raise AssertionError(f"waited {deadline:.0f} s for {what}")


class Probe:
    """A foreign node that only knows the topics."""

    def __init__(self) -> None:
        self.node = Node("probe")
        self.received: dict[str, list[Any]] = {}
        self._clients: dict[str, Any] = {}
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self.node)
        self._thread = threading.Thread(target=self._executor.spin, daemon=True)
        self._thread.start()

    def listen(self, kind: type, topic: str, qos: QoSProfile | int = 20) -> list[Any]:
        """Collect the messages of a topic."""
        found = self.received.setdefault(topic, [])
        self.node.create_subscription(kind, topic, found.append, qos)
        return found

    def publisher(self, kind: type, topic: str, qos: QoSProfile | int = 20) -> Any:
        """Make a publisher and wait until somebody listens."""
        publisher = self.node.create_publisher(kind, topic, qos)
        wait(publisher.get_subscription_count, f"a subscriber of {topic}")
        return publisher

    def call(self, kind: type, name: str, request: Any) -> Any:
        """Call a service and return its response."""
        if name not in self._clients:
            self._clients[name] = self.node.create_client(kind, name)
        client = self._clients[name]
        wait(client.service_is_ready, f"service {name}")
        # Fast DDS drops an answer whose way back the server has not discovered 0.1 s later, and
        # only the client's side of it can be seen here: on a busy machine the first may be lost.
        futures = [client.call_async(request)]
        asked = time.monotonic()

        def answered() -> Any:
            if len(futures) == 1 and time.monotonic() - asked > DEADLINE / 3:
                futures.append(client.call_async(request))
            return next((future for future in futures if future.done()), None)

        return wait(answered, f"the response of {name}").result()

    def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call on the thread that takes the answers: clients of actions are not made for two."""
        task = self._executor.create_task(function, *arguments)
        wait(task.done, "the call")
        return task.result()

    def spin(self, seconds: float) -> None:
        """Let time pass; messages arrive on their own thread."""
        threading.Event().wait(seconds)

    def stamp(self) -> Any:
        """Return the time now as a message."""
        return self.node.get_clock().now().to_msg()

    def close(self) -> None:
        """End the thread and the node."""
        self._executor.shutdown()
        self._thread.join(5)
        self.node.destroy_node()


@pytest.fixture
def probe() -> Iterator[Probe]:
    rclpy.init()
    foreign = Probe()
    yield foreign
    foreign.close()
    rclpy.try_shutdown()


def _default_interrupt() -> None:
    # A shell's background job ignores SIGINT, and children inherit that.
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Process:
    """One process of the package with its output."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self.lines: list[str] = []
        self.popen = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=_default_interrupt,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.popen.stdout is not None
        for line in self.popen.stdout:
            self.lines.append(line)

    @property
    def output(self) -> str:
        """Return all that was printed so far."""
        return "".join(self.lines)

    def interrupt(self, deadline: float = DEADLINE) -> int:
        """Send what Ctrl-C sends and return the exit code."""
        self.popen.send_signal(signal.SIGINT)
        return self.join(deadline)

    def join(self, deadline: float = DEADLINE) -> int:
        """Wait for the end and return the exit code."""
        code = self.popen.wait(deadline)
        self._reader.join(5)
        return code

    def kill(self) -> None:
        """End it at once, whatever it is doing."""
        if self.popen.poll() is None:
            os.killpg(self.popen.pid, signal.SIGKILL)
            self.popen.wait(10)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Start an executable of the package; parameters as keywords, dots written as `__`."""
    running: list[Process] = []

    def run(executable: str, *arguments: str, **parameters: Any) -> Process:
        path = PREFIX / "lib" / "emo_music_ros" / executable
        if executable == "emo-music":
            path = PREFIX / "bin" / "emo-music"
        command = [str(path), *arguments]
        if parameters:
            command.append("--ros-args")
        for name, value in parameters.items():
            text = str(value).lower() if isinstance(value, bool) else str(value)
            command += ["-p", f"{name.replace('__', '.')}:={text}"]
        environment = {**os.environ, "EMO_MUSIC_CACHE": str(tmp_path / "cache")}
        process = Process(command, environment)
        running.append(process)
        return process

    yield run
    for process in running:
        process.kill()


@pytest.fixture
def until() -> Callable[..., Any]:
    """Return the function that waits for a condition."""
    return wait
