# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Answers of web servers, within bounds of time and size."""

from __future__ import annotations

import contextlib
import http.client
import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from emo_music_ros.errors import InputError

#: Largest answer in text [bytes].
LARGEST = 32 << 20
#: Read at a time [bytes].
BLOCK = 1 << 16


class AwayError(InputError):
    """A server is away, too slow, or refuses for now; `wait` is how long it asked to wait [s]."""

    wait = 0.0


def away(cause: str, remedy: str, wait: float = 0.0) -> AwayError:
    """Return the error with its wait."""
    error = AwayError(cause, remedy)
    error.wait = wait
    return error


class WebServer:
    """A server, asked by GET.

    Parameters
    ----------
    url : str
        Its address, with the path everything begins with.
    what : str
        What people call it, such as ``Navidrome``.
    timeout : float
        Longest wait for any part of an answer, and for all of one in text [s].

    Raises
    ------
    InputError
        If the address is none.
    """

    def __init__(self, url: str, what: str, timeout: float) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InputError(
                f"'{url}' is no address of {what}", "Give one such as http://localhost:4533"
            )
        self._url = url.rstrip("/")
        self._timeout = timeout
        self.what = f"{what} at {parts.hostname}"

    def json(self, path: str, query: Mapping[str, Any]) -> Any:
        """Return what an answer in JSON holds.

        Raises
        ------
        AwayError
            If there is none in time, it is an error, or no JSON.
        """
        end = time.monotonic() + self._timeout
        content = b""
        with self.opened(path, query) as answer:
            while block := self.read(answer):
                content += block
                if len(content) > LARGEST or time.monotonic() > end:
                    raise away(f"{self.what} answers too slowly or without end", "Look at its log")
        try:
            return json.loads(content)
        except ValueError as error:
            raise away(
                f"{self.what} answers '{path}' with something that makes no sense",
                "Check what answers at its address",
            ) from error

    @contextlib.contextmanager
    def opened(self, path: str, query: Mapping[str, Any]) -> Iterator[http.client.HTTPResponse]:
        """Give an answer to be read by :meth:`read`.

        Raises
        ------
        AwayError
            If there is none in time, or it is an error.
        InputError
            If there is no such thing.
        """
        # What is asked holds secrets: no text of an error names it.
        request = urllib.request.Request(
            f"{self._url}/{path}?{urlencode(query)}", headers={"User-Agent": "emo_music_ros"}
        )
        try:
            answer = urllib.request.urlopen(request, timeout=self._timeout)
        except urllib.error.HTTPError as error:
            with error:
                raise self._refused(error) from None
        except (OSError, http.client.HTTPException) as error:
            raise self._gone(error) from None
        with answer:
            yield answer

    def read(self, answer: http.client.HTTPResponse) -> bytes:
        """Return the next part of an answer, empty at its end.

        Raises
        ------
        AwayError
            If it breaks off.
        """
        try:
            block = answer.read1(BLOCK)
        except (OSError, http.client.HTTPException) as error:
            raise self._gone(error) from None
        if not block and answer.length:
            raise away(f"{self.what} broke off in the middle of an answer", "Check the network")
        return block

    def _gone(self, error: Exception) -> AwayError:
        reason = getattr(error, "reason", None) or error
        remedy = "Start it, or correct its address; it is tried again by itself"
        if isinstance(reason, ssl.SSLError):
            remedy = "Correct its certificate, or name the authority by SSL_CERT_FILE"
        return away(f"{self.what} does not answer ({str(reason) or type(reason).__name__})", remedy)

    def _refused(self, error: urllib.error.HTTPError) -> InputError:
        if error.code in (401, 403):
            return away(f"{self.what} refuses us ({error.code})", "Correct user and password")
        if error.code == 429:
            asked = error.headers.get("Retry-After", "")
            return away(
                f"{self.what} was asked too often (429)",
                "Wait; it is asked again by itself",
                float(asked) if asked.isdigit() else 0.0,
            )
        if error.code == 404:
            return InputError(f"{self.what} has no such thing (404)", "Check its address")
        return away(f"{self.what} fails ({error.code} {error.reason})", "Look at its log")
