# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Run the comparisons: ``python -m bench [NAME ...] [--save docs]``."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

from bench.common import markdown, plain
from emo_music_ros.training.shared import report

#: Module -> title. A module offers ``compare() -> dict[title, list[Row]]``.
COMPARISONS = (
    "face",
    "face_detection",
    "group",
    "speech",
    "text",
    "physiology",
    "music",
    "scale",
)


def main() -> int:
    """Run each comparison in a process of its own, print and keep the tables."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("name", nargs="*", choices=[*COMPARISONS, []], help="default: all")
    parser.add_argument("--save", default="", help="folder for results/bench.json and results.md")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    names = chosen.name or COMPARISONS
    if chosen.here:
        for title, rows in import_module(f"bench.{names[0]}").compare().items():
            print(json.dumps({"title": title, "table": markdown(rows), "rows": plain(rows)}))
        return 0
    failed = False
    one = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "NUMEXPR")}
    found = report.load(Path(chosen.save)).get("bench", {}) if chosen.save else {}
    for name in names:
        where = report.machine()
        run = subprocess.run(
            [sys.executable, "-m", "bench", name, "--here"],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **one},
        )
        failed |= run.returncode != 0
        for line in run.stdout.splitlines():
            if not line.startswith('{"title"'):
                continue
            entry = json.loads(line)
            print(f"## {entry['title']}\n\n{entry['table']}\n", flush=True)
            found[entry.pop("title")] = entry | {"measured_on": where}
    if chosen.save:
        folder = Path(chosen.save)
        text = json.dumps(found, indent=1, ensure_ascii=False) + "\n"
        report.write(folder / "results" / "bench.json", text)
        report.write(folder / "results.md", report.markdown(folder))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
