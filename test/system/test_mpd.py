# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The catalogue and the player ``mpd`` with a real Music Player Daemon, where there is one."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from emo_music_ros.playback.handover import HandOver, make_player
from emo_music_ros.playback.mpd import MpdPlayer
from emo_music_ros.playback.player import Player
from emo_music_ros.recommendation.library.mpd import MpdCatalogue
from emo_music_ros.streams import Interaction

pytest.importorskip("mpd", reason="python-mpd2 is not installed: pip install python-mpd2")

MPD = shutil.which("mpd") or ""
DEADLINE = 30.0
CONFIGURATION = """
music_directory "{place}/music"
db_file "{place}/database"
log_file "{place}/log"
bind_to_address "127.0.0.1"
port "{port}"
auto_update "no"
filesystem_charset "UTF-8"
audio_output {{
    type "null"
    name "nowhere"
    mixer_type "software"
}}
"""


def until(holds: Callable[[], Any], what: str) -> None:
    end = time.monotonic() + DEADLINE
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.02)


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """Run a daemon with two pieces; return its port."""
    if not MPD:
        pytest.skip("there is no mpd: apt install mpd")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    music = tmp_path / "music" / "ä folder"
    music.mkdir(parents=True)
    for name, genre in (("calm jazz", "Jazz"), ("polka", "Polka")):
        path = music / f"{name}.flac"
        tone = 0.1 * np.sin(np.arange(2 * 22050) * (0.05 if genre == "Jazz" else 0.1))
        soundfile.write(path, tone, 22050)
        tag(path, genre)
    configuration = tmp_path / "mpd.conf"
    configuration.write_text(CONFIGURATION.format(place=tmp_path, port=port))
    daemon = subprocess.Popen(
        [MPD, "--no-daemon", str(configuration)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: listed(port), "the daemon came up and read its folder")
        yield port
    finally:
        daemon.terminate()
        daemon.wait(10)


def tag(path: Path, genre: str) -> None:
    import mutagen

    audio = mutagen.File(path, easy=True)  # type: ignore[attr-defined]
    audio.update({"title": path.stem, "artist": "Ada", "genre": genre})
    audio.save()


def listed(port: int) -> bool:
    import mpd

    client = mpd.MPDClient()
    try:
        client.connect("127.0.0.1", port)
    except OSError:
        return False
    if client.stats()["songs"] != "2" and "updating_db" not in client.status():
        client.update()
    found = bool(client.stats()["songs"] == "2")
    client.disconnect()
    return found


def catalogue(tmp_path: Path, port: int, listener: Any, **options: Any) -> MpdCatalogue:
    return MpdCatalogue(
        MpdCatalogue.Options(
            host="127.0.0.1", port=port, database=str(tmp_path / "library.sqlite"), **options
        ),
        listener,
    )


class Deaf:
    """Is not asked: nothing is analysed here."""

    version = "deaf"


def test_pieces_that_only_mpd_has(
    tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMO_MUSIC_CACHE", str(tmp_path / "cache"))
    found = catalogue(tmp_path, port, Deaf())
    report = found.scan()
    (track,) = found.tracks()
    assert (track.title, track.artist, track.genre) == ("calm jazz", "Ada", "Jazz")
    assert track.derived
    assert track.path == "mpd:ä folder/calm jazz.flac"
    assert track.duration == pytest.approx(2.0)
    assert "polka" in report.unreadable["1 pieces of mpd"]


def test_mpd_plays_a_piece_to_its_end(
    tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMO_MUSIC_CACHE", str(tmp_path / "cache"))
    found = catalogue(tmp_path, port, Deaf())
    found.scan()
    (track,) = found.tracks()
    backend = MpdPlayer(
        MpdPlayer.Options(sound="null", host="127.0.0.1", port=port, command_timeout=3.0)
    )
    events: list[Interaction] = []
    player = make_player(backend, Player.Options(fade_in=0.2), on_event=events.append)
    assert isinstance(player, HandOver)
    player.start()
    try:
        player.play(track)
        until(lambda: player.status().status == "playing", "it plays")
        until(lambda: backend.remote.state().volume == pytest.approx(0.6), "it faded in")
        until(lambda: player.status().tracks_finished == 1, "it ends")
        assert [event.action for event in events] == ["track_started", "track_finished"]
        player.play(track)
        until(lambda: player.status().status == "playing", "it plays again")
        player.stop("live:dashboard")
        until(lambda: backend.remote.state().status == "stopped", "it is stopped")
        assert player.status().error == ""
    finally:
        player.close()
