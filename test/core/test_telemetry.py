# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Nothing that runs reports to anybody: onnxruntime would, if it were not told otherwise."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RUN_A_NETWORK = "from emo_music_ros.io.model import Model; Model('physiology')"


def test_running_a_network_leaves_no_id_of_the_machine(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name != "ORT_DISABLE_TELEMETRY" and not name.startswith("XDG_")
    }
    done = subprocess.run(
        [sys.executable, "-c", RUN_A_NETWORK],
        cwd=ROOT,
        env=inherited | {"HOME": str(tmp_path), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert list(tmp_path.rglob("*")) == []


def test_whoever_wants_it_may_have_it() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import os, emo_music_ros; print(os.environ['ORT_DISABLE_TELEMETRY'])",
        ],
        cwd=ROOT,
        env=os.environ | {"ORT_DISABLE_TELEMETRY": "0", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "0\n"
