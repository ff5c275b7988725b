# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What ``companion`` does before the first node starts."""

from __future__ import annotations

import argparse

import pytest

from emo_music_ros.commands.companion import add, companion, prepare_library
from emo_music_ros.errors import StorageError
from emo_music_ros.recommendation.base import ScanReport
from emo_music_ros.recommendation.library.folder import FolderCatalogue
from emo_music_ros.streams import Track


@pytest.fixture
def scans(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record scans instead of analysing music."""
    paths: list[str] = []

    def scan(self: FolderCatalogue, progress: object = None) -> ScanReport:
        paths.append(self.options.path)
        return ScanReport(0, 0, 0, {})

    monkeypatch.setattr(FolderCatalogue, "scan", scan)
    return paths


@pytest.mark.parametrize("known", [0, 3])
def test_only_a_library_nothing_is_known_of_is_scanned_first(
    tmp_path, monkeypatch: pytest.MonkeyPatch, scans: list[str], capsys, known: int
) -> None:
    monkeypatch.setenv("EMO_MUSIC_CACHE", str(tmp_path))
    tracks = [Track(f"t{number}", "") for number in range(known)]
    monkeypatch.setattr(FolderCatalogue, "tracks", lambda self: tracks)
    prepare_library(str(tmp_path))
    assert scans == ([] if known else [str(tmp_path)])
    assert f"{known} pieces" in capsys.readouterr().out


def test_a_folder_that_is_none_is_told(scans: list[str], capsys) -> None:
    prepare_library("~nobody-like-this/music")
    assert scans == []
    assert "Write the path out in full" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "served"),
    [([], "open"), (["--dashboard"], "open"), (["--dashboard", "false"], "false")],
)
def test_the_pages_are_served_unless_they_are_refused(arguments, served) -> None:
    parser = argparse.ArgumentParser()
    add(parser.add_subparsers())
    assert parser.parse_args(["companion", *arguments]).dashboard == served


def test_where_nothing_may_be_kept_it_ends_at_once_and_says_why(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("EMO_MUSIC_DATA", str(tmp_path))
    monkeypatch.setenv("EMO_MUSIC_ENCRYPTED", "yes")
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    monkeypatch.setattr("emo_music_ros.resources.encrypted_by", lambda folder: "")
    monkeypatch.setattr("emo_music_ros.commands.companion.quit_on_signal", lambda: None)
    parser = argparse.ArgumentParser()
    add(parser.add_subparsers())
    with pytest.raises(StorageError, match="not on encrypted storage"):
        companion(parser.parse_args(["companion"]))
