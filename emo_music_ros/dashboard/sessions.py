# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Who is signed in. Kept in memory only: a restart signs everybody out."""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from emo_music_ros.dashboard.permissions import RESIDENT

#: A resident's screen stays signed in: it shows a title and three buttons, and nobody there types
#: passwords [s].
RESIDENT_LASTS = 30 * 86400.0
#: Most sessions at once of one account; a further one ends the oldest.
MOST = 10


@dataclass
class Session:
    """One browser that is signed in; times are steady seconds."""

    account: str
    role: str
    language: str
    began: float
    seen: float
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    told: str = ""


class Sessions:
    """Sessions by the hash of their cookie.

    Parameters
    ----------
    clock : callable
        Seconds of a clock that nobody sets.
    idle : float
        A session ends when nothing was asked for this long [s].
    longest : float
        It ends after this long in any case [s].
    """

    def __init__(self, clock: Callable[[], float], idle: float, longest: float) -> None:
        self._clock = clock
        self._idle = idle
        self._longest = longest
        self._sessions: dict[str, Session] = {}
        self._lock = threading.Lock()

    def begin(self, account: str, role: str, language: str) -> str:
        """Begin a session and return its cookie, which is stored nowhere."""
        cookie = secrets.token_urlsafe(32)
        now = self._clock()
        with self._lock:
            own = [key for key, each in self._sessions.items() if each.account == account]
            for key in own[: max(0, len(own) - MOST + 1)]:
                del self._sessions[key]
            self._sessions[_key(cookie)] = Session(account, role, language, now, now)
        return cookie

    def find(self, cookie: str, *, touch: bool = True) -> Session | None:
        """Return the session of a cookie, None if it is over; `touch` counts as being asked."""
        with self._lock:
            session = self._sessions.get(_key(cookie))
            if session is None:
                return None
            now = self._clock()
            idle, longest = self._idle, self._longest
            if session.role == RESIDENT:
                idle = longest = RESIDENT_LASTS
            if now - session.seen >= idle or now - session.began >= longest:
                del self._sessions[_key(cookie)]
                return None
            if touch:
                session.seen = now
            return session

    def end(self, cookie: str) -> None:
        """End one session."""
        with self._lock:
            self._sessions.pop(_key(cookie), None)

    def end_all(self, account: str, *, but: str = "") -> None:
        """End every session of an account, but that of one cookie."""
        kept = _key(but)
        with self._lock:
            for key, each in list(self._sessions.items()):
                if each.account == account and key != kept:
                    del self._sessions[key]


def _key(cookie: str) -> str:
    return hashlib.sha256(cookie.encode("utf-8", "surrogateescape")).hexdigest()
