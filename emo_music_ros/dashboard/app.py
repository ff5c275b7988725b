# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The web application: what is answered to whom. The gate in front decides who is let in."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from importlib.resources import files
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from emo_music_ros.consent.rules import SENSING
from emo_music_ros.dashboard import account_pages, pages, record_pages
from emo_music_ros.dashboard.accounts import Accounts
from emo_music_ros.dashboard.asking import Asking
from emo_music_ros.dashboard.audit import Audit
from emo_music_ros.dashboard.call_pages import CallPages
from emo_music_ros.dashboard.care_forms import members
from emo_music_ros.dashboard.caring import Caring
from emo_music_ros.dashboard.consent_pages import ConsentPages
from emo_music_ros.dashboard.doing import to_tell
from emo_music_ros.dashboard.entrance import Entrance
from emo_music_ros.dashboard.gate import Gate, Visit
from emo_music_ros.dashboard.input_pages import InputPages
from emo_music_ros.dashboard.judging import GIVEN
from emo_music_ros.dashboard.law_pages import law
from emo_music_ros.dashboard.library_pages import LibraryPages
from emo_music_ros.dashboard.permissions import CONTROLS, HOME
from emo_music_ros.dashboard.records import FORMS, Records
from emo_music_ros.dashboard.sections import VIEWS, rendered
from emo_music_ros.dashboard.sensing_section import SENSING_ACTS
from emo_music_ros.dashboard.services import Services
from emo_music_ros.dashboard.sessions import Session, Sessions
from emo_music_ros.dashboard.situations import Situation, situations
from emo_music_ros.dashboard.state import Board
from emo_music_ros.dashboard.stream import PERIOD, Stream
from emo_music_ros.dashboard.words import WORDS
from emo_music_ros.errors import CompanionError, InputError

#: Viewers at once: of one account, of all.
MOST_OWN, MOST_VIEWERS = 8, 32
_STATIC = {"icon.svg": "image/svg+xml", "style.css": "text/css", "page.js": "text/javascript"}

#: A report has its styles and pictures in itself, and nothing that runs.
_REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"

#: Controls by which something is rated, under the role of who does it.
RATINGS = ("like", "dislike")

#: Controls that hold from the next piece on.
SESSIONS = ("calmer", "livelier")

#: Controls of what people enter.
ENTERED = ("never", "comfort", "looked", "end")

#: Does what a control is named for, or raises CompanionError; the value is a volume 0..1, a
#: situation, the role of who rates, or nothing.
Value = float | Situation | str | None
Control = Callable[[str, Value], Awaitable[None]]


