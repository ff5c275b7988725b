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
