# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What nodes say of themselves in ``/diagnostics``, which anybody may write to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus

from emo_music_ros.names import printable

_LEVELS = {DiagnosticStatus.OK: "ok", DiagnosticStatus.WARN: "warn"}
#: Most characters of a text and most entries of a list that are taken from others.
LONGEST_TEXT, MOST_ENTRIES = 500, 200
#: Most memory that a process can have [MB].
MOST_MEMORY = 1e7
#: Longest run of digits that is read as a count.
LONGEST_COUNT = 18


class NodeReport(NamedTuple):
    """The state of one node: level `ok`, `warn` or `error`, what was lost by topic, memory [MB]."""

    name: str
    level: str
    text: str
    dropped: dict[str, int]
    pid: int
    rss_mb: float


def reports(message: DiagnosticArray, namespace: str) -> Iterator[NodeReport]:
    """Yield what the nodes of a namespace report; what cannot be read counts as nothing."""
    inside = namespace.rstrip("/") + "/"
    for status in message.status[:MOST_ENTRIES]:
        own = status.name.startswith(inside) and "/" not in status.name[len(inside) :]
        if status.hardware_id != "emo_music_ros" or not own:
            continue
        values = {pair.key: pair.value for pair in status.values[:MOST_ENTRIES]}
        yield NodeReport(
            printable(status.name),
            _LEVELS.get(status.level, "error"),
            printable(status.message, LONGEST_TEXT),
            {
                printable(key.removeprefix("dropped ")): _count(value)
                for key, value in values.items()
                if key.startswith("dropped ")
            },
            _count(values.get("pid", "")),
            _number(values.get("peak_rss_mb", "")),
        )


def _count(text: str) -> int:
    sound = text.isascii() and text.isdigit() and len(text) <= LONGEST_COUNT
    return int(text) if sound else 0


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return 0.0
    return value if 0 <= value <= MOST_MEMORY else 0.0
