# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Answers as the Web API of Spotify documents it, and misbehaves on demand."""

from __future__ import annotations

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

APP = ("an id", "a secret")


def piece(name: str, **more: Any) -> dict[str, Any]:
    return {
        "uri": f"spotify:track:{name}",
        "name": name.title(),
        "artists": [{"name": "Ada"}, {"name": "Bob"}],
        "duration_ms": 61_500,
        **more,
    }


class Spotify:
    """A server on a free port of this machine.

    Attributes
    ----------
    found : dict
        Words of a search -> pieces.
    mood : str
        ``well``; an HTTP status to answer with; ``garbage``, ``other`` (JSON of something else),
        ``silent``.
    """

    def __init__(self) -> None:
        self.found: dict[str, list[Any]] = {}
        self.devices = [
            {"id": "d1", "name": "Kitchen", "is_active": False, "supports_volume": True},
            {"id": "d2", "name": "Phone", "is_active": True, "supports_volume": True},
        ]
        self.playback: dict[str, Any] | None = None
        self.mood = "well"
        self.told: list[str] = []
        self.tokens = 0
        self.over = threading.Event()
        place = self

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                place.answer(self)

            do_GET = do_POST = do_PUT = handle_any

            def log_message(self, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, line: Any) -> None:
        parts = urlsplit(line.path)
        query = dict(parse_qsl(parts.query))
        body = line.rfile.read(int(line.headers.get("Content-Length") or 0))
        if self.mood == "silent":
            self.over.wait()
        elif parts.path == "/api/token":
            self.token(line, dict(parse_qsl(body.decode())))
        elif self.mood.isdigit():
            error = {"error": {"status": int(self.mood), "message": "no"}}
            self.send(line, int(self.mood), error, {"Retry-After": "1234"})
        elif self.mood == "garbage":
            self.send(line, 200, None, content=b"<html>Welcome to the hotel</html>")
        elif self.mood == "other":
            self.send(line, 200, {"hello": [1]})
        elif not line.headers["Authorization"].startswith("Bearer token"):
            self.send(line, 401, {"error": {"status": 401, "message": "The access token"}})
        else:
            self.serve(line, parts.path.removeprefix("/v1/"), query, body)

    def token(self, line: Any, form: dict[str, str]) -> None:
        app = base64.b64encode(":".join(APP).encode()).decode()
        if line.headers["Authorization"] != f"Basic {app}":
            self.send(line, 400, {"error": "invalid_client", "error_description": "Invalid client"})
            return
        self.tokens += 1
        more = {"scope": form["scope"]} if "scope" in form else {}
        if form["grant_type"] == "refresh_token":
            more = {"scope": "user-read-playback-state user-modify-playback-state"}
        token = {"access_token": f"token {self.tokens}", "token_type": "Bearer", **more}
        self.send(line, 200, {**token, "expires_in": 3600})

    def serve(self, line: Any, view: str, query: dict[str, str], body: bytes) -> None:
        if view == "search":
            self.told.append(query["q"])
            first = int(query["offset"])
            items = self.found.get(query["q"], [])[first : first + int(query["limit"])]
            self.send(line, 200, {"tracks": {"items": items}})
        elif view == "me/player/devices":
            self.send(line, 200, {"devices": self.devices})
        elif view == "me/player":
            self.send(line, 200 if self.playback else 204, self.playback)
        else:
            self.play(view.removeprefix("me/player/"), query, json.loads(body or b"{}"))
            self.send(line, 204, None)

    def play(self, action: str, query: dict[str, str], body: dict[str, Any]) -> None:
        self.told.append(" ".join([action, *query.values()]))
        if action == "play" and "uris" in body:
            self.told[-1] += f" {body['uris'][0]}"
            item = {"uri": body["uris"][0], "duration_ms": 61_500}
            device = {"id": query["device_id"], "volume_percent": 0}
            self.playback = {"is_playing": True, "progress_ms": 1500, "item": item}
            self.playback["device"] = device
        elif self.playback is not None and action in ("play", "pause"):
            self.playback["is_playing"] = action == "play"
        elif self.playback is not None and action == "volume":
            self.playback["device"]["volume_percent"] = int(query["volume_percent"])

    def send(
        self,
        line: Any,
        status: int,
        answer: Any,
        headers: dict[str, str] | None = None,
        content: bytes = b"",
    ) -> None:
        content = content or (b"" if answer is None else json.dumps(answer).encode())
        line.send_response(status)
        for name, value in (headers or {}).items():
            line.send_header(name, value)
        line.send_header("Content-Length", str(len(content)))
        line.end_headers()
        line.wfile.write(content)
