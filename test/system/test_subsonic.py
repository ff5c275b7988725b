# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The catalogue ``navidrome`` with a real server of the Subsonic API: Supysonic.

Navidrome itself is in no registry of packages. Supysonic is found as a package of this Python, of
the system's (apt install supysonic), or of the Python that the variable EMO_MUSIC_SUPYSONIC names.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from emo_music_ros.emotion import QUADRANTS, from_labels
from emo_music_ros.errors import InputError
from emo_music_ros.io.subsonic import SubsonicServer
from emo_music_ros.recommendation.library.subsonic import SubsonicCatalogue
from emo_music_ros.streams import MusicDescription

DEADLINE = 30.0
USER, PASSWORD = "ada", "open sesame"  # py-sonic knows no other letters
CONFIGURATION = """
[base]
database_uri = sqlite:///{place}/server.db
[webapp]
cache_dir = {place}/web
log_file = {place}/log
mount_webui = false
[daemon]
socket = {place}/daemon
run_watcher = false
"""
SERVE = (
    "import sys; from supysonic.web import create_application;"
    " create_application().run('127.0.0.1', int(sys.argv[1]))"
)
COMMAND = "from supysonic.cli import main; main()"


def python_with_supysonic() -> str:
    for python in (os.environ.get("EMO_MUSIC_SUPYSONIC", ""), sys.executable, "/usr/bin/python3"):
        if python and os.path.exists(python):
            tried = subprocess.run([python, "-c", "import supysonic"], capture_output=True)
            if tried.returncode == 0:
                return python
    return ""


class Calm:
    """Hears the same calm piece in every file."""

    version = "calm"

    def describe(self, path: Path) -> MusicDescription:
        calm = from_labels(QUADRANTS, np.array([0.1, 0.7, 0.1, 0.1], np.float32))
        return MusicDescription(9.0, 60.0, 1.0, 0.25, np.zeros(13), np.ones(12), calm)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module")
def url(place: Path) -> Iterator[str]:
    """Run a server with three pieces of two albums; return its address."""
    python = python_with_supysonic()
    if not python:
        pytest.skip("there is no supysonic: pip install supysonic, or apt install supysonic")
    (place / "web").mkdir()
    (place / "supysonic.conf").write_text(CONFIGURATION.format(place=place))
    for number, album in enumerate(("One", "One", "Ö")):
        path = place / "music" / album / f"piece {number}.flac"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, 0.1 * np.sin(np.arange(8000) * (0.05 + 0.02 * number)), 8000)
        tag(path, album)
    environment = {**os.environ, "HOME": str(place), "PYTHONPATH": ""}

    def command(*words: str) -> None:
        subprocess.run(
            [python, "-c", COMMAND, *words],
            cwd=place,
            env=environment,
            check=True,
            capture_output=True,
        )

    command("user", "add", USER, "-p", PASSWORD)
    command("folder", "add", "music", str(place / "music"))
    command("folder", "scan", "music")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    with (place / "output").open("wb") as output:
        server = subprocess.Popen(
            [python, "-c", SERVE, str(port)],
            cwd=place,
            env=environment,
            stdout=output,
            stderr=output,
        )
    try:
        end = time.monotonic() + DEADLINE
        while not listens(port):
            assert time.monotonic() < end, (place / "output").read_text()
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)


def tag(path: Path, album: str) -> None:
    import mutagen

    audio = mutagen.File(path, easy=True)  # type: ignore[attr-defined]
    audio.update({"title": f"The {path.stem}", "artist": "Ada", "album": album, "genre": "folk"})
    audio.save()


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def test_the_music_of_a_server_is_brought_and_analysed(
    tmp_path: Path, place: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMO_MUSIC_CACHE", str(tmp_path / "cache"))
    options = SubsonicCatalogue.Options(
        url=url,
        user=USER,
        password=PASSWORD,
        login="password",
        local=str(place / "music"),
        database=str(tmp_path / "library.sqlite"),
    )
    found = SubsonicCatalogue(options, Calm())
    report = found.scan()
    assert report.unreadable == {}
    titles = [(track.title, track.artist, track.genre) for track in found.tracks()]
    assert titles == [(f"The piece {number}", "Ada", "folk") for number in range(3)]
    originals = {path.read_bytes() for path in (place / "music").rglob("*.flac")}
    assert {Path(track.path).read_bytes() for track in found.tracks()} == originals


def test_a_wrong_password_is_told_as_such(url: str) -> None:
    server = SubsonicServer(url, USER, "wrong", 10.0, "password")
    with pytest.raises(InputError, match="Correct user and password"):
        list(server.songs(10))


def test_a_server_that_knows_no_token_is_told_as_such(url: str) -> None:
    with pytest.raises(InputError, match="set login to 'password'"):
        list(SubsonicServer(url, USER, PASSWORD, 10.0).songs(10))


def test_another_client_sees_the_same_pieces(url: str) -> None:
    libsonic = pytest.importorskip("libsonic", reason="py-sonic is not installed")
    address, port = url.rsplit(":", 1)
    other = libsonic.Connection(address, USER, PASSWORD, port=int(port), legacyAuth=True)
    albums = other.getAlbumList2("alphabeticalByName")["albumList2"]["album"]
    theirs = [
        (song["id"], song["title"], song["suffix"], song["size"])
        for album in albums
        for song in other.getAlbum(album["id"])["album"]["song"]
    ]
    ours = SubsonicServer(url, USER, PASSWORD, 10.0, "password").songs(100)
    assert [(song.song_id, song.title, song.suffix, song.size) for song in ours] == theirs
