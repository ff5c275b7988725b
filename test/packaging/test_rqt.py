# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What rqt reads of the package: plugin and perspective, checked without rqt."""

from __future__ import annotations

import ast
import json
import xml.etree.ElementTree as ET
from pathlib import Path

from emo_music_ros import msg

ROOT = Path(__file__).resolve().parents[2]
PLUGIN = ET.parse(ROOT / "plugin.xml").getroot().find("class")
PERSPECTIVE = json.loads((ROOT / "config" / "companion.perspective").read_text())
MANAGER = PERSPECTIVE["groups"]["pluginmanager"]


def setting(plugin: str, name: str) -> object:
    """Return a setting of a plugin of the perspective."""
    group = MANAGER["groups"][f"plugin__{plugin.replace('/', '__')}__1"]["groups"]["plugin"]
    return ast.literal_eval(group["keys"][name]["repr"])


def test_the_manifest_names_the_plugin_which_is_installed():
    export = ET.parse(ROOT / "package.xml").getroot().find("export/rqt_gui")
    assert export.get("plugin") == "${prefix}/plugin.xml"
    assert "install(FILES plugin.xml DESTINATION share/" in (ROOT / "CMakeLists.txt").read_text()


def test_the_plugin_is_a_class_of_the_package():
    module, name = PLUGIN.get("type").rsplit(".", 1)
    tree = ast.parse((ROOT / f"{module.replace('.', '/')}.py").read_text())
    (found,) = (each for each in tree.body if isinstance(each, ast.ClassDef) and each.name == name)
    assert PLUGIN.get("base_class_type") == "rqt_gui_py::Plugin"
    assert [base.id for base in found.bases] == ["Plugin"]


def test_the_perspective_shows_graph_plot_picture_and_panel():
    running = ast.literal_eval(MANAGER["keys"]["running-plugins"]["repr"])
    assert set(running) == {
        f"emo_music_ros/{PLUGIN.get('name')}",
        "rqt_graph/RosGraph",
        "rqt_image_view/ImageView",
        "rqt_plot/Plot",
    }


def test_the_perspective_plots_fields_that_there_are():
    assert setting("rqt_image_view/ImageView", "topic") == "/camera/image_raw"
    for topic in setting("rqt_plot/Plot", "topics"):
        name, *fields = topic.strip("/").split("/")
        assert name == "emotion"
        message = msg.EmotionState()
        for field in fields:
            message = getattr(message, field)
        assert isinstance(message, float)
