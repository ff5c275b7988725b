# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The one-time code of the first account."""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Callable

#: Wrong codes after which there is another one.
MOST_WRONG = 10


class FirstCode:
    """A code that only whoever sees the terminal knows; good until there is an account.

    Parameters
    ----------
    show : callable
        Told what to print, and nowhere else: logs are kept.
    """

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show
        self._lock = threading.Lock()
        self._code = ""
        self._wrong = 0

    def renew(self) -> None:
        """Make and show another code."""
        with self._lock:
            self._renew()

    def matches(self, code: str) -> bool:
        """Tell whether this is the code; too many wrong ones make another."""
        given = code.strip().lower().replace("-", "").replace(" ", "")
        with self._lock:
            expected = self._code.replace("-", "")
            if expected and hmac.compare_digest(
                given.encode("utf-8", "replace"), expected.encode()
            ):
                return True
            self._wrong += 1
            if self._code and self._wrong >= MOST_WRONG:
                self._renew()
            return False

    def _renew(self) -> None:
        found = secrets.token_hex(8)
        self._code = "-".join(found[at : at + 4] for at in range(0, len(found), 4))
        self._wrong = 0
        self._show(
            f"dashboard: nobody has an account yet; the code to make the first: {self._code}"
        )
