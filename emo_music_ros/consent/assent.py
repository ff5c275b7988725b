# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Asking the person at each start, whoever consented; and pausing.

A proxy never replaces assent. A refusal holds until the next start; two in a row, until somebody
looked at why (sustained dissent binds: Black 2010).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from emo_music_ros.consent.keeper import Keeper
from emo_music_ros.consent.rules import ASSENT, PAUSE, SENSING, Consent, Terms
from emo_music_ros.errors import InputError

#: What is said of somebody who has not agreed, and what the next refusal makes of it.
ASK = "has to be asked first"
ASK_AGAIN = "said no last time and has to be asked again"
REFUSED = "said no this time"
REVIEW = "said no twice in a row: a therapist has to look at why first"

#: An answer holds this long; then it is a new start [s].
LASTS = 12 * 3600.0


@dataclass(frozen=True)
class Standing:
    """How it stands with the assent of a person: agreed, or why not, since when [unix s]."""

    agreed: bool
    why: str
    since: float


class Assents:
    """What people say when they are asked; stored with their consent.

    Parameters
    ----------
    keeper : Keeper
        Of all decisions.
    clock : callable
        Unix seconds.
    """

    def __init__(self, keeper: Keeper, clock: Callable[[], float] = time.time) -> None:
        self._keeper = keeper
        self._clock = clock

    def standing(self, person_id: str) -> Standing | None:
        """Return how it stands with a person; None if nobody needs to ask."""
        entry = self._keeper.decided(person_id, ASSENT)
        if entry is None:
            return None
        return Standing(entry.given, entry.terms.scope, entry.time)

    def start(self, person_id: str) -> bool:
        """Ask a person anew who is enrolled, and return whether there is something to ask."""
        consent = self._keeper.decided(person_id, SENSING)
        if consent is None or not consent.given or not consent.terms.decided_by:
            return False
        before = self.standing(person_id)
        if before is not None and before.why == REVIEW:
            return False
        again = before is not None and before.why in (REFUSED, ASK_AGAIN)
        self._hold(person_id, False, ASK_AGAIN if again else ASK, "start")
        return True

    def lapse(self, person_id: str) -> bool:
        """Ask anew where the answer is of an earlier day; return whether there is something."""
        before = self.standing(person_id)
        answered = before is not None and (before.agreed or before.why == REFUSED)
        if before is None or not answered or self._clock() - before.since < LASTS:
            return False
        return self.start(person_id)

    def assent(self, person_id: str, source: str) -> None:
        """Take that a person who was asked agreed.

        Raises
        ------
        InputError
            If the person refused this time, or twice in a row.
        """
        before = self.standing(person_id)
        if before is not None and before.why in (REFUSED, REVIEW):
            remedy = "Ask at the next start" if before.why == REFUSED else "Let a therapist look"
            raise InputError(f"'{person_id}' {before.why}", remedy)
        self._hold(person_id, True, "", source)

    def refuse(self, person_id: str, source: str) -> None:
        """Take that a person said no, in words or by what they did."""
        before = self.standing(person_id)
        why = before.why if before is not None else ""
        self._hold(person_id, False, REVIEW if why in (ASK_AGAIN, REVIEW) else REFUSED, source)

    def reviewed(self, person_id: str, source: str) -> None:
        """Take that somebody looked at why a person refused twice; they are asked again.

        Raises
        ------
        InputError
            If there is nothing to look at.
        """
        before = self.standing(person_id)
        if before is None or before.why != REVIEW:
            raise InputError(f"'{person_id}' did not refuse twice in a row", "Leave it")
        self._hold(person_id, False, ASK, source)

    def pause(self, person_id: str, paused: bool, source: str) -> None:
        """Pause sensing, or let it go on."""
        self._keeper.hold(Consent(person_id, PAUSE, not paused, self._clock(), source))

    def _hold(self, person_id: str, agreed: bool, why: str, source: str) -> None:
        terms = replace(Terms(), scope=why)
        self._keeper.hold(Consent(person_id, ASSENT, agreed, self._clock(), source, terms))
