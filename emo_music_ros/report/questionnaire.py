# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The statistics of paper E's questionnaire (section 4.3) on a csv file of one's own.

Cronbach's alpha of the items, one-way analysis of variance of the total and of every measure over
the groups, and correlations among them, by SciPy. The paper reports alpha .789 of 12 items with
seven levels, an analysis of variance of a decrease of heart rate over how often the system is used,
and a correlation of scores and satisfaction; its answers are not public.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from emo_music_ros.errors import InputError
from emo_music_ros.streams import FloatArray

#: Columns that are no numbers, and how columns of items are called.
PERSON, GROUP, ITEM = "person", "group", re.compile(r"q\d+")
TOTAL = "total"
#: Answers below which nothing is said, and people of a group.
LEAST, LEAST_GROUP = 3, 2
LAYOUT = "Begin with a line of names: person, group (may be missing), q1, q2, ..., measures"


@dataclass(frozen=True)
class Answers:
    """The usable rows of a file.

    Attributes
    ----------
    people, groups : tuple of str
        One each; groups are empty where the file names none.
    items : dict of str to array [people]
        Answers, all known.
    measures : dict of str to array [people]
        Other numbers, NaN = not given.
    refused : tuple of str
        Rows that were left out: where and why.
    """

    people: tuple[str, ...]
    groups: tuple[str, ...]
    items: dict[str, FloatArray]
    measures: dict[str, FloatArray]
    refused: tuple[str, ...]

    @property
    def total(self) -> FloatArray:
        """The mean answer of every person [people]; NaN where there are no items."""
        if not self.items:
            return np.full(len(self.people), math.nan)
        return np.mean(list(self.items.values()), axis=0)


def read(path: Path, lowest: float = 1.0, highest: float = 7.0) -> Answers:
    """Read answers; rows that cannot be used are named in `refused`.

    Parameters
    ----------
    path : pathlib.Path
        UTF-8, fields parted by comma or semicolon, one row a person.
    lowest, highest : float
        Ends of the scale of the items.

    Raises
    ------
    InputError
        If the file cannot be read or has no such columns, or no row is usable.
    """
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"'{path}' cannot be read: {error}", "Save it as UTF-8 text") from error
    first = text.partition("\n")[0]
    rows = csv.reader(io.StringIO(text), delimiter=";" if ";" in first else ",")
    names = [name.strip().lower() for name in next(rows, [])]
    numbers = [name for name in names if name not in (PERSON, GROUP)]
    if PERSON not in names or not numbers or len(set(names)) < len(names) or "" in names:
        raise InputError(f"'{path}' has the columns {', '.join(names) or 'none'}", LAYOUT)
    kept: dict[str, dict[str, Any]] = {}
    refused = []
    for cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        try:
            row = _row(names, cells, lowest, highest)
            if row[PERSON] in kept:
                raise ValueError(f"{row[PERSON]!r} has answered before")
            kept[row[PERSON]] = row
        except ValueError as error:
            refused.append(f"line {rows.line_num}: {error}")
    if not kept:
        raise InputError(
            f"no row of '{path}' can be used: {'; '.join(refused[:3]) or 'there is none'}", LAYOUT
        )
    columns = {name: np.array([row[name] for row in kept.values()]) for name in numbers}
    return Answers(
        tuple(kept),
        tuple(row.get(GROUP, "") for row in kept.values()),
        {name: column for name, column in columns.items() if ITEM.fullmatch(name)},
        {name: column for name, column in columns.items() if not ITEM.fullmatch(name)},
        tuple(refused),
    )


def _row(names: list[str], cells: list[str], lowest: float, highest: float) -> dict[str, Any]:
    if len(cells) != len(names):
        raise ValueError(f"{len(cells)} fields instead of {len(names)}")
    row: dict[str, Any] = {}
    for name, cell in zip(names, map(str.strip, cells)):
        if name in (PERSON, GROUP):
            if not cell:
                raise ValueError(f"no {name}")
            row[name] = cell
            continue
        if not cell and not ITEM.fullmatch(name):
            row[name] = math.nan
            continue
        try:
            row[name] = float(cell)
        except ValueError:
            raise ValueError(f"{name} is {cell!r}, no number") from None
        if not math.isfinite(row[name]):
            raise ValueError(f"{name} is {cell}")
        if ITEM.fullmatch(name) and not lowest <= row[name] <= highest:
            raise ValueError(f"{name} is {cell}, outside {lowest:g}..{highest:g}")
    return row


