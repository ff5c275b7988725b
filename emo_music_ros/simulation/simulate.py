# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""``emo-music simulate``: many sessions of simulated listeners, and what they say of the loop."""

from __future__ import annotations

import hashlib
import json
import math
import os
import platform
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import emo_music_ros
from emo_music_ros.errors import InputError
from emo_music_ros.simulation.alone import face_alone, together
from emo_music_ros.simulation.answers import Answers
from emo_music_ros.simulation.characters import KINDS
from emo_music_ros.simulation.figures import Figure, alone, behaviours, skipped
from emo_music_ros.simulation.resume import finished
from emo_music_ros.simulation.session import GIVEN, Facts, run_session
from emo_music_ros.simulation.skips import skips
from emo_music_ros.streams import Track

#: Every so many sessions one runs at full rate as well, to compare; no multiple of a factor of the
#: number of kinds, so that every kind has its turn.
SAMPLED = 21
#: Runs of each case of single modalities, agreement and contradiction.
RUNS = 40
#: Listeners who skip twenty tracks in ten seconds.
SKIPPERS = 20
#: Folders whose code decides on the facts.
_CODE = ("fusion", "recommendation", "simulation", "emotion.py")


@dataclass(frozen=True)
class Task:
    """One session to run."""

    kind: str
    seed: int
    policy: str
    seconds: float
    full_rate: bool = False
    given: bool = False

    @property
    def name(self) -> str:
        """What it is known by between runs."""
        return json.dumps(asdict(self), sort_keys=True)


def tasks(count: int, seed: int, policy: str, seconds: float) -> list[Task]:
    """Return the sessions of a policy: as many of each kind, some at full rate as well."""
    found = []
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        task = Task(kind, seed * 1_000_003 + number, policy, seconds)
        if kind == "unchanging" and policy == "therapeutic":
            # Long enough for sixty tracks.
            task = Task(kind, task.seed, policy, 3 * seconds)
        found.append(task)
        if kind in GIVEN:
            found.append(Task(kind, task.seed, policy, seconds, given=True))
        if number % SAMPLED == 0:
            found.append(Task(kind, task.seed, policy, seconds, full_rate=True))
    return found


_tracks: Sequence[Track] = ()
_answers: Answers | None = None


def _prepare(tracks: Sequence[Track], models: str) -> None:
    """Load what every session of a process needs."""
    global _tracks, _answers
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    _tracks, _answers = tracks, Answers(Path(models) if models else None)


def _run(task: Task) -> tuple[str, dict[str, Any]]:
    assert _answers is not None
    facts: Facts = run_session(
        task.kind,
        task.seed,
        _tracks,
        _answers,
        policy=task.policy,
        seconds=task.seconds,
        full_rate=task.full_rate,
        given=task.given,
    )
    return task.name, facts.as_dict()


def facts_of(
    wanted: Sequence[Task],
    tracks: Sequence[Track],
    store: Path,
    *,
    processes: int = 2,
    models: str = "",
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[dict[str, Any]]:
    """Run what was not run before and return the facts of all, in the order asked for.

    Parameters
    ----------
    wanted : sequence of Task
        The sessions.
    tracks : sequence of Track
        The library.
    store : pathlib.Path
        File of finished sessions, from which an interrupted run goes on.
    processes : int
        How many run at once.
    models : str
        Folder of the recorded answers; empty = that of the package.
    progress : callable
        Gets (done, total).

    Raises
    ------
    StorageError
        If the file cannot be written.
    """
    return finished(
        {task.name: task for task in wanted},
        _run,
        store,
        processes,
        progress,
        _prepare,
        (tracks, models),
    )


def digest(tracks: Sequence[Track], answers: Answers) -> str:
    """Return what changes when the same task would give other facts."""
    root = Path(emo_music_ros.__file__).parent
    total = hashlib.sha256(answers.version.encode())
    for name in _CODE:
        paths = [root / name] if name.endswith(".py") else sorted((root / name).rglob("*.py"))
        for path in paths:
            total.update(path.read_bytes())
    for track in tracks:
        total.update(f"{track.track_id} {track.valence} {track.arousal}".encode())
    return total.hexdigest()[:16]


def simulate(
    tracks: Sequence[Track],
    *,
    sessions: int,
    seed: int,
    policies: Sequence[str],
    seconds: float,
    work: Path,
    processes: int = 2,
    models: str = "",
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, Any]:
    """Run everything and return the report as plain JSON types.

    Raises
    ------
    InputError
        If the number of sessions is not above 0 or there are no recorded answers.
    """
    if sessions < 1 or seconds <= 0 or processes < 1:
        raise InputError(
            "sessions, seconds and processes have to be above 0", "Give larger numbers"
        )
    began = time.monotonic()
    answers = Answers(Path(models) if models else None)
    store = work / f"sessions-{digest(tracks, answers)}.jsonl"
    report: dict[str, Any] = {
        "about": {
            "simulation": "simulated listeners, not people",
            "version": emo_music_ros.__version__,
            "answers": answers.version,
            "answers_of": list(answers.modalities),
            "sessions": sessions,
            "seconds": seconds,
            "seed": seed,
            "tracks": len(tracks),
            "python": platform.python_version(),
            "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        },
        "policies": {},
    }
    for policy in policies:
        wanted = tasks(sessions, seed, policy, seconds)
        facts = facts_of(
            wanted, tracks, store, processes=processes, models=models, progress=progress
        )
        normal = [fact for task, fact in zip(wanted, facts) if not task.full_rate]
        full = [fact for task, fact in zip(wanted, facts) if task.full_rate]
        names = {fact["seed"] for fact in full}
        same = [fact for fact in normal if fact["seed"] in names and not fact["given"]]
        offered = [skips(tracks, policy, seed + run) for run in range(SKIPPERS)]
        report["policies"][policy] = {
            "figures": _plain([*behaviours(normal), *skipped(offered)]),
            "full rate": _plain(behaviours(full)),
            "same sessions at 1 Hz": _plain(behaviours(same)),
        }
    if all(name in answers.modalities for name in ("face", "speech", "text")):
        cases: dict[str, list[Counter[str]]] = {
            word: face_alone(answers, word, RUNS, seed) for word in ("sadness", "fear", "neutral")
        }
        cases["apart"] = together(answers, False, RUNS, seed)
        cases["agree"] = together(answers, True, RUNS, seed)
        report["alone"] = _plain(alone(cases))
    report["about"]["minutes"] = round((time.monotonic() - began) / 60, 1)
    return report


def _plain(figures: Sequence[Figure]) -> list[dict[str, Any]]:
    return [
        {
            key: (None if isinstance(value, float) and math.isnan(value) else value)
            for key, value in asdict(one).items()
        }
        for one in figures
    ]
