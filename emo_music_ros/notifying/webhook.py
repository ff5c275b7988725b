# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Notices as JSON to an address of the web: ntfy, Home Assistant, a pager, a chat."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, ClassVar
from urllib.parse import urlsplit

from emo_music_ros.errors import InputError
from emo_music_ros.notifying.base import ESCALATED, Notice
from emo_music_ros.notifying.secrets import guard, secret
from emo_music_ros.options import option

URL, TOKEN = "EMO_MUSIC_WEBHOOK_URL", "EMO_MUSIC_WEBHOOK_TOKEN"


class _Stay(urllib.request.HTTPRedirectHandler):
    """Sends nobody a token or a call who was not named."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Webhook:
    """Posts ``{"id", "what", "text", "time"}`` and takes any answer of 200 to 299 for done."""

    tells_end: ClassVar[bool] = False

    @dataclass(frozen=True)
    class Options:
        """Where."""

        url: str = option(
            "", f"address that takes a POST of JSON; empty = the variable {URL}, if it is secret"
        )
        escalation_url: str = option("", "address when nobody has answered; empty = the same")
        token_file: str = option(
            "", f"file, mode 600, with what is sent as Bearer; empty = the variable {TOKEN}"
        )
        timeout: float = option(10.0, "longest wait for the answer [s]", low=0.1, high=60.0)

    def __init__(self, options: Options) -> None:
        self.options = options
        self._opener = urllib.request.build_opener(_Stay)

    def send(self, notice: Notice) -> None:
        """Post a notice; see `Notifier`."""
        options = self.options
        url = options.url or secret(URL, "")
        if notice.what == ESCALATED and options.escalation_url:
            url = options.escalation_url
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InputError("webhook.url is no address", "Give one such as https://example.org/x")
        headers = {"Content-Type": "application/json", "User-Agent": "emo_music_ros"}
        token = secret(TOKEN, options.token_file)
        if token:
            guard(parts.hostname, parts.scheme == "https", "Give an address with https")
            headers["Authorization"] = f"Bearer {token}"
        body = {
            "id": notice.call,
            "what": notice.what,
            "text": notice.text,
            "time": datetime.fromtimestamp(notice.time, timezone.utc).isoformat("T", "seconds"),
        }
        request = urllib.request.Request(
            url, json.dumps(body, ensure_ascii=False).encode(), headers, method="POST"
        )
        try:
            with self._opener.open(request, timeout=options.timeout) as answer:
                answer.read(1024)
        except urllib.error.HTTPError as error:
            with error:  # its address may hold a secret: only the host is named
                raise InputError(
                    f"{parts.hostname} refuses the call ({error.code})",
                    "Correct webhook.url and the token",
                ) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            raise InputError(
                f"{parts.hostname} does not answer ({type(reason).__name__})",
                "Start it, or correct webhook.url; it is tried again by itself",
            ) from None
