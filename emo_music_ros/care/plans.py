# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What a therapist plans, and what of it the clock makes due."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from emo_music_ros.care.profile import DAY, MOST_TIMES, HardTime, minute
from emo_music_ros.errors import InputError
from emo_music_ros.names import LONGEST, printable

SCENARIOS = ("", "home", "daycare", "group")
GOALS = ("", "positive", "calm")
#: Longest plan [min], most pieces of its list, most characters of the note on it.
LONGEST_PLAN, MOST_TRACKS, LONGEST_NOTE = 240, 300, 1000
#: Music begins this long before a hard time and lasts this long [min] (Park 2013, Garrido).
BEFORE, LASTS = 30, 30
#: Rest after a planned session [min], and most of them a day (ours).
REST, MOST_A_DAY = 60, 3
#: Distress that stopped music this often within a day [s]: nothing begins by itself (ours).
STOPS, WITHIN = 2, 86400.0
#: So often within a week [s] music may not suit (ours).
MANY, LONG = 3, 7 * 86400.0


@dataclass(frozen=True)
class Plan:
    """What a therapist planned for a person.

    Parameters
    ----------
    name : str
        Plans of one name take turns; those named as a hard time are held there.
    starts : sequence of int
        Minutes of the day when it begins; none = by hand, or at the hard time of its name.
    minutes : int
        Its length, 1..240.
    tracks : sequence of str
        Ids of pieces in their order; none = chosen by `goal` and `scenario`.
    locked : bool
        Whether exactly that is played: nothing replaces a piece.
    note, author : str
        What the therapist wrote about it, and who that is.
    plan_id : str
        Given by the store.
    held : int
        Times it was held; counted.
    """

    name: str
    starts: tuple[int, ...] = ()
    minutes: int = LASTS
    tracks: tuple[str, ...] = ()
    scenario: str = ""
    goal: str = ""
    locked: bool = False
    note: str = ""
    author: str = ""
    plan_id: str = ""
    held: int = 0


@dataclass(frozen=True)
class Held:
    """A planned session that was held: from when to when [unix s], and as what."""

    began: float
    ended: float
    name: str
    plan_id: str = ""


@dataclass(frozen=True)
class Due:
    """What has to begin now: `length` in seconds; without a plan the system chooses."""

    name: str
    length: float
    plan: Plan | None = None


def checked(plan: Plan) -> Plan:
    """Return a plan as it can be stored, sent and shown.

    Raises
    ------
    InputError
        If it cannot be held.
    """
    for name, longest in (("name", LONGEST), ("note", LONGEST_NOTE), ("author", LONGEST)):
        text = getattr(plan, name)
        if text != printable(text, longest):
            raise InputError(
                f"the {name} of a plan cannot be {text[:40]!r}",
                f"Give one line of at most {longest} printable characters",
            )
    if not plan.name.strip():
        raise InputError("a plan has no name", "Say what it is for, such as washing")
    if not 1 <= plan.minutes <= LONGEST_PLAN:
        raise InputError(f"a plan cannot last {plan.minutes} min", f"Give 1 to {LONGEST_PLAN}")
    if len(plan.tracks) > MOST_TRACKS:
        raise InputError(f"a plan of {len(plan.tracks)} pieces", f"Give at most {MOST_TRACKS}")
    if len(plan.starts) > MOST_TIMES:
        raise InputError(f"a plan with {len(plan.starts)} hours", f"Give at most {MOST_TIMES}")
    for each in plan.starts:
        minute(each)
    if plan.scenario not in SCENARIOS or plan.goal not in GOALS:
        raise InputError(
            f"there is no scenario '{plan.scenario}' with goal '{plan.goal}'",
            f"Give one of {', '.join(SCENARIOS[1:])} and {' or '.join(GOALS[1:])}, or nothing",
        )
    if not plan.tracks and not plan.goal:
        raise InputError("a plan without pieces and without a goal", "Choose pieces or a goal")
    return plan


