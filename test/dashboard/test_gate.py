# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Attacks on the door: each rule is broken on purpose, over a real connection."""

from __future__ import annotations

import re
import socket
import sqlite3

import pytest
from web import PASSWORD, ends, tells, wait

from emo_music_ros.dashboard import gate
from emo_music_ros.dashboard.gate import HEADERS, LARGEST
from emo_music_ros.dashboard.state import Playing


@pytest.fixture
def carer(site):
    return site.signed_in("carer")


def raw(port: int, request: bytes) -> bytes:
    """Send bytes and return what comes back."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(request)
        found = b""
        while part := connection.recv(65536):
            found += part
            if b"\r\n\r\n" in found:
                break
    return found


# -- who -------------------------------------------------------------------------------------


def test_without_a_cookie_there_is_only_the_page_to_sign_in(site):
    site.signed_in("therapist")
    browser = site.browser()
    for path in ("/", "/live", "/carer", "/resident", "/accounts", "/audit"):
        answer = browser.get(path)
        assert (answer.status, answer.header("location")) == (303, "/login")
        assert answer.body == ""
    assert browser.get("/events/live").status == 401
    assert browser.send("POST", "/control/stop", {"token": "x"}).status == 401
    assert site.asked == []


@pytest.mark.parametrize("cookie", ["", "x", "A" * 10_000, "' OR 1=1 --", "../../etc", "%00"])
def test_a_cookie_that_was_made_up_is_none(site, carer, cookie):
    browser = site.browser()
    browser.cookies["session"] = cookie
    assert browser.get("/carer").status == 303


def test_a_session_ends_when_nothing_is_asked_for(site, carer):
    site.clock.now += 1799
    assert carer.get("/carer").status == 200
    site.clock.now += 1799
    assert carer.get("/carer").status == 200
    site.clock.now += 1801
    assert carer.get("/carer").status == 303
    assert carer.send("POST", "/control/stop", {}).status == 401


def test_a_session_ends_after_its_longest_time_however_busy(site, carer):
    for _ in range(43200 // 1500 + 1):
        site.clock.now += 1500
        carer.get("/carer")
    assert carer.get("/carer").status == 303


def test_watching_keeps_no_session_alive(site, carer):
    with carer.events("/events/carer") as following:
        assert following()
        for number in range(3):  # each time it is looked who watches
            site.clock.now += 599
            site.board.playing(Playing("playing", "t", f"piece {number}"))
            assert tells(following, f"piece {number}")
        site.clock.now += 10
        assert ends(following)
    assert carer.get("/carer").status == 303


def test_a_resident_stays_signed_in(site):
    resident = site.signed_in("resident")
    site.clock.now += 86400
    assert resident.get("/resident").status == 200
    site.clock.now += 30 * 86400
    assert resident.get("/resident").status == 303


def test_signing_out_ends_the_session_on_the_server(site, carer):
    kept = dict(carer.cookies)
    carer.post("/logout")
    carer.cookies = kept
    assert carer.get("/carer").status == 303


def test_signing_in_makes_another_cookie(site, carer):
    """One that somebody put there before is worth nothing (session fixation)."""
    browser = site.browser()
    browser.cookies = {"session": "known-to-the-attacker"}
    browser.sign_in("carer 0")
    assert browser.cookies["session"] != "known-to-the-attacker"
    before = dict(browser.cookies)
    browser.sign_in("carer 0")
    old = site.browser()
    old.cookies = before
    assert old.get("/carer").status == 303


def test_a_wrong_role_is_refused_and_noted(site):
    resident = site.signed_in("resident")
    assert resident.get("/live").status == 403
    assert resident.post("/control/volume", value="100").status == 403
    assert site.asked == []
    notes = [(each.account, each.act, each.outcome) for each in site.site._audit.latest()]
    assert ("resident 0", "POST /control/volume", "refused") in notes
    assert ("resident 0", "GET /live", "refused") in notes


def test_the_cookie_is_kept_from_scripts_and_other_sites(site, carer):
    answer = site.browser().sign_in("carer 0")
    cookie = answer.header("set-cookie").lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/" in cookie
    assert "domain" not in cookie


# -- from where ------------------------------------------------------------------------------


@pytest.mark.parametrize("token", [None, "", "x", "é", "\ud800", "A" * 5000])
def test_a_form_without_its_secret_is_refused(site, carer, token):
    form = {} if token is None else {"token": token.encode("utf-8", "replace").decode()}
    for path in ("/control/stop", "/logout", "/language", "/password", "/control/volume"):
        assert carer.send("POST", path, form).status == 403
    assert site.asked == []
    assert carer.get("/carer").status == 200


def test_the_secret_of_somebody_else_is_none(site, carer):
    other = site.signed_in("carer")
    assert carer.send("POST", "/control/stop", {"token": other.token()}).status == 403
    assert site.asked == []


@pytest.mark.parametrize(
    "origin", [None, "null", "http://evil.example", "https://127.0.0.1", "http://127.0.0.1:1", ""]
)
def test_a_form_of_another_site_is_refused_even_with_the_secret(site, carer, origin):
    form = {"token": carer.token()}
    answer = carer.send("POST", "/control/stop", form, {"Origin": origin})
    assert answer.status == 403
    assert site.asked == []
    # also where nobody is signed in: nobody is signed in as somebody else without knowing it
    form = {"name": "carer 0", "password": PASSWORD}
    assert site.browser().send("POST", "/login", form, {"Origin": origin}).status == 403


@pytest.mark.parametrize("site_header", ["cross-site", "same-site"])
def test_what_another_site_loads_is_refused(site, carer, site_header):
    headers = {"Sec-Fetch-Site": site_header, "Sec-Fetch-Mode": "cors"}
    assert carer.send("GET", "/events/carer", headers=headers).status == 403
    assert carer.send("GET", "/carer", headers=headers).status == 403
    followed = {"Sec-Fetch-Site": site_header, "Sec-Fetch-Mode": "navigate"}
    assert carer.send("GET", "/carer", headers=followed).status == 200
    answer = carer.send("GET", "/carer", headers={"Origin": "http://evil.example"})
    assert answer.status == 403


@pytest.mark.parametrize(
    "host",
    [None, "", "evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example", "x" * 300],
)
def test_another_name_for_this_address_is_refused(site, carer, host):
    """DNS rebinding: a page of evil.example that leads to 127.0.0.1."""
    if host == "evil.example":
        host = f"evil.example:{site.port}"
    answer = carer.send("GET", "/login", headers={"Host": host})
    assert answer.status in (400, 421)
    assert "password" not in answer.body


def test_two_hosts_are_refused(site):
    port = site.port
    host = f"Host: 127.0.0.1:{port}\r\n".encode()
    answer = raw(port, b"GET /login HTTP/1.1\r\n" + host + b"Host: evil.example\r\n\r\n")
    assert answer.split()[1] in (b"400", b"421")


def test_own_names_are_let_in(site):
    for host in (f"127.0.0.1:{site.port}", f"localhost:{site.port}", f"LOCALHOST:{site.port}"):
        assert site.browser().send("GET", "/setup", headers={"Host": host}).status == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "own"])
def test_there_is_no_websocket(site, carer, origin):
    own = f"http://127.0.0.1:{site.port}"
    cookie = f"session={carer.cookies['session']}"
    answer = raw(
        site.port,
        (
            "GET /events/carer HTTP/1.1\r\n"
            f"Host: 127.0.0.1:{site.port}\r\nCookie: {cookie}\r\n"
            f"Origin: {own if origin == 'own' else origin}\r\n"
            "Connection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        ).encode(),
    )
    assert b" 101 " not in answer
    if origin != "own":
        assert answer.split()[1] == b"403"


def test_a_websocket_is_closed_before_anything_is_said():
    import asyncio

    from emo_music_ros.dashboard.gate import Gate

    sent = []

    async def send(message):
        sent.append(message)

    async def nothing(*_):
        raise AssertionError("reached the application")

    gate = Gate(
        nothing, sessions=None, hosts=[], secure=False, is_set_up=None, refused=None, failed=None
    )
    asyncio.run(gate({"type": "websocket", "path": "/live"}, nothing, send))
    assert sent == [{"type": "websocket.close", "code": 1008}]


# -- what ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/static/../accounts.sqlite", "/static/..%2f..%2faccounts.py", "/static/%2e%2e/app.py",
        "/static/....//app.py", "/static//etc/passwd", "/static/style.css%00.py", "/static/",
        "//evil.example/live", "/live/", "/LIVE", "/live%2f", "/live;x", "/.git/config", "/%c0%ae",
    ],
)  # fmt: skip
def test_no_path_leads_to_a_file(site, carer, path):
    answer = carer.get(path)
    assert answer.status in (400, 404)
    assert "import" not in answer.body


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE", "HEAD", "PATCH", "FOO"])
def test_other_methods_are_refused(site, carer, method):
    assert carer.send(method, "/carer").status == 405


def test_a_body_that_is_too_large_is_refused_before_it_is_read(site, carer):
    head = (
        "POST /login HTTP/1.1\r\n"
        f"Host: 127.0.0.1:{site.port}\r\nOrigin: http://127.0.0.1:{site.port}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
    )
    for length in (LARGEST + 1, 10**15):
        answer = raw(site.port, f"{head}Content-Length: {length}\r\n\r\n".encode())
        assert answer.split()[1] == b"413"
    part = b"4000\r\n" + b"a" * 0x4000 + b"\r\n"  # no length: it is counted
    answer = raw(site.port, f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + 5 * part)
    assert answer.split()[1] == b"413"


def test_a_body_that_never_comes_is_not_waited_for(site, carer, monkeypatch):
    monkeypatch.setattr(gate, "SLOWEST", 0.05)
    head = (
        "POST /login HTTP/1.1\r\n"
        f"Host: 127.0.0.1:{site.port}\r\nOrigin: http://127.0.0.1:{site.port}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 10\r\n\r\na=1"
    )
    assert raw(site.port, head.encode()).split()[1] == b"408"


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b'{"name": "x"}', "application/json", 415),
        (b"name=x", "text/plain", 415),
        (b"name=x", "multipart/form-data; boundary=x", 415),
        (b"name=x&name=y", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"a%d=1" % n for n in range(30)), "application/x-www-form-urlencoded", 400),
        (b"name=\xff\xfe", "application/x-www-form-urlencoded", 400),
        (b"name=%ff%fe", "application/x-www-form-urlencoded", 400),
        (b"name", "application/x-www-form-urlencoded", 400),
    ],
)
def test_a_form_that_is_none_is_refused(site, carer, body, kind, status):
    answer = site.browser().send("POST", "/login", body, {"Content-Type": kind})
    assert answer.status == status


@pytest.mark.parametrize(
    "text",
    ["carer\r\nSet-Cookie: session=evil", "carer\nX: y", "/\\evil.example", "//evil.example"],
)
def test_no_header_can_be_put_in(site, carer, text):
    for path in ("/control/stop", "/language"):
        answer = carer.post(path, page=text, language=text)
        assert answer.status == 303
        assert answer.header("location") == "/carer"
        assert not answer.header("x")
        assert "evil" not in answer.header("set-cookie")


HOSTILE = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "' onmouseover='x", "&lt;b&gt;",
    "</p></main><h1>", "\u202egnp.exe", "a\x00b", "'; DROP TABLE account; --", "{{7*7}}", "%n%s",
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_are_shown_as_text(site, text):
    therapist = site.set_up()
    for path in ("/accounts/add", "/accounts/remove", "/accounts/password"):
        answer = therapist.post(path, name=text, password=PASSWORD, role="carer")
        for found in (answer.body, therapist.get("/accounts").body, therapist.get("/audit").body):
            assert "<script>alert" not in found
            assert "<img" not in found
            assert "onmouseover='" not in found
            assert "\u202e" not in found
    assert [each.name for each in site.site._accounts.all()][:1]  # the table is still there
    wrong = site.browser().send("POST", "/login", {"name": text, "password": text})
    assert text not in wrong.body


def test_headers_are_on_every_answer(site, carer):
    answers = [
        carer.get("/carer"),
        carer.get("/live"),
        carer.get("/nothing"),
        carer.get("/static/page.js"),
        carer.get("/live"),
        site.browser().get("/"),
        carer.send("POST", "/control/stop", {}),
        carer.send("GET", "/", headers={"Host": "evil.example"}),
    ]
    for answer in answers:
        for name, value in HEADERS.items():
            assert answer.header(name) == value
        assert not answer.header("server")
        assert not answer.header("access-control-allow-origin")
        assert not answer.header("strict-transport-security")
    policy = HEADERS["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "*" not in policy


def test_pages_hold_no_script_style_or_address_of_their_own(site):
    """What the policy would block must not be needed."""
    therapist = site.set_up()
    for path in ("/live", "/carer", "/resident", "/accounts", "/audit", "/password"):
        body = therapist.get(path).body
        assert " style=" not in body
        assert not re.search(r"<[^>]* on[a-z]+=", body)
        assert body.count("<script") == 1
        assert "http:" not in body
        assert "https:" not in body


def test_an_error_says_nothing_of_the_inside(site, carer, monkeypatch):
    def broken():
        raise RuntimeError("secret inside")

    monkeypatch.setattr(site.board, "snapshot", broken)
    answer = carer.get("/carer")
    assert answer.status == 500
    assert "secret" not in answer.body
    assert answer.header("content-security-policy")
    wait(lambda: site.errors, "the error to be told")
    assert [str(error) for error in site.errors] == ["secret inside"]
    site.errors.clear()


# -- brute force -----------------------------------------------------------------------------


def test_guessing_a_password_locks_the_name_out(site, carer):
    guesser = site.browser()
    for number in range(5):
        assert guesser.sign_in("carer 0", f"wrong {number}").status == 403
    locked = guesser.sign_in("carer 0", PASSWORD)  # even the right one
    assert locked.status == 429
    assert int(locked.header("retry-after")) > 0
    assert not guesser.cookies
    site.clock.now += 901
    assert guesser.sign_in("carer 0").status == 303


def test_names_that_do_not_exist_are_locked_out_all_the_same(site, carer):
    guesser = site.browser()
    first = guesser.sign_in("nobody", "x")
    assert first.body == site.browser().sign_in("carer 0", "x").body
    for _ in range(4):
        guesser.sign_in("NOBODY ", "x")
    assert guesser.sign_in("nobody", "x").status == 429


def test_many_guesses_at_once_are_no_more_than_one_after_another(site, carer):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(12) as pool:
        found = list(
            pool.map(lambda n: site.browser().sign_in("carer 0", f"{n}").status, range(12))
        )
    assert found.count(403) == 5
    assert found.count(429) == 7


def test_one_address_cannot_try_all_names(site, carer):
    found = [site.browser().sign_in(f"name {number}", "x").status for number in range(25)]
    assert found == [403] * 20 + [429] * 5
    assert site.browser().sign_in("carer 0").status == 429
    site.clock.now += 901
    assert site.browser().sign_in("carer 0").status == 303


def test_signing_in_again_and_again_locks_nobody_out(site, carer):
    for _ in range(30):
        assert site.browser().sign_in("carer 0").status == 303


def test_guessing_the_code_makes_another(site):
    first = site.code()
    browser = site.browser()
    form = {"name": "Eve", "password": PASSWORD}
    for number in range(10):
        answer = browser.send("POST", "/setup", {**form, "code": f"{number:016d}"})
        assert answer.status == 403
    assert site.code() != first
    assert browser.send("POST", "/setup", {**form, "code": first}).status == 403
    for _ in range(15):
        browser.send("POST", "/setup", {**form, "code": "x"})
    assert browser.send("POST", "/setup", {**form, "code": site.code()}).status == 429
    assert site.site._accounts.all() == []


def test_the_code_is_good_for_one_account(site):
    code = site.code()
    site.set_up()
    again = {"code": code, "name": "Eve", "password": PASSWORD}
    answer = site.browser().send("POST", "/setup", again)
    assert (answer.status, answer.header("location")) == (303, "/login")
    assert [each.name for each in site.site._accounts.all()] == ["Thea"]
    assert site.browser().get("/setup").header("location") == "/login"


def test_before_the_first_account_there_is_only_the_set_up(site):
    for path in ("/", "/live", "/login", "/accounts"):
        assert site.browser().get(path).header("location") == "/setup"
    assert site.code() not in site.browser().get("/setup").body


def test_no_secret_is_in_a_file(site):
    """Nor one that was typed into the wrong field."""
    therapist = site.set_up()
    code, cookie = site.code(), therapist.cookies["session"]
    therapist.post("/accounts/add", name="Carl", password="another long one", role="carer")
    site.browser().sign_in("my secret password", "Carl")
    therapist.post("/accounts/password", name="Carl", password="and a third one")
    token = therapist.token()
    site.site._audit.close()
    site.site._accounts.close()
    files = [path for path in site.folder.iterdir() if path.is_file()]
    assert len(files) >= 2
    for path in files:
        assert path.stat().st_mode & 0o777 == 0o600
        content = path.read_bytes()
        for secret in (
            PASSWORD, "another long one", "and a third one", code, cookie, token,
            "my secret password",
        ):  # fmt: skip
            assert secret.encode() not in content


def test_the_audit_log_is_only_added_to(site, carer):
    with sqlite3.connect(site.folder / "audit.sqlite") as connection:
        for statement in ("DELETE FROM audit", "UPDATE audit SET account = 'x'"):
            with pytest.raises(sqlite3.IntegrityError, match="only added to"):
                connection.execute(statement)
    assert [each.act for each in site.site._audit.latest()] == ["sign in"]
