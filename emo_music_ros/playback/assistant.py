# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Calibrate a loudspeaker: known noise, and what a sound level meter shows of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np

from emo_music_ros.errors import InputError
from emo_music_ros.playback.base import Backend
from emo_music_ros.playback.calibration import STEPS, Calibration, pink_noise, sensitivity_of
from emo_music_ros.playback.level import Level
from emo_music_ros.streams import FloatArray

#: Highest reading of the first step [dBA]: the second one is 10 dB louder.
HIGHEST = 70.0
#: Length of the noise until it repeats [s], and longest wait for the device [s].
LOOP, OPENS = 8.0, 10.0


class Noise:
    """Known noise that comes and goes slowly; `level` is that of now [dB of full scale]."""

    def __init__(self, rate: int) -> None:
        # It is made of whole periods: its end continues in its beginning.
        self._noise = pink_noise(LOOP, rate, STEPS[-1])
        self._place = 0
        self._gain = Level(rate)
        self._lock = threading.Lock()

    def go(self, level: float | None) -> None:
        """Go to a level [dB of full scale]; None = silence."""
        with self._lock:
            self._gain.go(0.0 if level is None else float(10 ** ((level - STEPS[-1]) / 20)), 20.0)

    def __call__(self, frames: int, delay: float) -> FloatArray:
        """Return the next frames."""
        places = (self._place + np.arange(frames)) % len(self._noise)
        self._place += frames
        with self._lock:
            return np.asarray(self._noise[places] * self._gain.take(frames), np.float32)


def calibrate(
    backend: Backend, ask: Callable[[str], str], clock: Callable[[], float] = time.time
) -> Calibration:
    """Play the noise and return what the readings say.

    Parameters
    ----------
    backend : Backend
        Where it is played; ended when this returns.
    ask : callable
        Asks a person and returns the answer.
    clock : callable
        Tells the time [unix s].

    Raises
    ------
    InputError
        If there is no sound, or the readings cannot be right.
    """
    if backend.name == "null":
        raise InputError("the player 'null' makes no sound", "Choose the one that is played with")
    noise = Noise(backend.rate)
    backend.start(noise)
    try:
        _opened(backend)
        room = _reading(ask, "Nothing is played. What does the meter show [dBA]? ")
        readings = []
        for number, level in enumerate(STEPS, 1):
            noise.go(level)
            readings.append(
                _reading(ask, f"Noise {number} of {len(STEPS)}. What does the meter show [dBA]? ")
            )
            if readings[0] > HIGHEST:
                raise InputError(
                    f"the soft noise is already {readings[0]:g} dBA loud",
                    f"Lower the volume of the loudspeaker or of the system until it is below"
                    f" {HIGHEST:g} dBA, and begin again",
                )
        return Calibration(
            getattr(backend, "device", backend.name), sensitivity_of(room, readings), clock()
        )
    finally:
        noise.go(None)
        backend.stop()


def _opened(backend: Backend) -> None:
    """Wait until a device that has a name is open."""
    limit = time.monotonic() + OPENS
    while not getattr(backend, "device", backend.name):
        if backend.error or time.monotonic() > limit:
            raise InputError(
                backend.error or "the sound device does not open", "Check it and begin again"
            )
        time.sleep(0.05)


def _reading(ask: Callable[[str], str], question: str) -> float:
    answer = ask(question)
    try:
        return float(answer.strip().replace(",", "."))
    except ValueError as error:
        raise InputError(
            f"'{answer}' is no number", "Give what the meter shows, as 57.5"
        ) from error
