# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from mpd_server import Daemon

from emo_music_ros import plugins
from emo_music_ros.errors import InputError
from emo_music_ros.playback.mpd import MpdPlayer

pytest.importorskip("mpd", reason="python-mpd2 is not installed")


@pytest.fixture
def daemon() -> Iterator[Daemon]:
    made = Daemon()
    made.pieces = [{"file": "a/b.mp3"}]
    yield made
    made.close()


def player(daemon: Daemon, folder: str = "") -> MpdPlayer:
    options = {"host": "127.0.0.1", "port": daemon.port, "music_folder": folder, "sound": "null"}
    made = plugins.create("player", "mpd", options)
    assert isinstance(made, MpdPlayer)
    return made


def test_it_plays_what_is_in_the_database_of_mpd(daemon: Daemon, tmp_path: Path) -> None:
    remote = player(daemon, str(tmp_path)).remote
    assert remote.plays("mpd:a/b.mp3")
    assert remote.plays(str(tmp_path / "a" / "b.mp3"))
    assert remote.same("mpd:a/b.mp3", str(tmp_path / "a" / "b.mp3"))
    assert not remote.plays("/elsewhere/b.mp3")
    assert not player(daemon).remote.plays(str(tmp_path / "a" / "b.mp3"))


def test_the_queue_is_the_one_piece_and_the_volume_comes_first(daemon: Daemon) -> None:
    remote = player(daemon).remote
    remote.play("mpd:a/b.mp3", 0.25)
    words = [told[0] for told in daemon.told]
    assert words.index("clear") < words.index("add") < words.index("setvol") < words.index("play")
    assert ["setvol", "25"] in daemon.told
    assert {"repeat", "random", "single", "consume"} <= set(words)
    state = remote.state()
    assert (state.status, state.path, state.position) == ("playing", "mpd:a/b.mp3", 1.5)
    assert (state.duration, state.volume) == (60.0, 0.25)


def test_the_commands_are_those_of_the_protocol(daemon: Daemon) -> None:
    remote = player(daemon).remote
    remote.play("mpd:a/b.mp3", 0.5)
    daemon.told.clear()
    remote.pause()
    assert remote.state().status == "paused"
    remote.resume()
    remote.seek(12.3456)
    remote.set_volume(0.999)
    remote.stop()
    assert [told for told in daemon.told if told[0] not in ("status", "currentsong")] == [
        ["pause", "1"], ["pause", "0"], ["seekcur", "12.346"], ["setvol", "99"], ["stop"],
    ]  # fmt: skip
    assert remote.state().status == "stopped"
    remote.close()


@pytest.mark.parametrize("volume", ["", "-1"])
def test_without_a_volume_nothing_is_played(daemon: Daemon, volume: str) -> None:
    daemon.volume = volume
    with pytest.raises(InputError, match="loudness cannot be bounded.*mixer_type"):
        player(daemon).remote.play("mpd:a/b.mp3", 0.25)
    assert daemon.state == "stop"


def test_a_piece_that_mpd_does_not_know_is_told(daemon: Daemon) -> None:
    with pytest.raises(InputError, match="cannot do 'add': No such directory"):
        player(daemon).remote.play("mpd:gone.mp3", 0.25)


def test_the_backend_of_this_machine_is_beside_it(daemon: Daemon) -> None:
    backend = player(daemon)
    assert (backend.name, backend.rate, backend.underruns, backend.error) == ("mpd", 44100, 0, "")
