# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
import fcntl
import os

import pytest

from emo_music_ros.ros.shared_memory import remove_orphans

NAME = "fastrtps_0123456789abcdef"


@pytest.fixture
def segment(tmp_path):
    """Make a decoy of a segment with its lock file, untouched for an hour."""

    def make(name=NAME, age=3600.0):
        for path in (tmp_path / name, tmp_path / f"{name}_el"):
            path.write_bytes(b"")
            time = path.stat().st_mtime - age
            os.utime(path, (time, time))
        return tmp_path / f"{name}_el"

    return make


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("name", [NAME, "fastdds_0123456789abcdef"])
def test_what_a_dead_process_left_is_removed(segment, tmp_path, name):
    segment(name)
    assert remove_orphans(tmp_path) == 1
    assert names(tmp_path) == []


def test_a_segment_that_is_locked_stays_until_its_process_is_gone(segment, tmp_path):
    with segment().open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert remove_orphans(tmp_path) == 0
        assert names(tmp_path) == [NAME, f"{NAME}_el"]
    assert remove_orphans(tmp_path) == 1


def test_a_lock_file_that_was_only_just_made_stays(segment, tmp_path):
    segment(age=0)
    assert remove_orphans(tmp_path) == 0
    assert len(names(tmp_path)) == 2


def test_what_is_of_another_user_stays(segment, tmp_path, monkeypatch):
    segment()
    monkeypatch.setattr(os, "geteuid", lambda: 12345678)
    assert remove_orphans(tmp_path) == 0
    assert len(names(tmp_path)) == 2


@pytest.mark.parametrize(
    "name", ["fastrtps_port7411", "fastrtps_0123", "other_0123456789abcdef", "x" + NAME]
)
def test_what_is_no_segment_stays(segment, tmp_path, name):
    segment(name)
    assert remove_orphans(tmp_path) == 0
    assert len(names(tmp_path)) == 2


def test_a_link_is_not_followed(segment, tmp_path):
    target = segment("fastrtps_port7411")
    (tmp_path / f"{NAME}_el").symlink_to(target)
    assert remove_orphans(tmp_path) == 0
    assert target.exists()


def test_no_folder_is_no_error(tmp_path):
    assert remove_orphans(tmp_path / "nowhere") == 0
