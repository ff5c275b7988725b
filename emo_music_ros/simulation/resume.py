# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Runs what was not run before: an interrupted simulation goes on where it was."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from emo_music_ros.errors import StorageError

Task = TypeVar("Task")
#: Runs a task in any process and returns its name and facts.
Run = Callable[[Task], tuple[str, dict[str, Any]]]


def finished(
    wanted: Mapping[str, Task],
    run: Run[Task],
    store: Path,
    processes: int = 1,
    progress: Callable[[int, int], None] = lambda done, total: None,
    prepare: Callable[..., None] | None = None,
    prepared_with: tuple[Any, ...] = (),
) -> list[dict[str, Any]]:
    """Return the facts of all tasks, in the order asked for.

    Parameters
    ----------
    wanted : mapping
        Name -> task.
    run : callable
        A function of a module.
    store : pathlib.Path
        File of what is finished, a line each.
    processes : int
        How many run at once.
    progress : callable
        Gets (done, total).
    prepare, prepared_with
        Called once in every process before its first task.

    Raises
    ------
    StorageError
        If the file cannot be written.
    """
    known = dict(stored(store))
    left = [task for name, task in wanted.items() if name not in known]
    try:
        store.parent.mkdir(parents=True, exist_ok=True)
        with store.open("a", encoding="utf-8") as file:
            results = _results(left, run, processes, prepare, prepared_with)
            for done, (name, facts) in enumerate(results, 1):
                line = json.dumps({"task": name, "facts": facts})
                known[name] = json.loads(line)["facts"]  # as a later run finds them
                file.write(line + "\n")
                file.flush()
                progress(len(wanted) - len(left) + done, len(wanted))
    except OSError as error:
        raise StorageError(
            f"the sessions cannot be kept in {store}: {error}",
            "Free space or name another folder with --work",
        ) from error
    return [known[name] for name in wanted]


def _results(
    left: list[Task],
    run: Run[Task],
    processes: int,
    prepare: Callable[..., None] | None,
    prepared_with: tuple[Any, ...],
) -> Iterator[tuple[str, dict[str, Any]]]:
    if not left:
        return
    if processes <= 1:
        if prepare is not None:
            prepare(*prepared_with)
        yield from map(run, left)
        return
    context = multiprocessing.get_context("spawn")
    with context.Pool(processes, prepare, prepared_with) as pool:
        yield from pool.imap_unordered(run, left)


def stored(store: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield name and facts of what is finished."""
    if not store.is_file():
        return
    with store.open(encoding="utf-8") as file:
        for line in file:
            try:
                entry = json.loads(line)
                yield entry["task"], entry["facts"]
            except (ValueError, KeyError, TypeError):
                continue  # the last line of a run that was killed
