# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Answers the pages of what people enter: profile, picks, plans, notes, and whom it is about."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from emo_music_ros.care.plans import Plan
from emo_music_ros.care.profile import NOBODY, Song
from emo_music_ros.dashboard import care_forms, care_pages, plans_page, profile_page
from emo_music_ros.dashboard.asking import Asking
from emo_music_ros.dashboard.doing import Note, done, to_tell
from emo_music_ros.dashboard.gate import Visit
from emo_music_ros.dashboard.permissions import may
from emo_music_ros.dashboard.records import Records
from emo_music_ros.dashboard.state import Board
from emo_music_ros.emotion import STATES
from emo_music_ros.errors import CompanionError, InputError
from emo_music_ros.streams import Track


class Caring:
    """Answers.

    Parameters
    ----------
    asking : Asking
        Does what is asked for.
    board : Board
        What is known now.
    records : Records
        Sessions that were recorded.
    note : callable
        Notes who did what.
    """

    def __init__(self, asking: Asking, board: Board, records: Records, note: Note) -> None:
        self._asking = asking
        self._board = board
        self._records = records
        self._note = note

    @property
    def _person(self) -> str:
        return self._board.snapshot().person

    # -- profile -----------------------------------------------------------------------------

    async def profile_page(self, visit: Visit, _: Request) -> Response:
        """Show what is entered."""
        told = to_tell(visit)
        try:
            now, follows = await self._asking.profile()
        except CompanionError as error:
            now, follows, told = NOBODY, "", visit.words("not_done", reason=str(error))
        return HTMLResponse(
            profile_page.profile(visit.words, visit.signed_in, self._person, now, follows, told)
        )

    async def profile(self, visit: Visit, _: Request) -> Response:
        """Take what was entered: of it what the role may change."""
        role = visit.signed_in.role

        async def enter() -> str:
            fields = care_forms.fields_of(role)
            await self._asking.change(care_forms.profile(visit.form, role), fields)
            return visit.words("saved")

        return await self._do(visit, "profile", "/profile", enter)

    # -- picks -------------------------------------------------------------------------------

    async def pick_page(self, visit: Visit, _: Request) -> Response:
        """Show pieces of the library."""
        query, start = visit.query.get("q", ""), visit.query.get("first", "0")
        first = int(start) if start.isascii() and start.isdigit() and len(start) < 8 else 0
        told = to_tell(visit)
        found: tuple[Sequence[Track], int] = ((), 0)
        plans: Sequence[Plan] = ()
        try:
            found = await self._asking.find(query, first)
            if may(visit.signed_in.role, "POST", "/plans/append"):
                plans, _day = await self._asking.plans()
        except CompanionError as error:
            told = visit.words("not_done", reason=str(error))
        return HTMLResponse(
            care_pages.pick(
                visit.words, visit.signed_in, self._person, query, first, found, plans, told
            )
        )

    async def pick(self, visit: Visit, _: Request) -> Response:
        """Play a piece now."""

        async def play() -> str:
            await self._asking.pick(visit.form.get("track", ""))
            return visit.words("done", what=visit.words("play_this"))

        return await self._do(visit, "pick", "/pick", play)

    # -- whom --------------------------------------------------------------------------------

    async def person_page(self, visit: Visit, _: Request) -> Response:
        """Show whom it is about, and who else there is."""
        told = to_tell(visit)
        known: list[str] = []
        try:
            known = await self._asking.people()
        except CompanionError as error:
            told = visit.words("not_done", reason=str(error))
        page = care_pages.person(visit.words, visit.signed_in, self._person, known, told)
        return HTMLResponse(page)

    async def person(self, visit: Visit, _: Request) -> Response:
        """Turn to somebody."""
        name = visit.form.get("person", "").strip()

        async def turn() -> str:
            await self._asking.turn(name)
            return visit.words("turned", person=name)

        return await self._do(visit, "person", "/person", turn)

    # -- plans -------------------------------------------------------------------------------

    async def plans_page(self, visit: Visit, _: Request) -> Response:
        """Show what is planned."""
        told, day = to_tell(visit), ""
        known: list[Plan] = []
        names: dict[str, str] = {}
        try:
            known, day = await self._asking.plans()
            pieces = dict.fromkeys(track for plan in known for track in plan.tracks)
            if pieces:
                found = await self._asking.named(tuple(pieces))
                names = {each.track_id: care_forms.track_name(each) for each in found}
        except CompanionError as error:
            told = visit.words("not_done", reason=str(error))
        now = self._board.snapshot()
        page = plans_page.plans(visit.words, visit.signed_in, now, known, names, day, told)
        return HTMLResponse(page)

    async def plan(self, visit: Visit, _: Request) -> Response:
        """Store a plan."""

        async def store() -> str:
            await self._asking.set_plan(care_forms.plan(visit.form, visit.signed_in.account))
            return visit.words("saved")

        return await self._do(visit, "plan", "/plans", store)

    async def append(self, visit: Visit, _: Request) -> Response:
        """Put a piece at the end of a plan."""

        async def add() -> str:
            plan = await self._chosen(visit)
            tracks = (*plan.tracks, visit.form.get("track", ""))
            await self._asking.set_plan(replace(plan, tracks=tracks))
            return visit.words("saved")

        return await self._do(visit, "plan append", "/pick", add)

    async def lock(self, visit: Visit, _: Request) -> Response:
        """Lock a plan, or unlock it: also while it is held."""

        async def turn() -> str:
            plan = await self._chosen(visit)
            await self._asking.set_plan(replace(plan, locked=not plan.locked))
            return visit.words("saved")

        return await self._do(visit, "plan lock", "/plans", turn)

    async def remove_plan(self, visit: Visit, _: Request) -> Response:
        """Remove a plan."""

        async def remove() -> str:
            await self._asking.set_plan(await self._chosen(visit), remove=True)
            return visit.words("saved")

        return await self._do(visit, "plan remove", "/plans", remove)

    async def hold(self, visit: Visit, _: Request) -> Response:
        """Begin a plan now."""

        async def begin() -> str:
            plan = await self._chosen(visit)
            running = self._board.snapshot().plan
            if running is not None and running.locked:
                raise InputError("a locked plan is held", "A therapist can end or unlock it")
            await self._asking.hold(plan)
            return visit.words("done", what=plan.name)

        return await self._do(visit, "plan hold", "/plans", begin)

    async def _chosen(self, visit: Visit) -> Plan:
        known, _ = await self._asking.plans()
        found = [each for each in known if each.plan_id == visit.form.get("plan", "")]
        if not found:
            raise InputError("there is no such plan", "Choose one of the page")
        return found[0]

    # -- notes -------------------------------------------------------------------------------

    async def notes_page(self, visit: Visit, _: Request) -> Response:
        """Show what was noted."""
        told, known = to_tell(visit), []
        try:
            known = await self._asking.notes()
        except CompanionError as error:
            told = visit.words("not_done", reason=str(error))
        records = await run_in_threadpool(self._records.found)
        page = care_pages.notes(visit.words, visit.signed_in, self._person, known, records, told)
        return HTMLResponse(page)

    async def write(self, visit: Visit, _: Request) -> Response:
        """Take a note."""
        session = visit.signed_in

        async def add() -> str:
            note = care_forms.note(visit.form, session.role, session.account, time.time())
            await self._asking.note(note)
            return visit.words("saved")

        return await self._do(visit, "note", "/notes", add)

    async def remove_note(self, visit: Visit, _: Request) -> Response:
        """Take a note of one's own away."""
        session = visit.signed_in

        async def remove() -> str:
            form = {"note": visit.form.get("note", "")}
            note = care_forms.note(form, session.role, session.account, time.time())
            await self._asking.note(note, remove=True)
            return visit.words("saved")

        return await self._do(visit, "note remove", "/notes", remove)

    # -- controls ----------------------------------------------------------------------------

    async def confirm(self, visit: Visit, _: Request) -> Response:
        """Take how somebody says that the person feels."""
        state = visit.form.get("value", "")

        async def tell() -> str:
            if state not in STATES:
                raise InputError("this is no state", "Choose one of the page")
            await self._asking.confirm(state)
            return visit.words("confirmed", state=visit.words(state))

        return await self._do(visit, f"confirm {state[:20]}", visit.page, tell)

    async def unlearn(self, visit: Visit, _: Request) -> Response:
        """Go back to what holds for everybody."""

        async def undo() -> str:
            await self._asking.unlearn()
            return visit.words("done", what=visit.words("unlearn"))

        return await self._do(visit, "unlearn", visit.page, undo)

    async def steer(self, name: str) -> Song | None:
        """Do what a control is named for; of `never` return what is on the list now."""
        if name == "never":
            return await self._asking.never()
        if name == "comfort":
            await self._asking.pick("", comfort=True)
        elif name == "looked":
            await self._asking.looked()
        else:
            await self._asking.end()
        return None

    async def _do(
        self, visit: Visit, act: str, page: str, do: Callable[[], Awaitable[str]]
    ) -> Response:
        return await done(visit, self._note, act, page, do)
