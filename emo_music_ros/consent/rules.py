# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What may be done with whom."""

from __future__ import annotations

from collections.abc import Iterable
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
ASKED = (RECORDING, VOICE)
EVERY = (*PURPOSES, *ASKED)
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
class Consent:
    """One decision: `given` or withdrawn, when [unix s], and who or what said so."""

    person_id: str
    purpose: str
    given: bool
    time: float = 0.0
    source: str = ""


class Consents:
    """The decisions that are known, and what follows where there is none.

    Parameters
    ----------
    required : bool
        Whether whoever has decided nothing is left alone.
    known : iterable of Consent
        Decisions to begin with.

    Attributes
    ----------
    required : bool
        As given; may be changed.
    """

    def __init__(self, required: bool = False, known: Iterable[Consent] = ()) -> None:
        self.required = required
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
        entry = self.decided(person_id, purpose)
        if entry is not None:
            return entry.given
        return purpose not in ASKED and not self.required

    def reason(self, person_id: str, purpose: str) -> str:
        """Return why it may not be done, empty if it may."""
        if self.allows(person_id, purpose):
            return ""
        if self.decided(person_id, purpose) is not None:
            return f"'{person_id}' has withdrawn consent to {purpose}"
        return f"no consent of '{person_id}' to {purpose} is stored"
