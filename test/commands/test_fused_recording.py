# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A recording fused offline."""

import json

import numpy as np
import pytest

from emo_music_ros.commands.fused_recording import moments, predict_recording
from emo_music_ros.emotion import EKMAN, STATES, UNKNOWN, from_labels
from emo_music_ros.fusion.strategies import LogPoolFusion
from emo_music_ros.fusion.timeline import FusionOptions
from emo_music_ros.streams import Encoding

EMPTY = np.empty(0, np.float32)


class Reader:
    """An encoder of text that answers with the word it is given."""

    modality, version = "text", "0"

    def push(self, sample):
        masses = np.array([0.94 if word == sample.text else 0.01 for word in EKMAN])
        estimate = from_labels(EKMAN, masses)
        return [Encoding("text", sample.time, sample.time, estimate, EMPTY)]

    def reset(self):
        """Nothing is kept."""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "text.tsv").write_text("time_s\ttext\n0.6\tsadness\n2.4\tsadness\n", "utf-8")
    return tmp_path


def test_what_is_said_is_known_from_then_on(folder):
    said = []
    found = list(
        moments(
            folder, LogPoolFusion(), "logpool", FusionOptions(), lambda name: Reader(), said.append
        )
    )
    assert len(found) == 12  # three seconds of four steps
    assert len(said) == 2
    assert [one.state for one in found[:2]] == [UNKNOWN] * 2
    assert {one.state for one in found[2:]} == {"depression"}
    assert found[2].contributions[0].age == pytest.approx(0.15)


def test_an_answer_a_second(folder, monkeypatch):
    monkeypatch.setattr("emo_music_ros.plugins.create", lambda stage, name: Reader())
    found = list(predict_recording(folder, LogPoolFusion(), "logpool"))
    assert [one["time"] for one in found] == [1.0, 2.0, 3.0]
    for one in found:
        assert one["labels"] == list(STATES)
        assert sum(one["probabilities"]) == pytest.approx(1)
        json.dumps(one, allow_nan=False)
    assert found[-1]["weights"] == {"text": 1.0}


def test_a_folder_that_cannot_be_played_is_one_answer(tmp_path):
    for folder in (tmp_path, tmp_path / "absent"):
        (found,) = predict_recording(folder, LogPoolFusion(), "logpool")
        assert str(folder) in found["error"]
        assert found["input"] == str(folder)


def test_a_broken_part_does_not_end_the_others(folder, monkeypatch):
    (folder / "audio.wav").write_bytes(b"no sound")
    monkeypatch.setattr("emo_music_ros.plugins.create", lambda stage, name: Reader())
    assert len(list(predict_recording(folder, LogPoolFusion(), "logpool"))) == 3
