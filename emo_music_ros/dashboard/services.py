# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What the pages ask other nodes for, besides steering the music."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from emo_music_ros.consent.rules import Terms
from emo_music_ros.dashboard.judging import Judged


@dataclass(frozen=True)
class Forgotten:
    """What was removed of a person, and what has to be removed by hand."""

    records: int
    removed: tuple[str, ...]
    left: tuple[str, ...]
    note: str


class Services(Protocol):
    """Asks, and returns when it is done; called on the thread of the pages.

    Everything raises CompanionError where it is refused or nobody answers. An empty person is the
    one the run is for.
    """

    async def acknowledge(self, call: int, by: str, false_alarm: bool) -> None:
        """Say that a carer looked in, and whether there was no need."""
        ...

    async def sensing(self, act: str, by: str, person_id: str) -> None:
        """Pause sensing, or say what somebody answered who was asked; see `SENSING_ACTS`."""
        ...

    async def consent(
        self, person_id: str, purpose: str, given: bool, source: str, terms: Terms
    ) -> None:
        """Give or withdraw consent to one purpose."""
        ...

    async def forget(self, person_id: str) -> Forgotten:
        """Remove everything that is kept of a person."""
        ...

    async def say(self, text: str, language: str) -> None:
        """Take words as said by the person just now; an empty language is not known."""
        ...

    async def judge(self, modality: str, content: bytes) -> Judged:
        """Return what a picture or a sound that was given is taken for; it is not kept."""
        ...

    async def own_data(self, person_id: str) -> bytes:
        """Return everything that is kept of a person as a zip of csv and json."""
        ...
