# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""How often somebody may try."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable


class Attempts:
    """Counts attempts by key; beyond `most` within `within` seconds they have to wait.

    An attempt counts before it is known how it ends, so that many at once gain nothing.

    Parameters
    ----------
    clock : callable
        Seconds of a clock that nobody sets.
    most : int
        Attempts that are free.
    within : float
        How long one counts [s].
    keys : int
        Keys that are kept. When all are in use a new key has to wait: none is forgotten early.
    """

    def __init__(
        self, clock: Callable[[], float], most: int, within: float, keys: int = 10_000
    ) -> None:
        self._clock = clock
        self._most = most
        self._within = within
        self._keys = keys
        self._times: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def take(self, key: str) -> float:
        """Count an attempt; return how long to wait [s], 0 if it may be made."""
        with self._lock:
            now = self._clock()
            if key not in self._times and len(self._times) >= self._keys:
                self._drop_old(now)
                if len(self._times) >= self._keys:
                    return self._within
            times = self._times.setdefault(key, deque())
            while times and now - times[0] >= self._within:
                times.popleft()
            if len(times) >= self._most:
                return self._within - (now - times[0])
            times.append(now)
            return 0.0

    def left(self, key: str) -> int:
        """Return how many attempts of a key are free."""
        with self._lock:
            now = self._clock()
            counted = sum(now - time < self._within for time in self._times.get(key, ()))
            return max(0, self._most - counted)

    def forgive(self, key: str) -> None:
        """Take back the last attempt of a key: it was none to be wary of."""
        with self._lock:
            times = self._times.get(key)
            if times:
                times.pop()

    def clear(self, key: str) -> None:
        """Forget the attempts of a key."""
        with self._lock:
            self._times.pop(key, None)

    def _drop_old(self, now: float) -> None:
        old = [
            key for key, each in self._times.items() if not each or now - each[-1] >= self._within
        ]
        for key in old:
            del self._times[key]
