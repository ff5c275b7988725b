# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Plans, the day plan and notes: the services of the session node, and what the clock makes due."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from rclpy.action import ActionClient
from std_srvs.srv import Trigger

import emo_music_ros.msg as msg
import emo_music_ros.srv as srv
from emo_music_ros.action import RunSession
from emo_music_ros.care import plans
from emo_music_ros.care.plans import Due, Held, Plan
from emo_music_ros.care.store import CareStore
from emo_music_ros.consent.rules import valid_person
from emo_music_ros.errors import InputError
from emo_music_ros.ros import care
from emo_music_ros.ros.node import CompanionNode

#: How often the day plan is looked at [s].
EVERY = 5.0
#: Notes that are given where nobody says how many.
NOTES = 100


class Planning:
    """Keeps plans and notes, and begins what the day plan makes due.

    Parameters
    ----------
    node : CompanionNode
        That offers the services while it is active.
    store : CareStore
        Where what was entered is kept.
    plan_changed : callable
        Gets the id of a plan that was changed and what it is now, None if it was removed.
    end : callable
        Ends the session that runs and returns whether there was one; gets why.

    Attributes
    ----------
    coming : str
        What the day holds, or why what was planned is left out.
    """

    def __init__(
        self,
        node: CompanionNode,
        store: CareStore,
        plan_changed: Callable[[str, Plan | None], None],
        end: Callable[[str], bool],
    ) -> None:
        self.coming = ""
        self._node = node
        self._store = store
        self._plan_changed = plan_changed
        self._end = end
        self._held: tuple[str, float] | None = None  # whose session of the day plan, since when
        self._asked: Due | None = None
        self._client = ActionClient(node, RunSession, "run_session")
        node.ends(self._client.destroy)
        node.serve(srv.GetPlans, "get_plans", self._on_get)
        node.serve(srv.SetPlan, "set_plan", self._on_set)
        node.serve(srv.AddNote, "add_note", self._on_note)
        node.serve(srv.GetNotes, "get_notes", self._on_notes)
        node.serve(Trigger, "end_session", self._on_end)
        node.serve(Trigger, "looked_after", self._on_looked)
        node.every(EVERY, self.look)

    def named(self, plan_id: str) -> Plan | None:
        """Return a plan for the person by its id, None where it is empty.

        Raises
        ------
        InputError
            If there is none.
        """
        if not plan_id:
            return None
        found = (each for each in self._store.plans(self._node.person_id))
        plan = next((each for each in found if each.plan_id == plan_id), None)
        if plan is None:
            raise InputError("there is no such plan for this person", "Choose one of the page")
        return plan

    # -- the day plan ------------------------------------------------------------------------

    def look(self) -> None:
        """Begin what is due."""
        person_id, store = self._node.person_id, self._store
        due, self.coming = plans.due(
            self._node.now(),
            store.profile(person_id).hard_times,
            store.plans(person_id),
            store.held(person_id),
            store.stops(person_id),
        )
        if due is None or self._asked is not None or not self._client.server_is_ready():
            return
        self._asked = due
        plan = due.plan
        goal = RunSession.Goal(
            scenario=plan.scenario if plan else "",
            goal=plan.goal if plan else "calm",
            duration=due.length,
            plan_id=plan.plan_id if plan else "",
            name=due.name,
            scheduled=True,
        )
        self._client.send_goal_async(goal).add_done_callback(self._answered)

    def _answered(self, future: Any) -> None:
        due, self._asked = self._asked, None
        if due is not None and not future.result().accepted:
            self.coming = f"'{due.name}' is due and was refused; the log says why"

    def began(self, name: str, plan_id: str, length: float) -> None:
        """Note that a session of the day plan began [s]."""
        now = self._node.now()
        self._held = self._node.person_id, now
        held = Held(now, now + length, name, plan_id)
        self._keep(lambda: self._store.hold(self._node.person_id, held))

    def count(self, person_id: str) -> None:
        """Count a session that was held to its end."""
        self._keep(lambda: self._store.count_session(person_id))

    def ended(self) -> None:
        """Note that the session of the day plan is over."""
        held, self._held = self._held, None
        if held is not None:
            self._keep(lambda: self._store.end(*held, self._node.now()))

    def _keep(self, write: Callable[[], None]) -> None:
        """Write what was held; a session goes on where it cannot be, and that is shown."""
        self._node.guarded("plans", write)()

    # -- services ----------------------------------------------------------------------------

    def _person(self, person_id: str) -> str:
        return valid_person(person_id or self._node.person_id)

    def _on_get(self, request: Any, response: Any) -> Any:
        person_id = self._person(request.person_id)
        known = self._store.plans(person_id)
        response.plans = [care.plan_message(each, person_id) for each in known]
        response.message = self.coming if person_id == self._node.person_id else ""
        response.success = True
        return response

    def _on_set(self, request: Any, response: Any) -> Any:
        person_id, plan = self._person(request.plan.person_id), care.plan(request.plan)
        if request.remove:
            self._store.remove_plan(person_id, plan.plan_id)
        else:
            plan = self._store.set_plan(person_id, plan)
        if person_id == self._node.person_id:
            self._plan_changed(plan.plan_id, None if request.remove else plan)
        response.plan_id = plan.plan_id
        response.success = True
        return response

    def _on_note(self, request: Any, response: Any) -> Any:
        person_id = self._person(request.note.person_id)
        note = care.note(request.note, self._node.now())
        if request.remove:
            self._store.remove_note(person_id, note.note_id, note.author)
        else:
            note = self._store.add_note(person_id, replace(note, note_id=""))
        response.note_id = note.note_id
        response.success = True
        return response

    def _on_notes(self, request: Any, response: Any) -> Any:
        person_id = self._person(request.person_id)
        found = self._store.notes(person_id, request.count or NOTES)
        response.notes = [care.note_message(each, person_id) for each in found]
        response.success = True
        return response

    def _on_end(self, request: Any, response: Any) -> Any:
        if not self._end("somebody ended it"):
            raise InputError("no session runs", "There is nothing to end")
        response.success = True
        return response

    def _on_looked(self, request: Any, response: Any) -> Any:
        self._store.looked(self._node.person_id)
        self.look()
        response.success = True
        return response


def asked(goal: Any, plan: Plan | None, message: msg.SessionPlan) -> msg.SessionPlan:
    """Return a message with what a goal of `run_session` asks of the recommender, by its plan."""
    message.remaining = float(goal.duration)
    message.scenario = goal.scenario or (plan.scenario if plan else "")
    message.goal = goal.goal or (plan.goal if plan else "")
    message.name = goal.name or (plan.name if plan else "")
    message.scheduled, message.members = goal.scheduled, list(goal.members)
    if plan is not None:
        message.plan_id, message.locked = plan.plan_id, plan.locked
        message.track_ids = list(plan.tracks)
    return message
