# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from pathlib import Path

from emo_music_ros.commands.reference import executables, markdown


def test_every_node_and_plugin_is_described():
    text = markdown()
    for name in executables():
        assert f"### {name}\n" in text
    assert "cannot be imported" not in text
    assert "| `half_life` | float | `5.0` | 0.1 .. 600 | yes |" in text


def test_the_documentation_is_what_the_code_says():
    written = (Path(__file__).parents[2] / "docs" / "reference.md").read_text("utf-8")
    assert written == markdown(), "make it again: emo-music reference > docs/reference.md"
