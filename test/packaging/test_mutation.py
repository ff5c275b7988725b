# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What `make mutation` is called with and what it is told to leave out."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_make_hands_sample_seed_and_jobs_on():
    environment = {name: value for name, value in os.environ.items() if "MAKE" not in name}
    shown = subprocess.run(
        ["make", "-n", "mutation", "SAMPLE=7", "SEED=3", "JOBS=1", "ARGS=emo_music_ros/fusion"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    words = shlex.split(shown)
    assert words[words.index("mutation") :] == [
        *("mutation", "--sample", "7", "--seed", "3", "--jobs", "1", "emo_music_ros/fusion")
    ]


def test_the_tester_is_pinned():
    lines = (ROOT / "requirements" / "mutation.txt").read_text().splitlines()
    named = [line for line in lines if not line.startswith("#")]
    assert {line.partition("==")[0] for line in named} == {"cosmic-ray", "pytest-cov"}
    assert all(line.partition("==")[2] for line in named)


def test_every_change_that_is_left_out_is_of_a_line_that_exists_and_has_its_reason():
    text = (ROOT / "scripts" / "equivalent_mutants.txt").read_text()
    for line in text.splitlines():
        if line.startswith("#") or not line:
            continue
        path, before, after, reason = line.split(" ## ")
        lines = [each.strip() for each in (ROOT / path).read_text().splitlines()]
        assert before in lines, line
        assert after not in lines, line
        assert len(reason) > 10, line