class Dashboard:
    """The application with everything it needs.

    Parameters
    ----------
    board : Board
        What is known.
    control : callable
        Steers the music, see `Control`.
    accounts : Accounts
        Who may sign in.
    audit : Audit
        Where it is noted who did what.
    sessions : Sessions
        Who is signed in.
    situations : mapping
        By name.
    records : Records
        Sessions that were recorded.
    asking : Asking
        Asks for what people entered, and enters it.
    services : Services
        Asks other nodes for what is no music.
    show : callable
        Prints on the terminal.
    clock : callable
        Seconds of a clock that nobody sets.
    """

    def __init__(
        self,
        *,
        board: Board,
        control: Control,
        accounts: Accounts,
        audit: Audit,
        sessions: Sessions,
        situations: Mapping[str, Situation],
        records: Records,
        asking: Asking,
        services: Services,
        show: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._board = board
        self._control = control
        self._audit = audit
        self._sessions = sessions
        self._situations = situations
        self._records = records
        self._clock = clock
        self._caring = Caring(asking, board, records, self._note)
        self._entrance = Entrance(accounts, sessions, self._note, show, clock, self._sensed)
        self._calls = CallPages(board, services, self._note)
        self._people = ConsentPages(board, services, accounts, self._note)
        self._library = LibraryPages(asking)
        self._input = InputPages(board, services, asking, self._note)
        self._viewers: dict[str, int] = {}
        self._drawn: dict[tuple[str, str], tuple[float, Mapping[str, str]]] = {}
        self._open = True

    @property
    def viewers(self) -> int:
        """Return how many watch."""
        return sum(self._viewers.values())

    def close(self) -> None:
        """End what goes on: whoever watches is let go."""
        self._open = False

    def application(
        self, hosts: list[str], *, secure: bool, failed: Callable[[Exception], None]
    ) -> Gate:
        """Return the application behind its gate; see `Gate` for the parameters."""
        gate = Gate(
            Starlette(routes=self.routes()),
            sessions=self._sessions,
            hosts=hosts,
            secure=secure,
            is_set_up=lambda: self._entrance.is_set_up,
            refused=self._refused,
            failed=failed,
        )
        self._entrance.give_cookie = gate.give_cookie
        return gate

    def routes(self) -> list[Route]:
        """Return every route; each is a row of the table of permissions, too."""

        def route(method: str, path: str, answer: Callable[..., Awaitable[Response]]) -> Route:
            async def endpoint(request: Request) -> Response:
                visit: Visit = request.state.visit
                return await answer(visit, request)

            return Route(path, endpoint, methods=[method])

        return [
            *(route("GET", f"/static/{name}", partial(_static, name)) for name in _STATIC),
            route("GET", "/setup", self._entrance.setup_page),
            route("POST", "/setup", self._entrance.setup),
            route("GET", "/login", self._entrance.login_page),
            route("POST", "/login", self._entrance.login),
            route("POST", "/logout", self._entrance.logout),
            route("POST", "/language", self._entrance.language),
            route("GET", "/", self._home),
            route("GET", "/password", self._entrance.password_page),
            route("POST", "/password", self._entrance.password),
            *(route("GET", f"/{view}", partial(self._view, view)) for view in VIEWS),
            *(route("GET", f"/events/{view}", partial(self._events, view)) for view in VIEWS),
            *(route("POST", f"/control/{name}", partial(self._steer, name)) for name in CONTROLS),
            route("POST", "/confirm", self._caring.confirm),
            route("POST", "/unlearn", self._caring.unlearn),
            route("GET", "/profile", self._caring.profile_page),
            route("POST", "/profile", self._caring.profile),
            route("GET", "/pick", self._caring.pick_page),
            route("POST", "/pick", self._caring.pick),
            route("GET", "/person", self._caring.person_page),
            route("POST", "/person", self._caring.person),
            route("GET", "/plans", self._caring.plans_page),
            route("POST", "/plans", self._caring.plan),
            route("POST", "/plans/append", self._caring.append),
            route("POST", "/plans/hold", self._caring.hold),
            route("POST", "/plans/lock", self._caring.lock),
            route("POST", "/plans/remove", self._caring.remove_plan),
            route("GET", "/notes", self._caring.notes_page),
            route("POST", "/notes", self._caring.write),
            route("POST", "/notes/remove", self._caring.remove_note),
            route("GET", "/calls", self._calls.page),
            route("POST", "/calls/acknowledge", self._calls.acknowledge),
            *(
                route("POST", f"/sensing/{act}", partial(self._people.sensing, act))
                for act in SENSING_ACTS
            ),
            route("GET", "/law", law),
            route("GET", "/input", self._input.page),
            route("POST", "/input", self._input.say),
            *(route("POST", f"/input/{each}", partial(self._input.judge, each)) for each in GIVEN),
            route("GET", "/library", self._library.page),
            route("GET", "/library/track", self._library.track),
            route("GET", "/library/waveform", self._library.drawing),
            route("GET", "/people", self._people.page),
            route("POST", "/people/consent", self._people.consent),
            route("POST", "/people/forget", self._people.forget),
            route("GET", "/people/data", self._people.data),
            route("GET", "/recordings", self._recordings),
            *(
                route("GET", f"/recordings/report{end}", partial(self._report, form))
                for end, form in (("", ".html"), (".pdf", ".pdf"), (".csv", ".csv"))
            ),
            route("GET", "/accounts", self._entrance.accounts_page),
            route("POST", "/accounts/add", self._entrance.add_account),
            route("POST", "/accounts/remove", self._entrance.remove_account),
            route("POST", "/accounts/password", self._entrance.reset_password),
            route("GET", "/audit", self._audit_page),
        ]

    # -- pages -------------------------------------------------------------------------------

    async def _home(self, visit: Visit, _: Request) -> Response:
        return RedirectResponse(HOME[visit.signed_in.role], 303)

    async def _view(self, view: str, visit: Visit, _: Request) -> Response:
        session = visit.signed_in
        told, session.told = session.told, ""
        now = self._board.snapshot()
        page = pages.view(view, visit.words, session, now, self._situations.values(), told)
        return HTMLResponse(page)

    async def _events(self, view: str, visit: Visit, _: Request) -> Response:
        session = visit.signed_in
        own = self._viewers.get(session.account, 0)
        if own >= MOST_OWN or self.viewers >= MOST_VIEWERS:
            return Response("too many viewers", 503, media_type="text/plain")
        self._viewers[session.account] = own + 1

        def sections() -> Mapping[str, str] | None:
            current = self._sessions.find(visit.cookie, touch=False)
            if not self._open or current is not session:
                return None
            return self._draw(view, session.language)

        def ended() -> None:
            self._viewers[session.account] -= 1
            if not self._viewers[session.account]:
                del self._viewers[session.account]

        return _Streaming(Stream(sections, ended))

    def _draw(self, view: str, language: str) -> Mapping[str, str]:
        """Return the sections of a view, drawn once for all who watch it."""
        now = self._clock()
        drawn = self._drawn.get((view, language))
        if drawn is None or now - drawn[0] >= PERIOD / 2:
            drawn = now, rendered(view, self._board.snapshot(), WORDS[language])
            self._drawn[view, language] = drawn
        return drawn[1]

    def _sensed(self) -> set[str]:
        """Return who consented to be sensed."""
        known = self._board.snapshot().consents
        return {each.person_id for each in known if each.purpose == SENSING and each.given}

    # -- steering ----------------------------------------------------------------------------

    async def _steer(self, name: str, visit: Visit, request: Request) -> Response:
        session, words = visit.signed_in, visit.words
        try:
            if name in ENTERED:
                await self._caring.steer(name)
            else:
                await self._control(name, self._value(name, visit))
            key = "from_next" if name in SESSIONS else "done"
            told = words(key, what=words.named(name))
        except CompanionError as error:
            told = words("not_done", reason=str(error))
            await self._note(session.account, session.role, name, "not done")
        else:
            await self._note(session.account, session.role, name)
        if "application/json" in request.headers.get("accept", ""):
            return JSONResponse({"told": told})
        session.told = told
        return RedirectResponse(visit.page, 303)

    def _value(self, name: str, visit: Visit) -> Value:
        value = visit.form.get("value", "")
        if name in RATINGS:
            return visit.signed_in.role
        if name == "situation":
            if value not in self._situations:
                raise InputError("there is no such situation", "Choose one of the page")
            return self._situations[value]
        if name == "session":
            minutes = visit.form.get("minutes", "")
            line = ":".join(visit.form.get(key, "") for key in ("scenario", "goal"))
            asked = situations([f"session:{line}:{minutes}"])["session"]
            return replace(asked, members=members(visit.form.get("members", "")))
        if name == "volume":
            if not (value.isascii() and value.isdigit() and int(value[:4]) <= 100):
                raise InputError("this is no volume", "Give 0 to 100")
            return int(value) / 100
        return None

    # -- what was recorded -------------------------------------------------------------------

    async def _recordings(self, visit: Visit, _: Request) -> Response:
        found = await run_in_threadpool(self._records.found)
        now, told = self._board.snapshot(), to_tell(visit)
        return HTMLResponse(record_pages.recordings(visit.words, visit.signed_in, now, found, told))

    async def _report(self, form: str, visit: Visit, _: Request) -> Response:
        session, name = visit.signed_in, visit.query.get("session", "")
        act = f"report{form} {name or 'of all'}"
        try:
            content = await run_in_threadpool(self._records.report, name, form, session.language)
        except CompanionError as error:
            await self._note(session.account, session.role, act, "not done")
            session.told = visit.words("no_report", reason=str(error))
            return RedirectResponse("/recordings", 303)
        await self._note(session.account, session.role, act)
        headers = {"Content-Security-Policy": _REPORT_POLICY}
        if form != ".html":
            headers["Content-Disposition"] = f'attachment; filename="{name or "sessions"}{form}"'
        return Response(content, media_type=FORMS[form], headers=headers)

    # -- audit -------------------------------------------------------------------------------

    async def _audit_page(self, visit: Visit, _: Request) -> Response:
        entries = await run_in_threadpool(self._audit.latest)
        return HTMLResponse(account_pages.audit(visit.words, visit.signed_in, entries))

    async def _refused(self, session: Session, method: str, path: str) -> None:
        await self._note(session.account, session.role, f"{method} {path}", "refused")

    async def _note(self, account: str, role: str, act: str, outcome: str = "done") -> None:
        await run_in_threadpool(self._audit.note, account, role, act, outcome)


class _Streaming(Response):
    """A stream as a response."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.background = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._stream(scope, receive, send)


async def _static(name: str, visit: Visit, _: Request) -> Response:
    content = files("emo_music_ros.dashboard").joinpath("static", name).read_bytes()
    return Response(content, media_type=_STATIC[name])
