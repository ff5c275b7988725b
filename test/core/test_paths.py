# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A path from outside is one the program can use, or is refused with cause and remedy."""

from __future__ import annotations

import os
import socket
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.errors import InputError
from emo_music_ros.paths import expand, inside, kind, regular_file

WRONG = {
    "": "is empty",
    "a\0b": "NUL",
    "~nobody-like-this/x": "user who is not known",
    "a" * 256: "too long",
    "a/" * 3000: "too long",
    "\ud800": "no file name has",
}


@pytest.mark.parametrize("text", WRONG)
@pytest.mark.parametrize("check", [expand, regular_file])
def test_what_is_no_path_is_refused(check, text: str) -> None:
    with pytest.raises(InputError, match="^track: ") as error:
        check(text, "track")
    assert WRONG[text] in error.value.cause
    assert error.value.remedy


def test_the_home_folder_is_filled_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/somewhere")
    assert expand("~/music", "folder") == Path("/somewhere/music")
    monkeypatch.delenv("HOME")
    assert expand("~/music", "folder").is_absolute()  # as the user database says


def test_a_file_is_a_file_or_a_link_to_one(tmp_path: Path) -> None:
    file = tmp_path / "a.wav"
    file.touch()
    (tmp_path / "link.wav").symlink_to(file)
    assert regular_file(str(file), "track") == file
    assert regular_file(tmp_path / "link.wav", "track") == tmp_path / "link.wav"


def test_what_is_no_file_is_named_and_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # the path of a socket is short
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "file").touch()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
    for name, cause in {
        "folder": "is a folder",
        "pipe": "is a pipe",
        "socket": "is a socket",
        "/dev/null": "is a device",
        "circle": "symbolic links",
        "dangling": "does not exist",
        "absent": "does not exist",
        "file/below": "Not a directory",
    }.items():
        with pytest.raises(InputError) as error:
            regular_file(name, "track")
        assert name in error.value.cause
        assert cause in error.value.cause
    assert kind(tmp_path / "file") == "file"
    assert kind(tmp_path / "absent") == ""


def test_inside_is_inside(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "more").mkdir(parents=True)
    (folder / "within").symlink_to("more")
    (tmp_path / "alias").symlink_to("folder")
    assert inside(folder, "a.csv", "replay") == folder / "a.csv"
    assert inside(folder, "more/../more/a", "replay") == folder / "more" / "a"
    assert inside(folder, "within/a", "replay") == folder / "more" / "a"
    assert inside(tmp_path / "alias", "a", "replay") == folder / "a"
    assert inside(folder, "~", "replay") == folder / "~"


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../folder-2/a", "more/../../a", "/etc/hostname", "out/a", "a\0b"]
)
def test_what_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "folder-2").mkdir()
    (folder / "out").symlink_to("../folder-2")
    with pytest.raises(InputError, match="^replay: "):
        inside(folder, name, "replay")
    with pytest.raises(InputError, match="is not inside"):
        inside(folder, str(folder / "a"), "replay")


@given(st.text(), st.text())
def test_any_text_is_a_path_or_an_input_error(text: str, name: str) -> None:
    for check in (expand, regular_file):
        with suppress(InputError):
            assert isinstance(check(text, "track"), Path)
    with tempfile.TemporaryDirectory() as folder, suppress(InputError):
        assert inside(folder, name, "track").is_relative_to(os.path.realpath(folder))
