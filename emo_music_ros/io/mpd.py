# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A Music Player Daemon, by its protocol (https://mpd.readthedocs.io/en/stable/protocol.html)."""

from __future__ import annotations

import logging
import math
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from emo_music_ros.errors import CompanionError, InputError, PluginError

log = logging.getLogger(__name__)

#: What the path of a piece that only the daemon has begins with.
SCHEME = "mpd:"
#: Pieces asked for at a time; the daemon bounds the size of an answer.
WINDOW = 500


class MpdServer:
    """One daemon; connected when it is asked, anew after it was away. Callable from any thread.

    Parameters
    ----------
    host : str
        Name, address, or path of its local socket.
    port : int
        Its port; not used with a socket.
    password : str
        Its password; empty = none.
    timeout : float
        Longest wait for any part of an answer [s].

    Raises
    ------
    PluginError
        If the package python-mpd2 is missing.
    """

    def __init__(self, host: str, port: int, password: str = "", timeout: float = 3.0) -> None:
        try:
            import mpd
        except ImportError as error:
            raise PluginError(
                "python-mpd2 is not installed, and MPD is spoken to by it",
                "Install it: pip install python-mpd2",
            ) from error
        self._mpd = mpd
        self._host, self._port, self._password = os.path.expanduser(host), port, password
        self._timeout = timeout
        self._lock = threading.Lock()
        self._client: Any = None

    @property
    def address(self) -> str:
        """Return where it is, in words."""
        return self._host if self._host.startswith("/") else f"{self._host}:{self._port}"

    def ask(self, command: str, *arguments: Any) -> Any:
        """Return the answer to one command.

        Raises
        ------
        InputError
            If the daemon is away or slow, refuses, or is none.
        """
        with self._lock:
            fresh = self._client is None
            try:
                return self._ask(command, *arguments)
            except InputError:
                if fresh:
                    raise
            return self._ask(command, *arguments)  # it ends connections that were quiet for long

    def close(self) -> None:
        """End the connection; the next question makes another."""
        with self._lock:
            self._drop()

    def _ask(self, command: str, *arguments: Any) -> Any:
        try:
            return getattr(self._connected(), command)(*arguments)
        except self._mpd.CommandError as error:
            raise self._refused(command, error) from error
        except CompanionError:
            raise
        except Exception as error:  # whatever a socket, or the library on a strange answer, raises
            self._drop()
            raise InputError(
                f"MPD at {self.address} does not answer ({error or type(error).__name__})",
                "Start it, or correct host and port; it is tried again by itself",
            ) from error

    def _connected(self) -> Any:
        if self._client is None:
            client = self._mpd.MPDClient()
            client.timeout = self._timeout
            self._client = client
            client.connect(self._host, self._port)
            if self._password:
                client.password(self._password)
        return self._client

    def _refused(self, command: str, error: Any) -> InputError:
        code = getattr(error, "errno", None)
        codes = self._mpd.FailureResponseCode
        if code in (codes.PASSWORD, codes.PERMISSION):
            self._drop()
            return InputError(
                f"MPD at {self.address} refuses '{command}': {error.msg}", "Correct the password"
            )
        return InputError(
            f"MPD at {self.address} cannot do '{command}': {getattr(error, 'msg', error)}",
            "See its log",
        )

    def _drop(self) -> None:
        if self._client is not None:
            try:
                self._client.disconnect()
            except Exception as error:  # it is gone already
                log.debug("leaving MPD: %s", error)
            self._client = None

    def pieces(self, most: int) -> Iterator[dict[str, Any]]:
        """Yield the pieces of its database: ``file`` and whatever tags there are, at most so many.

        Raises
        ------
        InputError
            As :meth:`ask`.
        """
        for start in range(0, most, WINDOW):
            window = (start, min(start + WINDOW, most))
            answer = self.ask("find", "(modified-since '0')", "window", window)
            yield from (piece for piece in answer if piece.get("file"))
            if len(answer) < window[1] - window[0]:
                return

    def music_folder(self) -> Path | None:
        """Return the folder its pieces are in; it tells only who asks through its local socket."""
        if not self._host.startswith("/"):
            return None
        answer = self.ask("config")
        folder = answer.get("music_directory") if isinstance(answer, dict) else answer
        return Path(folder) if isinstance(folder, str) and folder.startswith("/") else None


def number(answer: dict[str, Any], name: str) -> float:
    """Return a number of an answer, NaN if there is none."""
    try:
        value = float(answer[name])
    except (KeyError, TypeError, ValueError):
        return math.nan
    return value if math.isfinite(value) else math.nan


def texts(answer: dict[str, Any], name: str) -> list[str]:
    """Return the values of a tag; one that is written twice is a list."""
    value = answer.get(name, [])
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]
