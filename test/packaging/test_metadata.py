# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What is installed is what the source says: version, entry points, executables, data."""

import ast
import os
import re
import xml.etree.ElementTree as ET
from importlib.metadata import distribution, entry_points
from pathlib import Path

import pytest

import emo_music_ros
from emo_music_ros import options, plugins
from emo_music_ros.resources import share

ROOT = Path(__file__).resolve().parents[2]
INSTALLED = Path(emo_music_ros.__file__).parent
PREFIX = next((up for up in INSTALLED.parents if (up / "lib" / "emo_music_ros").is_dir()), None)

needs_installation = pytest.mark.skipif(
    PREFIX is None, reason="the package is not installed: make build"
)


def declared():
    """Return the entry points of setup.py by group."""
    tree = ast.parse((ROOT / "setup.py").read_text())
    call = next(
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "setup"
    )
    groups = next(word.value for word in call.keywords if word.arg == "entry_points")
    return {
        group: dict(re.split(r"\s*=\s*", line) for line in lines)
        for group, lines in ast.literal_eval(groups).items()
    }


PLUGINS = [
    (group.removeprefix("emo_music_ros."), name, value)
    for group, points in declared().items()
    if group != "console_scripts"
    for name, value in points.items()
]


def test_one_version():
    manifest = ET.parse(ROOT / "package.xml").getroot()
    assert manifest.findtext("version") == emo_music_ros.__version__
    changes = (ROOT / "CHANGELOG.md").read_text()
    assert re.search(rf"^## {re.escape(emo_music_ros.__version__)}\b", changes, re.MULTILINE)


@needs_installation
def test_installed_metadata_has_the_version_and_entry_points():
    found = distribution("emo_music_ros")
    assert found.version == emo_music_ros.__version__
    installed: dict[str, dict[str, str]] = {}
    for point in found.entry_points:
        installed.setdefault(point.group, {})[point.name] = point.value
    assert installed == declared()


def test_every_stage_has_plugins():
    assert {stage for stage, _, _ in PLUGINS} == set(plugins.GROUPS)


@needs_installation
@pytest.mark.parametrize(("stage", "name", "value"), PLUGINS, ids=lambda part: str(part))
def test_plugin_is_found_and_says_its_options(stage, name, value):
    found = plugins.find(stage, name)
    assert f"{found.__module__}:{found.__qualname__}" == value
    assert options.build(plugins.options_of(found), {}) is not None


@needs_installation
def test_command_is_found():
    (point,) = entry_points(group="console_scripts", name="emo-music")
    assert callable(point.load())
    assert os.access(PREFIX / "bin" / "emo-music", os.X_OK)


@needs_installation
@pytest.mark.parametrize(
    "name", sorted(path.stem for path in (ROOT / "emo_music_ros" / "nodes").glob("[a-z]*.py"))
)
def test_node_has_an_executable(name):
    tree = ast.parse((ROOT / "emo_music_ros" / "nodes" / f"{name}.py").read_text())
    functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert "main" in functions
    executable = PREFIX / "lib" / "emo_music_ros" / name
    assert os.access(executable, os.X_OK)
    assert f"from emo_music_ros.nodes.{name} import main" in executable.read_text()


@needs_installation
def test_the_whole_loop_has_an_executable():
    executable = PREFIX / "lib" / "emo_music_ros" / "companion"
    assert os.access(executable, os.X_OK)
    assert "from emo_music_ros.commands.companion import main" in executable.read_text()


@needs_installation
@pytest.mark.parametrize("folder", ["config", "launch", "models"])
def test_data_is_installed(folder):
    source = {path.name for path in (ROOT / folder).glob("*.*")}
    assert source
    assert source <= {path.name for path in (PREFIX / "share" / "emo_music_ros" / folder).iterdir()}
    assert share(folder).is_dir()


@needs_installation
def test_interfaces_are_installed():
    pytest.importorskip("rclpy", reason="ROS 2 is not installed")
    import emo_music_ros.action
    import emo_music_ros.msg
    import emo_music_ros.srv

    for kind, suffix in (("msg", "msg"), ("srv", "srv"), ("action", "action")):
        for path in (ROOT / kind).glob(f"*.{suffix}"):
            assert hasattr(getattr(emo_music_ros, kind), path.stem)


@pytest.mark.parametrize(
    "path",
    sorted(path for kind in ("msg", "srv", "action") for path in (ROOT / kind).iterdir()),
    ids=lambda path: path.name,
)
def test_interface_says_what_it_is(path):
    assert path.read_text().startswith("# ")
