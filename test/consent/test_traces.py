"""Files that name a person."""

import pytest

from emo_music_ros.consent.rules import valid_person
from emo_music_ros.consent.traces import log_folder, remove_summaries, summary_folder
from emo_music_ros.resources import data_of


@pytest.fixture(autouse=True)
def _data(tmp_path, monkeypatch):
    monkeypatch.setenv("EMO_MUSIC_DATA", str(tmp_path))


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


def test_only_the_summaries_of_the_person_are_removed():
    for name in ("anna", "bert"):
        folder = summary_folder("", name)
        folder.mkdir(parents=True)
        (folder / "one.json").write_text("{}")
    removed = remove_summaries("", "anna")
    assert [path.rsplit("/", 2)[1:] for path in removed] == [["anna", "one.json"]]
    assert not summary_folder("", "anna").exists()
    assert (summary_folder("", "bert") / "one.json").exists()
    assert remove_summaries("", "nobody") == []


def test_the_log_folder_is_where_ros_writes(tmp_path, monkeypatch):
    monkeypatch.setenv("ROS_LOG_DIR", str(tmp_path / "log"))
    assert log_folder() == tmp_path / "log"
    monkeypatch.delenv("ROS_LOG_DIR")
    monkeypatch.setenv("ROS_HOME", str(tmp_path / "ros"))
    assert log_folder() == tmp_path / "ros" / "log"
