# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Timing of ours and of peers in turn, so that both see the same machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np

from emo_music_ros.training.shared.cards import markdown_table


@dataclass(frozen=True)
class Row:
    """One line of a comparison.

    Parameters
    ----------
    name : str
        What was timed; the first row of a comparison is ours.
    package : str
        Whose it is, with version.
    p50, p95 : float
        Time of one call, s.
    note : str
        Such as the accuracy on the same input, or what differs.
    """

    name: str
    package: str
    p50: float
    p95: float
    note: str = ""


def installed(package: str) -> str:
    """Return ``name version`` of an installed package."""
    return f"{package} {version(package)}"


def alternate(
    calls: Mapping[str, Callable[[], object]], seconds: float = 4.0, least: int = 15
) -> dict[str, tuple[float, float]]:
    """Return the median and 95th percentile of every call, s, called in turn after a warm-up.

    Taking turns makes a busy moment of the machine hit all of them alike.
    """
    for call in calls.values():
        call()
        call()
    times: dict[str, list[float]] = {name: [] for name in calls}
    end = time.perf_counter() + seconds * len(calls)
    count = 0
    while count < least or (time.perf_counter() < end and count < 1000):
        for name, call in calls.items():
            began = time.perf_counter()
            call()
            times[name].append(time.perf_counter() - began)
        count += 1
    return {
        name: (float(np.median(values)), float(np.quantile(values, 0.95)))
        for name, values in times.items()
    }


def plain(rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    """Return the times of every row by its name: ``p50_ms``, ``p95_ms`` and ``times_ours``."""
    return {
        row.name: {
            "p50_ms": 1e3 * row.p50,
            "p95_ms": 1e3 * row.p95,
            "times_ours": row.p50 / rows[0].p50,
        }
        for row in rows
    }


def markdown(rows: Sequence[Row]) -> str:
    """Return a table with the ratio of every row to the first one, which is ours."""
    if not rows:
        return "not run"
    return markdown_table(
        ["what", "package", "ms p50", "ms p95", "times ours", "note"],
        [
            [
                row.name,
                row.package,
                f"{1e3 * row.p50:.3f}",
                f"{1e3 * row.p95:.3f}",
                f"{row.p50 / rows[0].p50:.2f}",
                row.note,
            ]
            for row in rows
        ],
    )
