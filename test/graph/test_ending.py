# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Processes end cleanly on every signal at every moment, and leave no shared memory."""

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from emo_music_ros import msg
from emo_music_ros.ros import graph

SHARED = Path("/dev/shm")
NODES = sorted({spec.executable for spec in graph.graph(input="demo")})
HAPPENINGS = [
    (signal.SIGINT, signal.SIGINT),
    (signal.SIGINT, signal.SIGTERM),
    (signal.SIGTERM, signal.SIGTERM),
    (signal.SIGHUP, signal.SIGINT),
]


def mapped(process, pattern):
    """Return the files that a process has mapped and whose path has the pattern in it."""
    try:
        lines = Path(f"/proc/{process.popen.pid}/maps").read_text().splitlines()
    except OSError:
        return set()
    return {line.split()[-1] for line in lines if re.search(pattern, line)}


def shared(process):
    """Return the shared memory of the middleware that a process has mapped.

    Without ports: one lives on while anybody writes to it, such as a probe of the tests.
    """
    return mapped(process, rf"{SHARED}/fast\w+_[0-9a-f]{{16}}$")


def bombard(process, numbers):
    """Send the signals, the last one again and again until the process is gone; return its code."""
    for number in numbers:
        process.popen.send_signal(number)
    while process.popen.poll() is None:
        process.popen.send_signal(numbers[-1])
        try:
            process.popen.wait(0.01)
        except subprocess.TimeoutExpired:
            continue
    return process.join()


def assert_clean(process, code, files):
    assert code == 0, process.output
    assert "Traceback" not in process.output
    assert [path for path in files if Path(path).exists()] == []


@pytest.mark.parametrize("numbers", HAPPENINGS, ids=lambda numbers: "+".join(numbers_of(numbers)))
def test_signals_on_signals_end_a_node_cleanly(start, until, numbers):
    process = start("fusion")
    until(lambda: "active" in process.output, "the node to be active")
    files = shared(process)
    assert files
    assert_clean(process, bombard(process, numbers), files)


def numbers_of(numbers):
    return [signal.Signals(number).name for number in numbers]


@pytest.mark.parametrize("executable", [*NODES, "companion"])
def test_a_signal_while_a_process_starts_ends_it_cleanly(start, until, executable):
    process = start(executable)
    # the first large module: the handlers are set before, the node is made long after
    until(lambda: mapped(process, r"/(numpy|rclpy|yaml)/"), "the imports to begin")
    process.popen.send_signal(signal.SIGTERM)
    assert_clean(process, process.join(), shared(process))


@pytest.fixture
def loop(start, tmp_path):
    """Start the whole loop on a library of one tune; further arguments are passed on."""
    import numpy as np
    import soundfile

    moment = np.arange(22050 * 24) / 22050
    (tmp_path / "library").mkdir()
    soundfile.write(tmp_path / "library" / "a.flac", 0.2 * np.sin(1000 * moment), 22050)

    def run(*arguments):
        return start(
            "emo-music", "companion", "--input", "demo", "--library", str(tmp_path / "library"),
            *arguments,
        )  # fmt: skip

    return run


def test_the_loop_leaves_no_shared_memory_when_its_time_is_over(loop, until):
    process = loop("--duration", "5")
    files = until(lambda: shared(process), "the middleware to be there")
    until(lambda: "all nodes started" in process.output, "the nodes")
    files |= shared(process)
    assert_clean(process, process.join(), files)


def test_a_double_interrupt_ends_the_loop_cleanly(loop, probe, until):
    found = probe.listen(msg.EmotionState, "emotion")
    process = loop("--duration", "0")
    until(lambda: found, "the first emotion")
    own = {path for path in shared(process) if locked_by(process, path)}
    assert own
    assert_clean(process, bombard(process, (signal.SIGINT, signal.SIGINT)), own)


def locked_by(process, path):
    """Tell whether the lock file of a segment is held open by a process: it is its own."""
    folder = Path(f"/proc/{process.popen.pid}/fd")
    return any(os.readlink(entry) == f"{path}_el" for entry in folder.iterdir())


def test_a_loop_that_cannot_start_says_so_and_leaves_nothing(loop, until):
    process = loop("--ros", "-r", "__ns:=no/such//namespace")
    assert process.join() == 1
    assert "error: " in process.output
    assert "Traceback" not in process.output


def test_what_a_killed_process_left_is_not_touched_while_it_is_fresh(start, until):
    killed = start("fusion")
    until(lambda: "active" in killed.output, "the node to be active")
    segments = shared(killed)
    killed.kill()
    living = start("fusion")
    until(lambda: "active" in living.output, "the next node to be active")
    own = {path for path in shared(living) if locked_by(living, path)}
    # as if it had happened an hour ago
    for path in segments:
        lock = Path(f"{path}_el")
        os.utime(lock, times=(0, lock.stat().st_mtime - 3600))
    third = start("fusion")
    until(lambda: "active" in third.output, "the third node to be active")
    assert [path for path in segments if Path(path).exists()] == []
    assert own
    assert [path for path in own if not Path(path).exists()] == []
    for process in (living, third):
        assert process.interrupt() == 0
