# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What is sent to carers, and the interface of what sends it: a plugin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

from emo_music_ros.plugins import NoOptions

#: What a notice says: somebody is to look in, nobody has yet, or somebody has.
CALL, ESCALATED, OVER = "call", "escalated", "over"
LANGUAGES = ("en", "zh")

#: What is said of a place or a name, and where there is none, in the order of `LANGUAGES`. Neither
#: why nor how somebody feels leaves the robot.
_TEXTS = {
    CALL: (
        ("Please look in: {where}.", "请去看看：{where}。"),
        ("Please look in on the music companion.", "请去看看音乐陪伴旁的人。"),
    ),
    ESCALATED: (
        ("Nobody has answered yet. Please look in: {where}.", "还没有人回应。请去看看：{where}。"),
        (
            "Nobody has answered yet. Please look in on the music companion.",
            "还没有人回应。请去看看音乐陪伴旁的人。",
        ),
    ),
    OVER: (
        ("Somebody looked in: {where}.", "已有人去看过：{where}。"),
        ("Somebody looked in.", "已有人去看过。"),
    ),
}


@dataclass(frozen=True)
class Notice:
    """What is sent: number of the call, one of `CALL`, `ESCALATED`, `OVER`, words, unix time."""

    call: int
    what: str
    text: str
    time: float


def text_of(what: str, where: str, language: str) -> str:
    """Return the words of a notice; `where` may be empty."""
    placed, bare = _TEXTS[what]
    return (placed if where else bare)[LANGUAGES.index(language)].format(where=where)


class Notifier(Protocol):
    """Sends notices to carers in one way.

    Attributes
    ----------
    tells_end : bool
        Whether it is also sent that somebody looked in.
    """

    tells_end: ClassVar[bool]

    def send(self, notice: Notice) -> None:
        """Send a notice and return when it has arrived; may be called from any one thread.

        Raises
        ------
        CompanionError
            If it did not arrive. It is sent again by and by; no secret is in the text.
        """
        ...


class NoNotifier:
    """Sends nothing: calls are on the page only."""

    Options = NoOptions
    tells_end: ClassVar[bool] = False

    def __init__(self, options: NoOptions) -> None:
        self.options = options

    def send(self, notice: Notice) -> None:
        """Send nothing."""
