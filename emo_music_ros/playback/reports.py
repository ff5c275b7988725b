# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Tells listeners what happens, from a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from queue import SimpleQueue

from emo_music_ros.errors import CompanionError
from emo_music_ros.streams import Interaction

log = logging.getLogger(__name__)


class Reports:
    """Hands events and errors over; never waits for a listener, and outlives one that fails.

    Parameters
    ----------
    on_event : callable, optional
        Gets the events.
    on_error : callable, optional
        Gets the errors.
    """

    def __init__(
        self,
        on_event: Callable[[Interaction], None] | None = None,
        on_error: Callable[[CompanionError], None] | None = None,
    ) -> None:
        self._on_event = on_event
        self._on_error = on_error
        self._queue: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread. What was told before is delivered now."""
        self._thread = threading.Thread(target=self._loop, name="player-report", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Deliver what is left, waiting a second at most."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(1.0)
            self._thread = None

    def event(self, event: Interaction) -> None:
        """Tell an event."""
        listener = self._on_event
        if listener is not None:
            self._queue.put(lambda: listener(event))

    def error(self, error: CompanionError) -> None:
        """Tell an error."""
        listener = self._on_error
        if listener is not None:
            self._queue.put(lambda: listener(error))

    def call(self, something: Callable[[], None]) -> None:
        """Have something done that may take a while, such as writing to a disk."""
        self._queue.put(something)

    def _loop(self) -> None:
        while (report := self._queue.get()) is not None:
            try:
                report()
            except Exception:  # the listener is foreign code; playing goes on
                log.exception("a listener of the player failed")
