# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Write requirements/constraints.txt: exact versions of everything, for each Python.

Resolves the requirement files with pip for every supported Python and merges the answers: one
line where they agree, lines with markers where they do not.

    python3 scripts/lock.py
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
FILES = ("ros", "run", "dev")
SOURCE_ONLY = ("empy==3.3.4",)  # published without wheels, and pure Python


def pip(*arguments: str) -> None:
    """Run pip quietly and stop on failure."""
    subprocess.run(
        [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments],
        check=True,
    )


def resolve(python: str, wheels: Path) -> dict[str, str]:
    """Return the version of every package that one Python gets."""
    report = wheels / f"report-{python}.json"
    files = [part for name in FILES for part in ("-r", f"{ROOT}/requirements/{name}.txt")]
    pip(
        *("install", "--dry-run", "--ignore-installed", "--target", str(wheels / "none")),
        *("--python-version", python, "--only-binary", ":all:", "--find-links", str(wheels)),
        *("--report", str(report), *files),
    )
    found = json.loads(report.read_text())["install"]
    return {
        re.sub(r"[-_.]+", "-", item["metadata"]["name"]).lower(): item["metadata"]["version"]
        for item in found
    }


def lines(versions: dict[str, dict[str, list[str]]]) -> list[str]:
    """Return one line per package and version; a marker where not all Pythons share it."""
    written = []
    for name in sorted(versions):
        for version, pythons in sorted(versions[name].items()):
            marker = " or ".join(f'python_version == "{python}"' for python in pythons)
            everywhere = len(pythons) == len(PYTHONS)
            written.append(f"{name}=={version}" + ("" if everywhere else f"; {marker}"))
    return written


def main() -> None:
    """Resolve, merge, write."""
    versions: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    with tempfile.TemporaryDirectory() as folder:
        pip("wheel", "--no-deps", "--wheel-dir", folder, *SOURCE_ONLY)
        for python in PYTHONS:
            print(f"resolving for Python {python}")
            for name, version in resolve(python, Path(folder)).items():
                versions[name][version].append(python)
    head = "# Written by scripts/lock.py: every package, also the indirect ones."
    text = "\n".join([head, *lines(versions)]) + "\n"
    (ROOT / "requirements" / "constraints.txt").write_text(text)


if __name__ == "__main__":
    main()
