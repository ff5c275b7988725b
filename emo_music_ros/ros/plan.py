# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What a session asks of the recommender while it lasts."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Any

import emo_music_ros.msg as msg
from emo_music_ros.options import check, rule_of
from emo_music_ros.recommendation.session.programme import Programme

#: Longest time a plan holds [s].
LONGEST = 86400.0


@dataclass(frozen=True)
class Plan:
    """Scenario, goal and programme until a time [steady s]; empty = as configured."""

    scenario: str = ""
    goal: str = ""
    ends: float = math.inf
    programme: Programme = Programme()

    @classmethod
    def of(cls, message: msg.SessionPlan, person_id: str, now: float) -> Plan:
        """Return what a message asks for; nothing if it is over or for somebody else."""
        if message.person_id not in ("", person_id) or not message.remaining > 0:
            return cls()
        programme = Programme(
            running=True,
            name=message.name,
            plan_id=message.plan_id,
            tracks=tuple(message.track_ids),
            locked=message.locked,
            scheduled=message.scheduled,
            members=tuple(each for each in message.members if each not in ("", person_id)),
        )
        ends = now + min(message.remaining, LONGEST)
        return cls(message.scenario, message.goal, ends, programme)

    def over(self, options: Any) -> tuple[Any, list[str]]:
        """Return options with what is asked for, and the names of what they do not know.

        Raises
        ------
        OptionError
            If the options know it and do not take it.
        """
        wanted = {"scenario": self.scenario, "goal": self.goal}
        wanted = {name: value for name, value in wanted.items() if value}
        unknown = [name for name in wanted if not hasattr(options, name)]
        known = {name: value for name, value in wanted.items() if name not in unknown}
        for entry in fields(options):
            if entry.name in known:
                check(entry.name, known[entry.name], "", rule_of(entry))
        return (replace(options, **known) if known else options), unknown
