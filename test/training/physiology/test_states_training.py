# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""WESAD is measured against everybody's own first minutes and leaves a usable model."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")
pytest.importorskip("sklearn")

from emo_music_ros.encoding.physiology.states import LABELS, MEASURES, REST  # noqa: E402
from emo_music_ros.io.model import Model  # noqa: E402
from emo_music_ros.training.evaluation import metrics  # noqa: E402
from emo_music_ros.training.physiology import run as physiology  # noqa: E402
from emo_music_ros.training.physiology import states  # noqa: E402
from emo_music_ros.training.physiology.states import TASKS, StateStudy  # noqa: E402
from emo_music_ros.training.shared.work import Work  # noqa: E402


@pytest.fixture(autouse=True)
def few_draws(monkeypatch):
    monkeypatch.setattr(metrics, "DRAWS", 10)


@pytest.fixture
def study(wesad_folder, tmp_path):
    return StateStudy(wesad_folder, Work(tmp_path / "work"), 0)


def test_the_first_minutes_are_the_own_rest_and_are_not_asked(study):
    mine = study.segments.people == 5
    ends = study.segments.items[mine, 0]
    assert not study.asked[mine][ends <= REST].any()
    assert study.asked[mine][ends > REST + 30].all()
    # A heart that always beats faster is the same against its own rest.
    rate = study.against[:, list(MEASURES).index("heart_rate")]
    calm = study.asked & (study.segments.labels == 0)
    means = [rate[calm & (study.segments.people == one)].mean() for one in (2, 5, 8)]
    assert means == pytest.approx([0, 0, 0], abs=0.03)


def test_nothing_later_is_in_a_minute(study):
    row = int(np.flatnonzero(study.segments.people == 5)[30])
    other = study.segments.subset(np.arange(len(study.segments)))
    other.items[row + 1 :, 1:] = 99.0
    np.testing.assert_array_equal(
        states.minutes(other)[: row + 1], states.minutes(study.segments)[: row + 1]
    )


def test_every_task_is_asked_person_by_person(wesad_folder, tmp_path):
    results = physiology.evaluate(wesad_folder, Work(tmp_path), baselines=True)
    assert list(dict.fromkeys(result.task for result in results)) == list(TASKS)
    ours = {result.task: result for result in results if result.candidate == "emo_music_ros"}
    for result in ours.values():
        assert result.people == 6
        assert result.measures["UAR"]["value"] > 0.9
        assert set(result.groups["person"]) == {"S02", "S03", "S05", "S06", "S07", "S08"}
    assert set(np.unique(ours["stress or rest"].truth)) == {0, 1}


def test_training_leaves_a_model_and_its_card(study, tmp_path):
    states.train(study, tmp_path)
    model = Model("physiology_states", tmp_path)
    assert model.labels == LABELS
    assert model.description["measures"] == list(MEASURES)
    stressed = np.log([[85 / 65, 25 / 50, 20 / 40, 2.0]]).astype(np.float32)
    table = model(np.concatenate([0 * stressed, stressed]))[0]
    assert table.argmax(axis=1).tolist() == [0, 1]
    assert "first 5 minutes" in (tmp_path / "physiology_states.md").read_text("utf-8")
