# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from spotify_server import APP, Spotify, piece

from emo_music_ros import plugins
from emo_music_ros.emotion import PAD
from emo_music_ros.errors import InputError, PluginError
from emo_music_ros.recommendation.library.spotify import SpotifyCatalogue

pytest.importorskip("spotipy", reason="spotipy is not installed")


@pytest.fixture
def server() -> Iterator[Spotify]:
    made = Spotify()
    made.found = {
        'calm genre:"jazz"': [piece("one"), None, piece("two"), piece("gone", is_playable=False)],
        'happy genre:"jazz"': [piece("two"), piece("three")],
    }
    yield made
    made.close()


@pytest.fixture
def make(
    server: Spotify, tmp_path: Path, own_cache: Path, listener: Any, sound: Callable[[Path], Path]
) -> Callable[..., SpotifyCatalogue]:
    sound(tmp_path / "local" / "stand in.wav")

    def made(**options: Any) -> SpotifyCatalogue:
        values = {
            "genres": ["jazz"],
            "moods": ["calm", "happy"],
            "client_id": APP[0],
            "client_secret": APP[1],
            "api": server.url,
            "accounts": server.url,
            "local": str(tmp_path / "local"),
            "database": str(tmp_path / "library.sqlite"),
        }
        return SpotifyCatalogue(SpotifyCatalogue.Options(**{**values, **options}), listener)

    return made


def test_pieces_have_the_place_of_the_moods_they_are_found_by(make: Any, server: Spotify) -> None:
    found = make()
    report = found.scan()
    tracks = {track.title: track for track in found.tracks()}
    assert set(tracks) == {"One", "Two", "Three"}
    assert report.unreadable == {}
    assert all(track.derived for track in tracks.values())
    one, two = tracks["One"], tracks["Two"]
    assert (one.path, one.track_id) == ("spotify:track:one", "spotify:track:one")
    assert (one.artist, one.genre, one.duration) == ("Ada, Bob", "jazz", 61.5)
    assert (one.valence, one.arousal, one.dominance) == pytest.approx(PAD["calm"])
    assert two.arousal == pytest.approx((PAD["calm"][1] + PAD["happiness"][1]) / 2)
    assert server.told == ['calm genre:"jazz"', 'happy genre:"jazz"']
    assert server.tokens == 1


def test_a_word_that_tells_no_place_leaves_its_pieces_out(make: Any, server: Spotify) -> None:
    server.found['study genre:"polka"'] = [piece("four")]
    found = make(genres=["polka", "jazz"], moods=["study", "calm"])
    report = found.scan()
    assert "Four" in report.unreadable["1 pieces of spotify"]
    assert {track.title for track in found.tracks()} == {"One", "Two"}


def test_pieces_come_in_windows(make: Any, server: Spotify) -> None:
    server.found['calm genre:"jazz"'] = [piece(f"n{i}") for i in range(120)]
    found = make(moods=["calm"], each=110)
    found.scan()
    assert len(found.tracks()) == 110
    assert len(server.told) == 3


def test_another_program_knows_them_without_asking(make: Any, server: Spotify) -> None:
    make().scan()
    server.mood = "500"
    assert {"One", "Two", "Three"} <= {track.title for track in make().tracks()}


OUTAGES = {
    "401": "refuses 'search'",
    "403": "refuses 'search'",
    "429": "asked too often",
    "500": "fails (500)",
    "garbage": "makes no sense",
    "other": "makes no sense",
    "silent": "does not answer",
}


@pytest.mark.parametrize("mood", OUTAGES)
def test_the_local_library_stands_in_while_spotify_is_no_use(
    make: Any, server: Spotify, mood: str
) -> None:
    make().scan()
    server.mood = mood
    found = make(timeout=0.3 if mood == "silent" else 30.0)
    with pytest.raises(InputError, match="stands in") as caught:
        found.scan()
    assert OUTAGES[mood] in str(caught.value)
    assert APP[1] not in str(caught.value)
    assert found.again == (1234.0 if mood == "429" else 5.0)
    assert [track.title for track in found.tracks()] == ["stand in"]


def test_a_wrong_secret_and_nobody_there(make: Any) -> None:
    with pytest.raises(InputError, match="Correct id and secret.*"):
        make(client_secret="wrong").scan()
    with pytest.raises(InputError, match="does not answer.*stands in"):
        make(api="http://127.0.0.1:1", timeout=0.3).scan()


def test_who_asks_must_be_said(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPOTIPY_CLIENT_ID", raising=False)
    with pytest.raises(InputError, match="SPOTIPY_CLIENT_ID"):
        make(client_id="")
    monkeypatch.setenv("SPOTIPY_CLIENT_ID", APP[0])
    assert make(client_id="").scan().unchanged == 3


def test_a_missing_package_is_named_with_the_way_to_get_it(
    make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "spotipy", None)
    with pytest.raises(PluginError, match="pip install spotipy"):
        make()


def test_it_is_a_plugin() -> None:
    assert plugins.find("catalogue", "spotify") is SpotifyCatalogue
