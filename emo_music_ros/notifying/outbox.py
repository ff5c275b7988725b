# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Sends what waits by one notifier, and again where it did not arrive."""

from __future__ import annotations

from collections.abc import Callable

from emo_music_ros.errors import CompanionError
from emo_music_ros.notifying.base import Notice, Notifier
from emo_music_ros.notifying.calls import Calls, Waiting

#: First and longest pause before it is tried again; each is twice the one before [s].
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 300.0


class Outbox:
    """What one notifier has to send; nothing is lost, also where the program ends meanwhile.

    Parameters
    ----------
    name : str
        Of the notifier, in the file of calls.
    notifier : Notifier
        Sends it.
    calls : Calls
        Where it waits.
    words : callable
        Returns what is said of a notice.
    clock : callable
        Seconds of a clock that nobody sets.
    told : callable
        Told of each notice that arrived, with an empty text, and of each failure, with why.
    """

    def __init__(
        self,
        name: str,
        notifier: Notifier,
        calls: Calls,
        words: Callable[[Waiting], str],
        clock: Callable[[], float],
        told: Callable[[Waiting, str], None],
    ) -> None:
        self.name = name
        self._notifier = notifier
        self._calls = calls
        self._words = words
        self._clock = clock
        self._told = told
        self._pause = FIRST_PAUSE
        self._again = 0.0

    @property
    def tells_end(self) -> bool:
        """Tell whether the notifier also tells that somebody looked in."""
        return self._notifier.tells_end

    def step(self) -> None:
        """Send what waits, unless the last attempt was too lately.

        Raises
        ------
        StorageError
            If the file of calls cannot be used.
        """
        if self._clock() < self._again:
            return
        for each in self._calls.waiting(self.name):
            notice = Notice(each.call, each.what, self._words(each), each.time)
            try:
                self._notifier.send(notice)
            except Exception as error:  # a third party's notifier may fail in any way
                self._again = self._clock() + self._pause
                self._pause = min(2 * self._pause, LONGEST_PAUSE)
                known = isinstance(error, CompanionError)
                self._told(each, str(error) if known else f"failed: {type(error).__name__}")
                return
            self._calls.arrived(each)
            self._pause, self._again = FIRST_PAUSE, 0.0
            self._told(each, "")
