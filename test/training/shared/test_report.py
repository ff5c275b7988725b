"""Results are kept, merged and shown as they were measured."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import numpy as np
import pytest

from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.evaluation.cost import Cost
from emo_music_ros.training.evaluation.evaluate import evaluate_candidate
from emo_music_ros.training.evaluation.protocol import Protocol, by_group
from emo_music_ros.training.evaluation.results import Candidate
from emo_music_ros.training.shared import report
from emo_music_ros.training.shared.goals import Goal
from emo_music_ros.training.shared.work import Work

DOCS = Path(__file__).parents[3] / "docs"


def measured(work: Path, name: str = "emo_music_ros", leaky: bool = False, note: str = ""):
    labels = np.arange(40) % 2
    corpus = Corpus(
        "RAVDESS made up", "", "", labels, labels, ("a", "b"), np.arange(40) // 4,
        groups={"sex": np.where(np.arange(40) // 4 % 2, "female", "male")},
    )  # fmt: skip

    def predict(train, test, seed):
        return np.where(labels[test][:, None] == [0, 1], 0.9, 0.1)

    return evaluate_candidate(
        "speech",
        "8 emotions",
        corpus,
        Candidate(name, "test", predict, lambda: Cost(12345, float("nan"), lambda: None), [name]),
        Protocol("5-fold", by_group(corpus.people, 5), leaky),
        Work(work),
        note=note,
    )


def test_saved_results_are_shown_with_goals_groups_and_notes(tmp_path):
    found = measured(tmp_path / "w", note="tried X, fell short")
    report.save(tmp_path, "speech", [found], ["RAVDESS made up", "EMO-DB"])
    text = (tmp_path / "results.md").read_text("utf-8")
    assert "| speech, RAVDESS UAR by actor | >= 0.58 | 1.000 | yes |" in text
    assert "| face, FER2013 validation accuracy | >= 0.68 | not run |  |" in text
    assert "10 people, 40 items." in text
    assert "| emo_music_ros | test | 1.000 [1.000, 1.000] |" in text
    assert "| 12,345 | - |" in text
    assert "tried X, fell short" in text
    assert "| female | 20 | 5 |" in text
    assert "EMO-DB: not run." in text
    assert "NaN" not in (tmp_path / "results" / "speech.json").read_text("utf-8")


def test_a_later_run_replaces_its_own_rows_only(tmp_path):
    first, second = measured(tmp_path / "w"), measured(tmp_path / "w", "LSTM")
    report.save(tmp_path, "speech", [first, second], [])
    report.save(tmp_path, "speech", [measured(tmp_path / "w", note="again")], [])
    kept = json.loads((tmp_path / "results" / "speech.json").read_text("utf-8"))["results"]
    assert [(one["candidate"], one["note"]) for one in kept] == [
        ("LSTM", ""),
        ("emo_music_ros", "again"),
    ]


def test_a_leaky_split_is_labelled_and_reaches_no_goal(tmp_path):
    found = measured(tmp_path / "w", leaky=True)
    assert "### **LEAKY, no result:** 8 emotions" in report.print_results([found])
    report.save(tmp_path, "speech", [found], [])
    text = (tmp_path / "results.md").read_text("utf-8")
    assert "| speech, RAVDESS UAR by actor | >= 0.58 | not run |  |" in text


def test_nothing_measured_reads_not_run(tmp_path):
    text = report.markdown(tmp_path)
    assert text.count("Not run.") == len(report.MODALITIES) + 1


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "face.json").write_text("{")
    with pytest.raises(InputError, match=r"face\.json is damaged"):
        report.markdown(tmp_path)


def test_an_unwritable_folder_is_named(tmp_path):
    (tmp_path / "results").write_text("a file, no folder")
    with pytest.raises(InputError, match="cannot be written"):
        report.write(tmp_path / "results" / "face.json", "{}")


def test_goal_bounds():
    assert Goal("", "face", "UAR", least=0.5).reached(0.5)
    assert not Goal("", "face", "p50_ms", most=1.0).reached(1.1)


def test_the_report_in_the_documentation_is_what_was_measured():
    assert (DOCS / "results.md").read_text("utf-8") == report.markdown(DOCS)


def test_the_example_of_the_documentation_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    text = (DOCS / "training.md").read_text("utf-8")
    example = text.partition("```python\n")[2].partition("```")[0]
    (tmp_path / "example.py").write_text(example)
    runpy.run_path(str(tmp_path / "example.py"))
    assert "| nearest centre | docs |" in capsys.readouterr().out
