# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The quality declaration claims what is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COPYRIGHT = "Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0"
TEXT = (ROOT / "QUALITY_DECLARATION.md").read_text("utf-8")


def test_every_proof_is_there() -> None:
    targets = re.findall(r"\]\(([^)]+)\)", TEXT)
    proofs = [target for target in targets if not target.startswith("https://")]
    assert len(proofs) > 20
    for target in proofs:
        assert (ROOT / target).exists(), target


def test_every_requirement_has_a_section() -> None:
    titles = re.findall(r"^## \d (.+)$", TEXT, re.MULTILINE)
    assert titles == [
        "Version policy", "Change control", "Documentation", "Testing", "Dependencies",
        "Platform support", "Security",
    ]  # fmt: skip


def test_readme_links_to_it_with_its_level() -> None:
    level = re.search(r"\*\*(Quality Level \d)\*\*", TEXT)
    assert level
    line = next(
        line
        for line in (ROOT / "README.md").read_text("utf-8").splitlines()
        if "QUALITY_DECLARATION.md" in line
    )
    assert level.group(1) in line


def test_what_is_said_to_be_run_is_run() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"`make (\w+)`", TEXT):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    bootstrap = (ROOT / "scripts" / "bootstrap.py").read_text()
    assert '"ruff check ."' in bootstrap
    assert '"mypy emo_music_ros bench"' in bootstrap
    assert "strict = true" in (ROOT / "pyproject.toml").read_text()


def test_every_source_file_says_whose_it_is() -> None:
    folders = ("emo_music_ros", "test", "bench", "scripts", "examples", "launch", "cmake")
    files = [path for each in folders for path in (ROOT / each).rglob("*.*")]
    silent = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "setup.py", ROOT / "CMakeLists.txt", *files)
        if path.suffix in (".py", ".cmake", ".txt", ".js", ".css")
        and not {"msg", "srv", "action"} & set(path.relative_to(ROOT).parts[1:2])
        and (path.suffix != ".txt" or path.name == "CMakeLists.txt")
        and COPYRIGHT not in path.read_text("utf-8")[:400]
    ]
    assert not silent, f"add as the first line: # {COPYRIGHT}"
