# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Everything people do as one stream of events, and what they decide: for whom, and consent."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from std_msgs.msg import String
from std_srvs.srv import SetBool

import emo_music_ros.msg as msg
import emo_music_ros.srv as srv
from emo_music_ros.consent.assent import Assents
from emo_music_ros.consent.keeper import Keeper
from emo_music_ros.consent.register import PERSON, default_register
from emo_music_ros.consent.rules import (
    DEMONSTRATION,
    LEARNING,
    PLAIN,
    SENSING,
    Terms,
    valid_person,
)
from emo_music_ros.errors import InputError, StorageError
from emo_music_ros.options import option
from emo_music_ros.ros import conversions as convert
from emo_music_ros.ros.consents import consent_message, terms_of
from emo_music_ros.ros.environment import RUN
from emo_music_ros.ros.host import run_node
from emo_music_ros.ros.node import CompanionNode
from emo_music_ros.ros.qos import EVENT, LATCHED
from emo_music_ros.ros.stamps import header
from emo_music_ros.streams import Interaction

#: Roles of who rates; empty = the person.
RATERS = ("", "resident", "carer", "therapist")
#: Fact of the run: who was asked already.
ASKED = "asked"
#: What the robot says where somebody has to be asked.
QUESTION = (
    "May I watch and listen now, to choose music for you? Please say yes or no, or press a button."
    " 我现在可以看和听，来为您选音乐吗？请说可以或不可以，或者按按钮。"
)


