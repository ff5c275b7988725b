# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A browser that does what it is told, and a dashboard without ROS for it to open."""

from __future__ import annotations

import http.client
import json
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from argon2 import PasswordHasher
from desk import Desk

from emo_music_ros.care.notes import Note
from emo_music_ros.dashboard import accounts as accounts_module
from emo_music_ros.dashboard.judging import Judged
from emo_music_ros.dashboard.options import DashboardOptions
from emo_music_ros.dashboard.records import Records
from emo_music_ros.dashboard.services import Forgotten
from emo_music_ros.dashboard.site import Site
from emo_music_ros.dashboard.situations import Situation
from emo_music_ros.dashboard.state import Board
from emo_music_ros.errors import CompanionError

#: A hash that costs nothing: what is tested is never how long it takes.
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD = "correct horse battery"


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: list[tuple[str, str]]
    body: str

    def header(self, name: str) -> str:
        """Return a header, empty if there is none."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


class Browser:
    """Keeps cookies and sends what a browser would, unless told otherwise."""

    def __init__(self, port: int, *, tls: bool = False) -> None:
        self.port = port
        self.host = f"127.0.0.1:{port}"
        self.scheme = "https" if tls else "http"
        self.cookies: dict[str, str] = {}

    def connection(self) -> http.client.HTTPConnection:
        """Return a connection."""
        if self.scheme == "https":
            context = ssl._create_unverified_context()
            return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=context)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def send(
        self,
        method: str,
        path: str,
        form: dict[str, str] | bytes | None = None,
        headers: dict[str, str | None] | None = None,
    ) -> Answer:
        """Send a request; a header of None is left out."""
        connection = self.connection()
        body = urlencode(form) if isinstance(form, dict) else form
        own: dict[str, str | None] = {"Host": self.host}
        if self.cookies:
            own["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if method == "POST":
            own["Origin"] = f"{self.scheme}://{self.host}"
            own["Content-Type"] = "application/x-www-form-urlencoded"
        sent = {k: v for k, v in {**own, **(headers or {})}.items() if v is not None}
        if "Host" not in sent:
            connection.putrequest(method, path, skip_host=True)
            connection.endheaders()
        else:
            connection.request(method, path, body, sent)
        response = connection.getresponse()
        answer = Answer(response.status, response.getheaders(), response.read().decode())
        connection.close()
        for name, value in response.getheaders():
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                kept = rest.split(";")[0].strip('"')
                self.cookies[key] = kept
                if not kept:
                    del self.cookies[key]
        return answer

    def get(self, path: str, **headers: str) -> Answer:
        """Get a page."""
        return self.send("GET", path, headers=dict(headers))

    def post(self, path: str, **form: str) -> Answer:
        """Send a form as a page of ours would, with its secret."""
        return self.send("POST", path, {"token": self.token(), **form})

    def give(self, path: str, content: bytes, **headers: str | None) -> Answer:
        """Send a file as our pages would."""
        kind = {"Content-Type": "application/octet-stream", "X-Token": self.token()}
        return self.send("POST", path, content, {**kind, **headers})

    def token(self) -> str:
        """Return the secret of the forms, empty if nobody is signed in."""
        found = re.search(r'name="token" value="([^"]+)"', self.get("/password").body)
        return found.group(1) if found else ""

    def sign_in(self, name: str, password: str = PASSWORD) -> Answer:
        """Sign in."""
        return self.send("POST", "/login", {"name": name, "password": password})

    @contextmanager
    def events(self, path: str) -> Iterator[Callable[[], dict[str, str] | None]]:
        """Follow a stream; yields what returns the next event, None at its end."""
        connection = self.connection()
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection.request("GET", path, headers={"Host": self.host, "Cookie": cookies})
        response = connection.getresponse()
        assert response.status == 200, response.read()

        def following() -> dict[str, str] | None:
            while line := response.readline():
                if line.startswith(b"event: over"):
                    return None
                if line.startswith(b"data: "):
                    found: dict[str, str] = json.loads(line[6:])
                    return found
            return None

        try:
            yield following
        finally:
            connection.close()


class Asked:
    """Takes what the pages ask other nodes for."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.refusal: CompanionError | None = None
        self.judged = Judged(("anger", "happiness"), (0.1, 0.9), 0.7, 0.2)

    def _take(self, *call: Any) -> None:
        self.calls.append(call)
        if self.refusal is not None:
            raise self.refusal

    async def acknowledge(self, call: int, by: str, false_alarm: bool) -> None:
        """Take that a carer looked in."""
        self._take("acknowledge", call, by, false_alarm)

    async def sensing(self, act: str, by: str, person_id: str) -> None:
        """Take a pause or an answer."""
        self._take("sensing", act, by, person_id)

    async def consent(self, person_id, purpose, given, source, terms) -> None:
        """Take consent to one purpose."""
        self._take("consent", person_id, purpose, given, source, terms)

    async def forget(self, person_id: str) -> Forgotten:
        """Take that somebody is forgotten."""
        self._take("forget", person_id)
        return Forgotten(12, ("/data/anna/1.mcap",), ("/log/ros",), "a withdrawal stays")

    async def say(self, text: str, language: str) -> None:
        """Take what is said."""
        self._take("say", text, language)

    async def judge(self, modality: str, content: bytes) -> Judged:
        """Take a file and return what it is taken for."""
        self._take("judge", modality, content)
        return self.judged

    async def own_data(self, person_id: str) -> bytes:
        """Take that somebody wants their own data."""
        self._take("own_data", person_id)
        return b"PK"


