# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Outcomes of listens, and programs that write them into a memory."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import emo_music_ros
from emo_music_ros.emotion import unknown
from emo_music_ros.streams import Outcome, Track

ROOT = str(Path(emo_music_ros.__file__).parents[1])
#: Writes so many outcomes after a line on its input; says the number of each that is written.
WRITER = """
import sys
import numpy as np
from emo_music_ros.emotion import unknown
from emo_music_ros.recommendation.memory.store import Memory
from emo_music_ros.streams import Outcome, Track

place, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
# Old listens count as much as new ones: their order does not matter.
memory = Memory(place, half_life=1e9)
memory.person("anna")
nothing, nan = unknown(), float("nan")
features = np.array([name == "a", name == "b"], np.float32)
print("ready", flush=True)
sys.stdin.readline()
for number in range(count):
    track = Track(f"{name}{number % 7}", "", features=features)
    outcome = Outcome(1.0, "anna", track, 1.0, False, False, 0, nan, nothing, nothing, nan, nan,
                      0.5, listen_id=number)
    if memory.update(outcome):  # else written later, if the other keeps it too long
        print(number, flush=True)
memory.close()
"""


def heard(
    track: str = "t1",
    reward: float = 1.0,
    person: str = "anna",
    features: Sequence[float] | np.ndarray[Any, Any] = (1.0, 0.0),
    **more: Any,
) -> Outcome:
    """Return an outcome of a track heard to its end."""
    nothing, nan = unknown(), float("nan")
    values: dict[str, Any] = {
        "time": 100.0,
        "dwell": 1.0,
        "skipped": False,
        "interrupted": False,
        "repeats": 0,
        "rating": nan,
        "before": nothing,
        "after": nothing,
        "heart_rate_before": nan,
        "heart_rate_after": nan,
        "reward": reward,
        "attended": 1.0,
        **more,
    }
    content = np.array(features, np.float32)
    return Outcome(person_id=person, track=Track(track, "", features=content), **values)


def writer(place: str, name: str, count: int) -> subprocess.Popen[str]:
    """Start a program that writes; it waits for a line."""
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, place, name, str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": ROOT},
    )


def together(writers: Sequence[subprocess.Popen[str]]) -> list[int]:
    """Let programs that wait write at the same time, and return their exit codes."""
    for one in writers:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    for one in writers:
        go(one)
    for one in writers:
        one.communicate(timeout=120)
    return [one.returncode for one in writers]


def go(process: subprocess.Popen[str]) -> None:
    """Let a program that waits write."""
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()
