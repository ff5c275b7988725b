# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from emo_music_ros.errors import InputError
from emo_music_ros.io import web
from emo_music_ros.io.web import AwayError, WebServer

HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


class Talker:
    """Sends parts one after the other to whoever comes, the last one again and again."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.again = False
        self.over = threading.Event()
        talker = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                talker.talk(self)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def talk(self, line: Any) -> None:
        while line.rfile.readline() not in (b"\r\n", b""):
            pass
        try:
            for part in self.parts:
                line.wfile.write(part)
            while self.again and not self.over.wait(0.01):
                line.wfile.write(self.parts[-1])
        except OSError:
            pass

    def close(self) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def talker() -> Iterator[Talker]:
    made = Talker()
    yield made
    made.close()


def test_an_answer_is_what_its_json_says(talker: Talker) -> None:
    talker.parts = [HEAD, b'{"a": ', b"[1, 2]}"]
    assert WebServer(talker.url, "it", 5.0).json("b", {"secret": "s"}) == {"a": [1, 2]}


def test_an_answer_that_comes_drop_by_drop_is_given_up(talker: Talker) -> None:
    talker.parts, talker.again = [HEAD, b" "], True
    with pytest.raises(AwayError, match="too slowly"):
        WebServer(talker.url, "it", 0.2).json("b", {})


def test_an_answer_without_end_is_given_up(talker: Talker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "LARGEST", 1000)
    talker.parts, talker.again = [HEAD, b" " * 900], True
    with pytest.raises(AwayError, match="without end"):
        WebServer(talker.url, "it", 30.0).json("b", {})


@pytest.mark.parametrize("parts", [[], [b"\xff\xfe\n"], [HEAD[:8]]])
def test_what_is_no_web_server_does_not_answer(talker: Talker, parts: list[bytes]) -> None:
    talker.parts = parts
    with pytest.raises(AwayError, match="it at 127.0.0.1 does not answer") as caught:
        WebServer(talker.url, "it", 5.0).json("b", {"secret": "sesame"})
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize(
    ("head", "kind", "wait"),
    [
        ("429 Slow\r\nRetry-After: 7", AwayError, 7.0),
        ("429 Slow\r\nRetry-After: Tomorrow", AwayError, 0.0),
        ("500 Oh", AwayError, 0.0),
        ("404 No", InputError, 0.0),
    ],
)
def test_a_refusal_says_how_long_to_wait(
    talker: Talker, head: str, kind: type[Exception], wait: float
) -> None:
    talker.parts = [f"HTTP/1.1 {head}\r\nContent-Length: 0\r\n\r\n".encode()]
    with pytest.raises(InputError) as caught:
        WebServer(talker.url, "it", 5.0).json("b", {})
    assert type(caught.value) is kind
    assert getattr(caught.value, "wait", 0.0) == wait