def alpha(items: FloatArray) -> dict[str, float | None]:
    """Return Cronbach's alpha of items [people, items] with its 95 % interval (Feldt 1965).

    Fewer than two items, `LEAST` people or answers without any variance have none.
    """
    people, count = items.shape
    whole = float(items.sum(axis=1).var(ddof=1)) if people >= LEAST else 0.0
    if count < 2 or whole <= 0:
        return {"alpha": None, "low": None, "high": None}
    value = count / (count - 1) * (1 - float(items.var(axis=0, ddof=1).sum()) / whole)
    degrees = (people - 1, (people - 1) * (count - 1))
    low, high = (1 - (1 - value) * stats.f.ppf(share, *degrees) for share in (0.975, 0.025))
    return {"alpha": value, "low": float(low), "high": float(high)}


def variance(values: FloatArray, groups: Sequence[str]) -> dict[str, Any]:
    """Return the one-way analysis of variance of values over groups; empty = cannot be done.

    Groups of fewer than `LEAST_GROUP` people are left out. `eta2` is the share of variance
    between groups.
    """
    known = np.isfinite(values)
    parts = {
        name: values[known & (np.array(groups) == name)] for name in sorted(set(groups) - {""})
    }
    parts = {name: part for name, part in parts.items() if len(part) >= LEAST_GROUP}
    joined = np.concatenate(list(parts.values())) if parts else np.zeros(0)
    within = sum(float(((part - part.mean()) ** 2).sum()) for part in parts.values())
    whole = float(((joined - joined.mean()) ** 2).sum()) if len(joined) else 0.0
    if len(parts) < 2 or within <= 0:
        return {}
    found = stats.f_oneway(*parts.values())
    return {
        "F": float(found.statistic),
        "between": len(parts) - 1,
        "within": len(joined) - len(parts),
        "p": float(found.pvalue),
        "eta2": 1 - within / whole,
        "groups": {
            name: {"people": len(part), "mean": float(part.mean()), "sd": float(part.std(ddof=1))}
            for name, part in parts.items()
        },
    }


def correlation(one: FloatArray, other: FloatArray) -> dict[str, Any]:
    """Return Pearson's r of those with both values, with interval and p; empty = none."""
    both = np.isfinite(one) & np.isfinite(other)
    one, other = one[both], other[both]
    if len(one) <= LEAST or min(np.ptp(one), np.ptp(other)) <= 0:
        return {}
    found = stats.pearsonr(one, other)
    low, high = found.confidence_interval(0.95)
    return {
        "r": float(found.statistic),
        "low": float(low),
        "high": float(high),
        "p": float(found.pvalue),
        "people": len(one),
    }


def analyse(answers: Answers) -> dict[str, Any]:
    """Return all statistics as plain JSON types; what cannot be computed is empty or null."""
    values = {TOTAL: answers.total} if answers.items else {}
    values |= answers.measures
    items = np.column_stack([*answers.items.values()]) if answers.items else np.zeros((0, 0))
    return {
        "people": len(answers.people),
        "refused": list(answers.refused),
        "items": {
            name: {"mean": float(column.mean()), "sd": _spread(column)}
            for name, column in answers.items.items()
        },
        "reliability": alpha(items),
        "variance": {name: variance(column, answers.groups) for name, column in values.items()},
        "correlation": [
            {"one": one, "other": other, **correlation(values[one], values[other])}
            for one, other in combinations(values, 2)
        ],
    }


def _spread(column: FloatArray) -> float | None:
    return float(column.std(ddof=1)) if len(column) > 1 else None


def text(found: dict[str, Any]) -> str:
    """Return the statistics for people to read."""
    lines = [f"{found['people']} people, {len(found['refused'])} rows refused"]
    lines += [f"  {reason}" for reason in found["refused"]]
    known = found["reliability"]
    value = "not run" if known["alpha"] is None else _with_interval(known, "alpha")
    lines.append(f"Cronbach's alpha of {len(found['items'])} items: {value}")
    for name, part in found["variance"].items():
        if not part:
            lines.append(f"{name} over groups: not run")
            continue
        lines.append(
            f"{name} over groups: F({part['between']}, {part['within']}) = {part['F']:.3f}, "
            f"p = {part['p']:.4f}, eta2 = {part['eta2']:.3f}"
        )
        lines += [
            f"  {group}: {entry['mean']:.3f} (sd {entry['sd']:.3f}, {entry['people']} people)"
            for group, entry in part["groups"].items()
        ]
    for part in found["correlation"]:
        shown = (
            f"r = {_with_interval(part, 'r')}, p = {part['p']:.4f}, {part['people']} people"
            if "r" in part
            else "not run"
        )
        lines.append(f"{part['one']} and {part['other']}: {shown}")
    lines.append("p is of each test alone, not corrected for their number.")
    return "\n".join(lines)


def _with_interval(part: dict[str, Any], name: str) -> str:
    return f"{part[name]:.3f} [{part['low']:.3f}, {part['high']:.3f}]"
