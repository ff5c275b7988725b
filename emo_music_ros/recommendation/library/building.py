# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Analyse a great many files with all cores, or those of a Dask cluster, and write a library.

What is analysed is kept at once in the database of the analyses, so that an interrupted run goes
on where it was, and a folder that grew costs what is new.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path

from emo_music_ros import plugins
from emo_music_ros.errors import CompanionError, InputError, StorageError
from emo_music_ros.names import shown
from emo_music_ros.recommendation.base import ScanReport
from emo_music_ros.recommendation.library import large
from emo_music_ros.recommendation.library.analysed import tagged
from emo_music_ros.recommendation.library.analysis import Analyser, describe, version_of
from emo_music_ros.recommendation.library.files import AudioFile, audio_files, examine, unusable
from emo_music_ros.recommendation.library.store import LibraryStore
from emo_music_ros.streams import Track

#: Files that are handed out at once.
BATCH = 2000

#: (file, what is known of it) -> (what is known now, its analysis if it is new).
Listen = Callable[[str, AudioFile | None], tuple[AudioFile, Track | None]]


@lru_cache(maxsize=1)
def _analyser() -> Analyser:
    """Return the music encoder of this process."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    found: Analyser = plugins.create("encoder", "music")
    return found


def listen(path: str, known: AudioFile | None) -> tuple[AudioFile, Track | None]:
    """Analyse one file unless it is unchanged; runs in any process on any machine."""
    analyser = _analyser()
    entry = examine(Path(path), known, version_of(analyser))
    if entry.error or (known is not None and entry == known):
        return entry, None
    try:
        return entry, describe(Path(path), entry.track_id, analyser)
    except InputError as error:
        return replace(entry, error=str(error)), None
    except Exception as error:  # one odd file costs that file, whatever its decoder does
        return unusable(Path(path), f"cannot be analysed: {type(error).__name__}: {error}"), None


@contextmanager
def workers(scheduler: str = "", processes: int = 0) -> Iterator[Executor]:
    """Yield what runs functions: processes of this machine, or a Dask cluster.

    Parameters
    ----------
    scheduler : str
        Address of a Dask scheduler (``tcp://host:8786``), whose workers see the same files under
        the same paths and have this package; empty = this machine.
    processes : int
        0 = as many as there are cores.

    Raises
    ------
    InputError
        If Dask is not installed or the scheduler does not answer.
    """
    if not scheduler:
        with ProcessPoolExecutor(processes or os.cpu_count(), get_context("spawn")) as pool:
            yield pool
        return
    try:
        from distributed import Client

        client = Client(scheduler, timeout="20s")
    except ImportError as error:
        raise InputError(
            f"a cluster needs Dask: {error}",
            "Install it: .venv/bin/pip install -r requirements/large.txt, or leave --scheduler out",
        ) from error
    except (OSError, ValueError) as error:
        raise InputError(
            f"the scheduler {scheduler} does not answer: {error}",
            "Start one: dask scheduler, and dask worker ADDRESS on every machine",
        ) from error
    with client:
        yield client.get_executor()


def build(
    music: Path,
    out: Path,
    database: Path,
    executor: Executor,
    progress: Callable[[int, int, str], None] = lambda done, total, name: None,
    run: Listen = listen,
) -> ScanReport:
    """Analyse what is new in a folder of music and write a large library of all.

    Parameters
    ----------
    music : pathlib.Path
        Folder of audio with everything below it.
    out : pathlib.Path
        Where the library is written, see :func:`large.build`.
    database : pathlib.Path
        SQLite file of the analyses.
    executor : Executor
        See :func:`workers`.
    progress : callable
        Gets (done, total, file name).
    run : callable
        Analyses one file.

    Raises
    ------
    InputError
        If the folder holds no usable music, or faiss is not installed.
    StorageError
        If the database or the library cannot be written.
    CompanionError
        If a process that analyses was killed.
    """
    music = Path(os.path.realpath(music))
    unreadable: dict[str, str] = {}
    found = audio_files(music, lambda error: unreadable.update({str(error.filename): str(error)}))
    store = LibraryStore(database)
    entries: dict[str, AudioFile] = {}
    with store.session():
        known = store.files(music)
        for entry, track in _all(found, known, executor, run, progress):
            if track is not None:
                store.save_analysis(track, entry.version)
            if entry.size >= 0 and entry != known.get(entry.path):
                store.save_file(entry)
            entries[entry.path] = entry
            if entry.error:
                unreadable[shown(Path(entry.path))] = entry.error
        usable = {entry.track_id: entry for entry in entries.values() if not entry.error}
        versions = {entry.version for entry in usable.values()}
        tables = {version: store.analyses(version) for version in versions}
    if store.failure:
        raise StorageError(
            f"the library database {database} cannot be written: {store.failure}",
            "Free space or make its folder writable; what is in it is kept",
        )
    large.build(
        out, (tagged(entry, tables[entry.version][name]) for name, entry in sorted(usable.items()))
    )
    before = {entry.track_id for entry in known.values() if not entry.error}
    return ScanReport(
        added=len(set(usable) - before),
        unchanged=len(set(usable) & before),
        removed=len(before - set(usable)),
        unreadable=unreadable,
    )


def _all(
    found: Sequence[Path],
    known: dict[str, AudioFile],
    executor: Executor,
    run: Listen,
    progress: Callable[[int, int, str], None],
) -> Iterator[tuple[AudioFile, Track | None]]:
    """Yield what came of every file, as soon as it is there."""
    done = 0
    for begin in range(0, len(found), BATCH):
        paths = [str(path) for path in found[begin : begin + BATCH]]
        waiting = [executor.submit(run, path, known.get(path)) for path in paths]
        broken: BrokenExecutor | None = None
        for future in as_completed(waiting):
            try:
                entry, track = future.result()
            except BrokenExecutor as error:  # what is finished is still to be taken
                broken = error
                continue
            done += 1
            progress(done, len(found), shown(Path(entry.path)))
            yield entry, track
        if broken is not None:
            raise CompanionError(
                f"a process that analyses was killed: {broken}",
                "Free memory, or name fewer --processes, and start again: what is done is kept",
            ) from broken
