# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Weights have the licences of their corpora: declared, and those for research can be left out."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emo_music_ros.errors import ModelError
from emo_music_ros.io.model import FOREIGN, Model
from emo_music_ros.recommendation.response import model as response

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "models"
RESEARCH = "LicenseRef-research-only"
#: How models and cards write a licence -> its identifiers.
WRITTEN = {
    r"\bapache 2\.0": "Apache-2.0",
    r"\bmit\b": "MIT",
    r"\bcc by-nc-sa 4\.0": "CC-BY-NC-SA-4.0",
    r"\bresearch only|\bfor research|\bnon-commercial": RESEARCH,
}
DECLARED = {
    element.text: element.get("file", "")
    for element in ET.parse(ROOT / "package.xml").getroot().iter("license")
}


def named(text: str) -> set[str]:
    """Return the identifiers of the licences that a text names."""
    return {name for pattern, name in WRITTEN.items() if re.search(pattern, text.lower())}


def licences(content: Any) -> Iterator[str]:
    """Yield every licence that a description names, at any depth."""
    if isinstance(content, dict):
        yield from (value for name, value in content.items() if name == "licence")
        content = list(content.values())
    if isinstance(content, list):
        for each in content:
            yield from licences(each)


def card(name: str) -> str:
    """Return what the card of a model says of its licence."""
    text = (MODELS / f"{name}.md").read_text("utf-8")
    found = re.search(r"^## Licence.*\n+(.+)$", text, re.MULTILINE)
    assert found, f"{name}.md says nothing of the licence"
    return found.group(1)


NAMES = sorted(path.stem for path in MODELS.glob("*.json"))
#: Of a card: the first sentence is about the weights, the others about what they learned from.
FOR_RESEARCH = {name for name in NAMES if RESEARCH in named(card(name).split(". ")[0])}


@pytest.mark.parametrize("name", NAMES)
def test_every_licence_of_a_model_is_declared(name: str) -> None:
    description = json.loads((MODELS / f"{name}.json").read_text("utf-8"))
    texts = [*licences(description), card(name)]
    for text in texts:
        assert named(text), f"'{text}' is a licence that this test does not know: add it"
        assert named(text) <= set(DECLARED)


def test_every_licence_has_its_file() -> None:
    for name, file in DECLARED.items():
        assert (ROOT / file).is_file(), name


def test_nothing_is_declared_in_vain() -> None:
    used = {licence for name in NAMES for licence in named(card(name))}
    assert set(DECLARED) == used | {"Apache-2.0"}


@pytest.mark.parametrize("name", NAMES)
def test_description_and_card_agree(name: str) -> None:
    text = json.loads((MODELS / f"{name}.json").read_text("utf-8")).get("licence", "")
    assert not text or (RESEARCH in named(text)) == (name in FOR_RESEARCH)


def test_some_models_are_for_research_and_some_for_all() -> None:
    assert FOR_RESEARCH
    assert FOR_RESEARCH < set(NAMES)


def test_the_page_of_research_names_them_all() -> None:
    page = (MODELS / "licences" / "research-only.md").read_text("utf-8")
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    assert set(re.findall(r"`(\w+)`", " ".join(rows))) >= FOR_RESEARCH


PROJECT = """
cmake_minimum_required(VERSION 3.20)
project(emo_music_ros LANGUAGES NONE)
include("{root}/cmake/models.cmake")
"""


@pytest.fixture
def install(tmp_path: Path):
    """Return a function that builds and installs the models with an option, and what is there."""
    cmake = shutil.which("cmake", path=f"{Path(sys.prefix) / 'bin'}") or shutil.which("cmake")
    if cmake is None:
        pytest.skip("CMake is not installed")
    (tmp_path / "CMakeLists.txt").write_text(PROJECT.format(root=ROOT))
    shutil.copytree(MODELS, tmp_path / "models")

    def run(option: str) -> set[str]:
        target = tmp_path / "installed"
        for command in (
            ["-S", tmp_path, "-B", tmp_path / "build", f"-DRESEARCH_WEIGHTS={option}"],
            ["--install", tmp_path / "build", "--prefix", target],
        ):
            subprocess.run([cmake, *command], check=True, capture_output=True)
        folder = target / "share" / "emo_music_ros" / "models"
        return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}

    return run


def test_the_option_leaves_out_the_weights_and_nothing_else(install) -> None:
    everything = install("ON")
    source = {str(path.relative_to(MODELS)) for path in MODELS.rglob("*") if path.is_file()}
    assert everything == source
    weights = {
        name for name in source if Path(name).stem in FOR_RESEARCH and not name.endswith(".md")
    }
    assert install("OFF") == source - weights  # also what was installed before is gone
    assert install("ON") == source


def test_sources_are_not_removed_through_a_link(install, tmp_path: Path) -> None:
    folder = tmp_path / "installed" / "share" / "emo_music_ros"
    folder.mkdir(parents=True)
    (folder / "models").symlink_to(tmp_path / "models")
    before = sorted((tmp_path / "models").iterdir())
    install("OFF")
    assert sorted((tmp_path / "models").iterdir()) == before


@pytest.mark.parametrize("name", sorted(FOR_RESEARCH - {"answers", "listeners", "response"}))
def test_what_is_left_out_is_named_with_the_way_to_train_it(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelError) as told:
        Model(name, tmp_path)
    assert f"{name}.onnx is missing" in told.value.cause
    assert "RESEARCH_WEIGHTS=OFF" in told.value.remedy
    assert f"{name}.md there names the corpus" in told.value.remedy
    check_command(told.value.remedy)


def test_the_response_model_is_named_too(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as told:
        response.load(tmp_path / "response.json")
    assert "response.json" in told.value.cause
    check_command(told.value.remedy)


def check_command(remedy: str) -> None:
    """Check that the command a remedy names is one."""
    from emo_music_ros.cli import parser

    (command,) = re.findall(r"emo-music (train .*?);", remedy)
    parser().parse_args(command.split())


@pytest.mark.parametrize("name", FOREIGN)
def test_nobody_is_asked_to_train_the_networks_of_others(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelError) as told:
        Model(name, tmp_path)
    assert told.value.remedy == "Restore it from the release"
