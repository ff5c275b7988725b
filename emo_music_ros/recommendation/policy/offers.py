# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What was offered last to whom, for policies that learn from the reward of it."""

from __future__ import annotations

from typing import Generic, TypeVar

from emo_music_ros.recommendation.base import PersonMemory

Circumstances = TypeVar("Circumstances")


class Offers(Generic[Circumstances]):
    """Remembers the track offered last to each person until it was judged."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[str, float, int, Circumstances]] = {}

    def note(self, person: PersonMemory, track_id: str, circumstances: Circumstances) -> None:
        """Remember an offer, and what is to be known of it when its reward is there."""
        self._last[person.person_id] = (track_id, *person.history(track_id), circumstances)

    def rewarded(self, person: PersonMemory) -> tuple[str, float, Circumstances] | None:
        """Return the last offer with its reward, -1..1, once; None if nobody judged it."""
        offered = self._last.pop(person.person_id, None)
        if offered is None:
            return None
        track_id, mean, judged, circumstances = offered
        after, count = person.history(track_id)
        if count <= judged:
            return None
        return track_id, (after * count - mean * judged) / (count - judged), circumstances
