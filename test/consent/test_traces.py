# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Files that name a person."""

import os
import time

import pytest

from emo_music_ros.consent.rules import valid_person
from emo_music_ros.consent.traces import (
    SUMMARY_FILES,
    folder_of,
    log_folder,
    recordings_folder,
    remove_old,
    remove_traces,
    summary_folder,
)
from emo_music_ros.errors import StorageError
from emo_music_ros.resources import data_of


@pytest.fixture(autouse=True)
def _data(tmp_path, monkeypatch):
    monkeypatch.setenv("EMO_MUSIC_DATA", str(tmp_path))


def recorded(name):
    """Return the folder of the recordings of somebody."""
    return folder_of(recordings_folder(""), name)


@pytest.mark.parametrize("name", ["../../etc", "..", ".", "a/b", "/root", "Änne", "a\\b"])
def test_a_name_is_one_folder_below_the_summaries(tmp_path, name):
    folder = summary_folder("/kitchen", name)
    assert folder.parent == tmp_path / "kitchen" / "session-summaries"
    assert folder.resolve().parent == folder.parent


def test_no_namespace_is_within_the_summaries_of_a_person(tmp_path):
    register = data_of("/session_summaries/anna", "consent.sqlite")
    assert summary_folder("", "anna") not in register.parents
    assert "-" in summary_folder("", "anna").parent.name  # which no namespace has


def test_the_longest_name_fits_into_a_file_name():
    name = valid_person("\u6c49" * 26)
    assert len(summary_folder("", name).name) <= 255


def test_people_and_namespaces_are_apart():
    names = {summary_folder(space, name) for space in ("", "/a") for name in ("a", "b", "a.b")}
    assert len(names) == 6


def test_only_what_is_of_the_person_is_removed():
    for name in ("anna", "bert"):
        for folder, file in ((summary_folder("", name), "1.json"), (recorded(name), "1.mcap")):
            folder.mkdir(parents=True)
            (folder / file).write_text("{}")
    removed = remove_traces("", "anna")
    assert [path.rsplit("/", 3)[1:] for path in removed] == [
        ["session-summaries", "anna", "1.json"],
        ["session-recordings", "anna", "1.mcap"],
    ]
    assert not summary_folder("", "anna").exists()
    assert not recorded("anna").exists()
    assert (summary_folder("", "bert") / "1.json").exists()
    assert (recorded("bert") / "1.mcap").exists()
    assert remove_traces("", "nobody") == []


def test_recordings_are_kept_for_so_many_days_and_nothing_else_is_touched(tmp_path):
    folder = recorded("anna")
    folder.mkdir(parents=True)
    now = 1e9
    (folder / "folder.mcap").mkdir()
    for name, days in (("old.mcap", 31), ("old.csv", 31), ("new.mcap", 29), ("notes.txt", 400)):
        (folder / name).write_text("x")
        os.utime(folder / name, (now - days * 86400,) * 2)
    os.utime(folder / "folder.mcap", (0, 0))
    assert [path.name for path in remove_old(folder.parent, 30, now)] == ["old.csv", "old.mcap"]
    assert {path.name for path in folder.iterdir()} == {"new.mcap", "notes.txt", "folder.mcap"}
    assert remove_old(tmp_path / "nowhere", 30, now) == []


def test_summaries_are_kept_as_long(tmp_path):
    folder = summary_folder("", "anna")
    folder.mkdir(parents=True)
    for name, days in (("old.json", 31), ("new.json", 29)):
        (folder / name).write_text("{}")
        os.utime(folder / name, (1e9 - days * 86400,) * 2)
    assert remove_old(summary_folder("", ""), 30, 1e9) == []
    removed = remove_old(summary_folder("", ""), 30, 1e9, SUMMARY_FILES)
    assert [path.name for path in removed] == ["old.json"]


def test_what_cannot_be_removed_is_told(mortal):
    folder = recorded("anna")
    folder.mkdir(parents=True)
    (folder / "old.mcap").write_text("x")
    folder.chmod(0o500)
    try:
        with pytest.raises(StorageError, match="older than 30 days and cannot be removed"):
            remove_old(folder.parent, 30, time.time() + 40 * 86400)
        with pytest.raises(StorageError, match="cannot be removed"):
            remove_traces("", "anna")
    finally:
        folder.chmod(0o700)


def test_the_log_folder_is_where_ros_writes(tmp_path, monkeypatch):
    monkeypatch.setenv("ROS_LOG_DIR", str(tmp_path / "log"))
    assert log_folder() == tmp_path / "log"
    monkeypatch.delenv("ROS_LOG_DIR")
    monkeypatch.setenv("ROS_HOME", str(tmp_path / "ros"))
    assert log_folder() == tmp_path / "ros" / "log"
