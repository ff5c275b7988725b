# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The host in processes of their own: how runs end, and what they leave."""

import re

import pytest

MAKE = """
import os, re, sys, threading
from rclpy.node import Node
from emo_music_ros.ros.host import Host
from emo_music_ros.ros.node import CompanionNode

class One(CompanionNode):
    node_name = "one"

class Two(One):
    node_name = "two"

    def activate(self):
        self.count = 0
        self.every(0.02, self.tick)

    def failed(self, what, error):
        print("told:", what, repr(error), flush=True)

    def tick(self):
        self.count += 1
        self.act()

    def act(self):
        self.finish()

def segments():
    # without ports: one lives on while any process writes to it
    found = re.findall(r"/dev/shm/fast\\w+_[0-9a-f]{16}$", open("/proc/self/maps").read(), re.M)
    return set(found)

def run(*kinds):
    code = host.run([(kind, None) for kind in kinds], started)
    # asked here, before the interpreter goes: it would close what is still open
    print("left:", [path for path in made if os.path.exists(path)], flush=True)
    os._exit(code)

made = set()
started = lambda: made.update(segments())
host = Host(["test"])
"""


@pytest.fixture
def run(alone):
    """Return a function that runs nodes with a script and returns its exit code and output."""

    def go(code):
        done = alone(MAKE + code)
        return done.returncode, done.stderr + done.stdout

    return go


def test_the_middleware_is_closed_when_the_run_ends(run):
    code, output = run("run(One, Two)")
    assert code == 0, output
    assert "left: []" in output


def test_it_is_closed_when_threads_are_left(run):
    code, output = run(
        "threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
        "os._exit = lambda code: (print('left:', [p for p in made if os.path.exists(p)],"
        " flush=True), os.kill(os.getpid(), 9))\n"
        "run(Two)",
    )
    assert code == -9
    assert output.strip().endswith("left: []"), output


def test_it_is_closed_when_a_node_cannot_be_made(run):
    code, output = run(
        "class Broken(One):\n"
        "    def __init__(self, **others):\n"
        "        started()\n"
        "        assert made\n"
        "        raise ValueError('no such thing')\n"
        "run(One, Broken)",
    )
    assert code == 1
    assert "error: no such thing" in output
    assert "left: []" in output
    assert "Traceback" not in output


def test_a_failing_callback_is_logged_in_full_told_and_does_not_end_the_node(run):
    code, output = run(
        "class Bad(Two):\n"
        "    def every(self, period, callback):\n"
        "        self.create_timer(period, callback)\n"  # nothing between it and the host
        "    def act(self):\n"
        "        if self.count < 3:\n"
        "            raise ValueError('bad luck')\n"
        "        self.finish()\n"
        "run(Bad)",
    )
    assert code == 0, output
    assert output.count("told: callback ValueError('bad luck')") == 2
    assert re.search(r"a callback failed: Traceback", output)
    assert "raise ValueError('bad luck')" in output


@pytest.mark.parametrize(
    ("act", "word"),
    [
        ("sys.exit(0)", "SystemExit"),
        ("self.executor.context.shutdown()", "context"),
        ("self.executor.get_nodes = None", "TypeError"),
    ],
)
def test_an_executor_that_cannot_go_on_ends_the_process_with_a_failure(run, act, word):
    code, output = run(f"class Bad(Two):\n    def act(self):\n        {act}\nrun(One, Bad)")
    assert code == 1, output
    assert "the node cannot go on" in output
    assert word in output
    assert "left: []" in output


def test_an_entity_that_goes_away_while_it_is_waited_for_is_survived(run):
    code, output = run(
        "class Bad(Two):\n"
        "    def every(self, period, callback):\n"
        "        self.create_timer(period, callback)\n"  # nothing between it and the host
        "    def activate(self):\n"
        "        super().activate()\n"
        "        wait, executor = self.executor.wait_for_ready_callbacks, self.executor\n"
        "        def broken():\n"
        "            from rclpy.exceptions import InvalidHandle\n"
        "            executor.wait_for_ready_callbacks = wait\n"
        "            raise InvalidHandle('gone')\n"
        "        executor.wait_for_ready_callbacks = broken\n"
        "run(Bad)",
    )
    assert code == 0, output


def test_what_cannot_be_closed_does_not_keep_the_rest_open(run):
    code, output = run(
        "class Bad(Two):\n"
        "    def every(self, period, callback):\n"
        "        self.create_timer(period, callback)\n"  # nothing between it and the host
        "    def close(self):\n"
        "        self.executor = None\n"
        "        raise SystemExit\n"
        "    def destroy_node(self):\n"
        "        super().destroy_node()\n"
        "        raise ValueError('not like that')\n"
        "run(One, Bad, One)",
    )
    assert code == 0, output
    assert "not like that" in output
    assert "left: []" in output


def test_a_request_to_end_while_nodes_are_made_is_kept(run):
    code, output = run(
        "class Slow(One):\n"
        "    def __init__(self, **others):\n"
        "        super().__init__(**others)\n"
        "        started()\n"
        "        import signal\n"
        "        signal.raise_signal(signal.SIGTERM)\n"
        "class Never(One):\n"
        "    def __init__(self, **others):\n"
        "        print('made too late')\n"
        "run(Slow, Never)",
    )
    assert code == 0, output
    assert "made too late" not in output
    assert "left: []" in output
