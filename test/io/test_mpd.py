# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from mpd_server import Daemon

from emo_music_ros.errors import InputError, PluginError
from emo_music_ros.io import mpd
from emo_music_ros.io.mpd import MpdServer

pytest.importorskip("mpd", reason="python-mpd2 is not installed")


@pytest.fixture
def daemon() -> Iterator[Daemon]:
    made = Daemon()
    yield made
    made.close()


def server(daemon: Daemon, password: str = "", timeout: float = 5.0) -> MpdServer:
    return MpdServer("127.0.0.1", daemon.port, password, timeout)


def test_pieces_come_in_windows(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mpd, "WINDOW", 2)
    daemon.pieces = [{"file": f"{i}.mp3", "Title": f"T{i}", "Genre": ["a", "b"]} for i in range(5)]
    found = list(server(daemon).pieces(100))
    assert [piece["file"] for piece in found] == [f"{i}.mp3" for i in range(5)]
    assert mpd.texts(found[0], "genre") == ["a", "b"]
    assert [words[-1] for words in daemon.told] == ["0:2", "2:4", "4:6"]
    assert len(list(server(daemon).pieces(3))) == 3


@pytest.mark.parametrize("mood", ["garbage", "silent", "hangs up"])
def test_a_daemon_that_misbehaves_is_an_error_with_its_address(daemon: Daemon, mood: str) -> None:
    daemon.mood = mood
    asked = server(daemon, timeout=0.2)
    with pytest.raises(InputError, match=rf"127\.0\.0\.1:{daemon.port} does not answer"):
        asked.ask("status")
    daemon.mood = "well"
    assert asked.ask("status")["state"] == "stop"


def test_nobody_there_is_an_error() -> None:
    with pytest.raises(InputError, match="does not answer"):
        MpdServer("127.0.0.1", 1, timeout=0.2).ask("status")
    with pytest.raises(InputError, match="/nowhere/socket does not answer"):
        MpdServer("/nowhere/socket", 0).ask("status")


def test_a_connection_that_the_daemon_ended_is_made_again(daemon: Daemon) -> None:
    asked = server(daemon)
    asked.ask("status")
    daemon.mood = "hangs up"
    with pytest.raises(InputError):
        asked.ask("status")
    daemon.mood = "well"
    asked.ask("status")
    asked._client.disconnect()
    assert asked.ask("status")["state"] == "stop"


@pytest.mark.parametrize("password", ["", "wrong"])
def test_a_wrong_password_is_named(daemon: Daemon, password: str) -> None:
    daemon.password = "secret"
    with pytest.raises(InputError, match="Correct the password"):
        server(daemon, password).ask("status")
    assert server(daemon, "secret").ask("status")["state"] == "stop"


def test_a_missing_package_is_named_with_the_way_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "mpd", None)
    with pytest.raises(PluginError, match="pip install python-mpd2"):
        MpdServer("localhost", 6600)


def test_only_a_local_socket_tells_the_folder(daemon: Daemon) -> None:
    assert server(daemon).music_folder() is None
    assert not daemon.told