def due(
    now: float,
    hard_times: Sequence[HardTime],
    plans: Sequence[Plan],
    held: Sequence[Held],
    stops: Sequence[float] = (),
) -> tuple[Due | None, str]:
    """Return what has to begin now by the day plan, and why nothing has.

    Music begins half an hour before a hard time and lasts half an hour (Park 2013); then there
    is an hour of rest, and at most three planned sessions are held a day.

    Parameters
    ----------
    now : float
        Unix time [s]; the day is that of the local time.
    hard_times : sequence of HardTime
        Of the person.
    plans : sequence of Plan
        Of the person; those of one name take turns, whichever was held least.
    held : sequence of Held
        What was held by the day plan, in any order; what lies in the future (a clock was set
        back) counts as of now.
    stops : sequence of float
        When distress stopped music and no carer has looked since [unix s].
    """
    local = time.localtime(now)
    minutes = local.tm_hour * 60 + local.tm_min + local.tm_sec / 60
    slots = [(each.name, (each.minute - BEFORE) % DAY, LASTS) for each in hard_times]
    slots += [(plan.name, start, plan.minutes) for plan in plans for start in plan.starts]
    for name, start, length in sorted(slots, key=lambda slot: slot[1]):
        gone = (minutes - start) % DAY
        if gone >= length:
            continue
        began = now - gone * 60.0
        if any(each.name == name and each.ended > began and each.began <= now for each in held):
            continue  # held already, or ended by somebody
        refusal = _refusal(now, local, held, stops)
        if refusal:
            return None, f"'{name}' is left out: {refusal}"
        left = (length - gone) * 60.0
        turn = [each for each in plans if each.name == name]
        at_this = [each for each in turn if start in each.starts] or turn
        plan = min(at_this, key=lambda each: each.held) if at_this else None
        return Due(name, left, plan), ""
    return None, _coming(minutes, slots)


def _refusal(
    now: float, local: time.struct_time, held: Sequence[Held], stops: Sequence[float]
) -> str:
    if often(stops, now):
        return f"music was stopped by distress {STOPS} times in a day; a carer has to look first"
    today = [each for each in held if time.localtime(each.began)[:3] == local[:3]]
    if len(today) >= MOST_A_DAY:
        return f"{MOST_A_DAY} planned sessions were held today"
    last = max((min(each.ended, now) for each in held), default=-REST * 60.0)
    if now - last < REST * 60.0:
        return f"rest until {_clock(time.localtime(last + REST * 60.0))}"
    return ""


def often(stops: Sequence[float], now: float, count: int = STOPS, within: float = WITHIN) -> bool:
    """Return whether there were so many stops in the time before now [unix s]."""
    return sum(now - within < each <= now for each in stops) >= count


def _coming(minutes: float, slots: Sequence[tuple[str, int, int]]) -> str:
    if not slots:
        return ""
    name, start, _ = min(slots, key=lambda slot: (slot[1] - minutes) % DAY)
    return f"'{name}' begins at {shown(start)}"


def shown(value: int) -> str:
    """Return a minute of the day as hours and minutes."""
    return f"{value // 60:02d}:{value % 60:02d}"


def _clock(local: time.struct_time) -> str:
    return f"{local.tm_hour:02d}:{local.tm_min:02d}"


def parsed(text: str) -> int:
    """Return the minute of the day of a time such as ``16:00``.

    Raises
    ------
    InputError
        If it is none.
    """
    hours, _, minutes = text.strip().replace("：", ":").partition(":")
    if not all(part.isascii() and part.isdigit() and len(part) <= 2 for part in (hours, minutes)):
        raise InputError(f"{text[:20]!r} is no time of the day", "Write it like 16:00")
    if int(hours) > 23 or int(minutes) > 59:
        raise InputError(f"{text[:20]!r} is no time of the day", "Write it like 16:00")
    return int(hours) * 60 + int(minutes)
