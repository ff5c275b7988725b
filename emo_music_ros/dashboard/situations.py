# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The situations a carer starts music by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from emo_music_ros.errors import OptionError
from emo_music_ros.names import printable

SCENARIOS = ("home", "daycare", "group")
GOALS = ("calm", "positive")
#: Longest a situation lasts [min].
LONGEST = 240

DEFAULT = (
    "calm_afternoon:home:calm:30",
    "before_washing:home:calm:20",
    "wake_up:home:positive:20",
    "company:group:positive:45",
    "sleep:home:calm:30",
)


@dataclass(frozen=True)
class Situation:
    """What is asked of a session; `duration` in seconds, `members` of a group beside the person."""

    name: str
    scenario: str
    goal: str
    duration: float
    members: tuple[str, ...] = ()


def situations(lines: Sequence[str]) -> dict[str, Situation]:
    """Return situations by name.

    Parameters
    ----------
    lines : sequence of str
        Each ``name:scenario:goal:minutes``; of the name ``_`` is shown as a space.

    Raises
    ------
    OptionError
        If one cannot be read.
    """
    found: dict[str, Situation] = {}
    for line in lines:
        parts = [part.strip() for part in line.split(":")]
        name, scenario, goal, minutes = parts if len(parts) == 4 else ("", "", "", "")
        sound = minutes.isascii() and minutes.isdigit() and 0 < int(minutes[:6]) <= LONGEST
        if (
            not name
            or name != printable(name, 60)
            or name in found
            or scenario not in SCENARIOS
            or goal not in GOALS
            or not sound
        ):
            raise OptionError(
                f"situation {line[:80]!r} cannot be read",
                f"Give name:scenario:goal:minutes, each name once, with scenario one of"
                f" {', '.join(SCENARIOS)}, goal one of {', '.join(GOALS)}, minutes 1 to {LONGEST}",
            )
        found[name] = Situation(name, scenario, goal, int(minutes) * 60.0)
    return found
