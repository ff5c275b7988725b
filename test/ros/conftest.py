# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Code in a process of its own, for what may abort it or ends it, and nodes in this one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from inprocess import Graph

DEADLINE = 120
#: Domains of no other test from here on: a segment that a stranger shares would be taken for one
#: that was left.
FIRST_DOMAIN = 200


@pytest.fixture
def alone(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that runs code in a process of its own, with a ROS domain of its own."""

    def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
        script = tmp_path / "script.py"
        script.write_text(code)
        return subprocess.run(
            [sys.executable, str(script)],
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            cwd=tmp_path,
            env=os.environ
            | {
                "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
                "ROS_DOMAIN_ID": str(FIRST_DOMAIN + os.getpid() % 32),
                "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
            }
            | environment,
        )

    return run


@pytest.fixture
def graph(monkeypatch: pytest.MonkeyPatch) -> Iterator[Graph]:
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    made = Graph()
    yield made
    made.close()