class InteractionNode(CompanionNode):
    """Everything people do as one stream of events, and what they decide: for whom, and consent.

    Keeps the register of consent and tells every node what it says. A decision is on disk before
    its answer; what cannot be stored holds all the same, and the answer says so.
    """

    node_name = "interaction"
    purposes = (SENSING,)

    @dataclass(frozen=True)
    class Options:
        """Who acts when nobody is named."""

        person_id: str = option("resident", "person the run is for, until `set_person`")
        consent: bool = option(
            False, "store the consent of that person to whatever nothing was decided about yet"
        )

    def activate(self) -> None:
        """Take events from all sides, and tell for whom the run is and who consented."""
        self._track = ""
        self._counts = {"events": 0, "malformed": 0}
        self._register = default_register(self.get_namespace())
        self._keeper = Keeper(self._register)
        self._assents = Assents(self._keeper)
        self._lines = self.advertise(String, "robot/say", EVENT)
        self._publisher = self.advertise(msg.InteractionEvent, "interaction/event")
        self._person = self.advertise(msg.Person, "person", LATCHED)
        self._consents = self.advertise(msg.ConsentState, "consent/state", LATCHED)
        self._start()
        self.listen(msg.InteractionEvent, "player/event", self._on_event)
        self.listen(msg.InteractionEvent, "dashboard/event", self._on_event)
        self.listen(msg.PlayerState, "player/state", self._on_state)
        self.every(5.0, self._look)
        self.serve(srv.RateTrack, "rate_track", self._on_rate)
        self.serve(SetBool, "consent", self._on_consent)
        self.serve(srv.SetConsent, "set_consent", self._on_set_consent)
        self.serve(srv.SetSensing, "set_sensing", self._on_set_sensing)
        self.serve(srv.SetPerson, "set_person", self._on_set_person)

    def details(self) -> dict[str, Any]:
        """Return the counters."""
        return dict(getattr(self, "_counts", {}))

    def person_forgotten(self, person_id: str) -> None:
        """Remove the decisions of a person; a withdrawal stays."""
        self._keeper.forget(person_id)
        self._tell_consents()

    # -- for whom, and what they allow ---------------------------------------------------------

    def _start(self) -> None:
        """Go on with what is stored."""
        if self.options.consent:
            demonstration = self.person_id == DEMONSTRATION
            self._keeper.enrol(self.person_id, DEMONSTRATION if demonstration else "start")
        if self._asked() != self.person_id:
            self._ask(self._assents.start)
        self._save()
        self._tell_person()
        self._tell_consents()
        refusal = self.subject.refusal()
        if refusal:
            at_start = (
                "" if "withdrawn" in refusal else "Start with CONSENT=yes or consent:=yes, or "
            )
            service = f"{self.get_namespace().rstrip('/')}/consent std_srvs/srv/SetBool"
            self.get_logger().warning(
                f"{refusal}: nothing is sensed, played or learned. {at_start}"
                f"give it: ros2 service call {service} '{{data: true}}'"
            )

    def _ask(self, start: Callable[[str], bool]) -> bool:
        """Ask the person where that is due."""
        if not start(self.person_id):
            return False
        self._lines.publish(String(data=QUESTION))
        run = os.environ.get(RUN, "")
        if run:
            try:
                self._register.keep(run, ASKED, self.person_id)
            except StorageError as error:  # a node that is started again asks once more
                self.failed("register", error)
        return True

    def _asked(self) -> str:
        """Return who was asked already in this run; empty where that cannot be told."""
        try:
            return self._register.recall(os.environ.get(RUN, ""), ASKED)
        except StorageError:
            return ""

    def _look(self) -> None:
        """End what has ended, ask anew whose answer is of an earlier day, and store it."""
        ended = self._keeper.expire()
        if self._ask(self._assents.lapse) or ended:
            self._tell_consents()
        self._save()

    def _save(self) -> None:
        """Try again what could not be stored."""
        try:
            self._keeper.save()
        except StorageError as error:
            self.failed("register", error)
        else:
            self.recovered("register")

    def _tell_person(self) -> None:
        self._person.publish(msg.Person(header=header(self.now()), person_id=self.person_id))

    def _tell_consents(self) -> None:
        known = self._keeper.consents()
        self.subject.take(known, bool(self._keeper.problem))
        self._consents.publish(
            msg.ConsentState(
                header=header(self.now()),
                required=self.subject.consents.required,
                consents=[consent_message(each) for each in known],
            )
        )

    def _decide(
        self, person_id: str, purpose: str, given: bool, source: str, terms: Terms = PLAIN
    ) -> tuple[str, str]:
        """Let a decision hold and store it; return whose it is and what holds now."""
        name = self._keeper.decide(person_id or self.person_id, purpose, given, source, terms)
        if given and terms.decided_by and self._assents.standing(name) is None:
            self._ask(self._assents.start)  # as at every start
        act = "given" if given else "withdrawn"
        told = f"consent of '{name}' to {purpose or 'everything'} is {act}"
        self._settle(told)
        return name, told

    def _settle(self, told: str) -> None:
        """Tell everybody what holds now, and store it."""
        self._tell_consents()
        self.get_logger().info(told)
        try:
            self._keeper.save()
        except StorageError as error:
            raise StorageError(
                f"{told} until this run ends: {error.cause}", error.remedy
            ) from error

    def _on_consent(self, request: Any, response: Any) -> Any:
        _, response.message = self._decide("", "", request.data, "live:service")
        response.success = True
        return response

    def _on_set_consent(self, request: Any, response: Any) -> Any:
        response.person_id = request.person_id or self.person_id
        source = request.source or "live:service"
        response.person_id, response.message = self._decide(
            request.person_id, request.purpose, request.given, source, terms_of(request)
        )
        response.success = True
        return response

    def _on_set_sensing(self, request: Any, response: Any) -> Any:
        acts = srv.SetSensing.Request
        name = response.person_id = valid_person(request.person_id or self.person_id)
        source, assents = request.source or "live:service", self._assents
        if request.action in (acts.PAUSE, acts.RESUME):
            assents.pause(name, request.action == acts.PAUSE, source)
        elif request.action == acts.ASSENT:
            assents.assent(name, source)
        elif request.action == acts.REFUSE:
            assents.refuse(name, source)
        elif request.action == acts.REVIEWED:
            assents.reviewed(name, source)
        else:
            raise InputError(f"there is no action {request.action}", "Give one of SetSensing")
        self._settle(f"sensing of '{name}' was set by {source}")
        response.message = self.subject.consents.reason(name, SENSING)
        response.success = True
        return response

    def _on_set_person(self, request: Any, response: Any) -> Any:
        response.previous = self.person_id
        self.subject.turn(valid_person(request.person_id))
        if self.person_id != response.previous and self._ask(self._assents.start):
            self._tell_consents()
        self._tell_person()
        run = os.environ.get(RUN, "")
        if run:
            self._register.keep(run, PERSON, self.person_id)
        response.message = (
            f"the run is for '{self.person_id}' now. {self.subject.refusal()}".strip()
        )
        response.success = True
        return response

    # -- what people do ------------------------------------------------------------------------

    def _on_state(self, message: msg.PlayerState) -> None:
        self._track = message.track.track_id

    def _on_event(self, message: msg.InteractionEvent) -> None:
        event = convert.interaction(message)
        if event is None or not _possible(event):
            self._counts["malformed"] += 1
            return
        if event.action == "consent":
            self._decide(message.person_id, "", event.value >= 0.5, message.source)
            return
        message.person_id = valid_person(message.person_id or self.person_id)
        self._counts["events"] += 1
        self._publisher.publish(message)

    def _on_rate(self, request: Any, response: Any) -> Any:
        track = request.track_id or self._track
        if not track:
            raise InputError("nothing is being played", "Name the track_id to rate")
        if not -1.0 <= request.rating <= 1.0:
            raise InputError(
                f"rating {request.rating} is out of range", "Give -1 (dislike) to 1 (like)"
            )
        person_id = valid_person(request.person_id or self.person_id)
        if person_id != self.person_id:
            raise InputError(f"the run is for '{self.person_id}'", "Turn by set_person first")
        if not self.allows(LEARNING):
            reason = self.subject.consents.reason(person_id, LEARNING)
            raise InputError(f"{reason}: nothing is learned", "Ask for consent first")
        if request.rater not in RATERS:
            raise InputError(
                f"nobody rates as '{request.rater}'", f"Give {', '.join(RATERS[1:])} or nothing"
            )
        event = Interaction(
            self.now(), "rate", track, request.rating, 0.0, person_id, "live:service"
        )
        message = convert.interaction_message(event)
        message.rater = request.rater
        self._on_event(message)
        response.success = True
        return response


def _possible(event: Interaction) -> bool:
    """Tell whether the numbers of an event can be."""
    if event.action == "rate" and not -1.0 <= event.value <= 1.0:
        return False
    if event.action == "consent" and event.value not in (0.0, 1.0):
        return False
    return math.isfinite(event.value) and math.isfinite(event.position) and event.position >= 0


def main() -> int:
    """Run the node."""
    return run_node(InteractionNode)
