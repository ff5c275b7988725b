# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""How a process ends: on which signals, and within what time.

Imports nothing large: the executables call it before they import what is.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from types import FrameType

#: Ctrl-C, a request to end, and a terminal that was closed.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: Seconds that nodes have to finish what they do and to close. A loaded robot needs some of them:
#: a callback may be loading a model, the player fades out, the session writes its summary.
GRACE = 8.0
#: Seconds after which a process that hangs while it ends is ended.
LIMIT = 15.0

_before: dict[int, signal.Handlers | Callable[[int, FrameType | None], object] | int | None] = {}


def on_signal(act: Callable[[], object]) -> None:
    """Call `act` on every one of `SIGNALS`; callable from the main thread only.

    ``nohup`` is respected: a hang-up that the process was started to ignore stays ignored. An
    ignored SIGINT is not: shells start every background job so, and scripts end it with that.
    """

    def handle(number: int, frame: FrameType | None) -> None:
        act()

    for number in SIGNALS:
        if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
            continue
        before = signal.signal(number, handle)
        _before.setdefault(number, before)


def quit_on_signal() -> None:
    """End at once with code 0 on a signal: while a process starts there is nothing to close."""
    on_signal(lambda: os._exit(0))


def ignore_signals() -> None:
    """Let the end that has begun not be cut short. Python keeps this until its last moment."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def restore_signals() -> None:
    """Put back what was there before the first of these functions was called."""
    for number, handler in _before.items():
        signal.signal(number, handler)
    _before.clear()
