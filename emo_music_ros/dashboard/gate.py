# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What every request has to pass before anything is done for it."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from emo_music_ros.dashboard.layout import message as message_page
from emo_music_ros.dashboard.permissions import ANYONE, HOME, PERMISSIONS, UPLOADS, may
from emo_music_ros.dashboard.sessions import Session, Sessions
from emo_music_ros.dashboard.words import LANGUAGES, WORDS, Words, preferred

log = logging.getLogger(__name__)

_FORM = "application/x-www-form-urlencoded"
_POLICY = b"content-security-policy"
#: Most bytes of a form and of a file, and how long they may take to come [s].
LARGEST, LARGEST_FILE = 65_536, 16 * 2**20
SLOWEST = 10.0
#: Most fields of a form.
MOST_FIELDS = 20

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
        " connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # With no-referrer browsers would send forms with the origin "null".
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}


@dataclass
class Visit:
    """One request that was let in: by whom, in which language, with what; `file` is an upload."""

    session: Session | None
    cookie: str
    words: Words
    form: dict[str, str]
    query: dict[str, str]
    address: str
    file: bytes = b""

    @property
    def signed_in(self) -> Session:
        """Return the session; behind the gate there is one wherever the table asks for a role.

        Raises
        ------
        Refusal
            If there is none.
        """
        if self.session is None:
            raise Refusal(401, "refused")
        return self.session

    @property
    def page(self) -> str:
        """Return the page that a form was on: one of ours that the role may see."""
        role, path = self.signed_in.role, f"/{self.form.get('page', '')}"
        return path if may(role, "GET", path) else HOME[role]


class Refusal(Exception):
    """A request that is not let in."""

    def __init__(self, status: int, key: str = "wrong_request") -> None:
        super().__init__(key)
        self.status = status
        self.key = key


