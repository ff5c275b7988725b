# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The report of a simulation as Markdown and JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from emo_music_ros.errors import StorageError

_HEAD = (
    "| behaviour | figure | 95 % interval | asked for | reached | sessions |\n"
    "|---|---|---|---|---|---|"
)


def markdown(report: Mapping[str, Any]) -> str:
    """Return the report as Markdown."""
    about = report["about"]
    parts = [
        "# Simulation",
        "Made by `emo-music simulate`. **These are simulated listeners, not people**: moods that "
        "drift, music that moves them, tastes; their faces, voices, words and pulses are recorded "
        "answers of the encoders to people that those encoders never saw "
        f"(`models/answers.md`, {', '.join(about['answers_of'])}). The figures say whether the "
        "decisions hold together, not whether music helps anybody.",
        f"{about['sessions']} sessions of {about['seconds'] / 60:g} minutes, seed {about['seed']}, "
        f"a library of {about['tracks']} tracks, version {about['version']}, Python "
        f"{about['python']}, {about['machine']}, {about['minutes']:g} minutes. Intervals by "
        "bootstrap over sessions.",
    ]
    for policy, found in report["policies"].items():
        parts += [f"## {policy}", _table(found["figures"])]
    if "alone" in report:
        parts += [
            "## What the fusion makes of one modality, of agreement and of contradiction",
            _table(report["alone"]),
        ]
    first = next(iter(report["policies"].values()), None)
    if first is not None and first["full rate"]:
        parts += [
            "## The same sessions stepped once and four times a second",
            _compared(first["same sessions at 1 Hz"], first["full rate"]),
        ]
    return "\n\n".join(parts) + "\n"


def save(
    folder: Path,
    report: Mapping[str, Any],
    name: str = "simulation",
    page: Callable[[Mapping[str, Any]], str] = markdown,
) -> None:
    """Write the page ``name.md`` and ``results/name.json`` into a folder.

    Raises
    ------
    StorageError
        If it cannot be written.
    """
    try:
        (folder / "results").mkdir(parents=True, exist_ok=True)
        text = json.dumps(report, indent=1, allow_nan=False) + "\n"
        (folder / "results" / f"{name}.json").write_text(text, "utf-8")
        (folder / f"{name}.md").write_text(page(report), "utf-8")
    except OSError as error:
        raise StorageError(
            f"the report cannot be written into {folder}: {error}", "Free space or name another"
        ) from error


def _table(figures: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        f"| {one['name']} | {_number(one['value'])} | {_interval(one)} | {one['bound']} | "
        f"{_reached(one['reached'])} | {one['count']} |"
        for one in figures
    ]
    return "\n".join([_HEAD, *rows])


def _compared(one: Sequence[Mapping[str, Any]], four: Sequence[Mapping[str, Any]]) -> str:
    rows = ["| behaviour | 1 Hz | 4 Hz | sessions |", "|---|---|---|---|"]
    rows += [
        f"| {slow['name']} | {_number(slow['value'])} {_interval(slow)} | "
        f"{_number(fast['value'])} {_interval(fast)} | {fast['count']} |"
        for slow, fast in zip(one, four)
        if slow["count"] and fast["count"]
    ]
    return "\n".join(rows)


def _number(value: float | None) -> str:
    return "not run" if value is None else f"{value:.3f}"


def _interval(one: Mapping[str, Any]) -> str:
    return "" if one["low"] is None else f"[{one['low']:.3f}, {one['high']:.3f}]"


def _reached(reached: bool | None) -> str:
    return {None: "", True: "yes", False: "**no**"}[reached]
