# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
import trustme
from web import served

from emo_music_ros.dashboard.options import ServerOptions
from emo_music_ros.dashboard.server import PORTS, Server
from emo_music_ros.errors import InputError


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_over_a_network_there_is_no_way_without_tls(host):
    with pytest.raises(InputError, match="without TLS"):
        Server(ServerOptions(host=host, port=0))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.0.0.2"])
def test_this_machine_needs_none(host):
    server = Server(ServerOptions(host=host, port=0))
    assert server.address.startswith("http://127.0.0.")
    assert f"localhost:{server.port}" in server.hosts
    server.stop()


@pytest.mark.parametrize(
    "host", ["", "no-such-host.invalid", "300.1.1.1", "a b", "x" * 300, "\ud800"]
)
def test_a_host_that_is_none_is_named(host):
    with pytest.raises(InputError, match="cannot be listened on"):
        Server(ServerOptions(host=host, port=0))


def test_where_a_port_is_taken_the_next_free_one_is_used():
    first = Server(ServerOptions(port=0))
    with closing(first._socket), closing(Server(ServerOptions(port=first.port))._socket) as second:
        port = second.getsockname()[1]
        assert first.port < port < first.port + PORTS


def test_ports_that_are_all_taken_are_named(monkeypatch):
    monkeypatch.setattr("emo_music_ros.dashboard.server.PORTS", 1)
    first = Server(ServerOptions(port=0))
    with (
        closing(first._socket),
        pytest.raises(InputError, match=f"port {first.port} cannot be listened on"),
    ):
        Server(ServerOptions(port=first.port))
    first.stop()


def test_further_names_are_let_in(tmp_path, monkeypatch):
    with served(tmp_path, monkeypatch, hosts=["robot.local"]) as site:
        host = f"robot.local:{site.port}"
        assert site.site.address == f"http://{host}/"
        assert site.browser().send("GET", "/setup", headers={"Host": host}).status == 200


@pytest.mark.parametrize(
    ("certificate", "key"),
    [("missing.pem", "missing.pem"), ("", "text"), ("text", ""), ("text", "text")],
)
def test_certificates_that_are_none_are_named(tmp_path, monkeypatch, certificate, key):
    (tmp_path / "text").write_text("no certificate")
    monkeypatch.chdir(tmp_path)
    with (
        pytest.raises(InputError, match="tls_|TLS"),
        served(tmp_path, monkeypatch, tls_certificate=certificate, tls_key=key),
    ):
        pass


@pytest.fixture
def pair(tmp_path: Path) -> dict[str, str]:
    """Return the options for a certificate of the test's own."""
    made = trustme.CA().issue_cert("localhost")
    names = {"tls_certificate": tmp_path / "c.pem", "tls_key": tmp_path / "k.pem"}
    made.cert_chain_pems[0].write_to_path(names["tls_certificate"])
    made.private_key_pem.write_to_path(names["tls_key"])
    return {name: str(path) for name, path in names.items()}


def test_with_tls_cookies_are_only_sent_by_it(tmp_path, monkeypatch, pair):
    with served(tmp_path / "files", monkeypatch, **pair) as site:
        assert site.site.address.startswith("https://127.0.0.1:")
        browser = site.set_up()
        assert list(browser.cookies) == ["__Host-session"]
        assert browser.get("/live").status == 200
        assert browser.get("/live").header("strict-transport-security")
        answer = site.browser().sign_in("Thea")
        cookie = answer.header("set-cookie").lower()
        assert "; secure" in cookie
        assert "httponly" in cookie
        assert "samesite=strict" in cookie


def test_every_address_needs_a_name(tmp_path, pair):
    with pytest.raises(InputError, match="Name in hosts"):
        Server(ServerOptions(host="0.0.0.0", port=0, **pair))
    server = Server(ServerOptions(host="0.0.0.0", port=0, hosts=["robot.local"], **pair))
    assert server.hosts == [f"robot.local:{server.port}"]
    server.stop()
