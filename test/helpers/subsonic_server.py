# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Answers as the Subsonic API documents it, and misbehaves on demand."""

from __future__ import annotations

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

USER, PASSWORD = "ada", "öffne dich"


class Subsonic:
    """A server on a free port of this machine.

    Attributes
    ----------
    albums : dict
        Album id -> songs, each a mapping with at least ``id``, ``title``, ``suffix``.
    files : dict
        Song id -> file.
    mood : str
        ``well``; an HTTP status to answer with; ``garbage``, ``list``, ``silent``, ``old``
        (knows no token), ``short`` (pieces break off), ``no pieces`` (an error for each).
    """

    def __init__(self) -> None:
        self.albums: dict[str, list[dict[str, Any]]] = {}
        self.files: dict[str, Path] = {}
        self.mood = "well"
        self.asked: list[str] = []
        self.over = threading.Event()
        place = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                place.answer(self)

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

    def add(self, album: str, path: Path, **more: Any) -> None:
        song = {"id": path.stem, "title": path.stem, "suffix": path.suffix[1:]}
        self.albums.setdefault(album, []).append({**song, "size": path.stat().st_size, **more})
        self.files[path.stem] = path

    def answer(self, line: Any) -> None:
        parts = urlsplit(line.path)
        query = dict(parse_qsl(parts.query))
        view = parts.path.removeprefix("/rest/").removesuffix(".view")
        self.asked.append(view)
        if self.mood == "silent":
            self.over.wait()
        elif self.mood.isdigit():
            self.send(line, int(self.mood), b"no", {"Retry-After": "1234"})
        elif self.mood == "garbage":
            self.send(line, 200, b"<html>Welcome to the hotel</html>")
        elif self.mood == "list":
            self.send(line, 200, b"[1, 2]")
        elif self.mood == "old" and "p" not in query:
            self.fail(line, 10, "Required parameter is missing")
        elif "p" in query:
            self.enter(line, view, query, query["p"] == f"enc:{PASSWORD.encode().hex()}")
        else:
            token = hashlib.md5((PASSWORD + query["s"]).encode()).hexdigest()
            self.enter(line, view, query, query["t"] == token)

    def enter(self, line: Any, view: str, query: dict[str, str], known: bool) -> None:
        if not known or query["u"] != USER:
            self.fail(line, 40, "Wrong username or password")
        elif view == "getAlbumList2":
            first = int(query["offset"])
            found = list(self.albums)[first : first + int(query["size"])]
            albums = [{"id": name} for name in found]
            self.ok(line, {"albumList2": {"album": albums} if albums else {}})
        elif view == "getAlbum":
            self.ok(line, {"album": {"id": query["id"], "song": self.albums[query["id"]]}})
        elif view == "download" and self.mood == "no pieces":
            self.fail(line, 70, "not found")
        else:
            content = self.files[query["id"]].read_bytes()
            size = str(len(content))
            cut = content[: len(content) // 2] if self.mood == "short" else content
            self.send(line, 200, cut, {"Content-Type": "audio/x", "Content-Length": size})

    def ok(self, line: Any, content: dict[str, Any]) -> None:
        answer = {"subsonic-response": {"status": "ok", "version": "1.16.1", **content}}
        self.send(line, 200, json.dumps(answer).encode(), {"Content-Type": "application/json"})

    def fail(self, line: Any, code: int, message: str) -> None:
        error = {"status": "failed", "error": {"code": code, "message": message}}
        content = json.dumps({"subsonic-response": error}).encode()
        self.send(line, 200, content, {"Content-Type": "application/json"})

    def send(
        self, line: Any, status: int, content: bytes, headers: dict[str, str] | None = None
    ) -> None:
        line.send_response(status)
        for name, value in (headers or {}).items():
            line.send_header(name, value)
        line.end_headers()
        line.wfile.write(content)
