# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Tells carers of calls for help and of distress, and keeps what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from std_msgs.msg import String

import emo_music_ros.msg as msg
from emo_music_ros.dashboard.audit import Audit
from emo_music_ros.errors import CompanionError
from emo_music_ros.names import printable
from emo_music_ros.notifying.base import LANGUAGES, text_of
from emo_music_ros.notifying.calls import DISTRESS, HELP, Call, Calls, Waiting
from emo_music_ros.notifying.outbox import Outbox
from emo_music_ros.options import option
from emo_music_ros.resources import data_of
from emo_music_ros.ros.host import run_node
from emo_music_ros.ros.node import CompanionNode
from emo_music_ros.ros.qos import LATCHED
from emo_music_ros.ros.stamps import header, stamp
from emo_music_ros.srv import AcknowledgeCall

_KINDS = {HELP: msg.CarerCall.HELP, DISTRESS: msg.CarerCall.DISTRESS}
#: What the recommender says of music that it stopped for distress.
_TRIGGER = "distress"


class NotifyingNode(CompanionNode):
    """Tells carers of calls for help and of distress, and keeps what came of it.

    Every call is on the topic `carer/calls`, which the dashboard shows; what is pushed besides goes
    out by up to three notifiers, each on a thread of its own, until it has arrived.
    """

    node_name = "notifying"
    stages = {
        "plugin": ("notifier", "none"),
        "second": ("notifier", "none"),
        "third": ("notifier", "none"),
    }

    @dataclass(frozen=True)
    class Options:
        """Who is told what, and how often."""

        person_id: str = option("resident", "person the run is for")
        place: str = option("", "where to look in, as people say it, such as Room 12")
        say_person: bool = option(False, "send whom it is about, too")
        language: str = option("en", "language of what is sent", choices=LANGUAGES)
        shifts: list[str] = option(
            ["06:00", "14:00", "22:00"], "when shifts begin, local time of day"
        )
        most: int = option(2, "most calls that are pushed of a person and shift", low=0, high=20)
        patience: float = option(
            60.0, "a call that nobody acknowledges is escalated after this [s]", low=5, high=3600
        )
        keep_days: float = option(
            90.0, "calls are removed after this long [days]", low=1, high=3650
        )

    def activate(self) -> None:
        """Take calls from now on, and send what has not arrived yet."""
        options, space = self.options, self.get_namespace()
        self._calls = Calls(
            data_of(space, "carer-calls.sqlite"),
            shifts=options.shifts,
            most=options.most,
            patience=options.patience,
            days=options.keep_days,
            steady=self.steady,
        )
        self._audit = Audit(
            data_of(space, "dashboard-audit.sqlite"), lambda text: self.fault("audit", text)
        )
        self.ends(self._audit.close)
        self._missed: set[Waiting] = set()
        named = {stage: self.get_parameter(stage).value for stage in self.stages}
        self._outboxes = [
            Outbox(
                stage,
                self.plugins[stage],
                self._calls,
                self._words,
                self.steady,
                partial(self._sent, name),
            )
            for stage, name in named.items()
            if name != "none"
        ]
        self._senders = [self.work(_step(box), 1, box.name) for box in self._outboxes]
        self._told = self.advertise(msg.CarerCalls, "carer/calls", LATCHED)
        self.listen(String, "carer/call", lambda _: self._call(self.person_id, HELP))
        self.listen(msg.Recommendation, "recommendation", self._on_recommendation)
        self.serve(AcknowledgeCall, "acknowledge_call", self._on_acknowledge)
        self.every(1.0, self._tick)
        self._publish()

    def details(self) -> dict[str, Any]:
        """Return how much waits to be sent."""
        if not hasattr(self, "_calls"):
            return {}
        return {f"waiting {box.name}": self._waits(box.name) for box in self._outboxes}

    def person_forgotten(self, person_id: str) -> None:
        """Remove the calls of a person."""
        self._calls.forget(person_id)
        self._publish()

    # -- calls -----------------------------------------------------------------------------------

    def _on_recommendation(self, message: msg.Recommendation) -> None:
        if message.trigger == _TRIGGER:
            self._call(message.person_id or self.person_id, DISTRESS)

    def _call(self, person_id: str, kind: str) -> None:
        self._calls.add(printable(person_id), kind, self._names())
        self._publish()
        self._send()

    def _on_acknowledge(self, request: Any, response: Any) -> Any:
        ends = [box.name for box in self._outboxes if box.tells_end]
        by = printable(request.by, 60)
        self._calls.acknowledge(request.id, by, request.false_alarm, ends)
        self._publish()
        self._send()
        response.success = True
        return response

    def _tick(self) -> None:
        if self._calls.escalate(self._names()):
            self._publish()
        self._send()

    def _publish(self) -> None:
        calls = [_message(each) for each in self._calls.latest()]
        self._told.publish(msg.CarerCalls(header=header(self.now()), calls=calls))

    # -- what is sent ----------------------------------------------------------------------------

    def _names(self) -> Sequence[str]:
        return [box.name for box in self._outboxes]

    def _waits(self, stage: str) -> int:
        try:
            return len(self._calls.waiting(stage))
        except CompanionError:
            return -1

    def _send(self) -> None:
        for sender in self._senders:
            sender.put(None)

    def _words(self, notice: Waiting) -> str:
        person = notice.person_id if self.options.say_person else ""
        where = ", ".join(filter(None, (self.options.place, person)))
        return text_of(notice.what, where, self.options.language)

    def _sent(self, name: str, notice: Waiting, problem: str) -> None:
        """Show and note what came of a notice; on the thread of a notifier."""
        self.fault(f"notifier {name}", problem)
        if problem and notice in self._missed:
            return  # it was noted with the first attempt
        if problem:
            self._missed.add(notice)
        else:
            self._missed.discard(notice)
        outcome = "not arrived yet" if problem else "done"
        self._audit.note("", "", f"push of call {notice.call} by {name}: {notice.what}", outcome)


def _step(box: Outbox) -> Callable[[Any], None]:
    return lambda _: box.step()


def _message(call: Call) -> msg.CarerCall:
    return msg.CarerCall(
        id=call.number,
        person_id=call.person_id,
        kind=_KINDS[call.kind],
        count=call.count,
        began=stamp(call.began),
        latest=stamp(call.latest),
        pushed=call.pushed,
        escalated=call.escalated,
        acknowledged=bool(call.seen),
        acknowledged_by=call.seen_by,
        acknowledged_at=stamp(call.seen),
        false_alarm=call.false_alarm,
    )


def main() -> int:
    """Run the node."""
    return run_node(NotifyingNode)
