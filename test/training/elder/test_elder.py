# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn")

from emo_music_ros.training.elder import run as elder  # noqa: E402
from emo_music_ros.training.evaluation import metrics  # noqa: E402
from emo_music_ros.training.shared.work import Work  # noqa: E402


@pytest.fixture
def folder(tmp_path):
    """Clips whose first six features tell happiness and valence, the others nothing."""
    draw = np.random.default_rng(0)
    for part, count in (("train", 160), ("dev", 60)):
        audio, labels = [], []
        for clip in range(count):
            happy = int(draw.random() < 0.4)
            other = draw.integers(0, 2, 5)
            features = draw.normal(size=148)
            features[:6] = 2 * happy + 0.5 * draw.normal(size=6)
            name = f"video{clip % 8}_{part}{clip}"
            audio.append(f"{name}\t" + " ".join(f"{value:.4f}" for value in features))
            emotions = [*other[:3], happy, *other[3:]]
            told = " ".join(map(str, emotions))
            labels.append(f"{name}.mp4 {told} {'fm'[clip % 2]} {2.0 + 4 * happy}")
        (tmp_path / f"{part}_audio.txt").write_text("\n".join(audio) + "\n")
        (tmp_path / f"{part}_labels.txt").write_text("\n".join(labels) + "\n")
    return tmp_path


def test_evaluation_finds_what_can_be_found_and_no_more(folder, monkeypatch):
    monkeypatch.setattr(elder, "PENALTIES", (0.01, 0.1))
    monkeypatch.setattr(metrics, "DRAWS", 10)
    emotions, valence = elder.evaluate(folder, Work(folder / "work"))
    assert emotions.items == 60
    assert emotions.people == 8
    assert emotions.unit == "videos"
    assert emotions.measures["happiness AUC"]["value"] > 0.95
    assert emotions.measures["happiness F1"]["value"] > 0.85
    assert emotions.measures["happiness AUC"]["trivial"] == 0.5
    assert 0.3 < emotions.measures["anger AUC"]["value"] < 0.7
    assert set(emotions.groups["sex"]) == {"female", "male"}
    assert valence.measures["CCC"]["value"] > 0.8
    assert valence.measures["CCC"]["trivial"] == pytest.approx(0.0, abs=1e-9)
    assert valence.measures["UAR of the sign"]["value"] > 0.9


def test_all_candidates_answer(folder):
    study = elder.ElderStudy(folder, 0)
    train = np.flatnonzero(study.part == "train")[::3]
    test = np.flatnonzero(study.part == "dev")
    names = []
    for candidate in study.candidates()[1:]:
        table = candidate.predict(train, test, 0)
        assert table.shape == (60, 6)
        assert table.min() >= 0
        assert table.max() <= 1
        names.append(candidate.name)
    assert names == ["Random Forest", "MLP", "SVM"]


def test_a_threshold_moves_to_one_half_and_keeps_the_order():
    chance = np.array([[0.05], [0.2], [0.21], [0.9]])
    moved = elder.centre(chance, np.array([0.2]))[:, 0]
    assert (np.diff(moved) > 0).all()
    np.testing.assert_array_equal(moved >= 0.5 - 1e-12, [False, True, True, True])


def test_the_threshold_is_that_of_the_best_f1():
    truth = np.array([False] * 50 + [True] * 50)
    chance = np.r_[np.linspace(0, 0.3, 50), np.linspace(0.32, 0.5, 50)]
    assert elder.best_threshold(truth, chance) == pytest.approx(0.31, abs=0.03)


def test_concordance_punishes_offset_and_scale():
    truth = np.array([-1.0, 0.0, 1.0])
    people = np.arange(3)
    assert elder.ccc(truth, truth[:, None], people) == pytest.approx(1.0)
    # 2 s_xy / (s_x^2 + s_y^2 + offset^2) = (4 / 3) / (2 / 3 + 2 / 3 + 1)
    assert elder.ccc(truth, truth[:, None] + 1, people) == pytest.approx(4 / 7)
    assert elder.ccc(truth, 0 * truth[:, None], people) == pytest.approx(0.0)
