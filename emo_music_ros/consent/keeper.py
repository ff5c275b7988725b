# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Whoever takes decisions from people: they hold at once, and are stored before the answer."""

from __future__ import annotations

import time
from dataclasses import replace

from emo_music_ros.consent.register import Register
from emo_music_ros.consent.rules import (
    ASKED,
    CONSENTED,
    DECIDERS,
    PERSON,
    PLAIN,
    PURPOSES,
    Consent,
    Terms,
    valid_person,
)
from emo_music_ros.errors import InputError, StorageError


class Keeper:
    """All decisions, and those of them that could not be stored yet.

    Parameters
    ----------
    register : Register
        Where they are stored.

    Attributes
    ----------
    problem : str
        Why withdrawals may be missing; empty = none can be.
    """

    def __init__(self, register: Register) -> None:
        self._register = register
        self._known: dict[tuple[str, str], Consent] = {}
        self._unsaved: dict[tuple[str, str], Consent] = {}
        try:
            self.problem = register.lost()
            for entry in register.consents():
                self._known[entry.person_id, entry.purpose] = entry
        except StorageError as error:
            self.problem = str(error)

    def consents(self) -> list[Consent]:
        """Return every decision."""
        return list(self._known.values())

    def decide(
        self, person_id: str, purpose: str, given: bool, source: str, terms: Terms = PLAIN
    ) -> str:
        """Let a decision hold for one purpose, or all if it is empty; return its person.

        All are sensing and learning; of recording and voice only a withdrawal is meant by it.

        :meth:`save` puts it on disk.

        Raises
        ------
        InputError
            If the person, the purpose or the terms cannot be.
        """
        name = valid_person(person_id)
        if purpose and purpose not in CONSENTED:
            raise InputError(
                f"there is no purpose '{purpose}'", f"Give {' or '.join(CONSENTED)}, or nothing"
            )
        if given:
            _check(terms)
        meant = [purpose] if purpose else list(PURPOSES)
        if not purpose and not given:
            meant += [each for each in ASKED if (name, each) in self._known]
        for each in meant:
            self.hold(Consent(name, each, given, time.time(), source, terms))
        return name

    def expire(self) -> bool:
        """Withdraw what has ended, and return whether anything had."""
        now = time.time()
        ended = [each for each in self._known.values() if each.given and not each.holds(now)]
        for each in ended:
            self.hold(replace(each, given=False, time=now, source="its end was reached"))
        return bool(ended)

    def decided(self, person_id: str, purpose: str) -> Consent | None:
        """Return the decision of a person, None if there is none."""
        return self._known.get((person_id, purpose))

    def hold(self, consent: Consent) -> None:
        """Let a decision hold that was made elsewhere; :meth:`save` puts it on disk."""
        key = (consent.person_id, consent.purpose)
        self._known[key] = self._unsaved[key] = consent

    def enrol(self, person_id: str, source: str) -> None:
        """Let consent hold for every purpose that nothing was decided about.

        Raises
        ------
        InputError
            If the person cannot be.
        """
        name = valid_person(person_id)
        for purpose in PURPOSES:
            if (name, purpose) not in self._known:
                self.hold(Consent(name, purpose, True, time.time(), source))

    def forget(self, person_id: str) -> None:
        """Drop the decisions of a person but withdrawals.

        Raises
        ------
        StorageError
            If the register cannot be written.
        """
        for kept in (self._known, self._unsaved):
            for key in [key for key, entry in kept.items() if key[0] == person_id and entry.given]:
                del kept[key]
        self._register.forget(person_id)

    def save(self) -> None:
        """Store what is not stored yet.

        Raises
        ------
        StorageError
            If the register cannot be written; it is kept and tried again with the next call.
        """
        if self._unsaved:
            self._register.store(self._unsaved.values())
            self._unsaved.clear()


def _check(terms: Terms) -> None:
    """Refuse consent of somebody who may not give it, or that has ended already."""
    if terms.decided_by not in ("", *DECIDERS):
        raise InputError(f"nobody decides as '{terms.decided_by}'", f"Give {' or '.join(DECIDERS)}")
    if terms.decided_by not in ("", PERSON) and not terms.document.strip():
        raise InputError(
            "nothing shows that somebody else may decide",
            "Name the document: power of attorney, court order, written wish",
        )
    if terms.until and terms.until <= time.time():
        raise InputError("the end has passed already", "Give a day to come, or none")