@dataclass
class Served:
    """A dashboard that runs, and what it was asked to do."""

    folder: Path
    clock: Clock
    board: Board
    site: Site
    printed: list[str]
    errors: list[Exception]
    troubles: list[str]
    asked: list[tuple[str, float | Situation | None]]
    refusal: list[CompanionError] = field(default_factory=list)
    tls: bool = False
    reported: list[tuple[list[str], str, str]] = field(default_factory=list)
    desk: Desk | None = None
    noted: list[list[Note]] = field(default_factory=list)
    services: Asked = field(default_factory=Asked)

    @property
    def port(self) -> int:
        """Return where it listens."""
        return int(self.site.address.rstrip("/").rpartition(":")[2])

    def browser(self) -> Browser:
        """Return a new browser."""
        return Browser(self.port, tls=self.tls)

    def code(self) -> str:
        """Return the code that was printed last."""
        return self.printed[-1].rpartition(" ")[2]

    def set_up(self) -> Browser:
        """Make the first account and return its browser."""
        browser = self.browser()
        form = {"code": self.code(), "name": "Thea", "password": PASSWORD}
        assert browser.send("POST", "/setup", form).status == 303
        return browser

    def signed_in(self, role: str) -> Browser:
        """Return a browser that is signed in with an account of a role."""
        account = self.site._accounts
        name = f"{role} {len(account.all())}"
        account.add(name, PASSWORD, role)
        self.site._dashboard._entrance.is_set_up = True
        browser = self.browser()
        assert browser.sign_in(name).status == 303
        return browser


def wait(condition: Callable[[], object], what: str, deadline: float = 60.0) -> None:
    """Wait until something holds, or fail saying what was awaited."""
    end = time.monotonic() + deadline
    while not condition():
        assert time.monotonic() < end, f"waited {deadline:.0f} s for {what}"
        time.sleep(0.01)


def ends(following: Callable[[], dict[str, str] | None], within: int = 8) -> bool:
    """Tell whether a stream ends within so many events."""
    return any(following() is None for _ in range(within))


def tells(following: Callable[[], dict[str, str] | None], text: str, within: int = 8) -> bool:
    """Tell whether a stream says something within so many events."""
    return any(text in "".join((following() or {}).values()) for _ in range(within))


@contextmanager
def served(folder: Path, monkeypatch, **options) -> Iterator[Served]:
    """Serve a dashboard in a folder of its own on any free port."""
    monkeypatch.setattr(accounts_module, "PasswordHasher", lambda: CHEAP)
    clock = Clock()
    board = Board(clock)
    printed: list[str] = []
    errors: list[Exception] = []
    troubles: list[str] = []
    asked: list[tuple[str, float | Situation | None]] = []
    refusal: list[CompanionError] = []
    reported: list[tuple[list[str], str, str]] = []
    noted: list[list[Note]] = []

    def make(files, form, language, notes) -> bytes:
        reported.append(([file.name for file in files], form, language))
        noted.append(list(notes))
        if refusal:
            raise refusal[0]
        return b"<p>a report</p>"

    asking = Desk(folder, lambda: board.snapshot().person)

    async def control(name: str, value: float | Situation | None) -> None:
        asked.append((name, value))
        if refusal:
            raise refusal[0]

    services = Asked()
    site = Site(
        DashboardOptions(**{"port": 0, **options}),
        accounts=folder / "accounts.sqlite",
        audit=folder / "audit.sqlite",
        board=board,
        control=control,
        records=Records(lambda: folder / "recordings", make),
        asking=asking,
        services=services,
        show=printed.append,
        failed=errors.append,
        on_trouble=troubles.append,
        clock=clock,
    )
    tls = bool(options.get("tls_certificate"))
    try:
        yield Served(
            *(folder, clock, board, site, printed, errors, troubles, asked, refusal, tls, reported),
            *(asking, noted, services),
        )
    finally:
        site.stop()
    assert not errors, errors
    assert not [each for each in threading.enumerate() if each.name == "dashboard server"]
