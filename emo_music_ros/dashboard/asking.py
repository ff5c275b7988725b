# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What the pages ask other nodes for, besides steering the music."""

from __future__ import annotations

from typing import Protocol


class Asking(Protocol):
    """Asks, and returns when it is done; called on the thread of the pages.

    Everything raises CompanionError where it is refused or nobody answers.
    """

    async def acknowledge(self, call: int, by: str, false_alarm: bool) -> None:
        """Say that a carer looked in, and whether there was no need."""
        ...
