# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What the pages ask of the rest of the system about what people enter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from emo_music_ros.care.notes import Note
from emo_music_ros.care.plans import Plan
from emo_music_ros.care.profile import Profile, Song
from emo_music_ros.dashboard.state import Choice
from emo_music_ros.streams import Track


class Asking(Protocol):
    """Asks about the person the pages are for. Every method raises CompanionError if refused."""

    async def profile(self) -> tuple[Profile, str]:
        """Return what was entered, and in words what follows from it."""
        ...

    async def change(self, profile: Profile, fields: tuple[str, ...]) -> str:
        """Change some fields; return what follows from it now."""
        ...

    async def never(self) -> Song:
        """Never play again what plays; return what is on the list now."""
        ...

    async def find(self, query: str, first: int) -> tuple[list[Track], int]:
        """Return pieces of the library, and how many there are."""
        ...

    async def named(self, track_ids: Sequence[str]) -> list[Track]:
        """Return the pieces of these ids that are in the library."""
        ...

    async def best(self, valence: float, arousal: float) -> Choice:
        """Return what would be best to play for somebody who feels so, -1..1; nothing is played."""
        ...

    async def pick(self, track_id: str, comfort: bool = False) -> None:
        """Play a piece, or the comfort song, now."""
        ...

    async def plans(self) -> tuple[list[Plan], str]:
        """Return the plans, and what the day holds."""
        ...

    async def set_plan(self, plan: Plan, remove: bool = False) -> None:
        """Store or remove a plan."""
        ...

    async def hold(self, plan: Plan) -> None:
        """Begin a plan now."""
        ...

    async def end(self) -> None:
        """End the session that runs."""
        ...

    async def looked(self) -> None:
        """Say that somebody has looked after the person."""
        ...

    async def confirm(self, state: str) -> None:
        """Tell how the person feels now, one of emotion.STATES: it is learned from."""
        ...

    async def unlearn(self) -> None:
        """Go back to what holds for everybody."""
        ...

    async def notes(self) -> list[Note]:
        """Return the notes, the newest first."""
        ...

    async def note(self, note: Note, remove: bool = False) -> None:
        """Add a note, or remove one of one's own."""
        ...

    async def turn(self, person: str) -> None:
        """Turn to another person."""
        ...

    async def people(self) -> list[str]:
        """Return who is known."""
        ...
