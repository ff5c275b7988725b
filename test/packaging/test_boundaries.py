# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Science knows no ROS, and running needs no training library."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "emo_music_ros"
ROS_FOLDERS = {"nodes", "ros", "rqt", "commands"}
MESSAGES = {"emo_music_ros.msg", "emo_music_ros.srv", "emo_music_ros.action"}
TRAINING = {"torch", "sklearn", "pandas", "onnx", "onnxscript", "onnx_ir"}


def imports(path: Path) -> set[str]:
    """Return every module a file imports, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def modules(*, ros: bool, training: bool) -> list[Path]:
    """Return the modules of the package, with or without the ROS side and training."""
    return [
        path
        for path in sorted(PACKAGE.rglob("*.py"))
        if (ros or path.relative_to(PACKAGE).parts[0] not in ROS_FOLDERS)
        and (training or "training" not in path.relative_to(PACKAGE).parts)
    ]


def name(path: Path) -> str:
    """Return the dotted name of a module of the package."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


@pytest.mark.parametrize("path", modules(ros=False, training=True), ids=name)
def test_science_imports_no_ros(path):
    ros = {
        module
        for module in imports(path)
        if module.split(".")[0] in ("rclpy", "launch", "launch_ros", "ament_index_python")
        or module.split(".")[0].endswith(("_msgs", "_srvs", "_interfaces"))
        or any(module == banned or module.startswith(f"{banned}.") for banned in MESSAGES)
    }
    assert not ros


@pytest.mark.parametrize(
    "path", [path for path in modules(ros=False, training=True) if path.parent != PACKAGE], ids=name
)
def test_stages_do_not_import_nodes(path):
    above = {
        module
        for module in imports(path)
        if module.startswith("emo_music_ros.") and module.split(".")[1] in ROS_FOLDERS | {"cli"}
    }
    assert not above


#: Stage -> stages it must not import; files are read below all of them.
BELOW = {
    "io": {
        *("sensing", "encoding", "fusion", "recommendation", "playback", "training"),
        *("plugins", "portaudio", "summary"),
    },
    "sensing": {"encoding", "fusion", "recommendation", "playback", "training"},
    "encoding": {"sensing", "fusion", "recommendation", "playback", "training"},
}


@pytest.mark.parametrize(
    "path", [path for stage in BELOW for path in sorted((PACKAGE / stage).rglob("*.py"))], ids=name
)
def test_stages_do_not_import_what_comes_after_them(path):
    found = {
        module.split(".")[1] for module in imports(path) if module.startswith("emo_music_ros.")
    }
    assert not found & BELOW[path.relative_to(PACKAGE).parts[0]]


@pytest.mark.parametrize("path", modules(ros=True, training=False), ids=name)
def test_running_imports_no_training_library(path):
    assert not {module.split(".")[0] for module in imports(path)} & TRAINING


def test_importing_all_science_loads_neither_ros_nor_training_libraries():
    """What imports pull in indirectly counts too: sklearn alone costs 178 MB."""
    names = [
        name(path)
        for path in modules(ros=False, training=False)
        if path.parent.name != "migrations" or path.name != "env.py"  # a script of Alembic
    ]
    code = (
        "import importlib, json, sys\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
        "print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=Path("/"), check=False
    )
    assert finished.returncode == 0, finished.stderr
    assert not set(json.loads(finished.stdout)) & (TRAINING | {"rclpy", "librosa", "numba"})
