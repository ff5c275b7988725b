# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The page for robots names what is there: commands, topics, parameters, launch arguments."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from emo_music_ros.cli import parser

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "robots.md").read_text("utf-8")
REFERENCE = (ROOT / "docs" / "reference.md").read_text("utf-8")
LAUNCH = ROOT / "examples" / "robot.launch.py"
NODES = {path.stem for path in (ROOT / "emo_music_ros" / "nodes").glob("[a-z]*.py")}
EXECUTABLES = NODES | {"companion"}


def blocks(language: str) -> Iterator[str]:
    """Yield the blocks of code of a language."""
    yield from re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def commands() -> list[list[str]]:
    """Return the command lines, without comments."""
    lines = "\n".join(blocks("sh")).replace("\\\n", " ").splitlines()
    return [words for line in lines if (words := shlex.split(line.split(" # ")[0]))]


RUN = [words[4:] for words in commands() if words[:3] == ["ros2", "run", "emo_music_ros"]]
STARTED = [words[3] for words in commands() if words[:3] == ["ros2", "run", "emo_music_ros"]]


def section(title: str) -> str:
    """Return a section of the reference of parameters."""
    return REFERENCE.split(f"### {title}\n")[1].split("\n### ")[0]


def test_commands_start_what_there_is() -> None:
    assert STARTED
    assert set(STARTED) <= EXECUTABLES


@pytest.mark.parametrize(
    "words",
    [
        *([name, *rest] for name, rest in zip(STARTED, RUN) if name == "companion"),
        *(words[1:] for words in commands() if words[0] == "emo-music"),
    ],
    ids=" ".join,
)
def test_commands_of_the_command_line_are_understood(words: list[str]) -> None:
    parser().parse_args(words)


def test_remapped_topics_are_ours() -> None:
    remapped = re.findall(r"-r (\S+?):=", PAGE)
    tree = ast.parse(LAUNCH.read_text())
    topics = next(
        ast.literal_eval(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "TOPICS"
    )
    sources = "".join(path.read_text() for path in (ROOT / "emo_music_ros").rglob("*.py"))
    for topic in {*remapped, *(topic for topic, _ in topics.values())}:
        assert f'"{topic}"' in sources, topic


def test_parameters_are_those_of_the_reference() -> None:
    found = 0
    for block in blocks("yaml"):
        for name, content in yaml.safe_load(block).items():
            node = name.removeprefix("/**/")
            assert node in NODES
            for parameter, value in content["ros__parameters"].items():
                plugin, dot, rest = parameter.rpartition(".")
                text = section(f"{node}: {plugin}" if dot else node)
                assert re.search(rf"^\| `{rest}` \| {type(value).__name__} \|", text, re.MULTILINE)
                found += 1
    assert found >= 6


def test_launch_arguments_are_declared() -> None:
    bringup = (ROOT / "emo_music_ros" / "ros" / "bringup.py").read_text()
    declared = set(re.findall(r'^    "(\w+)": \{', bringup, re.MULTILINE))
    declared |= {"camera", "microphone", "speaking", "composed"}
    for words in commands():
        if words[:2] == ["ros2", "launch"]:
            given = {word.split(":=")[0] for word in words if ":=" in word}
            assert given
            assert given <= declared


def test_fields_that_are_looked_at_exist() -> None:
    messages = {
        "/emotion": "EmotionState",
        "/encoding/face": "ModalityEncoding",
        "/encoding/speech": "ModalityEncoding",
        "/player/state": "PlayerState",
        "/recommendation": "Recommendation",
    }
    looked = re.findall(r"--field (\S+) (/\S+)", PAGE)
    assert set(messages) <= {topic for _, topic in looked}
    for path, topic in looked:
        if topic in messages:
            text = (ROOT / "msg" / f"{messages[topic]}.msg").read_text()
            assert re.search(rf"^\S+ {path.split('.')[0]}\b", text, re.MULTILINE), (path, topic)


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert (ROOT / "docs" / target).exists(), target
    assert "docs/robots.md" in (ROOT / "README.md").read_text("utf-8")


def test_the_launch_file_remaps_and_includes_the_whole(monkeypatch) -> None:
    pytest.importorskip("launch_ros", reason="launch is not installed: it comes with ROS 2 only")
    from launch.launch_description_sources import get_launch_description_from_python_launch_file

    found = get_launch_description_from_python_launch_file(str(LAUNCH))
    names = {argument.name for argument in found.get_launch_arguments()}
    assert {"camera", "microphone", "speaking", "without"} <= names
