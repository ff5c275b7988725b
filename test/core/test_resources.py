# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Where files are, also where nothing can be written."""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path

import pytest

from emo_music_ros import resources
from emo_music_ros.resources import cache, data, private_folder


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("EMO_MUSIC_CACHE", "EMO_MUSIC_DATA", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(resources.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(resources, "_made", {})


def test_data_is_not_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert cache("a", "b") == home / ".cache" / "emo_music_ros" / "a" / "b"
    assert data("a", "b") == home / ".local" / "share" / "emo_music_ros" / "a" / "b"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg-cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg-data"))
    assert cache("a") == tmp_path / "xdg-cache" / "emo_music_ros" / "a"
    assert data("a") == tmp_path / "xdg-data" / "emo_music_ros" / "a"
    monkeypatch.setenv("EMO_MUSIC_CACHE", str(tmp_path / "one"))
    assert cache("a") == data("a") == tmp_path / "one" / "a"
    monkeypatch.setenv("EMO_MUSIC_DATA", "~/two")
    assert data("a", "b") == home / "two" / "a" / "b"
    assert cache("a") == tmp_path / "one" / "a"
    assert (home / "two" / "a").is_dir()


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o777])
def test_folders_are_for_their_owner_whatever_the_umask(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        private_folder(tmp_path / "a" / "b")
        data("c", "d")
    finally:
        os.umask(before)
    made = [tmp_path / "a", tmp_path / "a" / "b", tmp_path / "home" / ".local", data("c")]
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in made] == [0o700] * len(made)


def test_a_folder_there_is_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o755)
    private_folder(tmp_path / "open")
    assert stat.S_IMODE((tmp_path / "open").stat().st_mode) == 0o755
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        private_folder(tmp_path / "file")


@pytest.mark.parametrize("wrong", ["file", "file/below", "~nobody-like-this/x", "x" * 300])
@pytest.mark.parametrize("place", [cache, data])
def test_a_folder_that_cannot_be_made_is_told_and_replaced(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    wrong: str,
    place,
) -> None:
    (tmp_path / "file").touch()
    variable = f"EMO_MUSIC_{place.__name__.upper()}"
    monkeypatch.setenv(variable, wrong if wrong.startswith("~") else str(tmp_path / wrong))
    with caplog.at_level(logging.WARNING):
        path = place("a", "b")
        assert place("a", "b") == path
    path.write_text("works")
    assert path.parents[1].name.startswith("emo_music_ros-")
    assert stat.S_IMODE(path.parents[1].stat().st_mode) == 0o700
    (record,) = caplog.records
    assert f"Set {variable} to a folder that can be written" in record.getMessage()


def test_a_read_only_folder_is_read(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    mortal: None,
) -> None:
    monkeypatch.setenv("EMO_MUSIC_CACHE", str(tmp_path / "cache"))
    cache("there", "too").touch()
    for folder in (tmp_path / "cache" / "there", tmp_path / "cache"):
        folder.chmod(0o500)
    assert cache("there", "too") == tmp_path / "cache" / "there" / "too"
    assert cache("there") == tmp_path / "cache" / "there"
    assert not caplog.records
    for parts in (("new",), ("there", "new"), ("more", "folder", "file")):
        cache(*parts).write_text("works")
    assert len(caplog.records) == 1
    assert "EMO_MUSIC_CACHE" in caplog.text


def test_without_a_home_it_works(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(Path, "expanduser", _no_home)
    monkeypatch.chdir(tmp_path)
    cache("a").write_text("works")
    data("a").write_text("works")
    assert not (tmp_path / "~").exists()


def _no_home(path: Path) -> Path:
    if str(path).startswith("~"):
        raise RuntimeError("Could not determine home directory.")
    return path


def test_where_nothing_can_be_written_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("EMO_MUSIC_CACHE", str(tmp_path / "file"))
    monkeypatch.setattr(resources.tempfile, "tempdir", str(tmp_path / "file"))
    with pytest.raises(resources.StorageError) as error:
        cache("a")
    assert "EMO_MUSIC_CACHE" in error.value.remedy