class Gate:
    """Lets in what has a known host, comes from our own pages, and may do what it asks for.

    Parameters
    ----------
    app : callable
        The application behind the gate; finds a `Visit` in ``request.state.visit``.
    sessions : Sessions
        Who is signed in.
    hosts : iterable of str
        What may be in the Host header, with the port: other names that lead to this address are
        other people's (DNS rebinding).
    secure : bool
        Whether it is served by TLS.
    is_set_up : callable
        Tells whether there is an account.
    refused : callable
        Told of somebody signed in who may not do what was asked for: session, method, path.
    failed : callable
        Told of an error in the application.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        sessions: Sessions,
        hosts: Iterable[str],
        secure: bool,
        is_set_up: Callable[[], bool],
        refused: Callable[[Session, str, str], Awaitable[None]],
        failed: Callable[[Exception], None],
    ) -> None:
        self._app = app
        self._sessions = sessions
        self._hosts = frozenset(host.lower() for host in hosts)
        self._secure = secure
        self._is_set_up = is_set_up
        self._refused = refused
        self._failed = failed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "websocket":  # there is none here
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = False

        async def guarded(message: Message) -> None:
            nonlocal began
            if message["type"] == "http.response.start":
                began = True
                self._add_headers(message)
            await send(message)

        words = WORDS[preferred(Headers(scope=scope).get("accept-language", ""))]
        try:
            answer = await self._enter(scope, receive, words)
            await (answer or self._app)(scope, receive, guarded)
        except Refusal as refusal:
            page = message_page(words, words(refusal.key))
            await HTMLResponse(page, refusal.status)(scope, receive, guarded)
        except Exception as error:
            self._failed(error)
            if not began:
                page = message_page(words, words("no_answer"))
                await HTMLResponse(page, 500)(scope, receive, guarded)

    async def _enter(self, scope: Scope, receive: Receive, words: Words) -> Response | None:
        """Note the visit in the scope, or return what to answer instead.

        Raises
        ------
        Refusal
            If it is not let in.
        """
        headers = Headers(scope=scope)
        method, path = scope["method"], scope["path"]
        self._check_host(headers)
        if (method, path) not in PERMISSIONS:
            known = any(path == other for _, other in PERMISSIONS)
            raise Refusal(405, "wrong_request") if known else Refusal(404, "missing")
        self._check_origin(headers, scope["scheme"], method)
        cookie = self.cookie_of(headers)
        session = self._sessions.find(cookie, touch=not path.startswith("/events/"))
        if session is not None:
            words = WORDS[session.language]
        allowed = PERMISSIONS[method, path]
        if ANYONE not in allowed:
            if session is None:
                return self._sign_in_first(method, path)
            if session.role not in allowed:
                await self._refused(session, method, path)
                raise Refusal(403, "refused")
        form: dict[str, str] = {}
        file = b""
        if method == "POST" and path in UPLOADS:
            assert session is not None
            _check_token(headers.get("x-token", ""), session)  # before 16 MiB are taken in
            file = await _body(headers, receive, "application/octet-stream", LARGEST_FILE)
        elif method == "POST":
            form = _fields(await _body(headers, receive, _FORM, LARGEST))
            if ANYONE not in allowed:
                assert session is not None
                _check_token(form.get("token", ""), session)
        query = dict(Request(scope).query_params)
        if session is None and query.get("language") in LANGUAGES:
            words = WORDS[query["language"]]
        address = scope["client"][0] if scope.get("client") else ""
        visit = Visit(session, cookie, words, form, query, address, file)
        scope.setdefault("state", {})["visit"] = visit
        return None

    def _sign_in_first(self, method: str, path: str) -> Response:
        if method == "GET" and not path.startswith("/events/"):
            return RedirectResponse("/login" if self._is_set_up() else "/setup", 303)
        raise Refusal(401, "refused")

    def _check_host(self, headers: Headers) -> None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            raise Refusal(421)

    def _check_origin(self, headers: Headers, scheme: str, method: str) -> None:
        """Refuse what other sites make a browser send."""
        own = f"{scheme}://{headers['host'].lower()}"
        origins = [origin.lower() for origin in headers.getlist("origin")]
        if origins not in ([own], []) or (method != "GET" and not origins):
            raise Refusal(403, "refused")
        site = headers.get("sec-fetch-site", "none")
        visited = headers.get("sec-fetch-mode", "navigate") == "navigate"
        if site not in ("same-origin", "none") and not (method == "GET" and visited):
            raise Refusal(403, "refused")

    # -- cookies -----------------------------------------------------------------------------

    @property
    def _name(self) -> str:
        return "__Host-session" if self._secure else "session"

    def cookie_of(self, headers: Headers) -> str:
        """Return the session cookie of a request, empty if there is none."""
        for part in headers.get("cookie", "").split(";"):
            name, _, value = part.strip().partition("=")
            if name == self._name:
                return value[:200]
        return ""

    def give_cookie(self, response: Response, cookie: str) -> None:
        """Let the browser keep a session; an empty one ends it."""
        response.set_cookie(
            self._name,
            cookie,
            max_age=None if cookie else 0,
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="strict",
        )

    def _add_headers(self, message: Message) -> None:
        headers = dict(HEADERS)
        if self._secure:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        own = {name.lower().encode(): value.encode() for name, value in headers.items()}
        stated = {name.lower() for name, _ in message["headers"]}
        if _POLICY in stated:  # a page of its own kind says itself what it may do
            del own[_POLICY]
        kept = [(name, value) for name, value in message["headers"] if name.lower() not in own]
        message["headers"] = [*kept, *own.items()]


def _check_token(given: str, session: Session) -> None:
    if not hmac.compare_digest(given.encode("utf-8", "replace"), session.token.encode()):
        raise Refusal(403, "refused")


async def _body(headers: Headers, receive: Receive, wanted: str, largest: int) -> bytes:
    """Return the body of a request, refused where it is of another kind, too large or too slow."""
    kind = headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != wanted:
        raise Refusal(415)
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()) or len(length) > 9 or int(length) > largest:
        raise Refusal(413)

    async def read() -> bytes:
        found = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Refusal(400)
            found += message.get("body", b"")
            if len(found) > largest:
                raise Refusal(413)
            if not message.get("more_body", False):
                return bytes(found)

    try:
        return await asyncio.wait_for(read(), SLOWEST)
    except asyncio.TimeoutError:
        raise Refusal(408) from None


def _fields(body: bytes) -> dict[str, str]:
    try:
        found = parse_qs(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            encoding="utf-8",
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError:
        raise Refusal(400) from None
    if any(len(values) > 1 for values in found.values()):
        raise Refusal(400)  # which one is meant?
    return {name: values[0] for name, values in found.items()}
