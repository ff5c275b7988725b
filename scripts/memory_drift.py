# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Measure by how much the loop grows: run the demonstration and watch its memory.

    .venv/bin/python scripts/memory_drift.py [--minutes 60] [--settle 15]

Counted is what the process has for itself (RssAnon). PSS would also count files such as libraries
and models, whose share in a process changes with how many others use them.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

PERIOD = 15.0
COMMAND = ("companion", "--input", "demo", "--duration", "0", "--ros", "--log-level", "warn")
RUN = "import sys; from emo_music_ros.cli import main; sys.exit(main())"


def anonymous_mb(pid: int) -> float:
    """Return the memory that a process shares with no other and with no file [MB]."""
    match = re.search(r"RssAnon:\s+(\d+)", Path(f"/proc/{pid}/status").read_text("ascii"))
    return int(match[1]) / 1024 if match else float("nan")


def slope(hours: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    """Return the median slope over all pairs: single peaks do not move it."""
    later, earlier = np.triu_indices(len(hours), 1)[::-1]
    return float(np.median((values[later] - values[earlier]) / (hours[later] - hours[earlier])))


def main() -> int:
    """Run, watch and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0, help="length of the run")
    parser.add_argument("--settle", type=float, default=15.0, help="minutes that do not count")
    chosen = parser.parse_args()
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, *COMMAND],
        stdout=subprocess.DEVNULL,
        env=os.environ | {"ROS_PYTHON_CHECK_FIELDS": "1"},
    )
    began, samples = time.monotonic(), []
    try:
        while time.monotonic() - began < 60 * chosen.minutes and process.poll() is None:
            time.sleep(PERIOD)
            samples.append(((time.monotonic() - began) / 3600, anonymous_mb(process.pid)))
            print(f"{60 * samples[-1][0]:6.1f} min {samples[-1][1]:8.1f} MB", flush=True)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()
    hours, values = np.array([pair for pair in samples if 60 * pair[0] > chosen.settle]).T
    print(f"{slope(hours, values):+.2f} MB/h over {60 * (hours[-1] - hours[0]):.0f} min")
    return 0


if __name__ == "__main__":
    sys.exit(main())
