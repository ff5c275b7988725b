# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A worker thread with a bounded mailbox: a slow consumer skips, it does not lag."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Worker(Generic[T]):
    """Calls `handle` with the items put in, in order, on its own thread.

    Parameters
    ----------
    handle : callable
        Takes one item.
    slots : int
        Size of the mailbox; when full, the oldest item is skipped and counted.
    on_error : callable
        Told of any exception `handle` raises; the worker goes on.
    name : str
        Of the thread.
    on_recovery : callable
        Called when an item succeeds after one that failed.
    """

    def __init__(
        self,
        handle: Callable[[T], None],
        slots: int,
        on_error: Callable[[Exception], None],
        name: str,
        on_recovery: Callable[[], None] = lambda: None,
    ) -> None:
        self.skipped = 0
        self._handle = handle
        self._on_error = on_error
        self._on_recovery = on_recovery
        self._items: deque[T] = deque()
        self._slots = slots
        self._wake = threading.Condition()
        self._running = True
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def put(self, item: T) -> None:
        """Hand over an item; never blocks."""
        with self._wake:
            if len(self._items) >= self._slots:
                self._items.popleft()
                self.skipped += 1
            self._items.append(item)
            self._wake.notify()

    def stop(self, timeout: float = 2.0) -> None:
        """End the thread after the item it is at; what waits is dropped."""
        with self._wake:
            self._running = False
            self._items.clear()
            self._wake.notify()
        if self._thread is not threading.current_thread():
            self._thread.join(timeout)

    def _run(self) -> None:
        failing = False
        while True:
            with self._wake:
                while self._running and not self._items:
                    self._wake.wait()
                if not self._running:
                    return
                item = self._items.popleft()
            try:
                self._handle(item)
            except Exception as error:  # one bad item must not end the stream
                failing = True
                self._on_error(error)
            else:
                if failing:
                    failing = False
                    self._on_recovery()
