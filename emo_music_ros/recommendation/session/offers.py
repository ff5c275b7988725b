# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Small changes to what a recommender answers before it is offered."""

from __future__ import annotations

import logging
import math
from dataclasses import replace

from emo_music_ros.care.profile import Profile
from emo_music_ros.recommendation.base import Need, PersonMemory, RankedTrack

log = logging.getLogger(__name__)


class Known:
    """A person with what was entered for them.

    Parameters
    ----------
    person : PersonMemory
        What was learned.
    profile : Profile
        What was entered.
    explore : bool
        Whether anything may be tried out on them now.
    preview : bool
        Whether it is ranked for them without playing: they are led nowhere.
    """

    def __init__(
        self,
        person: PersonMemory,
        profile: Profile,
        *,
        explore: bool = True,
        preview: bool = False,
    ) -> None:
        self.person_id = f"preview of {person.person_id}" if preview else person.person_id
        self.preference = person.preference
        self.history = person.history
        self.since = getattr(person, "since", None)
        self.profile = profile
        self.explore = explore


def first(track_id: str, ranked: list[RankedTrack]) -> list[RankedTrack]:
    """Put a track that a person asked for first; it was not the policy's choice."""
    wanted = [
        replace(entry, propensity=math.nan) for entry in ranked if entry.track.track_id == track_id
    ]
    if not wanted:
        log.warning("track '%s' was asked for and is not in the library", track_id)
        return ranked
    return wanted + [entry for entry in ranked if entry.track.track_id != track_id]


def noted(need: Need, note: str) -> Need:
    """Add a sentence to the reason."""
    return replace(need, reason=f"{need.reason} {note}") if note else need
