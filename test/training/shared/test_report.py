# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Results are kept, merged and shown as they were measured."""

from __future__ import annotations

import importlib
import json
import re
import runpy
from pathlib import Path

import numpy as np
import pytest

from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora.base import Corpus
from emo_music_ros.training.evaluation import metrics
from emo_music_ros.training.evaluation.cost import Cost
from emo_music_ros.training.evaluation.evaluate import evaluate_candidate
from emo_music_ros.training.evaluation.protocol import Protocol, by_group
from emo_music_ros.training.evaluation.results import Candidate
from emo_music_ros.training.shared import headlines, report
from emo_music_ros.training.shared.goals import Goal
from emo_music_ros.training.shared.work import Work

DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture(autouse=True)
def few_draws(monkeypatch):
    monkeypatch.setattr(metrics, "DRAWS", 50)


def measured(
    work: Path,
    name: str = "emo_music_ros",
    leaky: bool = False,
    note: str = "",
    people: int = 10,
    right: float = 1.0,
):
    labels = np.arange(40) % 2
    who = np.arange(40) // 4 % people
    corpus = Corpus(
        "RAVDESS made up", "", "", labels, labels, ("a", "b"), who,
        groups={"sex": np.where(who % 2, "female", "male")},
    )  # fmt: skip

    def predict(train, test, seed):
        found = np.where(np.random.default_rng(0).random(40) < right, labels, 1 - labels)[test]
        return np.where(found[:, None] == [0, 1], 0.9, 0.1)

    return evaluate_candidate(
        "speech",
        "emotions",
        corpus,
        Candidate(name, "test", predict, lambda: Cost(12345, float("nan"), lambda: None), [name]),
        Protocol("5-fold", by_group(corpus.people, min(people, 5)), leaky),
        Work(work),
        note=note,
    )


def test_saved_results_are_shown_with_goals_groups_and_notes(tmp_path):
    found = measured(tmp_path / "w", note="tried X, fell short")
    report.save(tmp_path, "speech", [found], ["RAVDESS made up", "EMO-DB"])
    text = (tmp_path / "results.md").read_text("utf-8")
    assert "| speech, RAVDESS UAR by actor | >= 0.68 | 1.000 | yes |" in text
    assert "| face, FER2013 accuracy | >= 0.68 | not run |  |" in text
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
        ("emo_music_ros", "again"),
        ("LSTM", ""),
    ]


def test_a_leaky_split_is_labelled_and_reaches_no_goal(tmp_path):
    found = measured(tmp_path / "w", leaky=True)
    assert "### **LEAKY, no result:** emotions" in report.print_results([found])
    report.save(tmp_path, "speech", [found], [])
    text = (tmp_path / "results.md").read_text("utf-8")
    assert "| speech, RAVDESS UAR by actor | >= 0.68 | not run |  |" in text


def test_nothing_measured_reads_not_run(tmp_path):
    text = report.markdown(tmp_path)
    assert text.count("Not run.") == len(report.MODALITIES) + 1


def test_figures_are_the_same_again_from_the_answers(tmp_path):
    found = [measured(tmp_path / "w"), measured(tmp_path / "w", "LSTM")]
    path = report.save(tmp_path, "speech", found, [])
    again = report.again(tmp_path, "speech", {})
    assert again == json.loads(path.read_text("utf-8"))["results"]
    text = path.read_text("utf-8")
    report.save_entries(tmp_path, "speech", again, [])
    assert path.read_text("utf-8") == text


def test_missing_answers_are_named(tmp_path):
    with pytest.raises(InputError, match="no results of speech"):
        report.again(tmp_path, "speech", {})
    report.save(tmp_path, "speech", [measured(tmp_path / "w")], [])
    (tmp_path / "results" / "answers" / "speech.npz").unlink()
    with pytest.raises(InputError, match="no answers of emo_music_ros: emotions"):
        report.again(tmp_path, "speech", {})


def test_three_people_have_no_interval_and_it_is_said(tmp_path):
    text = report.print_results([measured(tmp_path / "w", people=3)])
    assert "3 people, 40 items. Fewer than 6 people could exclude nothing at 95 %" in text
    assert "| emo_music_ros | test | 1.000 | 1.000 |" in text


def test_the_table_of_the_readme_has_the_best_baseline(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{headlines.BEGIN}\nformerly\n{headlines.END}\nafter\n")
    found = [
        measured(tmp_path / "w"),
        measured(tmp_path / "w", "LSTM", right=0.6),
        measured(tmp_path / "w", "forest", right=0.7),
        measured(tmp_path / "w", "clock (control)"),
    ]
    report.save(tmp_path / "docs", "speech", found, [])
    text = readme.read_text("utf-8")
    (line,) = [one for one in text.splitlines() if "models/speech.md" in one]
    assert re.search(r"\| 1.000 \[1.000, 1.000\] \| 0.\d+ \[.*\], forest \| 0.500 \|", line)
    assert "| [face](models/face.md) | FER2013, FER+, RAF-DB |" in text
    assert "not run" in text
    assert text.startswith("before\n")
    assert text.endswith(f"{headlines.END}\nafter\n")
    assert "formerly" not in text


def test_a_readme_without_the_table_is_left_alone(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text("nothing here\n")
    report.save(tmp_path / "docs", "speech", [measured(tmp_path / "w")], [])
    assert readme.read_text("utf-8") == "nothing here\n"


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


@pytest.mark.parametrize(
    "path", sorted((DOCS / "results" / "answers").glob("*.npz")), ids=lambda path: path.stem
)
def test_the_figures_of_the_documentation_are_those_of_its_answers(path):
    pytest.importorskip("torch")
    pytest.importorskip("onnxscript")
    run = importlib.import_module(f"emo_music_ros.training.{path.stem}.run")
    saved = report.load(DOCS)[path.stem]["results"]
    again = report.again(DOCS, path.stem, getattr(run, "METRICS", {}))
    for one, other in zip(saved, again, strict=True):
        assert one["groups"] == other["groups"]
        for name, entry in one["measures"].items():
            for kind in ("value", "trivial"):  # the interval is of few resamples here
                assert entry[kind] == other["measures"][name][kind], (one["candidate"], name)
    assert path.stat().st_size < 4_000_000  # those of fusion hold five seeds of every part dropped
