# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Notices to a real web server on this machine."""

from __future__ import annotations

import json
import os
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from emo_music_ros.errors import InputError
from emo_music_ros.notifying.base import CALL, ESCALATED, Notice
from emo_music_ros.notifying.secrets import secret
from emo_music_ros.notifying.webhook import TOKEN, URL, Webhook

NOTICE = Notice(7, CALL, "Please look in: Room 12.", 1_790_000_000.0)


@pytest.fixture
def server():
    """Run a server that keeps what is posted and answers `status`."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            running.posts.append((self.path, dict(self.headers), json.loads(body)))
            self.send_response(running.status)
            if running.status == 302:
                self.send_header("Location", "/elsewhere")
            self.end_headers()

        do_GET = do_POST  # noqa: N815 - what a redirect would lead to

        def log_message(self, *_):
            pass

    running = HTTPServer(("127.0.0.1", 0), Handler)
    running.posts, running.status = [], 200
    thread = threading.Thread(target=running.serve_forever, args=(0.01,))
    thread.start()
    running.url = f"http://127.0.0.1:{running.server_port}"
    yield running
    running.shutdown()
    thread.join()
    running.server_close()


def hook(**options):
    return Webhook(Webhook.Options(timeout=5.0, **options))


def test_only_what_is_needed_is_posted(server, monkeypatch):
    monkeypatch.setenv(TOKEN, "s3cret-token")
    hook(url=f"{server.url}/a").send(NOTICE)
    ((path, headers, body),) = server.posts
    assert path == "/a"
    assert headers["Authorization"] == "Bearer s3cret-token"
    assert body == {
        "id": 7,
        "what": "call",
        "text": "Please look in: Room 12.",
        "time": "2026-09-21T14:13:20+00:00",
    }


def test_an_escalation_goes_elsewhere_if_that_is_named(server):
    notice = Notice(7, ESCALATED, "x", 0.0)
    hook(url=f"{server.url}/a", escalation_url=f"{server.url}/b").send(notice)
    hook(url=f"{server.url}/a").send(notice)
    assert [path for path, *_ in server.posts] == ["/b", "/a"]


def test_an_address_may_be_secret(server, monkeypatch):
    monkeypatch.setenv(URL, f"{server.url}/hidden-topic")
    hook().send(NOTICE)
    assert server.posts[0][0] == "/hidden-topic"
    server.status = 500
    with pytest.raises(InputError) as refused:
        hook().send(NOTICE)
    assert "hidden" not in str(refused.value)


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_refusal_is_told_and_nobody_is_led_elsewhere(server, status):
    server.status = status
    with pytest.raises(InputError, match=f"refuses the call .{status}"):
        hook(url=f"{server.url}/a").send(NOTICE)
    assert [path for path, *_ in server.posts] == ["/a"]


def test_a_server_that_is_away_is_told(server):
    url = server.url
    server.shutdown()
    server.server_close()
    with pytest.raises(InputError, match="does not answer .ConnectionRefusedError"):
        hook(url=url).send(NOTICE)


@pytest.mark.parametrize("url", ["", "file:///etc/passwd", "ftp://x/y", "http://", "::"])
def test_what_is_no_address_is_refused(url):
    with pytest.raises(InputError, match="no address"):
        hook(url=url).send(NOTICE)


def test_a_token_never_goes_over_a_network_in_the_clear(monkeypatch):
    monkeypatch.setenv(TOKEN, "s3cret")
    with pytest.raises(InputError, match="in the clear") as refused:
        hook(url="http://pager.invalid/x").send(NOTICE)
    assert "s3cret" not in str(refused.value)


def test_a_secret_is_read_from_a_file_of_the_owner_only(tmp_path, monkeypatch):
    path = tmp_path / "token"
    path.write_text("abc\n")
    path.chmod(0o644)
    with pytest.raises(InputError, match="chmod 600"):
        secret(TOKEN, str(path))
    path.chmod(0o600)
    monkeypatch.setenv(TOKEN, "another")
    assert secret(TOKEN, str(path)) == "abc"
    assert secret(TOKEN, "") == "another"
    for content in (b"\xff", b"two\nlines", b"x" * 5000):
        path.write_bytes(content)
        with pytest.raises(InputError):
            secret(TOKEN, str(path))
    with pytest.raises(InputError, match="mode 600"):
        secret(TOKEN, str(tmp_path / "none"))
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(InputError, match="no file"):
        secret(TOKEN, str(tmp_path / "pipe"))
