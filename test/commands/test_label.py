# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""``emo-music label``: labels are added, refused, listed and taken back."""

import io

import pytest

from emo_music_ros.cli import main
from emo_music_ros.training.corpora import labels


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "today.mcap"
    path.write_bytes(b"")
    return path


def stretches(recording):
    return [(one.start, one.end, one.state) for one in labels.read(labels.path_of(recording))[0]]


def test_labels_are_added_listed_and_taken_back(recording, capsys):
    one = ["label", str(recording), "--by", "carer"]
    assert main([*one, "--state", "anxiety", "--from", "10", "--to", "20.5"]) == 0
    assert main([*one, "--state", "calm", "--from", "0", "--to", "10", "--person", "ada"]) == 0
    assert stretches(recording) == [(0, 10, "calm"), (10, 20.5, "anxiety")]
    said = capsys.readouterr().out
    assert "calm of ada  (by carer)" in said
    assert main(["label", str(recording), "--remove", "1"]) == 0
    assert stretches(recording) == [(10, 20.5, "anxiety")]


@pytest.mark.parametrize(
    "given",
    [
        ["--state", "calm", "--from", "5", "--to", "12"],  # overlaps
        ["--state", "calm", "--from", "30", "--to", "30"],
        ["--state", "calm", "--from", "nan", "--to", "3"],
        ["--state", "calm"],
        ["--remove", "7"],
        ["--remove", "0"],
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(recording, given, capsys):
    main(["label", str(recording), "--state", "anxiety", "--from", "10", "--to", "20"])
    assert main(["label", str(recording), *given]) == 2
    assert stretches(recording) == [(10, 20, "anxiety")]
    assert capsys.readouterr().err.strip()


def test_a_recording_that_is_not_there_is_named(tmp_path, capsys):
    assert main(["label", str(tmp_path / "none.mcap"), "--remove", "1"]) == 2
    assert "none.mcap" in capsys.readouterr().err


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_it_asks_line_by_line_and_goes_on_after_a_mistake(recording, monkeypatch, capsys):
    text = "0 5 calm\nnonsense\n3 9 anxiety\n5 9 anxiety\n"
    monkeypatch.setattr("sys.stdin", Terminal(text))
    assert main(["label", str(recording)]) == 0
    assert stretches(recording) == [(0, 5, "calm"), (5, 9, "anxiety")]
    said = capsys.readouterr().out
    assert "'nonsense' is not" in said
    assert "already" in said
