# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Whom a node works for, and what that person allows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import emo_music_ros.msg as msg
from emo_music_ros.consent.register import PERSON, Register, default_register
from emo_music_ros.consent.rules import Consents, valid_person
from emo_music_ros.errors import StorageError
from emo_music_ros.ros.consents import consent_of


class Subject:
    """The person a node works for. What comes on the latched topics is handed in.

    The register on this machine is read at the start, so that a node that is started again does
    not do for a moment what was forbidden, or what is meant for somebody else; from then on the
    node that keeps the register says what holds.

    Parameters
    ----------
    person_id : str
        Whom the node was started for.
    run : str
        The run it belongs to, which may be for somebody else by now; empty = none.
    purposes : sequence of str
        What the node needs consent for.
    required : bool
        Whether a person who has decided nothing is left alone.
    namespace : str
        Of the node: each has its own people.
    on_person : callable
        Gets the person before, after the person changed.
    on_consent : callable
        Called after it changed what may be done with the person.
    """

    def __init__(
        self,
        person_id: str,
        run: str,
        purposes: tuple[str, ...],
        required: bool,
        namespace: str,
        on_person: Callable[[str], None],
        on_consent: Callable[[], None],
    ) -> None:
        self.person_id = person_id
        self.problem = ""
        self._purposes = purposes
        self._required = required
        self._on_person = on_person
        self._on_consent = on_consent
        self.consents = Consents(required)
        if person_id:
            self._read(default_register(namespace), run)
        self._told = self._allowed()

    def allows(self, purpose: str, person_id: str = "") -> bool:
        """Tell whether something may be done with a person, by default the node's own."""
        return self.consents.allows(person_id or self.person_id, purpose)

    def refusal(self) -> str:
        """Return why the node may not work for its person, empty if it may."""
        reasons = (self.consents.reason(self.person_id, each) for each in self._purposes)
        return next((reason for reason in reasons if reason), "")

    def turn(self, person_id: str) -> None:
        """Turn to another person, who may allow what the one before did not, or forbid it."""
        if person_id == self.person_id:
            return
        before, self.person_id = self.person_id, person_id
        self._on_person(before)
        self._tell_changed()

    def on_person(self, message: msg.Person) -> None:
        """Take a message of `person`.

        Raises
        ------
        InputError
            If it names nobody.
        """
        self.turn(valid_person(message.person_id))

    def on_state(self, message: msg.ConsentState) -> None:
        """Take a message of `consent/state`; the stricter of the two rules holds."""
        self.take(map(consent_of, message.consents), message.required)

    def take(self, consents: Any, required: bool) -> None:
        """Take all decisions as they are now."""
        self.consents.required = self._required or required
        self.consents.replace(consents)
        self._tell_changed()

    def _tell_changed(self) -> None:
        """Tell where something else is allowed than was told last; consent may also just end."""
        allowed = self._allowed()
        if allowed != self._told:
            self._told = allowed
            self._on_consent()

    def _allowed(self) -> list[bool]:
        return [self.allows(each) for each in self._purposes]

    def _read(self, register: Register, run: str) -> None:
        try:
            self.person_id = register.recall(run, PERSON) or self.person_id
            self.consents.replace(register.consents())
            lost = register.lost()
        except StorageError as error:
            lost = str(error)
        if lost:  # who has withdrawn cannot be told: nobody is taken to have agreed
            self.problem = lost
            self._required = self.consents.required = True
