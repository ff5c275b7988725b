# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from subsonic_server import PASSWORD, USER, Subsonic

from emo_music_ros import plugins
from emo_music_ros.errors import InputError
from emo_music_ros.io import subsonic
from emo_music_ros.recommendation.library.subsonic import SubsonicCatalogue


@pytest.fixture
def server() -> Iterator[Subsonic]:
    made = Subsonic()
    yield made
    made.close()


@pytest.fixture
def make(
    server: Subsonic,
    tmp_path: Path,
    own_cache: Path,
    listener: Any,
    sound: Callable[[Path], Path],
) -> Callable[..., SubsonicCatalogue]:
    sound(tmp_path / "local" / "stand in.wav")
    for number in range(3):
        server.add("first", sound(tmp_path / "there" / f"song {number}.wav"))
    server.add("second", sound(tmp_path / "there" / "last.flac"))

    def made(**options: Any) -> SubsonicCatalogue:
        values = {
            "url": server.url,
            "user": USER,
            "password": PASSWORD,
            "local": str(tmp_path / "local"),
            "database": str(tmp_path / "library.sqlite"),
            "timeout": 5.0,
        }
        return SubsonicCatalogue(SubsonicCatalogue.Options(**{**values, **options}), listener)

    return made


def names(catalogue: Any) -> list[str]:
    """Return the titles without the mark of the file."""
    return [track.title.rsplit(" ", 1)[0] for track in catalogue.tracks()]


def test_pieces_are_brought_here_and_analysed_once(
    make: Any, server: Subsonic, listener: Any, own_cache: Path
) -> None:
    found = make()
    calls: list[tuple[int, int, str]] = []
    report = found.scan(lambda *call: calls.append(call))
    assert report.added == 4
    assert report.unreadable == {}
    assert names(found) == ["last", "song 0", "song 1", "song 2"]
    assert not any(track.derived for track in found.tracks())
    assert all(own_cache in Path(track.path).parents for track in found.tracks())
    assert calls[0] == (1, 4, "song 0")
    found.scan()
    assert server.asked.count("download") == 4
    assert len(listener.heard) == 4


def test_albums_come_in_windows(
    make: Any, server: Subsonic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subsonic, "WINDOW", 1)
    assert make().scan().added == 4
    assert server.asked.count("getAlbumList2") == 3
    found = make(most=2)
    found.scan()
    assert len(found.tracks()) == 2


def test_what_left_the_server_leaves_the_cache(
    make: Any, server: Subsonic, own_cache: Path
) -> None:
    found = make()
    found.scan()
    del server.albums["first"]
    found.scan()
    assert names(found) == ["last"]
    (folder,) = own_cache.glob("navidrome-*")
    assert len(list(folder.iterdir())) == 1


def test_more_than_there_is_room_for_stays_there_and_is_counted(
    make: Any, server: Subsonic
) -> None:
    server.albums["second"][0]["size"] = 5 << 20
    server.albums["first"][0]["suffix"] = "mp4v"
    report = make(space=1).scan()
    assert "mp4v" in report.unreadable["song 0"]
    assert "1 MiB" in report.unreadable["1 pieces of navidrome"]
    assert report.added == 2


def test_a_piece_that_is_larger_than_told_is_left_out(
    make: Any, server: Subsonic, tmp_path: Path, own_cache: Path
) -> None:
    with (tmp_path / "there" / "last.flac").open("ab") as file:
        file.truncate(3 << 20)
    report = make(space=1).scan()
    assert "larger" in report.unreadable["last"]
    assert not list(own_cache.glob("navidrome-*/*.partial"))


OUTAGES = {
    "401": "Correct user and password",
    "429": "asked too often",
    "503": "fails",
    "404": "no such thing",
    "garbage": "makes no sense",
    "list": "makes no sense",
    "silent": "does not answer",
}


@pytest.mark.parametrize("mood", OUTAGES)
def test_the_music_that_was_brought_stays_and_the_local_library_joins_it(
    make: Any, server: Subsonic, mood: str
) -> None:
    make().scan()
    server.mood = mood
    found = make(timeout=0.3)
    with pytest.raises(InputError, match=f"(?s){OUTAGES[mood]}|stands in") as caught:
        found.scan()
    assert OUTAGES[mood] in str(caught.value)
    assert PASSWORD not in str(caught.value)
    assert found.again == (1234.0 if mood == "429" else 5.0)
    assert "stand in" in [track.title for track in found.tracks()]


def test_nobody_there(make: Any) -> None:
    with pytest.raises(InputError, match="does not answer.*stands in"):
        make(url="http://127.0.0.1:1", timeout=0.3).scan()


def test_a_wrong_password_is_named(make: Any) -> None:
    with pytest.raises(InputError, match="Correct user and password"):
        make(password="wrong").scan()


def test_an_old_server_gets_the_password_only_if_somebody_said_so(
    make: Any, server: Subsonic
) -> None:
    server.mood = "old"
    with pytest.raises(InputError, match="set login to 'password'"):
        make().scan()
    assert make(login="password").scan().added == 4


def test_the_password_may_come_from_the_environment(
    make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMO_MUSIC_NAVIDROME_PASSWORD", PASSWORD)
    assert make(password="").scan().added == 4


@pytest.mark.parametrize("url", ["", "localhost:4533", "file:///etc/passwd", "http://"])
def test_an_address_that_is_none_is_refused_at_the_start(make: Any, url: str) -> None:
    with pytest.raises(InputError, match="no address"):
        make(url=url)


def test_pieces_that_break_off_are_an_outage_and_leave_nothing_half(
    make: Any, server: Subsonic, own_cache: Path
) -> None:
    server.mood = "short"
    with pytest.raises(InputError, match="broke off.*stands in"):
        make().scan()
    assert not [path for path in own_cache.glob("navidrome-*/*") if path.is_file()]
    server.mood = "well"
    assert make().scan().added == 4


def test_a_piece_that_the_server_does_not_give_costs_that_piece(
    make: Any, server: Subsonic
) -> None:
    make().scan()
    server.mood = "no pieces"
    server.albums["first"][0]["id"] = "another"
    report = make().scan()
    assert list(report.unreadable) == ["song 0"]
    assert "does not give 'song 0'" in report.unreadable["song 0"]


def test_a_server_that_gives_nothing_is_an_outage(make: Any, server: Subsonic) -> None:
    server.mood = "no pieces"
    with pytest.raises(InputError, match="nothing that can be played .song 0: .*stands in"):
        make().scan()
    server.mood, server.albums = "well", {}
    with pytest.raises(InputError, match="it is empty.*stands in"):
        make().scan()


def test_it_is_a_plugin() -> None:
    assert plugins.find("catalogue", "navidrome") is SubsonicCatalogue
