# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Imports point downward: a stage knows the plain data below it and none of its neighbours."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

NAME = "emo_music_ros"
PACKAGE = Path(__file__).resolve().parents[2] / NAME

#: Files of the package itself; they know only each other.
TOP = {
    "__init__", "clock", "emotion", "encryption", "errors", "measures", "names", "numerics",
    "options", "pacing", "paths", "plugins", "portaudio", "resources", "states", "streams",
    "summary",
}  # fmt: skip
#: What rosidl makes of msg, srv and action.
MESSAGES = {"msg", "srv", "action"}

_BASE = {"top", "io"}
_STAGES = {"sensing", "encoding", "fusion", "recommendation", "playback", "talking"}
#: Who may import whom, beside itself. What a stage needs of another is handed in by a node or the
#: command line, or found as a plugin.
ALLOWED: dict[str, set[str]] = {
    "top": set(),
    "io": {"top"},
    "care": _BASE,
    "consent": _BASE,
    "sensing": _BASE,
    "encoding": _BASE,
    "fusion": _BASE,
    "recommendation": _BASE | {"care"},
    "playback": _BASE,
    "talking": _BASE | {"encoding"},
    "notifying": _BASE,
    "simulation": _BASE | {"fusion", "recommendation", "playback"},
    "training": _BASE | _STAGES | {"simulation"},
    "ros": _BASE | _STAGES | {"messages", "care", "consent", "dashboard", "notifying"},
    "nodes": _BASE
    | _STAGES
    | {"messages", "ros", "care", "consent", "dashboard", "report", "notifying"},
    "dashboard": _BASE | {"care", "consent", "notifying"},
    "report": _BASE | {"care", "dashboard", "recommendation"},
    "rqt": _BASE | {"messages", "ros", "consent", "dashboard"},
    "commands": _BASE
    | _STAGES
    | {"simulation", "training", "ros", "nodes", "care", "consent", "dashboard", "report"}
    | {"notifying"},
    "cli": {"top", "commands"},
}


def modules(package: Path) -> dict[str, Path]:
    """Return the modules of a package by dotted name; not the generated ones."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        if parts[0] not in MESSAGES:
            found[".".join((NAME, *(part for part in parts if part != "__init__")))] = path
    return found


def imports(path: Path) -> Iterator[str]:
    """Yield every name of the package that a file imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: write imports in full"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name for name in names if name.split(".")[0] == NAME)


def room(name: str) -> str:
    """Return the room of the table that a dotted name is in."""
    parts = name.split(".")
    if len(parts) == 1 or parts[1] in TOP or parts[1].startswith("__"):
        return "top"
    return "messages" if parts[1] in MESSAGES else parts[1]


def wrong(package: Path) -> list[str]:
    """Return what the table does not allow, one import each."""
    return [
        f"{name} imports {imported}: {room(name)} does not know {room(imported)}"
        for name, path in modules(package).items()
        for imported in imports(path)
        if room(imported) != room(name) and room(imported) not in ALLOWED.get(room(name), set())
    ]


def circles(package: Path) -> list[list[str]]:
    """Return circles of modules that import each other."""
    known = modules(package)
    edges = {
        name: {
            imported if imported in known else imported.rpartition(".")[0]
            for imported in imports(path)
        }
        for name, path in known.items()
    }
    found: list[list[str]] = []
    done: set[str] = set()

    def visit(name: str, way: list[str]) -> None:
        if name in way:
            found.append([*way[way.index(name) :], name])
        elif name not in done:
            for other in sorted(edges.get(name, ())):
                visit(other, [*way, name])
            done.add(name)

    for name in known:
        visit(name, [])
    return found


def test_every_folder_is_in_the_table() -> None:
    found = {room(name) for name in modules(PACKAGE)}
    assert found <= set(ALLOWED), "say in ALLOWED what the new folder may import"


def test_the_table_has_no_circle() -> None:
    left = {name: others - {"messages"} for name, others in ALLOWED.items()}
    while left:
        lowest = {name for name, others in left.items() if not others & set(left)}
        assert lowest, f"these know each other: {sorted(left)}"
        left = {name: others for name, others in left.items() if name not in lowest}


def test_imports_point_downward() -> None:
    assert wrong(PACKAGE) == []


def test_no_modules_import_each_other() -> None:
    assert circles(PACKAGE) == []


def test_modalities_share_only_what_is_shared() -> None:
    for name, path in modules(PACKAGE / "encoding").items():
        own = name.split(".")[1:2]
        for imported in imports(path):
            parts = imported.split(".")
            if parts[1] == "encoding" and own:
                assert set(parts[2:3]) & {*own, "shared"}, f"{path} imports {imported}"


@pytest.mark.parametrize(
    ("place", "line", "fault"),
    [
        ("recommendation/session/x.py", "from emo_music_ros.fusion.base import Evidence", "fusion"),
        ("recommendation/library/x.py", "import emo_music_ros.encoding.music.encoder", "encoding"),
        ("playback/x.py", "from emo_music_ros import recommendation", "recommendation"),
        ("io/x.py", "def f():\n    from emo_music_ros.encoding.shared import filters", "encoding"),
        ("errors.py", "from emo_music_ros.io import audio", "io"),
        ("fusion/x.py", "from emo_music_ros.msg import Track", "messages"),
        ("simulation/x.py", "from emo_music_ros.training import corpora", "training"),
        ("ros/x.py", "from emo_music_ros.nodes.player import PlayerNode", "nodes"),
        ("nodes/x.py", "from emo_music_ros.cli import main", "cli"),
        ("dashboard/x.py", "from emo_music_ros.ros.stamps import seconds", "ros"),
        ("novelty/x.py", "from emo_music_ros.streams import Track", "top"),
    ],
)
def test_a_wrong_import_is_found(tmp_path: Path, place: str, line: str, fault: str) -> None:
    file = tmp_path / place
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{line}\n")
    (found,) = wrong(tmp_path)
    assert found.endswith(f"does not know {fault}")


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("playback/x.py", "from emo_music_ros.streams import Track"),
        ("playback/x.py", "from emo_music_ros.playback.base import Backend"),
        ("playback/x.py", "from emo_music_ros import __version__"),
        ("simulation/x.py", "from emo_music_ros.recommendation.session import director"),
        ("nodes/x.py", "import emo_music_ros.msg as msg"),
    ],
)
def test_a_right_import_is_let_through(tmp_path: Path, place: str, line: str) -> None:
    file = tmp_path / place
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{line}\n")
    assert wrong(tmp_path) == []


def test_a_circle_is_found(tmp_path: Path) -> None:
    (tmp_path / "fusion").mkdir()
    (tmp_path / "fusion" / "a.py").write_text("from emo_music_ros.fusion import b\n")
    (tmp_path / "fusion" / "b.py").write_text("def f():\n    import emo_music_ros.fusion.a\n")
    ((first, second, last),) = circles(tmp_path)
    assert first == last
    assert {first, second} == {"emo_music_ros.fusion.a", "emo_music_ros.fusion.b"}
