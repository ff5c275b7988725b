# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Speaks enough of the protocol of MPD for tests, and misbehaves on demand."""

from __future__ import annotations

import shlex
import socketserver
import threading
from typing import Any


class Daemon:
    """A server on a free port of this machine.

    Attributes
    ----------
    pieces : list of dict
        Its database: tag -> value; ``file`` first.
    password : str
        That is asked for; empty = none.
    mood : str
        ``well``, ``garbage`` (answers nonsense), ``silent`` (never answers), ``hangs up``.
    """

    def __init__(self) -> None:
        self.pieces: list[dict[str, Any]] = []
        self.password = ""
        self.mood = "well"
        self.told: list[list[str]] = []
        self.state, self.song, self.volume = "stop", "", "50"
        self.over = threading.Event()
        daemon = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                daemon.serve(self)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()

    def serve(self, line: Any) -> None:
        if self.mood == "silent":
            self.over.wait()
            return
        line.wfile.write(b"hello\n" if self.mood == "garbage" else b"OK MPD 0.23.5\n")
        known = not self.password
        while request := line.rfile.readline():
            if self.mood == "silent":
                self.over.wait()
                return
            if self.mood == "hangs up":
                return
            if self.mood == "garbage":
                line.wfile.write(b"\xff\xfe nonsense\nOK\n")
                continue
            words = shlex.split(request.decode())
            if words[0] == "password":
                known = words[1] == self.password
                answer = "" if known else "ACK [3@0] {password} incorrect password\n"
            elif not known:
                answer = f'ACK [4@0] {{{words[0]}}} you don\'t have permission for "{words[0]}"\n'
            else:
                self.told.append(words)
                answer = getattr(self, f"do_{words[0]}", self.do_nothing)(*words[1:])
            line.wfile.write((answer if answer.startswith("ACK") else answer + "OK\n").encode())

    def do_nothing(self, *arguments: str) -> str:
        return ""

    def do_find(self, expression: str, window: str, limits: str) -> str:
        first, last = map(int, limits.split(":"))
        lines = []
        for piece in self.pieces[first:last]:
            for name, value in piece.items():
                values = value if isinstance(value, list) else [value]
                lines += [f"{name}: {each}\n" for each in values]
        return "".join(lines)

    def do_status(self) -> str:
        volume = f"volume: {self.volume}\n" if self.volume else ""
        return f"{volume}state: {self.state}\nelapsed: 1.5\nduration: 60.0\n"

    def do_currentsong(self) -> str:
        return f"file: {self.song}\n"

    def do_add(self, uri: str) -> str:
        if uri not in [piece["file"] for piece in self.pieces]:
            return "ACK [50@0] {add} No such directory\n"
        self.song = uri
        return ""

    def do_play(self, place: str) -> str:
        self.state = "play"
        return ""

    def do_pause(self, on: str) -> str:
        self.state = "pause" if on == "1" else "play"
        return ""

    def do_stop(self) -> str:
        self.state = "stop"
        return ""

    def do_setvol(self, volume: str) -> str:
        self.volume = volume
        return ""
