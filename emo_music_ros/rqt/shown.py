# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What the panel shows, as plain data: the widgets only draw it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from emo_music_ros.dashboard import telling
from emo_music_ros.dashboard.state import Snapshot
from emo_music_ros.dashboard.telling import Places, Share
from emo_music_ros.dashboard.words import Words
from emo_music_ros.names import printable

#: Most characters of a text, and of what stands in a column.
LONGEST, LONGEST_CELL = 500, 40


@dataclass(frozen=True)
class Shown:
    """Everything on the panel at one moment; texts are printable and of bounded length.

    `notice` is what is wrong with the robot as a whole, `warning` with what is heard; `progress`
    is the share of the piece, None where nothing plays; `volume` is in percent, None where no
    player tells one; `nodes` are pairs of level (ok, warn or error) and text, the worst first.
    """

    notice: str
    person: str
    state: str
    note: str
    shares: tuple[Share, ...]
    places: Places
    title: str
    artist: str
    status: str
    playback: str
    progress: float | None
    warning: str
    why: str
    session: str
    volume: int | None
    steerable: bool
    nodes: tuple[tuple[str, str], ...]


def shown(now: Snapshot, words: Words, namespace: str, robots: Sequence[str]) -> Shown:
    """Return what to show of a robot.

    Parameters
    ----------
    now : Snapshot
        What is known of it.
    words : Words
        The language.
    namespace : str
        Of the robot.
    robots : sequence of str
        Namespaces in which one runs.
    """
    playing = now.playing
    state, note = telling.feeling(now, words)
    title, artist, status = telling.piece(now, words)
    return Shown(
        notice=_text(_notice(words, namespace, robots)),
        person=_text(words("about", person=now.person) if now.person else ""),
        state=_text(state),
        note=_text(note),
        shares=tuple(
            Share(
                printable(each.label, LONGEST_CELL // 2),
                telling.share(each.weight),
                printable(each.note, LONGEST_CELL),
            )
            for each in telling.shares(now, words)
        ),
        places=telling.places(now),
        title=_text(title),
        artist=_text(artist),
        status=_text(status),
        playback=_text(telling.playback(now, words)),
        progress=telling.progress(now),
        warning=_text(telling.unheard(now, words)),
        why=_text(telling.why(now, words)),
        session=_text(telling.session(now, words)),
        volume=None if playing is None else _whole(playing.volume),
        steerable=playing is not None,
        nodes=tuple(
            (level, _text(f"{name}: {words(level)} · {text}"))
            for level, name, text in telling.health(now, words)
        ),
    )


def _notice(words: Words, namespace: str, robots: Sequence[str]) -> str:
    if namespace in robots:
        return ""
    if robots:
        return words("robot_elsewhere", namespace=namespace, others=", ".join(robots[:5]))
    return words("no_robot")


def _whole(share: float) -> int | None:
    return round(100 * telling.share(share)) if math.isfinite(share) else None


def _text(text: str) -> str:
    return printable(text, LONGEST)
