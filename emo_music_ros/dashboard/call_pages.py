# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The page of calls to carers: who calls, who was there, and whether there was a need."""

from __future__ import annotations

from starlette.responses import HTMLResponse, Response

from emo_music_ros.dashboard import telling
from emo_music_ros.dashboard.call_section import calls as urgent
from emo_music_ros.dashboard.call_section import title, when
from emo_music_ros.dashboard.doing import Note, done, to_tell
from emo_music_ros.dashboard.forms import button, form, hidden
from emo_music_ros.dashboard.gate import Visit
from emo_music_ros.dashboard.layout import document
from emo_music_ros.dashboard.markup import Markup, element
from emo_music_ros.dashboard.permissions import may
from emo_music_ros.dashboard.services import Services
from emo_music_ros.dashboard.sessions import Session
from emo_music_ros.dashboard.state import Board, Snapshot
from emo_music_ros.dashboard.words import Words
from emo_music_ros.errors import InputError
from emo_music_ros.notifying.calls import Call

#: Where a carer says that a call is seen to.
ACKNOWLEDGE = "/calls/acknowledge"


class CallPages:
    """What is answered about calls.

    Parameters
    ----------
    board : Board
        What is known.
    services : Services
        Takes what carers say.
    note : callable
        Notes who did what.
    """

    def __init__(self, board: Board, services: Services, note: Note) -> None:
        self._board = board
        self._services = services
        self._note = note

    async def page(self, visit: Visit, _: object) -> Response:
        """Show the calls of the last week."""
        now = self._board.snapshot()
        return HTMLResponse(page(visit.words, visit.signed_in, now, to_tell(visit)))

    async def acknowledge(self, visit: Visit, _: object) -> Response:
        """Take that a carer looked in, or whether there was a need."""
        number, no_need = visit.form.get("call", ""), visit.form.get("need") == "no"

        async def acknowledge() -> str:
            if not (number.isascii() and number.isdigit() and len(number) < 10):
                raise InputError("there is no such call", "Choose one of the page")
            await self._services.acknowledge(int(number), visit.signed_in.account, no_need)
            return visit.words("saved")

        noted = f"acknowledge call {number}{': no need' if no_need else ''}"
        act = "acknowledge a call"
        return await done(visit, self._note, act, "/calls", acknowledge, noted=noted)


def page(words: Words, session: Session, now: Snapshot, told: str) -> Markup:
    """Return the page of calls."""
    cards = [element("li", *_card(each, words, session)) for each in now.calls]
    false = sum(each.false_alarm for each in now.calls)
    share = telling.percent(false / len(now.calls)) if now.calls else "0"
    faults = [
        element("li", element("strong", name), f" {text}")
        for level, name, text in telling.health(now, words)
        if level != "ok"
    ]
    return document(
        "calls",
        words,
        element("p", words("calls_what")),
        element("section", element("div", urgent(now, words), id="now-calls"), class_="calls"),
        element("ul", *cards, class_="cards") if cards else element("p", words("no_calls")),
        element("p", words("calls_week", count=len(now.calls), false=false, percent=share)),
        element("h2", words("not_urgent")),
        element("ul", *faults) if faults else element("p", words("nothing_else")),
        element("div", id="events", data_events="/events/live", hidden=True),
        session=session,
        told=told,
    )


def _card(call: Call, words: Words, session: Session) -> list[str]:
    shown: list[str] = [
        element("strong", title(call, words)),
        element("p", when(call, words), class_="note"),
    ]
    if not may(session.role, "POST", ACKNOWLEDGE):
        return shown
    if not call.seen:
        shown.append(element("p", words("ask_first")))
        shown.append(_said(call, session, "yes", words("on_it"), "large"))
    if not call.false_alarm:
        shown.append(_said(call, session, "no", words("no_need")))
    elif call.seen:
        shown.append(_said(call, session, "yes", words("was_need")))
    return shown


def _said(call: Call, session: Session, need: str, text: str, kind: str = "") -> Markup:
    return form(
        ACKNOWLEDGE,
        session.token,
        hidden("call", str(call.number)),
        hidden("need", need),
        button(text, kind),
    )
