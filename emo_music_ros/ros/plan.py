"""What a session asks of the recommender while it lasts."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import emo_music_ros.msg as msg


@dataclass(frozen=True)
class Plan:
    """Scenario and goal until a time [steady s]; empty = as configured."""

    scenario: str = ""
    goal: str = ""
    ends: float = math.inf

    @classmethod
    def of(cls, message: msg.SessionPlan, person_id: str, now: float) -> Plan:
        """Return what a message asks for; nothing if it is over or for somebody else."""
        if message.person_id not in ("", person_id) or not message.remaining > 0:
            return cls()
        return cls(message.scenario, message.goal, now + message.remaining)

    def over(self, options: Any) -> tuple[Any, list[str]]:
        """Return options with what is asked for, and the names of what they do not know."""
        wanted = {"scenario": self.scenario, "goal": self.goal}
        wanted = {name: value for name, value in wanted.items() if value}
        unknown = [name for name in wanted if not hasattr(options, name)]
        known = {name: value for name, value in wanted.items() if name not in unknown}
        return (replace(options, **known) if known else options), unknown
