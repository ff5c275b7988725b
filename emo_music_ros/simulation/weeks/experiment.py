# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The experiment of paper A, section 3.2, with simulated listeners: every policy, every scenario.

All policies get the same people, libraries and mornings, so that they are compared pair by pair.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import emo_music_ros
from emo_music_ros import measures, plugins
from emo_music_ros.errors import InputError, PluginError
from emo_music_ros.simulation.resume import finished
from emo_music_ros.simulation.weeks import figures
from emo_music_ros.simulation.weeks.people import fitted, library, pieces
from emo_music_ros.simulation.weeks.session import OMNISCIENT, SCENARIOS, Weeks, make

#: Ours first; ``companion:direct`` goes to the goal at once instead of by a path.
POLICIES = (
    *("companion", "companion:direct", "therapeutic", "paper_a", "genre_table"),
    *("polarity_rules", "popular", "bandit", "fixed_playlist", OMNISCIENT),
)
#: Of so many people one has a taste that turns.
TURNING = 4
#: Indifferent listeners, and tracks of whom as many as possible should differ.
INDIFFERENT, COUNTED = 20, 25
#: Folders whose code decides on the facts.
_CODE = ("recommendation", "simulation/weeks", "emotion.py", "measures.py")


@dataclass(frozen=True)
class Task:
    """Four weeks of one person or group."""

    policy: str
    scenario: str
    number: int
    seed: int
    days: int

    @property
    def name(self) -> str:
        """What it is known by between runs."""
        return json.dumps(asdict(self), sort_keys=True)


def run(task: Task) -> tuple[str, dict[str, Any]]:
    """Run one task and return its name and facts."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    scenario = SCENARIOS[task.scenario]
    # Everybody has a library of their own, so that no luck of a library decides.
    seed = [task.seed, list(SCENARIOS).index(task.scenario), task.number]
    tracks = library(seed)
    weeks = Weeks(
        make(task.policy, task.number, scenario),
        tracks,
        pieces(tracks, seed),
        scenario,
        seed,
        turns=task.number % TURNING == 0,
    )
    return task.name, weeks.run(task.days).as_dict()


def different(policy: str, seed: int, listeners: int) -> list[int]:
    """Return how many of the first tracks differ for listeners who like all alike."""
    found = []
    for number in range(listeners):
        one = [seed, len(SCENARIOS), number]
        tracks = library(one)
        weeks = Weeks(
            make(policy, number, SCENARIOS["day care"]),
            tracks,
            pieces(tracks, one),
            SCENARIOS["day care"],
            one,
            indifferent=True,
        )
        while len(weeks.played) < COUNTED:
            weeks.run(days=4)
        found.append(len(set(weeks.played[:COUNTED])))
    return found


def digest() -> str:
    """Return what changes when the same task would give other facts."""
    root = Path(emo_music_ros.__file__).parent
    total = hashlib.sha256(json.dumps(fitted(), sort_keys=True).encode())
    for name in _CODE:
        paths = [root / name] if name.endswith(".py") else sorted((root / name).rglob("*.py"))
        for path in paths:
            total.update(path.read_bytes())
    return total.hexdigest()[:16]


def experiment(
    *,
    people: int,
    seed: int,
    policies: Sequence[str],
    days: int,
    work: Path,
    processes: int = 1,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, Any]:
    """Run everything and return the report as plain JSON types.

    Parameters
    ----------
    people : int
        How many in every scenario; groups have several.
    policies : sequence of str
        Names of recommender plugins.
    days : int
        Sessions of each, one a day.
    work : pathlib.Path
        Where what is finished is kept, from which an interrupted run goes on.

    Raises
    ------
    InputError
        If a number is not above 0, or there are too few people for an interval.
    """
    most = max(scenario.members for scenario in SCENARIOS.values())
    if people < 2 * most or days < 1 or processes < 1:
        raise InputError(
            f"{people} people for {days} days say nothing",
            f"Give at least {2 * most} people and one day",
        )
    began = time.monotonic()
    missing = {}
    for policy in policies:
        try:
            make(policy, 0, SCENARIOS["home"])
        except PluginError as error:
            if policy.partition(":")[0] not in plugins.available("recommender"):
                raise
            missing[policy] = str(error)
    store = work / f"weeks-{digest()}.jsonl"
    wanted = [
        Task(policy, name, number, seed, days)
        for policy in policies
        if policy not in missing
        for name, scenario in SCENARIOS.items()
        for number in range(people // scenario.members)
    ]
    facts = finished({task.name: task for task in wanted}, run, store, processes, progress)
    found: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for task, fact in zip(wanted, facts):
        found.setdefault(task.policy, {}).setdefault(task.scenario, []).append(fact)
    varied = {policy: different(policy, seed, INDIFFERENT) for policy in found}
    return {
        "about": {
            "simulation": "simulated listeners, not people",
            "version": emo_music_ros.__version__,
            "people": people,
            "days": days,
            "seed": seed,
            "accepted after": measures.TRIED,
            "sessions": sum(fact["sessions"] for fact in facts),
            "python": platform.python_version(),
            "machine": f"{platform.machine()}, {os.cpu_count()} cores",
            "minutes": round((time.monotonic() - began) / 60, 1),
        },
        "missing": missing,
        **figures.report(found, varied),
    }
