"""The figures of the README are those that were measured."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_figure_of_the_models_is_in_the_results():
    readme = (ROOT / "README.md").read_text("utf-8")
    measured = (ROOT / "docs" / "results.md").read_text("utf-8")
    figures = re.findall(r"\d\.\d{3} \[\d\.\d{3}, \d\.\d{3}\]", readme)
    assert len(figures) >= 9
    for figure in figures:
        assert figure in measured
