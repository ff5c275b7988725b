# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The launch files: read without launch, evaluated and run with it where it is installed."""

import ast
import inspect
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from emo_music_ros.errors import InputError
from emo_music_ros.ros import ending, graph

FOLDER = Path(__file__).resolve().parents[2] / "launch"
FILES = sorted(FOLDER.glob("*.launch.py"))
DEADLINE = 90.0


def described(path: Path) -> tuple[str, tuple[str, ...]]:
    """Return the graph function and the arguments a launch file hands to `description`."""
    call = next(
        node
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "description"
    )
    return call.args[0].id, ast.literal_eval(call.args[1])


def test_there_is_one_launch_file_per_part():
    assert {path.name.split(".")[0] for path in FILES} == {
        "companion", "sensors", "encoders", "music",
    }  # fmt: skip


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_arguments_are_those_of_the_graph(path):
    function, arguments = described(path)
    assert list(inspect.signature(getattr(graph, function)).parameters) == list(arguments)


def test_the_parts_make_the_whole():
    parts = [*graph.sensors("demo"), *graph.recognising(), *graph.music()]
    whole = {spec.executable for spec in graph.graph(input="demo")}
    assert {spec.executable for spec in parts} | {"session"} == whole


# With the real launch ---------------------------------------------------------------------------


@pytest.fixture
def bringup():
    """Return the module that makes launch descriptions."""
    pytest.importorskip("launch_ros", reason="launch is not installed: it comes with ROS 2 only")
    from emo_music_ros.ros import bringup

    return bringup


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_description_declares_its_arguments(bringup, path):
    from launch.launch_description_sources import get_launch_description_from_python_launch_file

    found = get_launch_description_from_python_launch_file(str(path))
    names = {argument.name for argument in found.get_launch_arguments()}
    composed = {"composed"} if path.name.startswith("companion") else set()
    assert names == {*described(path)[1], "namespace", "config", "log_level", *composed}


def test_every_node_is_started_with_time_to_end(bringup):
    actions = bringup.nodes(graph.graph, {"input": "demo", "duration": "5"}, namespace="here")
    assert [action.node_executable for action in actions] == [
        spec.executable for spec in graph.graph(input="demo")
    ]
    for action in actions:
        assert float(action.sigterm_timeout[0].text) > ending.GRACE
        assert float(action.sigkill_timeout[0].text) >= 5
    assert os.environ["EMO_MUSIC_RUN"]


@pytest.mark.parametrize(
    ("values", "config", "reason"),
    [
        ({"duration": "long"}, "", "duration:=long is not a number"),
        ({"input": "replay", "replay": "/nowhere"}, "", "there is no recording '/nowhere'"),
        ({}, "/nowhere.yaml", "there is no parameter file '/nowhere.yaml'"),
        ({"without": "egg"}, "", "without: there is no node 'egg'"),
    ],
)
def test_bad_arguments_say_why(bringup, values, config, reason):
    with pytest.raises(InputError, match=re.escape(reason)):
        bringup.nodes(graph.graph, values, config=config)


def test_all_nodes_in_one_process_take_the_same_arguments(bringup, tmp_path):
    config = tmp_path / "own.yaml"
    config.touch()
    values = {"input": "demo", "duration": "5", "without": "eeg", "encoders": "face,speech"}
    action = bringup.one_process(
        "companion", graph.graph, values, namespace="here", config=str(config), log_level="warn"
    )
    assert action.node_executable == "companion"
    with pytest.raises(InputError, match="no node 'egg'"):
        bringup.one_process("companion", graph.graph, {"without": "egg"})


