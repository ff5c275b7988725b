"""The web application: what is answered to whom. The gate in front decides who is let in."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from importlib.resources import files
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from emo_music_ros.dashboard import pages
from emo_music_ros.dashboard.accounts import Accounts, check_password, same_name
from emo_music_ros.dashboard.audit import Audit
from emo_music_ros.dashboard.first import FirstCode
from emo_music_ros.dashboard.gate import Gate, Visit
from emo_music_ros.dashboard.permissions import CONTROLS, HOME, THERAPIST, may
from emo_music_ros.dashboard.sections import VIEWS, rendered
from emo_music_ros.dashboard.sessions import Session, Sessions
from emo_music_ros.dashboard.situations import Situation
from emo_music_ros.dashboard.state import Board
from emo_music_ros.dashboard.stream import PERIOD, Stream
from emo_music_ros.dashboard.throttle import Attempts
from emo_music_ros.dashboard.words import LANGUAGES, WORDS, Words
from emo_music_ros.errors import CompanionError, InputError

#: Attempts to sign in that are free within `_LOCKED` seconds: of one name, of one address.
MOST_OF_NAME, MOST_OF_ADDRESS = 5, 20
_LOCKED = 900.0
#: Viewers at once: of one account, of all.
MOST_OWN, MOST_VIEWERS = 8, 32
_STATIC = {"style.css": "text/css", "page.js": "text/javascript"}

#: Does what a control is named for, or raises CompanionError; the value is a volume 0..1, a
#: situation or nothing.
Control = Callable[[str, float | Situation | None], Awaitable[None]]


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
        show: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._board = board
        self._control = control
        self._accounts = accounts
        self._audit = audit
        self._sessions = sessions
        self._situations = situations
        self._clock = clock
        self._first = FirstCode(show)
        self._is_set_up = bool(accounts.all())
        if not self._is_set_up:
            self._first.renew()
        self._by_name = Attempts(clock, MOST_OF_NAME, _LOCKED)
        self._by_address = Attempts(clock, MOST_OF_ADDRESS, _LOCKED)
        self._viewers: dict[str, int] = {}
        self._drawn: dict[tuple[str, str], tuple[float, Mapping[str, str]]] = {}
        self._open = True
        self.gate: Gate | None = None

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
        self.gate = Gate(
            Starlette(routes=self.routes()),
            sessions=self._sessions,
            hosts=hosts,
            secure=secure,
            is_set_up=self._set_up,
            refused=self._refused,
            failed=failed,
        )
        return self.gate

    def routes(self) -> list[Route]:
        """Return every route; each is a row of the table of permissions, too."""

        def route(method: str, path: str, answer: Callable[..., Awaitable[Response]]) -> Route:
            async def endpoint(request: Request) -> Response:
                visit: Visit = request.state.visit
                return await answer(visit, request)

            return Route(path, endpoint, methods=[method])

        return [
            *(route("GET", f"/static/{name}", partial(_static, name)) for name in _STATIC),
            route("GET", "/setup", self._setup_page),
            route("POST", "/setup", self._setup),
            route("GET", "/login", self._login_page),
            route("POST", "/login", self._login),
            route("POST", "/logout", self._logout),
            route("POST", "/language", self._language),
            route("GET", "/", self._home),
            route("GET", "/password", self._password_page),
            route("POST", "/password", self._password),
            *(route("GET", f"/{view}", partial(self._view, view)) for view in VIEWS),
            *(route("GET", f"/events/{view}", partial(self._events, view)) for view in VIEWS),
            *(route("POST", f"/control/{name}", partial(self._steer, name)) for name in CONTROLS),
            route("GET", "/accounts", self._accounts_page),
            route("POST", "/accounts/add", self._add_account),
            route("POST", "/accounts/remove", self._remove_account),
            route("POST", "/accounts/password", self._reset_password),
            route("GET", "/audit", self._audit_page),
        ]

    # -- getting in --------------------------------------------------------------------------

    async def _set_up(self) -> bool:
        return self._is_set_up

    async def _setup_page(self, visit: Visit, _: Request) -> Response:
        if self._is_set_up:
            return RedirectResponse("/login", 303)
        return HTMLResponse(pages.setup(visit.words))

    async def _setup(self, visit: Visit, _: Request) -> Response:
        if self._is_set_up:
            return RedirectResponse("/login", 303)
        wait = self._by_address.take(visit.address)
        if wait:
            return _later(visit.words, wait, pages.setup)
        words = _chosen(visit)
        if not self._first.matches(visit.form.get("code", "")):
            return HTMLResponse(pages.setup(words, words("wrong_code")), 403)
        try:
            account = await run_in_threadpool(
                partial(
                    self._accounts.add,
                    visit.form.get("name", ""),
                    visit.form.get("password", ""),
                    THERAPIST,
                    first=True,
                )
            )
        except CompanionError as error:
            return HTMLResponse(pages.setup(words, str(error)), 400)
        self._is_set_up = True
        self._first.spend()
        self._by_address.forgive(visit.address)
        await self._note(account.name, account.role, "first account")
        return self._let_in(visit, account.name, account.role, words)

    async def _login_page(self, visit: Visit, _: Request) -> Response:
        if not self._is_set_up:
            return RedirectResponse("/setup", 303)
        return HTMLResponse(pages.login(visit.words))

    async def _login(self, visit: Visit, _: Request) -> Response:
        words, name = _chosen(visit), visit.form.get("name", "")
        key = same_name(name)[:200]
        wait = self._by_address.take(visit.address) or self._by_name.take(key)
        if wait:
            return _later(words, wait, pages.login)
        password = visit.form.get("password", "")
        account = await run_in_threadpool(self._accounts.verify, name, password)
        if account is None:
            locked = "" if self._by_name.left(key) else ", locked"
            # what was typed may be a password in the wrong field
            known = await run_in_threadpool(self._accounts.known, name)
            await self._note(known, "", "sign in", f"refused{locked}")
            return HTMLResponse(pages.login(words, words("wrong_login")), 403)
        self._by_address.forgive(visit.address)
        self._by_name.clear(key)
        await self._note(account.name, account.role, "sign in")
        return self._let_in(visit, account.name, account.role, words)

    def _let_in(self, visit: Visit, name: str, role: str, words: Words) -> Response:
        self._sessions.end(visit.cookie)
        cookie = self._sessions.begin(name, role, words.language)
        response = RedirectResponse(HOME[role], 303)
        assert self.gate is not None
        self.gate.give_cookie(response, cookie)
        return response

    async def _logout(self, visit: Visit, _: Request) -> Response:
        session = _signed_in(visit)
        self._sessions.end(visit.cookie)
        await self._note(session.account, session.role, "sign out")
        response = RedirectResponse("/login", 303)
        assert self.gate is not None
        self.gate.give_cookie(response, "")
        return response

    async def _language(self, visit: Visit, _: Request) -> Response:
        session = _signed_in(visit)
        others = [each for each in LANGUAGES if each != session.language]
        session.language = others[0]
        return RedirectResponse(_page(visit), 303)

    # -- pages -------------------------------------------------------------------------------

    async def _home(self, visit: Visit, _: Request) -> Response:
        return RedirectResponse(HOME[_signed_in(visit).role], 303)

    async def _view(self, view: str, visit: Visit, _: Request) -> Response:
        session = _signed_in(visit)
        told, session.told = session.told, ""
        now = self._board.snapshot()
        page = pages.view(view, visit.words, session, now, self._situations.values(), told)
        return HTMLResponse(page)

    async def _events(self, view: str, visit: Visit, _: Request) -> Response:
        session = _signed_in(visit)
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

    # -- steering ----------------------------------------------------------------------------

    async def _steer(self, name: str, visit: Visit, request: Request) -> Response:
        session, words = _signed_in(visit), visit.words
        try:
            await self._control(name, self._value(name, visit))
            told = words("done", what=words.named(name))
        except CompanionError as error:
            told = words("not_done", reason=str(error))
            await self._note(session.account, session.role, name, "not done")
        else:
            await self._note(session.account, session.role, name)
        if "application/json" in request.headers.get("accept", ""):
            return JSONResponse({"told": told})
        session.told = told
        return RedirectResponse(_page(visit), 303)

    def _value(self, name: str, visit: Visit) -> float | Situation | None:
        value = visit.form.get("value", "")
        if name == "situation":
            if value not in self._situations:
                raise InputError("there is no such situation", "Choose one of the page")
            return self._situations[value]
        if name == "volume":
            if not (value.isascii() and value.isdigit() and int(value[:4]) <= 100):
                raise InputError("this is no volume", "Give 0 to 100")
            return int(value) / 100
        return None

    # -- accounts ----------------------------------------------------------------------------

    async def _password_page(self, visit: Visit, _: Request) -> Response:
        return HTMLResponse(pages.password(visit.words, _signed_in(visit), ""))

    async def _password(self, visit: Visit, _: Request) -> Response:
        session, words = _signed_in(visit), visit.words
        key = same_name(session.account)
        wait = self._by_name.take(key)
        if wait:
            return _later(words, wait, lambda each, told: pages.password(each, session, told))
        old, new = visit.form.get("old", ""), visit.form.get("password", "")
        if await run_in_threadpool(self._accounts.verify, session.account, old) is None:
            await self._note(session.account, session.role, "own password", "refused")
            told, status = words("wrong_login"), 403
        else:
            self._by_name.clear(key)
            told, status = await self._replace_password(visit, session.account, new), 200
        return HTMLResponse(pages.password(words, session, told), status)

    async def _accounts_page(self, visit: Visit, _: Request) -> Response:
        return await self._list_accounts(visit, "")

    async def _list_accounts(self, visit: Visit, told: str) -> Response:
        known = await run_in_threadpool(self._accounts.all)
        return HTMLResponse(pages.accounts(visit.words, _signed_in(visit), known, told))

    async def _add_account(self, visit: Visit, _: Request) -> Response:
        session, form = _signed_in(visit), visit.form
        given = (form.get("name", ""), form.get("password", ""), form.get("role", ""))
        try:
            account = await run_in_threadpool(self._accounts.add, *given)
        except CompanionError as error:
            return await self._list_accounts(visit, str(error))
        act = f"add {account.role} '{account.name}'"
        await self._note(session.account, session.role, act)
        return await self._list_accounts(visit, visit.words("saved"))

    async def _remove_account(self, visit: Visit, _: Request) -> Response:
        session, name = _signed_in(visit), visit.form.get("name", "")
        try:
            removed = await run_in_threadpool(self._accounts.remove, name)
        except CompanionError as error:
            return await self._list_accounts(visit, str(error))
        self._sessions.end_all(removed.name)
        await self._note(session.account, session.role, f"remove '{removed.name}'")
        return await self._list_accounts(visit, visit.words("saved"))

    async def _reset_password(self, visit: Visit, _: Request) -> Response:
        name = await run_in_threadpool(self._accounts.known, visit.form.get("name", ""))
        told = await self._replace_password(visit, name, visit.form.get("password", ""))
        return await self._list_accounts(visit, told)

    async def _replace_password(self, visit: Visit, name: str, password: str) -> str:
        """Set a password and return what to say; other sessions of the account end."""
        session = _signed_in(visit)
        try:
            check_password(password, name)
            await run_in_threadpool(self._accounts.set_password, name, password)
        except CompanionError as error:
            return str(error)
        self._sessions.end_all(name, but=visit.cookie)
        self._by_name.clear(same_name(name))
        await self._note(session.account, session.role, f"password of '{name}'")
        return visit.words("saved")

    # -- audit -------------------------------------------------------------------------------

    async def _audit_page(self, visit: Visit, _: Request) -> Response:
        entries = await run_in_threadpool(self._audit.latest)
        return HTMLResponse(pages.audit(visit.words, _signed_in(visit), entries))

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


def _signed_in(visit: Visit) -> Session:
    """Return the session of a visit to a page that the gate lets nobody else see."""
    if visit.session is None:
        raise InputError("nobody is signed in", "Sign in")
    return visit.session


def _page(visit: Visit) -> str:
    """Return the page a form was on; only one of ours that the role may see."""
    path = f"/{visit.form.get('page', '')}"
    role = _signed_in(visit).role
    return path if may(role, "GET", path) else HOME[role]


def _chosen(visit: Visit) -> Words:
    """Return the language of the form that was sent."""
    language = visit.form.get("language", "")
    return WORDS[language] if language in LANGUAGES else visit.words


def _later(words: Words, wait: float, page: Callable[[Words, str], str]) -> Response:
    told = words("wait", minutes=int(wait // 60) + 1)
    headers = {"Retry-After": str(int(wait) + 1)}
    return HTMLResponse(page(words, told), 429, headers)
