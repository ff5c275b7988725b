# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Whoever takes decisions from people: they hold at once, and are stored before the answer."""

from __future__ import annotations

import time

from emo_music_ros.consent.register import Register
from emo_music_ros.consent.rules import ASKED, EVERY, PURPOSES, Consent, valid_person
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

    def decide(self, person_id: str, purpose: str, given: bool, source: str) -> str:
        """Let a decision hold for one purpose, or all if it is empty; return its person.

        All are sensing and learning; of recording and voice only a withdrawal is meant by it.

        :meth:`save` puts it on disk.

        Raises
        ------
        InputError
            If the person or the purpose cannot be.
        """
        name = valid_person(person_id)
        if purpose and purpose not in EVERY:
            raise InputError(
                f"there is no purpose '{purpose}'", f"Give {' or '.join(EVERY)}, or nothing"
            )
        meant = [purpose] if purpose else list(PURPOSES)
        if not purpose and not given:
            meant += [each for each in ASKED if (name, each) in self._known]
        for each in meant:
            self._hold(Consent(name, each, given, time.time(), source))
        return name

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
                self._hold(Consent(name, purpose, True, time.time(), source))

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

    def _hold(self, consent: Consent) -> None:
        key = (consent.person_id, consent.purpose)
        self._known[key] = self._unsaved[key] = consent
