# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A server of the Subsonic API (http://www.subsonic.org/pages/api.jsp), such as Navidrome.

By the standard library: py-sonic, the client there is, never gives up waiting.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emo_music_ros.errors import InputError
from emo_music_ros.io.web import AwayError, WebServer, away

#: Version of the API that is spoken: that of Subsonic 6.1.4, with log-in by token.
VERSION = "1.16.1"
#: Albums asked for at a time: the most the API allows.
WINDOW = 500
#: Longest time for one piece [s].
SLOWEST = 600.0
#: Errors of the API that a server has for a log-in by token that it does not know.
_NO_TOKEN = (10, 41, 42)
#: Those about who asks.
_WHO = (40, 43, 44, 50)


@dataclass(frozen=True)
class Song:
    """A piece the server has; `size` is in bytes, 0 = not told."""

    song_id: str
    title: str
    suffix: str
    size: int


class SubsonicServer:
    """One server.

    Parameters
    ----------
    url : str
        Its address, without ``/rest``.
    user, password : str
        Who asks.
    timeout : float
        Longest wait for an answer [s].
    login : str
        ``token``: by a hash of the password; ``password``: by itself, for servers older than
        version 1.13 of the API.

    Raises
    ------
    InputError
        If the address is none.
    """

    def __init__(
        self, url: str, user: str, password: str, timeout: float, login: str = "token"
    ) -> None:
        self._web = WebServer(url, "the Subsonic server", timeout)
        self._user, self._password, self._by_token = user, password, login == "token"

    @property
    def what(self) -> str:
        """Return which server it is, in words."""
        return self._web.what

    def songs(self, most: int) -> Iterator[Song]:
        """Yield its pieces, album by album, at most so many.

        Raises
        ------
        AwayError
            If it is away, refuses, or answers something that makes no sense.
        """
        for start in range(0, most, WINDOW):
            asked = {"type": "alphabeticalByName", "size": WINDOW, "offset": start}
            albums = self._list(self._ask("getAlbumList2", asked), "albumList2", "album")
            for album in albums:
                answer = self._ask("getAlbum", {"id": album.get("id", "")})
                for song in self._list(answer, "album", "song"):
                    if most <= 0:
                        return
                    if "id" in song and not song.get("isVideo"):
                        most -= 1
                        yield _song(song)
            if len(albums) < WINDOW:
                return

    def download(self, song: Song, file: Path, largest: int) -> None:
        """Bring a piece of at most so many bytes into a file, whole or not at all.

        Raises
        ------
        AwayError
            If the server is away or breaks off.
        InputError
            If it does not give this piece.
        OSError
            If the file cannot be written.
        """
        partial = file.with_name(f"{file.name}.partial")
        end = time.monotonic() + SLOWEST
        try:
            with self._web.opened(
                "rest/download.view", self._query({"id": song.song_id})
            ) as answer:
                if answer.headers.get_content_subtype() in ("json", "xml"):
                    raise InputError(f"{self.what} does not give '{song.title}'", "Look at its log")
                with partial.open("wb") as output:
                    while block := self._web.read(answer):
                        if output.write(block) and output.tell() > largest:
                            raise InputError(
                                f"'{song.title}' is larger than the room for it", "Make room"
                            )
                        if time.monotonic() > end:
                            raise away(f"{self.what} is too slow", "Check the network")
            os.replace(partial, file)
        finally:
            with contextlib.suppress(FileNotFoundError):
                partial.unlink()

    def _query(self, more: dict[str, Any]) -> dict[str, Any]:
        if self._by_token:
            salt = secrets.token_hex(8)
            salted = (self._password + salt).encode()
            who = {"t": hashlib.md5(salted, usedforsecurity=False).hexdigest(), "s": salt}
        else:
            who = {"p": f"enc:{self._password.encode().hex()}"}
        version = VERSION if self._by_token else "1.12.0"
        return {"u": self._user, **who, "v": version, "c": "emo_music_ros", "f": "json", **more}

    def _ask(self, view: str, more: dict[str, Any]) -> dict[str, Any]:
        answer = self._web.json(f"rest/{view}.view", self._query(more))
        content = answer.get("subsonic-response") if isinstance(answer, dict) else None
        if not isinstance(content, dict) or content.get("status") not in ("ok", "failed"):
            raise self._senseless(view)
        if content["status"] == "failed":
            error = content.get("error")
            told = error if isinstance(error, dict) else {}
            remedy = "Look at its log"
            if told.get("code") in _WHO:
                remedy = "Correct user and password"
            elif told.get("code") in _NO_TOKEN and self._by_token:
                remedy = "If it knows no log-in by token, set login to 'password', by https"
            raise away(f"{self.what} refuses '{view}': {told.get('message', 'no reason')}", remedy)
        return content

    def _list(self, answer: dict[str, Any], *names: str) -> list[dict[str, Any]]:
        """Return a list within an answer; where it would be empty it may be missing."""
        found: Any = answer
        for name in names:
            found = found.get(name, {}) if isinstance(found, dict) else None
        if found in ({}, []):
            return []
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            raise self._senseless(names[-1])
        return found

    def _senseless(self, what: str) -> AwayError:
        return away(
            f"{self.what} answers '{what}' with something that makes no sense",
            "Check what answers at its address",
        )


def _song(song: dict[str, Any]) -> Song:
    size = song.get("size")
    return Song(
        str(song["id"]),
        str(song.get("title", "")),
        str(song.get("suffix", "")).lower(),
        size if isinstance(size, int) and size > 0 else 0,
    )
