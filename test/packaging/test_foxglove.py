# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The layout of Foxglove: of the form its exports have, and about topics and fields there are."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
LAYOUT = json.loads((ROOT / "config" / "foxglove.json").read_text("utf-8"))
PANELS: dict[str, dict[str, Any]] = LAYOUT["configById"]
#: What an exported panel of each kind has at least.
FIELDS = {
    "Plot": {"paths", "xAxisVal", "isSynced", "showLegend"},
    "StateTransitions": {"paths", "isSynced"},
    "RawMessages": {"topicPath", "diffEnabled", "diffMethod"},
    "DiagnosticSummary": {"topicToRender", "minLevel", "pinnedIds", "sortByLevel"},
}
#: Topic -> message of ours.
TOPICS = {
    "/emotion": "EmotionState",
    "/player/state": "PlayerState",
    "/session/plan": "SessionPlan",
    "/recommendation": "Recommendation",
    "/listening/outcome": "ListeningOutcome",
    "/encoding/physiology": "ModalityEncoding",
}


def leaves(node: Any) -> list[str]:
    """Return the panels of a part of the mosaic."""
    if isinstance(node, str):
        return [node]
    assert set(node) == {"direction", "first", "second", "splitPercentage"}
    assert node["direction"] in ("row", "column")
    assert 0 < node["splitPercentage"] < 100
    return leaves(node["first"]) + leaves(node["second"])


def paths() -> list[str]:
    """Return every path to a value of a message."""
    found = []
    for panel in PANELS.values():
        found += [each["value"] for each in panel.get("paths", ())]
        found += [panel["xAxisPath"]["value"]] if "xAxisPath" in panel else []
        found += [panel["topicPath"]] if "topicPath" in panel else []
    return found


def test_it_has_the_parts_of_an_export():
    assert set(LAYOUT) == {"configById", "globalVariables", "userNodes", "playbackConfig", "layout"}
    assert LAYOUT["playbackConfig"] == {"speed": 1}


def test_every_panel_is_placed_once_and_has_its_settings():
    placed = leaves(LAYOUT["layout"])
    assert sorted(placed) == sorted(PANELS)
    for name, panel in PANELS.items():
        kind, _, label = name.partition("!")
        assert label
        assert FIELDS[kind] <= set(panel), name
        for path in panel.get("paths", ()):
            assert path["timestampMethod"] == "receiveTime"
            assert path["enabled"] is True


@pytest.mark.parametrize("path", paths())
def test_every_path_leads_to_a_field(path):
    topic = next(each for each in sorted(TOPICS, reverse=True) if path.startswith(f"{each}."))
    kind = TOPICS[topic]
    for step in path[len(topic) + 1 :].split("."):
        name = re.sub(r"\[\d+\]$", "", step)
        text = (ROOT / "msg" / f"{kind}.msg").read_text("utf-8")
        found = re.search(rf"^(\S+)\s+{name}(\s|$)", text, re.MULTILINE)
        assert found, f"{kind} has no {name}"
        kind = found.group(1)
        assert step == name or kind.endswith("[]")


def test_the_first_feature_of_the_body_is_the_heart_rate():
    code = (ROOT / "emo_music_ros" / "encoding" / "physiology" / "encoder.py").read_text("utf-8")
    assert re.search(r"features = \{\s*\"heart_rate\"", code)