class Launched:
    """`ros2 launch` in a process group of its own, its output read line by line."""

    def __init__(self, name: str, *arguments: str) -> None:
        environment = os.environ | {
            "ROS_DOMAIN_ID": str(80 - os.getpid() % 10),
            "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
            "PYTHONUNBUFFERED": "1",
        }
        self.process = subprocess.Popen(
            ["ros2", "launch", "emo_music_ros", name, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            env=environment,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        self.lines: list[str] = []
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        for line in self.process.stdout:
            with self._changed:
                self.lines.append(line)
                self._changed.notify_all()

    def wait_for(self, pattern: str, count: int = 1) -> list[re.Match[str]]:
        """Return the first `count` matches of a pattern in the output."""

        def found() -> list[re.Match[str]]:
            matches = (re.search(pattern, line) for line in self.lines)
            return [match for match in matches if match]

        with self._changed:
            done = self._changed.wait_for(lambda: len(found()) >= count, DEADLINE)
            assert done, f"no '{pattern}' in:\n{''.join(self.lines)}"
            return found()

    def interrupt(self) -> None:
        """Press Ctrl-C: the whole group gets the signal."""
        os.killpg(self.process.pid, signal.SIGINT)

    def end(self) -> int:
        """Wait for the end and return the exit code; leave nothing behind."""
        try:
            return self.process.wait(DEADLINE)
        finally:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self._thread.join(5)


needs_ros2 = pytest.mark.skipif(
    shutil.which("ros2") is None, reason="ros2 is not installed: it comes with ROS 2 only"
)


@needs_ros2
def test_a_dead_node_comes_back_and_interrupt_ends_all():
    launched = Launched("sensors.launch.py", "input:=demo", "namespace:=here")
    try:
        first = launched.wait_for(r"\[interaction-\d+\]: process started with pid \[(\d+)\]")[0]
        launched.wait_for(r"here\.interaction\]: active")
        os.kill(int(first.group(1)), signal.SIGKILL)
        second = launched.wait_for(r"\[interaction-\d+\]: process started with pid \[(\d+)\]", 2)
        assert second[1].group(1) != first.group(1)
        launched.wait_for(r"here\.interaction\]: active", 2)
        launched.wait_for(r"here\.replay\]: active")
        launched.interrupt()
    finally:
        code = launched.end()
    assert code in (0, 130)
    pids = [int(match.group(1)) for match in launched.wait_for(r"started with pid \[(\d+)\]")]
    end = time.monotonic() + DEADLINE
    while any(alive(pid) for pid in pids) and time.monotonic() < end:
        threading.Event().wait(0.05)
    assert not [pid for pid in pids if alive(pid)]


@needs_ros2
def test_the_end_of_the_session_ends_everything(tmp_path):
    summary = tmp_path / "summary.json"
    launched = Launched(
        "companion.launch.py", "input:=demo", "duration:=5", f"summary:={summary}"
    )  # fmt: skip
    try:
        launched.wait_for(r"session-\d+\]: process has finished cleanly")
    finally:
        code = launched.end()
    assert code == 0
    assert "emotion_states" in json.loads(summary.read_text())


@needs_ros2
def test_a_session_that_dies_is_started_again_and_its_end_ends_everything():
    launched = Launched("companion.launch.py", "input:=demo", "duration:=20")
    started = r"\[session-\d+\]: process started with pid \[(\d+)\]"
    try:
        first = int(launched.wait_for(started)[0].group(1))
        launched.wait_for(r"session\]: active")
        run = name_of_run(first)
        os.kill(first, signal.SIGKILL)
        second = int(launched.wait_for(started, 2)[1].group(1))
        assert second != first
        assert run
        assert name_of_run(second) == run
        launched.wait_for(r"session-\d+\]: process has finished cleanly")
    finally:
        code = launched.end()
    assert code == 0


def name_of_run(pid: int) -> str:
    """Return what the session of a process takes its run by."""
    pairs = Path(f"/proc/{pid}/environ").read_text().split("\0")
    return dict(pair.split("=", 1) for pair in pairs if pair)["EMO_MUSIC_RUN"]


@needs_ros2
def test_a_parameter_file_wins_over_those_of_the_package(tmp_path):
    config = tmp_path / "mine.yaml"
    config.write_text("/**/player:\n  ros__parameters:\n    plugin: 'null'\n    volume: 0.11\n")
    launched = Launched("music.launch.py", f"config:={config}", "namespace:=here")
    try:
        launched.wait_for(r"here\.player\]: active")
        got = subprocess.run(
            [sys.executable, "-c", ASK, "/here/player", "plugin", "volume"],
            capture_output=True,
            text=True,
            env=os.environ
            | {
                "ROS_DOMAIN_ID": str(80 - os.getpid() % 10),
                "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
            },
            cwd="/",
        )
        launched.interrupt()
    finally:
        launched.end()
    assert json.loads(got.stdout) == ["null", 0.11], got.stderr


ASK = """
import json, sys
import rclpy
from rclpy.parameter_client import AsyncParameterClient
rclpy.init()
node = rclpy.create_node("asking")
client = AsyncParameterClient(node, sys.argv[1])
assert client.wait_for_services(timeout_sec=60)
future = client.get_parameters(sys.argv[2:])
rclpy.spin_until_future_complete(node, future, timeout_sec=60)
from rclpy.parameter import parameter_value_to_python
print(json.dumps([parameter_value_to_python(value) for value in future.result().values]))
"""


def alive(pid: int) -> bool:
    """Tell whether a process exists and is no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
