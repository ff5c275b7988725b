# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Whose voice a node hears: enrolled people told apart, and voices learnt on request."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import emo_music_ros.srv as srv
from emo_music_ros.consent.rules import DEMONSTRATION, VOICE, valid_person
from emo_music_ros.consent.voices import Enrolled, Voices
from emo_music_ros.encoding.speech.attribution import LEAST, Attribution, Enrolment
from emo_music_ros.encoding.speech.voiceprint import Voiceprint
from emo_music_ros.errors import CompanionError, InputError
from emo_music_ros.options import option
from emo_music_ros.ros.node import CompanionNode

#: Speech to learn a voice from if no other length is asked for, and at most [s].
USUAL, LONGEST = 20.0, 120.0
#: An enrolment that heard too little for so long [s] is given up.
PATIENCE = 300.0


@dataclass(frozen=True)
class VoiceOptions:
    """Whether speech counts that cannot be attributed."""

    require_attribution: bool = option(
        False, "nothing is read from speech unless it is the enrolled voice of whom the run is for"
    )


class HeardVoices:
    """Tells a node whose utterances it hears, while it is active.

    Enrolled is who agreed to the purpose `voice` and has a print; it is followed as consent and
    files change. The demonstration is labelled: all its speech is of its person.

    Parameters
    ----------
    node : CompanionNode
        Whose it is.
    strict : bool
        Whether nothing counts while the person of the node is not enrolled.
    """

    def __init__(self, node: CompanionNode, strict: bool = False) -> None:
        self._node, self._strict = node, strict
        self._voices = Voices(node.get_namespace())
        self._attribution: Attribution | None = None
        self._enrolment: tuple[str, Enrolment, float] | None = None
        self._told = ""  # what became of the last enrolment
        self.dropped = 0
        self._person = node.person_id
        try:
            self._voiceprint = Voiceprint()
            self._attribution = Attribution(self._voiceprint, strict)
            self._look()
        except CompanionError as error:
            node.fault("voices", f"voices are not told apart: {error}", "warn")
        node.every(1.0, self._look)

    def admits(self, samples: NDArray[np.float32], ended: float) -> bool:
        """Return whether an utterance is of whom the run is for; what is learnt from is not."""
        if self._learn(samples):
            return False
        if self._node.person_id == DEMONSTRATION:
            return True
        attribution = self._attribution
        own = not self._strict if attribution is None else attribution(samples, ended).own
        self.dropped += not own
        return own

    def commands(self, samples: NDArray[np.float32], command: str, alone: float) -> bool:
        """Return whether a command counts that was said after `alone` seconds without speech.

        While somebody is enrolled only that of those does, or of who speaks into a quiet room.
        Whoever calls for help is heard.
        """
        attribution = self._attribution
        if attribution is None or command == "help" or self._node.person_id == DEMONSTRATION:
            return True
        own = attribution.commands(samples, alone)
        self.dropped += not own
        return own

    def details(self) -> dict[str, Any]:
        """Return what the diagnostics show."""
        return {"voices": self._state(), "speech of others": self.dropped}

    def serve(self) -> None:
        """Offer to learn voices."""
        self._node.serve(srv.EnrolVoice, "enrol_voice", self._on_enrol)

    def forgotten(self, person_id: str) -> None:
        """Stop learning the voice of a person, and drop who was heard lately."""
        if self._enrolment is not None and self._enrolment[0] == person_id:
            self._enrolment = None
        if self._attribution is not None:
            self._attribution.reset()

    # -- inside --------------------------------------------------------------------------------

    def _state(self) -> str:
        attribution, node, enrolling = self._attribution, self._node, self._enrolment
        if enrolling is not None:  # the worker may have ended it meanwhile
            person, enrolment, _ = enrolling
            return f"learning '{person}': {enrolment.heard:.0f} of {enrolment.seconds:.0f} s"
        if node.person_id == DEMONSTRATION:
            return "labelled by the demonstration"
        if attribution is None:
            return "voices are not told apart"
        told = f" ({self._told})" if self._told else ""
        if node.person_id in attribution.enrolled:
            many = ", a television or company" if attribution.television else ""
            return f"'{node.person_id}' is told from others{many}{told}"
        if attribution.voices > 1:
            what = "a television or company" if attribution.television else "more than one voice"
            return f"{what}, nobody enrolled: speech is dropped{told}"
        return f"voices are not told apart, '{node.person_id}' is not enrolled{told}"

    def _look(self) -> None:
        """Take over who is enrolled, and remove the voice of whoever withdrew consent."""
        node, attribution = self._node, self._attribution
        if attribution is None:
            return
        if node.person_id != self._person:
            self._person = node.person_id
            attribution.reset()
        attribution.person = node.person_id
        known = self._voices.enrolled()
        problem = self._voices.problem
        for person in list(known):
            decision = node.subject.consents.decided(person, VOICE)
            if decision is not None and not decision.given:
                self._voices.forget(person)
                del known[person]
        agreed = {person: one for person, one in known.items() if node.allows(VOICE, person)}
        for one in agreed.values():
            if one.version != self._voiceprint.version:
                problem = f"the voice of '{one.person_id}' is of another network. Enrol it again"
        attribution.enrolled = {
            person: one.print
            for person, one in agreed.items()
            if one.version == self._voiceprint.version
        }
        needed = self._strict and node.person_id not in (*attribution.enrolled, DEMONSTRATION)
        if needed and not problem:
            problem = (
                f"the voice of '{node.person_id}' is not enrolled and require_attribution is set: "
                "speech is dropped. Call enrol_voice, or emo-music enrol voice"
            )
        node.fault("voices", problem, "warn")
        self._give_up()

    def _give_up(self) -> None:
        enrolling = self._enrolment
        if enrolling is None:
            return
        person, enrolment, since = enrolling
        refusal = self._node.subject.consents.reason(person, VOICE)
        if refusal or self._node.steady() - since > PATIENCE:
            self._enrolment = None
            heard = f"{enrolment.heard:.0f} of {enrolment.seconds:.0f} s were heard"
            self._told = f"'{person}' was not learnt: {refusal or heard}"

    def _learn(self, samples: NDArray[np.float32]) -> bool:
        """Learn from an utterance if somebody is being enrolled; return whether that is so."""
        enrolling = self._enrolment
        if enrolling is None:
            return False
        person, enrolment, _ = enrolling
        enrolment.add(samples)
        if enrolment.complete:
            self._enrolment = None
            self._keep(person, enrolment)
        return True

    def _keep(self, person: str, enrolment: Enrolment) -> None:
        found = enrolment.result()
        if found is None:
            self._told = f"'{person}' was not learnt: more than one voice was heard. Try it again"
            return
        self._voices.store(
            Enrolled(
                person,
                self._voiceprint.version,
                tuple(map(float, found)),
                enrolment.heard,
                time.time(),
            )
        )
        self._told = f"'{person}' was learnt"

    def _on_enrol(self, request: Any, response: Any) -> Any:
        person = valid_person(request.person_id or self._node.person_id)
        if request.forget:
            removed = self._voices.forget(person)
            response.message = f"{len(removed)} files of the voice of '{person}' were removed"
            response.success = True
            return response
        if self._attribution is None:
            raise InputError("there is no network for voices", "See the diagnostics of this node")
        refusal = self._node.subject.consents.reason(person, VOICE)
        if refusal:
            raise InputError(refusal, f"Ask, and call set_consent with purpose '{VOICE}'")
        seconds = request.seconds or USUAL
        if not math.isfinite(seconds) or not LEAST <= seconds <= LONGEST:
            raise InputError(
                f"a voice is not learnt from {seconds:g} s of speech",
                f"Give {LEAST:g} to {LONGEST:g} s, or 0",
            )
        self._enrolment = person, Enrolment(self._voiceprint, seconds), self._node.steady()
        self._told = ""
        response.success = True
        response.message = (
            f"'{person}' should speak for {seconds:.0f} s now, alone and as always, in whole "
            "sentences; the diagnostics of this node say how far it is"
        )
        return response
