# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Asks other nodes for what people entered, and enters it, for the pages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from rclpy.client import Client
from rclpy.node import Node
from std_srvs.srv import Trigger

import emo_music_ros.srv as srv
from emo_music_ros.care.notes import Note
from emo_music_ros.care.plans import Plan
from emo_music_ros.care.profile import Profile, Song
from emo_music_ros.dashboard.state import Choice
from emo_music_ros.emotion import STATES
from emo_music_ros.ros import care
from emo_music_ros.ros import conversions as convert
from emo_music_ros.ros.steering import Steering
from emo_music_ros.ros.watching import choice_of
from emo_music_ros.streams import Track

#: Pieces and notes that are asked for at once.
TRACKS, NOTES, NAMED = 50, 200, 300
#: Service -> node that offers it.
SERVICES: dict[str, tuple[Any, str]] = {
    "get_profile": (srv.GetProfile, "recommender"),
    "change_profile": (srv.ChangeProfile, "recommender"),
    "never_again": (srv.NeverAgain, "recommender"),
    "find_tracks": (srv.FindTracks, "recommender"),
    "recommend_tracks": (srv.RecommendTracks, "recommender"),
    "pick_track": (srv.PickTrack, "recommender"),
    "get_plans": (srv.GetPlans, "session"),
    "set_plan": (srv.SetPlan, "session"),
    "get_notes": (srv.GetNotes, "session"),
    "add_note": (srv.AddNote, "session"),
    "end_session": (Trigger, "session"),
    "looked_after": (Trigger, "session"),
    "confirm_emotion": (srv.ConfirmEmotion, "fusion"),
    "revert_adaptation": (srv.RevertAdaptation, "fusion"),
    "set_person": (srv.SetPerson, "interaction"),
}


class Asker:
    """Asks about one person; called on the thread of the pages, answered by the nodes.

    Parameters
    ----------
    node : Node
        For whom.
    steering : Steering
        Begins sessions and calls on the executor's thread.
    person : callable
        Returns whom it is about.
    known : callable
        Returns who else is known.
    """

    def __init__(
        self,
        node: Node,
        steering: Steering,
        person: Callable[[], str],
        known: Callable[[], list[str]],
    ) -> None:
        self._node = node
        self._steering = steering
        self._person = person
        self._known = known
        self._clients: dict[str, Client] = {
            name: node.create_client(kind, name) for name, (kind, _) in SERVICES.items()
        }

    def close(self) -> None:
        """Withdraw."""
        for client in self._clients.values():
            self._node.destroy_client(client)

    # -- profile -----------------------------------------------------------------------------

    async def profile(self) -> tuple[Profile, str]:
        """Return what was entered, and in words what follows from it."""
        answer = await self._ask("get_profile", person_id=self._person())
        return care.profile(answer.profile), answer.message

    async def change(self, profile: Profile, fields: tuple[str, ...]) -> str:
        """Change some fields; return what follows from it now."""
        message = care.profile_message(profile, self._person())
        answer = await self._ask("change_profile", profile=message, fields=list(fields))
        return str(answer.message)

    async def never(self) -> Song:
        """Never play again what plays; return what is on the list now."""
        answer = await self._ask("never_again", person_id=self._person())
        return Song(answer.song.title, answer.song.artist)

    async def find(self, query: str, first: int) -> tuple[list[Track], int]:
        """Return pieces of the library, and how many there are."""
        answer = await self._ask("find_tracks", query=query, count=TRACKS, first=first)
        return [convert.track(each) for each in answer.tracks], answer.found

    async def named(self, track_ids: Sequence[str]) -> list[Track]:
        """Return the pieces of these ids that are in the library."""
        answer = await self._ask("find_tracks", track_ids=list(track_ids)[:NAMED])
        return [convert.track(each) for each in answer.tracks]

    async def best(self, valence: float, arousal: float) -> Choice:
        """Return what would be best to play for somebody who feels so, -1..1; nothing is played."""
        answer = await self._ask(
            "recommend_tracks", person_id=self._person(), valence=valence, arousal=arousal
        )
        return choice_of(answer.recommendation)

    async def pick(self, track_id: str, comfort: bool = False) -> None:
        """Play a piece, or the comfort song, now."""
        await self._ask("pick_track", track_id=track_id, comfort=comfort)

    # -- plans -------------------------------------------------------------------------------

    async def plans(self) -> tuple[list[Plan], str]:
        """Return the plans, and what the day holds."""
        answer = await self._ask("get_plans", person_id=self._person())
        return [care.plan(each) for each in answer.plans], answer.message

    async def set_plan(self, plan: Plan, remove: bool = False) -> None:
        """Store or remove a plan."""
        message = care.plan_message(plan, self._person())
        await self._ask("set_plan", plan=message, remove=remove)

    async def hold(self, plan: Plan) -> None:
        """Begin a plan now."""
        duration = 60.0 * plan.minutes
        await self._steering.answer(
            lambda: self._steering.begin("", "", duration, plan_id=plan.plan_id, name=plan.name)
        )
        await self._steering.answer(self._steering.play)

    async def end(self) -> None:
        """End the session that runs."""
        await self._ask("end_session")

    async def looked(self) -> None:
        """Say that somebody has looked after the person."""
        await self._ask("looked_after")

    async def confirm(self, state: str) -> None:
        """Tell how the person feels now, one of emotion.STATES: fusion learns from it."""
        number = 1 + STATES.index(state)
        await self._ask("confirm_emotion", person_id=self._person(), state=number)

    async def unlearn(self) -> None:
        """Let fusion go back to the shipped weights."""
        await self._ask("revert_adaptation", person_id=self._person(), version=0)

    # -- notes and whom ----------------------------------------------------------------------

    async def notes(self) -> list[Note]:
        """Return the notes, the newest first."""
        answer = await self._ask("get_notes", person_id=self._person(), count=NOTES)
        return [care.note(each, 0.0) for each in answer.notes]

    async def note(self, note: Note, remove: bool = False) -> None:
        """Add a note, or remove one of one's own."""
        await self._ask("add_note", note=care.note_message(note, self._person()), remove=remove)

    async def turn(self, person: str) -> None:
        """Turn to another person."""
        await self._ask("set_person", person_id=person)

    async def people(self) -> list[str]:
        """Return who is known."""
        return await asyncio.to_thread(self._known)

    # -- asking ------------------------------------------------------------------------------

    async def _ask(self, name: str, **fields: Any) -> Any:
        """Return the answer of a service.

        Raises
        ------
        InputError
            If it is refused or nobody answers.
        """
        kind, who = SERVICES[name]
        request = kind.Request(**fields)
        call = partial(self._steering.call, self._clients[name], request, who)
        return await self._steering.answer(call)
