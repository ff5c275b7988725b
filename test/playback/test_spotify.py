# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from spotify_server import APP, Spotify

from emo_music_ros import plugins
from emo_music_ros.errors import InputError
from emo_music_ros.io.spotify import SCOPE
from emo_music_ros.playback.spotify import SpotifyPlayer

pytest.importorskip("spotipy", reason="spotipy is not installed")


@pytest.fixture
def server() -> Iterator[Spotify]:
    made = Spotify()
    yield made
    made.close()


@pytest.fixture
def make(server: Spotify, tmp_path: Path) -> Callable[..., SpotifyPlayer]:
    token = tmp_path / "token"
    allowed = {"access_token": "token", "refresh_token": "more", "token_type": "Bearer"}
    expires = int(time.time()) + 3600
    token.write_text(json.dumps({**allowed, "scope": SCOPE, "expires_at": expires}))

    def made(**options: Any) -> SpotifyPlayer:
        values = {
            "sound": "null",
            "token": str(token),
            "client_id": APP[0],
            "client_secret": APP[1],
            "api": server.url,
            "accounts": server.url,
        }
        player = plugins.create("player", "spotify", {**values, **options})
        assert isinstance(player, SpotifyPlayer)
        return player

    return made


def test_a_piece_is_handed_over_quietly_to_the_device_in_use(make: Any, server: Spotify) -> None:
    remote = make().remote
    assert remote.plays("spotify:track:a")
    assert not remote.plays("/music/a.mp3")
    remote.play("spotify:track:a", 0.0)
    assert server.told == ["volume 0 d2", "play d2 spotify:track:a", "repeat off d2"]
    state = remote.state()
    assert (state.status, state.path, state.position) == ("playing", "spotify:track:a", 1.5)
    assert (state.duration, state.volume) == (61.5, 0.0)


def test_the_device_may_be_named(make: Any, server: Spotify) -> None:
    make(device="kitch").remote.play("spotify:track:a", 0.0)
    assert "play d1 spotify:track:a" in server.told
    with pytest.raises(InputError, match=r"no device 'cellar'.*Kitchen, Phone"):
        make(device="cellar").remote.play("spotify:track:a", 0.0)


def test_without_a_volume_nothing_is_played(make: Any, server: Spotify) -> None:
    server.devices[1]["supports_volume"] = False
    with pytest.raises(InputError, match="cannot be bounded"):
        make().remote.play("spotify:track:a", 0.0)
    assert server.told == []


def test_the_commands(make: Any, server: Spotify) -> None:
    remote = make().remote
    remote.play("spotify:track:a", 0.0)
    server.told.clear()
    remote.set_volume(0.999)
    remote.seek(12.3456)
    remote.pause()
    assert remote.state().status == "paused"
    remote.stop()  # it is halted: nothing to be told
    remote.resume()
    remote.stop()
    assert server.told == ["volume 99 d2", "seek 12346 d2", "pause d2", "play d2", "pause d2"]
    assert server.playback is not None
    server.playback["progress_ms"] = 0
    assert remote.state().status == "stopped"
    server.playback = None
    assert remote.state().status == "stopped"


def test_another_edition_of_a_piece_is_the_piece(make: Any, server: Spotify) -> None:
    remote = make().remote
    remote.play("spotify:track:a", 0.0)
    assert server.playback is not None
    server.playback["item"]["linked_from"] = {"uri": "spotify:track:a"}
    server.playback["item"]["uri"] = "spotify:track:b"
    assert remote.same(remote.state().path, "spotify:track:a")


def test_a_token_that_is_over_is_renewed(make: Any, server: Spotify, tmp_path: Path) -> None:
    known = json.loads((tmp_path / "token").read_text())
    (tmp_path / "token").write_text(json.dumps({**known, "expires_at": 0}))
    make().remote.state()
    assert json.loads((tmp_path / "token").read_text())["access_token"] == "token 1"


@pytest.mark.parametrize("content", [None, "{}", "no JSON", json.dumps({"scope": "other"})])
def test_without_the_persons_token_nobody_is_asked_on_the_terminal(
    make: Any, tmp_path: Path, content: str | None
) -> None:
    (tmp_path / "token").unlink()
    if content is not None:
        (tmp_path / "token").write_text(content)
    with pytest.raises(InputError):
        make().remote.state()


@pytest.mark.parametrize("mood", ["401", "404", "429", "500", "other", "silent"])
def test_every_refusal_is_an_error_with_its_reason(make: Any, server: Spotify, mood: str) -> None:
    remote = make(command_timeout=0.3).remote
    server.mood = mood
    for act in (remote.state, lambda: remote.play("spotify:track:a", 0.0)):
        with pytest.raises(InputError, match="Spotify"):
            act()
