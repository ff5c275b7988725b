# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The figures of the README are those that were measured."""

from __future__ import annotations

from pathlib import Path

from emo_music_ros.training.shared import headlines, report

ROOT = Path(__file__).resolve().parents[2]


def test_the_table_of_models_is_what_was_measured():
    readme = (ROOT / "README.md").read_text("utf-8")
    assert headlines.BEGIN in readme
    assert headlines.insert(readme, report.load(ROOT / "docs")) == readme
