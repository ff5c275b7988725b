# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""How often a real sound device runs dry while every core is busy."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import soundfile

from emo_music_ros.errors import InputError
from emo_music_ros.playback.base import Backend
from emo_music_ros.playback.calibration import pink_noise
from emo_music_ros.playback.player import Player
from emo_music_ros.streams import Track

#: Length of the tracks that are played one after the other [s], cross-faded.
TRACK = 45.0


def measure(
    backend: Backend,
    seconds: float,
    load: int,
    progress: Callable[[float], None] = lambda done: None,
) -> dict[str, Any]:
    """Play for a time and return underruns, sound lost, and on what machine.

    Parameters
    ----------
    backend : Backend
        Where it is played.
    seconds : float
        For how long.
    load : int
        Processes that keep a core busy each.
    progress : callable
        Gets the seconds that are done.

    Raises
    ------
    InputError
        If there is no such device.
    """
    with tempfile.TemporaryDirectory(prefix="underruns-") as folder, _busy(load):
        tracks = [_track(Path(folder), seed) for seed in range(2)]
        player = Player(backend)
        player.start()
        began = time.monotonic()
        cpu = time.process_time()
        try:
            turn = 0
            while (done := time.monotonic() - began) < seconds:
                if done >= turn * (TRACK - 6.0):
                    player.play(tracks[turn % 2])
                    turn += 1
                time.sleep(0.2)
                if backend.error:
                    raise InputError(backend.error, "Nothing was measured")
                progress(done)
            status = player.status()
        finally:
            player.close()
    return {
        "device": getattr(backend, "device", backend.name),
        "seconds": round(done, 1),
        "underruns": status.underruns,
        "of the device": backend.underruns,
        "tracks": status.tracks_started,
        "cpu share": round((time.process_time() - cpu) / done, 3),
        "busy processes": load,
        "cores": os.cpu_count(),
        "load average": [round(value, 1) for value in os.getloadavg()],
    }


def _track(folder: Path, seed: int) -> Track:
    path = folder / f"{seed}.wav"
    soundfile.write(path, pink_noise(TRACK, 44100, -20.0, seed), 44100, subtype="FLOAT")
    return Track(str(seed), str(path), loudness=-23.0, loudest=-20.0, peak=-6.0)


@contextmanager
def _busy(count: int) -> Iterator[None]:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_burn, daemon=True) for _ in range(count)]
    for process in processes:
        process.start()
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.join()


def _burn() -> None:
    while True:
        sum(range(100000))
