# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from mpd_server import Daemon

from emo_music_ros import plugins
from emo_music_ros.errors import InputError
from emo_music_ros.recommendation.library.mpd import MpdCatalogue

pytest.importorskip("mpd", reason="python-mpd2 is not installed")


@pytest.fixture
def daemon() -> Iterator[Daemon]:
    made = Daemon()
    yield made
    made.close()


@pytest.fixture
def make(
    daemon: Daemon, tmp_path: Path, own_cache: Path, listener: Any, sound: Callable[[Path], Path]
) -> Callable[..., MpdCatalogue]:
    sound(tmp_path / "local" / "stand in.wav")

    def made(**options: Any) -> MpdCatalogue:
        values = {
            "host": "127.0.0.1",
            "port": daemon.port,
            "local": str(tmp_path / "local"),
            "database": str(tmp_path / "library.sqlite"),
            "timeout": 0.5,
        }
        return MpdCatalogue(MpdCatalogue.Options(**{**values, **options}), listener)

    return made


PIECES = [
    {"file": "a/calm.mp3", "Title": "Calm", "Artist": "Ada", "Genre": "Jazz", "duration": "61.5"},
    {"file": "b/odd.mp3", "Title": "Odd", "Genre": "Polka"},
    {"file": "c/mood.mp3", "Genre": ["Folk", "Celtic"], "Mood": "happy"},
]


def test_pieces_that_only_mpd_has_are_placed_by_their_words_and_marked(
    make: Any, daemon: Daemon
) -> None:
    daemon.pieces = PIECES
    found = make()
    report = found.scan()
    tracks = {track.title: track for track in found.tracks()}
    assert set(tracks) == {"Calm", "mood"}
    assert all(track.derived for track in tracks.values())
    assert tracks["Calm"].path == "mpd:a/calm.mp3"
    assert (tracks["Calm"].artist, tracks["Calm"].genre) == ("Ada", "Jazz")
    assert (tracks["Calm"].duration, tracks["Calm"].valence) == (61.5, 0.0)
    assert tracks["mood"].valence > 0.5
    assert tracks["mood"].genre == "Folk, Celtic"
    assert list(report.unreadable) == ["1 pieces of mpd"]
    assert "b/odd.mp3" in report.unreadable["1 pieces of mpd"]


def test_pieces_whose_files_are_here_are_analysed(
    make: Any, daemon: Daemon, tmp_path: Path, sound: Any, listener: Any
) -> None:
    sound(tmp_path / "mpd" / "a" / "here.wav")
    daemon.pieces = [{"file": "a/here.wav", "Genre": "Polka"}, *PIECES]
    found = make(music_folder=str(tmp_path / "mpd"))
    found.scan()
    by_title = {track.title: track for track in found.tracks()}
    assert set(by_title) == {"here", "Calm", "mood"}
    assert not by_title["here"].derived
    assert by_title["here"].path == str(tmp_path / "mpd" / "a" / "here.wav")
    assert listener.heard == ["here.wav"]


def test_another_program_knows_them_without_asking(make: Any, daemon: Daemon) -> None:
    daemon.pieces = PIECES
    make().scan()
    daemon.told.clear()
    other = make()
    assert {"Calm", "mood"} <= {track.title for track in other.tracks()}
    assert not daemon.told
    calm = next(track for track in other.tracks() if track.title == "Calm")
    assert calm.derived
    assert calm.features.shape == (31,)


@pytest.mark.parametrize("mood", ["garbage", "silent", "hangs up", "password", "empty"])
def test_the_local_library_stands_in_while_mpd_is_no_use(
    make: Any, daemon: Daemon, mood: str, caplog: pytest.LogCaptureFixture
) -> None:
    daemon.pieces = PIECES
    found = make()
    found.scan()
    if mood == "password":
        daemon.password = "secret"
    elif mood == "empty":
        daemon.pieces = []
    else:
        daemon.mood = mood
    with (
        caplog.at_level(logging.CRITICAL),
        pytest.raises(InputError, match="the local library of 1 pieces stands in"),
    ):
        found.scan()
    assert [track.title for track in found.tracks()] == ["stand in"]
    daemon.mood, daemon.password, daemon.pieces = "well", "", PIECES
    found.scan()
    assert [track.title for track in found.tracks()] == ["Calm", "mood"]


def test_an_answer_that_makes_no_sense_to_us_is_an_outage(
    make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = make()
    monkeypatch.setattr(found._server, "pieces", lambda most: [{"no": "file"}])
    with pytest.raises(InputError, match="makes no sense.*stands in"):
        found.scan()


def test_it_is_a_plugin() -> None:
    assert plugins.find("catalogue", "mpd") is MpdCatalogue
