# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The package of docs/plugins.md, written, installed and used as a third party would."""

import json
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import emo_music_ros

PACKAGE = emo_music_ros.__file__
ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "plugins.md"
DEADLINE = 60.0

pytest.importorskip("setuptools", reason="setuptools is not installed")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Write the files of the page, install them and return the folder to put on PYTHONPATH."""
    project = tmp_path_factory.mktemp("my-fusion")
    blocks = re.findall(r"^`([\w.]+)`:\n\n```\w+\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.M)
    assert {name for name, _ in blocks} == {"pyproject.toml", "my_fusion.py"}
    for name, text in blocks:
        (project / name).write_text(text)
    target = project / "site"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    local = ["--no-deps", "--no-index", "--no-build-isolation", "--target", str(target)]
    finished = subprocess.run(
        [*pip, *local, str(project)], capture_output=True, text=True, cwd=project, check=False
    )
    assert finished.returncode == 0, finished.stderr
    return target


@pytest.fixture
def environment(site):
    """Return an environment in which the third party's package is installed."""
    before = os.environ.get("PYTHONPATH")
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(site), *([before] if before else [])])}


USE = """
import json
import numpy as np
from emo_music_ros import plugins
from emo_music_ros.emotion import STATES
from emo_music_ros.errors import OptionError
from emo_music_ros.fusion.base import Evidence
from emo_music_ros.streams import Encoding, Estimate

def evidence(modality, probabilities, confidence):
    estimate = Estimate(STATES, np.array(probabilities, np.float32), 0.0, 0.0, 0.0, confidence)
    encoding = Encoding(modality, 0.0, 0.0, estimate, np.zeros(1, np.float32))
    return Evidence(encoding, 0.0)

fusion = plugins.create("fusion", "boldest", {"threshold": 0.2})
estimate, weights = fusion.fuse(
    [evidence("face", [0.7, 0.1, 0.1, 0.1], 0.9), evidence("text", [0.1, 0.1, 0.1, 0.7], 0.3)]
)
try:
    plugins.create("fusion", "boldest", {"threshold": 2.0})
    refused = ""
except OptionError as error:
    refused = str(error)
print(json.dumps({"weights": list(weights), "best": STATES[int(np.argmax(estimate.probabilities))],
                  "states": list(STATES), "refused": refused}))
"""


def test_found_made_and_used(environment):
    finished = subprocess.run(
        [sys.executable, "-c", USE],
        capture_output=True,
        text=True,
        env=environment,
        cwd="/",
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    result = json.loads(finished.stdout)
    assert result["weights"] == [1.0, 0.0]
    assert result["best"] == result["states"][0]
    assert "boldest.threshold" in result["refused"]


def test_the_command_line_lists_it(environment):
    code = "import sys; from emo_music_ros.cli import main; sys.exit(main(['plugins']))"
    finished = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=environment,
        cwd="/",
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    (line,) = [line for line in finished.stdout.splitlines() if "boldest" in line]
    assert "my_fusion:Boldest" in line
    assert "BROKEN" not in line


def test_a_real_node_runs_it(environment, monkeypatch):
    """The fusion node, in a process of its own, answers with the third party's strategy."""
    pytest.importorskip("rclpy", reason="ROS 2 is not installed")
    places = (up / "lib" / "emo_music_ros" / "fusion" for up in Path(PACKAGE).parents)
    node_file = next((place for place in places if place.is_file()), None)
    if node_file is None:
        pytest.skip("the nodes are not installed: make build")
    domain = str(100 - os.getpid() % 20)
    monkeypatch.setenv("ROS_DOMAIN_ID", domain)
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    environment |= {"ROS_DOMAIN_ID": domain, "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}

    from rclpy.context import Context
    from rclpy.executors import SingleThreadedExecutor
    from rclpy.node import Node

    from emo_music_ros import msg

    arguments = ["-p", "plugin:=boldest", "-p", "boldest.threshold:=0.2", "-r", "__ns:=/guest"]
    process = subprocess.Popen([str(node_file), "--ros-args", *arguments], env=environment)
    context = Context()
    context.init()
    try:
        node = Node("watcher", namespace="guest", context=context)
        executor = SingleThreadedExecutor(context=context)
        executor.add_node(node)
        states: list[msg.EmotionState] = []
        seen = threading.Event()

        def on_state(message: msg.EmotionState) -> None:
            if message.state != msg.EmotionState.UNKNOWN:
                states.append(message)
                seen.set()

        publisher = node.create_publisher(msg.ModalityEncoding, "encoding/face", 10)
        node.create_subscription(msg.EmotionState, "emotion", on_state, 10)
        labels = ["positive", "calm", "anxiety", "depression"]

        def publish() -> None:
            encoding = msg.ModalityEncoding(modality="face", person_id="resident", source="test:")
            encoding.header.stamp = node.get_clock().now().to_msg()
            encoding.estimate = msg.EmotionEstimate(
                labels=labels, probabilities=[0.02, 0.94, 0.02, 0.02], confidence=0.9, quality=1.0
            )
            publisher.publish(encoding)

        node.create_timer(0.1, publish)
        end = time.monotonic() + DEADLINE
        while not seen.is_set() and time.monotonic() < end:
            assert process.poll() is None, "the node died"
            executor.spin_once(timeout_sec=0.2)
        assert states, "no emotion state came"
        assert states[0].strategy == "boldest"
        assert states[0].state == msg.EmotionState.CALM
        executor.shutdown()
        node.destroy_node()
    finally:
        context.try_shutdown()
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
