# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What is known in words and numbers that anything can show: a page, a panel of rqt."""

from __future__ import annotations

import math
from typing import NamedTuple

from emo_music_ros.dashboard.care_words import CARE_WORDS
from emo_music_ros.dashboard.reason_words import spoken
from emo_music_ros.dashboard.state import Snapshot
from emo_music_ros.dashboard.words import Words
from emo_music_ros.emotion import UNKNOWN

#: What can lead to a choice, as there are words for it.
CAUSES = frozenset(key for key in CARE_WORDS if key.startswith("cause_"))
#: Most modalities that are shown.
_MOST_SHARES = 20

Point = tuple[float, float]


class Share(NamedTuple):
    """What one modality is called, its share of the decision, and how old and good it is."""

    label: str
    weight: float
    note: str


class Places(NamedTuple):
    """Valence and arousal, -1..1: of the person now, of what music aims at, and lately."""

    here: Point | None
    target: Point | None
    trail: tuple[Point, ...]


def feeling(now: Snapshot, words: Words) -> tuple[str, str]:
    """Return how the person seems, and how sure that is or why it is not known."""
    emotion = now.emotion
    if now.silent:
        name, note = words("unknown"), words("silent", reason=now.silent)
    elif now.group:
        name, note = words("unknown"), words("group_hidden")
    elif emotion is None:
        name, note = words("unknown"), words("nothing_heard")
    elif emotion.state == UNKNOWN:
        name, note = words("unknown"), words("cannot_tell")
    else:
        name = words.named(emotion.state)
        note = words("sure", percent=percent(emotion.estimate.confidence))
    there = "" if emotion is None else words("present" if emotion.present else "absent")
    return name, " · ".join(filter(None, (note, there)))


def shares(now: Snapshot, words: Words) -> tuple[Share, ...]:
    """Return what it is judged by."""
    found = now.emotion.contributions if now.emotion is not None else ()
    return tuple(
        Share(
            words.named(part.modality),
            part.weight,
            words(
                "part",
                percent=percent(part.weight),
                age=number(part.age, 0),
                quality=percent(part.quality),
            ),
        )
        for part in found[:_MOST_SHARES]
    )


def places(now: Snapshot) -> Places:
    """Return what there is to draw on the plane of valence and arousal."""
    emotion = now.emotion
    known = emotion is not None and emotion.state != UNKNOWN
    here = (emotion.estimate.valence, emotion.estimate.arousal) if known and emotion else None
    target = now.choice.target if now.choice is not None else None
    trail = tuple(place for point in now.trail if (place := _place(point)) is not None)
    return Places(_place(here), _place(target), trail)


def piece(now: Snapshot, words: Words) -> tuple[str, str, str]:
    """Return title and artist of what plays, and what the player does with it."""
    playing = now.playing
    if playing is None:
        return words("no_player"), "", ""
    if playing.status == "stopped" or not playing.track_id:
        return words("silence"), "", ""
    return playing.title or playing.track_id, playing.artist, words.named(playing.status)


def playback(now: Snapshot, words: Words) -> str:
    """Return how far the piece is and how loud; empty where no player answers."""
    playing = now.playing
    if playing is None:
        return ""
    times = f"{minutes(playing.position)} / {minutes(playing.duration)}"
    return f"{times} · {words('volume_is', percent=percent(playing.volume))}"


def progress(now: Snapshot) -> float | None:
    """Return the share of the piece that was heard; None where nothing plays."""
    playing = now.playing
    if playing is None or playing.status == "stopped" or not playing.duration > 0:
        return None
    return share(playing.position / playing.duration)


def why(now: Snapshot, words: Words) -> str:
    """Return why this plays, or why nothing does; empty where nobody chose it."""
    reason = spoken(now.why, words.language)
    if now.why and (key := f"cause_{now.cause}") in CAUSES:
        return words("chosen_because", cause=words(key), reason=reason)
    if now.why:
        return words("why", reason=reason)
    playing = now.playing
    chosen = playing is not None and playing.status != "stopped" and playing.choice_id
    return words("why_unknown") if chosen and not now.silent else ""


def unheard(now: Snapshot, words: Words) -> str:
    """Return why nothing is heard, or what to know of what plays; empty if all is well."""
    if now.playing is None:
        return ""
    advice = spoken(now.playing.advice, words.language)
    silent = words("no_sound") if now.playing.backend == "null" else ""
    return " · ".join(filter(None, (silent, now.playing.error, advice)))


def session(now: Snapshot, words: Words) -> str:
    """Return the session that runs."""
    if now.plan is None:
        return words("no_session")
    left = math.ceil(now.remaining / 60)
    if now.plan.name:
        told = words("session_named", name=now.plan.name, minutes=left)
    else:
        goal = words.named(now.plan.goal or now.plan.scenario)
        told = words("session_is", goal=goal, minutes=left)
    return f"{told} {words('plan_locked')}" if now.plan.locked else told


def health(now: Snapshot, words: Words) -> list[tuple[str, str, str]]:
    """Return level, name and report of every node, the worst first."""
    order = {"error": 0, "warn": 1, "ok": 2}
    found = [
        (part.level if reports else "error", part.name, part.text if reports else words("gone"))
        for part, reports in now.parts
    ]
    return sorted(found, key=lambda each: (order[each[0]], each[1]))


def share(value: float) -> float:
    """Return a share within 0..1; what is not finite is nothing."""
    return min(max(value, 0.0), 1.0) if math.isfinite(value) else 0.0


def percent(value: float) -> str:
    """Return a share in percent."""
    return number(100 * value, 0)


def number(value: float, digits: int = 2) -> str:
    """Return a number, or a question mark where it is none."""
    return f"{value:.{digits}f}" if math.isfinite(value) else "?"


def minutes(seconds: float) -> str:
    """Return a time as minutes and seconds, or a question mark where it is none."""
    if not (math.isfinite(seconds) and 0 <= seconds < 1e6):
        return "?"
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _place(point: Point | None) -> Point | None:
    if point is None or not all(map(math.isfinite, point)):
        return None
    valence, arousal = (min(max(value, -1.0), 1.0) for value in point)
    return valence, arousal
