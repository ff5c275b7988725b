# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""`train`, `export` and `evaluate` hand on what was asked and say what is missing."""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from emo_music_ros import cli
from emo_music_ros.commands import training
from emo_music_ros.errors import InputError
from emo_music_ros.training.evaluation.answers import pack
from emo_music_ros.training.evaluation.results import Result


@pytest.fixture
def module(monkeypatch):
    calls = []
    figure = {"value": 0.5, "low": float("nan"), "high": float("nan"), "trivial": 0.5}
    numbers = np.array([0, 1, 2, 0])
    kept = pack(np.eye(2)[[0, 1, 1, 0]], np.array([0, 0, 1, 1]), numbers, np.full(2, 0.5), {})
    result = Result(
        "face", "2 classes", "made up", "emo_music_ros", "test", "5-fold", False, 3, "people", 4,
        {"UAR": figure}, {}, {}, answers=kept,
    )  # fmt: skip

    def train(data, out, work, seed, precision="shipped"):
        calls.append((data.name, out.name, work.frozen, work.folder.name, seed, precision))
        work.recall("network", [seed], lambda: {"weights": [1.0]})
        return {"UAR": 0.6}

    def evaluate(data, work, seed, leaky, baselines):
        calls.append((data.name, work.frozen, seed, leaky, baselines))
        return [result]

    made = SimpleNamespace(train=train, evaluate=evaluate, CORPORA=("made up", "other"))
    monkeypatch.setattr(training, "training", lambda modality: made)
    return calls


def test_export_takes_what_training_left_and_trains_nothing(module, tmp_path, capsys):
    common = ["face", "--data", "corpus", "--out", "out", "--work", str(tmp_path / "steps")]
    assert cli.main(["export", *common]) == 2
    assert "emo-music train" in capsys.readouterr().err
    assert cli.main(["train", *common]) == 0
    assert cli.main(["export", *common, "--precision", "int8"]) == 0
    assert module == [
        ("corpus", "out", True, "steps", 0, "shipped"),
        ("corpus", "out", False, "steps", 0, "shipped"),
        ("corpus", "out", True, "steps", 0, "int8"),
    ]


def test_evaluation_prints_its_tables_and_saves_them_on_request(module, tmp_path, capsys):
    asked = ["evaluate", "face", "--data", "corpus", "--leaky", "--baselines", "--seed", "3"]
    assert cli.main([*asked, "--save", str(tmp_path)]) == 0
    assert module == [("corpus", False, 3, True, True)]
    assert "| emo_music_ros | test | 0.500 |" in capsys.readouterr().out
    kept = json.loads((tmp_path / "results" / "face.json").read_text("utf-8"))
    assert kept["corpora"] == ["made up", "other"]
    assert "other: not run." in (tmp_path / "results.md").read_text("utf-8")


def test_missing_training_packages_are_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)  # as if it were not installed
    monkeypatch.delitem(sys.modules, "emo_music_ros.training.face.run", raising=False)
    with pytest.raises(InputError, match=r"requirements/train\.txt"):
        training.training("face")


@pytest.mark.parametrize("wrong", [["train", "elder"], ["train", "face"], ["evaluate", "smell"]])
def test_wrong_arguments_are_refused(wrong, capsys):
    with pytest.raises(SystemExit):
        cli.main(wrong)
    assert "error" in capsys.readouterr().err


def test_figures_are_computed_again_from_the_answers_alone(module, tmp_path, capsys):
    saved = tmp_path / "docs"
    assert cli.main(["evaluate", "face", "--data", "corpus", "--save", str(saved)]) == 0
    path = saved / "results" / "face.json"
    first = json.loads(path.read_text("utf-8"))["results"]
    # A figure that was changed by hand, say.
    path.write_text(path.read_text("utf-8").replace('"value": 0.5', '"value": 0.9'))
    capsys.readouterr()
    assert cli.main(["evaluate", "face", "--from", str(saved), "--save", str(saved)]) == 0
    assert "| emo_music_ros | test | 0.500 |" in capsys.readouterr().out
    assert json.loads(path.read_text("utf-8"))["results"] == first
    assert len(module) == 1  # asked for the corpus once


@pytest.mark.parametrize("asked", [[], ["--data", "corpus", "--from", "docs"]])
def test_either_a_corpus_or_answers_are_asked_for(module, asked, capsys):
    assert cli.main(["evaluate", "face", *asked]) == 2
    assert "Give --data FOLDER or --from docs" in capsys.readouterr().err


def test_ablations_need_no_corpus_and_are_of_those_that_have_parts(module, tmp_path, capsys):
    assert cli.main(["evaluate", "face", "--ablations"]) == 2
    assert "no ablations" in capsys.readouterr().err
    training.training("face").ablate = lambda work, seed: (
        module.append((work.folder.name, seed)) or training.training("face").evaluate(
            tmp_path, work, seed, False, False
        )
    )  # fmt: skip
    asked = ["evaluate", "fusion", "--ablations", "--seed", "4", "--work", str(tmp_path / "steps")]
    assert cli.main([*asked, "--save", str(tmp_path)]) == 0
    assert module[0] == ("steps", 4)
    assert (tmp_path / "results" / "fusion.json").is_file()
    assert cli.main(["evaluate", "fusion", "--ablations", "--from", "docs"]) == 2
    assert "trained anew" in capsys.readouterr().err
