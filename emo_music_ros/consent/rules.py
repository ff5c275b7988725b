# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What may be done with whom."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from emo_music_ros.errors import InputError

#: Reading how somebody feels from camera, microphone, body signals, words and acts.
SENSING = "sensing"
#: Remembering what was listened to and what came of it.
LEARNING = "learning"
PURPOSES = (SENSING, LEARNING)
#: Keeping pictures, voice, words and body signals in the recording of a session. Nobody has agreed
#: to it who was not asked for just that.
RECORDING = "recording"
#: Keeping a print of the voice, by which it is told from those of others. As for recordings.
VOICE = "voice"
#: What is never meant by consent in general.
ASKED = (RECORDING, VOICE)
#: What sensing reads, each of which may be forbidden alone; where nothing was decided about one,
#: what was decided about sensing holds.
MODALITIES = ("face", "speech", "text", "physiology", "eeg", "interaction")
#: Whether the person, asked at the start, agreed; whether sensing goes on or is paused.
ASSENT, PAUSE = "assent", "pause"
#: What decisions may be about: those of consent, and all.
CONSENTED = (*PURPOSES, *ASKED, *MODALITIES)
EVERY = (*CONSENTED, ASSENT, PAUSE)
#: Who may have decided.
PERSON, PROXY, WISH = "person", "proxy", "advance_wish"
DECIDERS = (PERSON, PROXY, WISH)
#: The person of recordings and of the demonstration, who is nobody and has consented.
DEMONSTRATION = "demonstration"
#: Longest id of a person [bytes in UTF-8]. Ids come from outside and end in names of files, where
#: a byte may take three.
LONGEST_ID = 80


def valid_person(person_id: str) -> str:
    """Return the id of a person without spaces around it.

    Raises
    ------
    InputError
        If it is empty, too long or holds characters that cannot be printed.
    """
    name = person_id.strip()
    sound = name.isprintable() and len(name.encode("utf-8", "replace")) <= LONGEST_ID
    if not name or not sound:
        raise InputError(
            f"{person_id[:40]!r} names no person",
            f"Give an id of 1 to {LONGEST_ID} bytes of printable characters",
        )
    return name


@dataclass(frozen=True)
class Terms:
    """Who decided, what shows that they may, what it covers, until when [unix s, 0 = no end]."""

    decided_by: str = ""
    document: str = ""
    scope: str = ""
    until: float = 0.0


#: Where nobody said who decided, and there is no end.
PLAIN = Terms()


@dataclass(frozen=True)
class Consent:
    """One decision: `given` or withdrawn, when [unix s], who or what said so, and its terms."""

    person_id: str
    purpose: str
    given: bool
    time: float = 0.0
    source: str = ""
    terms: Terms = PLAIN

    def holds(self, now: float) -> bool:
        """Tell whether it was given and has not ended [unix s]."""
        return self.given and not 0 < self.terms.until <= now


class Consents:
    """The decisions that are known, and what follows where there is none.

    Parameters
    ----------
    required : bool
        Whether whoever has decided nothing is left alone.
    known : iterable of Consent
        Decisions to begin with.
    clock : callable
        Unix seconds.

    Attributes
    ----------
    required : bool
        As given; may be changed.
    """

    def __init__(
        self,
        required: bool = False,
        known: Iterable[Consent] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.required = required
        self._clock = clock
        self._known: dict[tuple[str, str], Consent] = {}
        self.replace(known)

    def replace(self, consents: Iterable[Consent]) -> None:
        """Take the decisions as they are now.

        One that is missing counts no longer if it was given, but a withdrawal holds until consent
        is given: whoever lost a list must not open what a person has closed.
        """
        kept = {key: entry for key, entry in self._known.items() if not entry.given}
        self._known = kept | {(entry.person_id, entry.purpose): entry for entry in consents}

    def decided(self, person_id: str, purpose: str) -> Consent | None:
        """Return the decision of a person, None if there is none."""
        return self._known.get((person_id, purpose))

    def allows(self, person_id: str, purpose: str) -> bool:
        """Tell whether something may be done with a person."""
        return not self.reason(person_id, purpose)

    def reason(self, person_id: str, purpose: str) -> str:
        """Return why it may not be done, empty if it may."""
        entry = self.decided(person_id, purpose)
        if entry is not None and not entry.holds(self._clock()):
            ended = "consent of '{}' to {} has ended" if entry.given else _WITHDRAWN
            return ended.format(person_id, purpose)
        if purpose in MODALITIES:
            return self.reason(person_id, SENSING)
        if entry is None and (purpose in ASKED or self.required):
            return f"no consent of '{person_id}' to {purpose} is stored"
        return self._held_up(person_id) if purpose == SENSING else ""

    def _held_up(self, person_id: str) -> str:
        """Return why somebody who consented is not sensed just now."""
        pause, assent = (self.decided(person_id, each) for each in (PAUSE, ASSENT))
        if pause is not None and not pause.given:
            return f"sensing of '{person_id}' is paused"
        if assent is not None and not assent.given:
            return f"'{person_id}' {assent.terms.scope or 'did not agree'}"
        return ""


_WITHDRAWN = "'{}' has withdrawn consent to {}"
