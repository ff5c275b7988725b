# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What is wrong with a node now: the worst is shown until it is over."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

LEVELS = ("ok", "warn", "error")
#: How long a fault that does not say when it is over is shown [s].
SHOWN = 60.0

_NUMBERS = re.compile(r"[-\d.]+")


@dataclass(frozen=True)
class _Fault:
    level: str
    text: str
    until: float  # [steady s]


class Health:
    """The state of a node and its faults by part; each change is logged once.

    Parameters
    ----------
    log : callable
        Gets (level, text) of every change. Where only numbers change it is none.
    """

    def __init__(self, log: Callable[[str, str], None]) -> None:
        self._log = log
        self._state = ("ok", "unconfigured")
        self._faults: dict[str, _Fault] = {}

    @property
    def text(self) -> str:
        """What the node says of itself, without its faults."""
        return self._state[1]

    def state(self, level: str, text: str) -> None:
        """Set what the node says of itself."""
        before, self._state = self._state, (level, text)
        if level != before[0] or _words(text) != _words(before[1]):
            self._log(level, text)

    def fault(
        self, part: str, text: str, level: str = "error", now: float = 0.0, lasts: float = math.inf
    ) -> None:
        """Note that a part does not work; it is over after `lasts` seconds or by :meth:`over`.

        One of level ``ok`` is as somebody wants it: shown, and not logged.
        """
        before = self._faults.get(part)
        self._faults[part] = _Fault(level, text, now + lasts)
        if level == "ok":
            return
        if before is None or _words(before.text) != _words(text):
            self._log(level, f"{part}: {text}")

    def over(self, part: str) -> None:
        """Note that a part works again."""
        fault = self._faults.pop(part, None)
        if fault is not None and fault.level != "ok":
            self._log("ok", f"{part}: over")

    def gone(self, part: str) -> None:
        """Drop the fault of a part that is there no longer."""
        self._faults.pop(part, None)

    def clear(self) -> None:
        """Drop every fault: what had them is gone."""
        self._faults.clear()

    def worst(self, now: float) -> tuple[str, str]:
        """Return the worst level and everything that is to be said, worst first."""
        for part in [part for part, fault in self._faults.items() if now > fault.until]:
            self.over(part)
        told = [(fault.level, f"{part}: {fault.text}") for part, fault in self._faults.items()]
        told = sorted([self._state, *told], key=lambda entry: -LEVELS.index(entry[0]))
        return told[0][0], "; ".join(text for _, text in told)


def _words(text: str) -> str:
    return _NUMBERS.sub("", text)
