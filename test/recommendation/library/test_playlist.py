# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emo_music_ros import plugins
from emo_music_ros.errors import InputError
from emo_music_ros.recommendation.base import Catalogue
from emo_music_ros.recommendation.library.playlist import PlaylistCatalogue

Sound = Callable[[Path], Path]


@pytest.fixture
def make(tmp_path: Path, own_cache: Path, listener: Any, sound: Sound) -> Callable[..., Any]:
    sound(tmp_path / "local" / "stand in.wav")

    def made(path: Path, **options: Any) -> PlaylistCatalogue:
        return PlaylistCatalogue(
            PlaylistCatalogue.Options(
                path=str(path),
                local=str(tmp_path / "local"),
                database=str(tmp_path / "library.sqlite"),
                **options,
            ),
            listener,
        )

    return made


def titles(catalogue: Catalogue) -> list[str]:
    return [track.title for track in catalogue.tracks()]


def test_the_files_of_a_playlist_become_tracks_and_missing_ones_are_named(
    tmp_path: Path, make: Any, sound: Sound
) -> None:
    sound(tmp_path / "more" / "one.wav")
    sound(tmp_path / "two ä.flac")
    sound(tmp_path / "not listed.wav")
    (tmp_path / "text.txt").write_text("no sound")
    playlist = tmp_path / "list.m3u8"
    playlist.write_text(
        "\ufeff#EXTM3U\r\n#EXTINF:1,A\r\nmore/one.wav\r\nfile://"
        f"{tmp_path}/two%20%C3%A4.flac\r\nmore/one.wav\r\n#EXTINF:9,Ada - Gone\r\ngone.mp3\r\n"
        "https://example.org/live.mp3\r\ntext.txt\r\n"
    )
    found = make(playlist)
    report = found.scan()
    assert titles(found) == ["one", "two ä"]
    assert report.added == 2
    assert set(report.unreadable) == {"gone.mp3", "https://example.org/live.mp3", "text.txt"}
    assert "Ada - Gone" in report.unreadable["gone.mp3"]
    assert str(tmp_path / "gone.mp3") in report.unreadable["gone.mp3"]
    assert "no sound file" in report.unreadable["text.txt"]
    assert not any(track.derived for track in found.tracks())


def test_another_program_knows_what_was_found(tmp_path: Path, make: Any, sound: Sound) -> None:
    sound(tmp_path / "one.wav")
    playlist = tmp_path / "list.m3u"
    playlist.write_text("one.wav")
    make(playlist).scan()
    assert "one" in titles(make(playlist))


def test_what_left_the_playlist_leaves_the_catalogue(
    tmp_path: Path, make: Any, sound: Sound, listener: Any
) -> None:
    for name in ("one.wav", "two.wav"):
        sound(tmp_path / name)
    playlist = tmp_path / "list.m3u"
    playlist.write_text("one.wav\ntwo.wav")
    found = make(playlist)
    found.scan()
    playlist.write_text("two.wav")
    found.scan()
    assert titles(found) == ["two"]
    assert listener.heard == ["one.wav", "two.wav"]  # nothing twice


@pytest.mark.parametrize("content", [None, "gone.mp3\nlost.mp3"])
def test_the_local_library_stands_in_for_a_playlist_that_cannot_be_had(
    tmp_path: Path, make: Any, sound: Sound, content: str | None
) -> None:
    playlist = tmp_path / "disk" / "list.m3u"
    if content is not None:
        playlist.parent.mkdir()
        playlist.write_text(content)
    found = make(playlist)
    with pytest.raises(InputError, match="local library of 1 pieces stands in"):
        found.scan()
    assert titles(found) == ["stand in"]
    sound(tmp_path / "disk" / "one.wav")
    playlist.write_text("one.wav")
    assert found.scan().added == 1
    assert titles(found) == ["one"]


def test_what_was_known_of_a_playlist_stays_while_it_is_away(
    tmp_path: Path, make: Any, sound: Sound
) -> None:
    sound(tmp_path / "one.wav")
    playlist = tmp_path / "list.m3u"
    playlist.write_text("one.wav")
    found = make(playlist)
    found.scan()
    playlist.unlink()
    for again in (found, make(playlist)):
        with pytest.raises(InputError):
            again.scan()
        assert titles(again) == ["one", "stand in"]


def test_it_is_asked_again_after_a_time_that_grows_with_every_failure(
    tmp_path: Path, make: Any, sound: Sound
) -> None:
    found = make(tmp_path / "list.m3u", again=300.0)
    waits = []
    for _ in range(10):
        with pytest.raises(InputError):
            found.scan()
        waits.append(found.again)
    assert waits[:4] == [5.0, 10.0, 20.0, 40.0]
    assert waits[-1] == 600.0
    sound(tmp_path / "one.wav")
    (tmp_path / "list.m3u").write_text("one.wav")
    found.scan()
    assert found.again == 300.0


def test_that_nothing_can_stand_in_is_told(tmp_path: Path, own_cache: Path, listener: Any) -> None:
    options = PlaylistCatalogue.Options(
        path=str(tmp_path / "list.m3u"),
        local=str(tmp_path / "nowhere"),
        database=str(tmp_path / "library.sqlite"),
    )
    found = PlaylistCatalogue(options, listener)
    with pytest.raises(InputError, match=r"list\.m3u.*nothing can stand in.*nowhere"):
        found.scan()
    assert found.tracks() == []


def test_a_listing_that_is_damaged_is_made_again(
    tmp_path: Path, make: Any, sound: Sound, own_cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sound(tmp_path / "one.wav")
    (tmp_path / "list.m3u").write_text("one.wav")
    make(tmp_path / "list.m3u").scan()
    (listing,) = own_cache.glob("listing-playlist-*.json")
    listing.write_text('{"files": [], "tracks": [{"track_id": "x", "path": "y"}]}')
    with caplog.at_level(logging.WARNING):
        again = make(tmp_path / "list.m3u")
    assert "made anew" in caplog.text
    again.scan()
    assert titles(again) == ["one"]


def test_it_is_a_plugin() -> None:
    assert plugins.find("catalogue", "playlist") is PlaylistCatalogue
