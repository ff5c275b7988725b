# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The report of the four weeks as Markdown and JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from emo_music_ros.simulation import report as simulation_report

Row = Mapping[str, Any]


def markdown(report: Mapping[str, Any]) -> str:
    """Return the report as Markdown."""
    about = report["about"]
    parts = [
        "# Four weeks, simulated",
        "Made by `emo-music simulate --weeks`. **These are simulated listeners, not people**: "
        "what they like and what music does to their mood was fitted to young adults "
        "(`models/listeners.md`). The figures compare policies and say nothing of an effect on "
        "anybody. What the columns mean: [decisions.md](decisions.md#four-weeks).",
        f"{about['people']} people in each of three scenarios, {about['days']} sessions of 30 "
        f"minutes each, {about['sessions']} sessions in all, seed {about['seed']}, version "
        f"{about['version']}, Python {about['python']}, {about['machine']}, "
        f"{about['minutes']:g} minutes. 95 % intervals by bootstrap over people.",
        "## What was asked for",
        _goals(report["goals"]),
        "## All scenarios",
        _policies({name: found["all"] for name, found in report["policies"].items()}),
    ]
    parts += [f"`{name}`: not run. {reason}" for name, reason in report["missing"].items()]
    scenarios = [name for name in next(iter(report["policies"].values()), {}) if name != "all"]
    for scenario in scenarios:
        tables = {name: found[scenario] for name, found in report["policies"].items()}
        parts += [f"## {scenario.capitalize()}", _policies(tables)]
    return "\n\n".join(parts) + "\n"


def save(folder: Path, report: Mapping[str, Any]) -> None:
    """Write ``weeks.md`` and ``results/weeks.json`` into a folder, see `simulation.report`."""
    simulation_report.save(folder, report, "weeks", markdown)


def _goals(figures: Sequence[Row]) -> str:
    rows = [
        f"| {one['name']} | {_number(one)} | {one['bound']} | "
        f"{ {None: 'not run', True: 'yes', False: '**no**'}[one['reached']] } | {one['count']} |"
        for one in figures
    ]
    head = "| behaviour | figure [95 %] | asked for | reached | people or groups |"
    rows.insert(0, "|---|---|---|---|---|")
    return "\n".join([head, *rows])


def _policies(tables: Mapping[str, Sequence[Row]]) -> str:
    names = [one["name"] for one in next(iter(tables.values()), ())]
    head = f"| | {' | '.join(tables)} |\n|---|{'---|' * len(tables)}"
    rows = [
        f"| {name} | {' | '.join(_number(found[place]) for found in tables.values())} |"
        for place, name in enumerate(names)
    ]
    return "\n".join([head, *rows])


def _number(one: Row) -> str:
    if one["value"] is None:
        return "not run"
    if one["low"] is None:
        return f"{one['value']:.3f}"
    return f"{one['value']:.3f} [{one['low']:.3f}, {one['high']:.3f}]"
