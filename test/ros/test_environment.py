# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
import os

import pytest

from emo_music_ros.ros.environment import prepare_environment


@pytest.fixture
def environment(monkeypatch, tmp_path):
    """Let the test change the environment, and put it back."""
    monkeypatch.setattr(os, "environ", {"EMO_MUSIC_CACHE": str(tmp_path)})
    return os.environ


def test_a_run_has_a_name_that_stays(environment):
    prepare_environment()
    name = environment["EMO_MUSIC_RUN"]
    assert len(name) == 32
    assert int(name, 16) >= 0
    prepare_environment()
    assert environment["EMO_MUSIC_RUN"] == name


def test_two_runs_have_two_names(environment):
    prepare_environment()
    first = environment.pop("EMO_MUSIC_RUN")
    prepare_environment()
    assert environment["EMO_MUSIC_RUN"] != first


def test_logs_go_elsewhere_where_they_cannot_be_written(environment, tmp_path, caplog):
    (tmp_path / "file").touch()
    environment["ROS_LOG_DIR"] = str(tmp_path / "file" / "log")
    prepare_environment()
    assert environment["ROS_LOG_DIR"] == str(tmp_path / "log")
    assert (tmp_path / "log").is_dir()
    assert "Set ROS_LOG_DIR" in caplog.text


def test_logs_stay_where_they_can_be_written(environment, tmp_path):
    environment["ROS_LOG_DIR"] = str(tmp_path / "mine")
    prepare_environment()
    assert environment["ROS_LOG_DIR"] == str(tmp_path / "mine")
