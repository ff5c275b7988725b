# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")
pytest.importorskip("sklearn")

from emo_music_ros.encoding.physiology.encoder import LABELS, MEASURES  # noqa: E402
from emo_music_ros.errors import InputError  # noqa: E402
from emo_music_ros.io.model import Model  # noqa: E402
from emo_music_ros.training.corpora import deap  # noqa: E402
from emo_music_ros.training.evaluation import metrics  # noqa: E402
from emo_music_ros.training.physiology import fitting  # noqa: E402
from emo_music_ros.training.physiology import run as physiology  # noqa: E402
from emo_music_ros.training.physiology import study as stress_study  # noqa: E402
from emo_music_ros.training.physiology.fitting import fit  # noqa: E402
from emo_music_ros.training.physiology.network import (  # noqa: E402
    INPUTS,
    STRESS_SETTINGS,
)
from emo_music_ros.training.physiology.per_person import auc_per_person  # noqa: E402
from emo_music_ros.training.physiology.study import StressStudy  # noqa: E402
from emo_music_ros.training.physiology.waves import STEPS  # noqa: E402
from emo_music_ros.training.shared import trials  # noqa: E402
from emo_music_ros.training.shared.work import Work  # noqa: E402


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(fitting, "MEMBERS", 2)
    monkeypatch.setattr(metrics, "DRAWS", 10)


@pytest.fixture(scope="module")
def study(stress_predict_folder, tmp_path_factory):
    return StressStudy(stress_predict_folder, Work(tmp_path_factory.mktemp("work")), 0)


def test_training_learns_and_leaves_a_usable_model(stress_predict_folder, tmp_path):
    work = Work(tmp_path / "work")
    figures = physiology.train(stress_predict_folder, tmp_path / "models", work)
    assert figures["emo_music_ros"]["AUC per person"]["value"] > 0.9
    assert figures["emo_music_ros"]["AUC per person"]["trivial"] == 0.5
    assert figures["heart rate alone"]["AUC per person"]["value"] > 0.9
    model = Model("physiology", tmp_path / "models")
    assert model.labels == LABELS
    assert model.version == physiology.VERSION
    assert 0 <= model.conformal <= 1
    assert model.description["measures"] == list(MEASURES)
    assert model.description["smoothing"] in fitting.SMOOTHINGS
    calm, stressed = np.zeros((2, 1, INPUTS), np.float32)
    stressed[:] = 2.0
    stressed[..., -2:] = calm[..., -2:] = 1.0
    assert model(stressed)[0][0, 1] > 0.5 > model(calm)[0][0, 1]
    card = (tmp_path / "models" / "physiology.md").read_text()
    assert "4 healthy volunteers" in card
    # The network is kept for export without training, and nothing is there for another seed.
    study = StressStudy(stress_predict_folder, Work(tmp_path / "work", frozen=True), 0)
    everybody = np.arange(len(study.corpus))
    with torch.no_grad():
        kept = study.network(everybody, 0)(torch.from_numpy(stressed)).numpy()
    np.testing.assert_allclose(kept, model(stressed)[0], atol=1e-5)
    with pytest.raises(InputError, match="train first"):
        study.network(everybody, 1)


def test_calibration_never_sees_the_person_left_out(study, monkeypatch):
    seen = []

    def spy(inputs, share, people, times, seed):
        seen.append(set(people))
        everybody = np.arange(len(share))
        return fit(inputs, share, [(STRESS_SETTINGS[0], everybody)], seed)

    monkeypatch.setattr(stress_study, "choose_and_fit", spy)
    for train, test in study.one_out.folds:
        study.ours().predict(train, test, 7)
        assert not seen[-1] & set(study.corpus.people[test])
        assert len(seen[-1]) == 3


def test_what_is_compared_with(study, monkeypatch):
    train, test = study.one_out.folds[0]
    rows = [study.single("heart rate alone", "heart_rate"), study.forest(), study.clock()]
    rows.append(study.logistic())
    rows.append(study.paper("CNN"))
    for candidate in rows:
        table = candidate.predict(train, test, 0)
        assert table.shape == (len(test), 2)
        np.testing.assert_allclose(table.sum(axis=1), 1.0, atol=1e-5)
    truth, people = study.corpus.labels[test], study.corpus.people[test]
    for candidate in (rows[0], rows[2]):
        table = candidate.predict(train, test, 0)
        assert auc_per_person(truth, table, people) > 0.9


def test_signals_of_a_window_look_only_back(study, stress_predict_folder):
    waves = study.waves()
    assert waves.shape == (len(study.corpus), STEPS, 4)
    assert np.isfinite(waves).all()
    rate = waves[:, :, 0].mean(axis=1)
    stressed = np.array([item.share == 1.0 for item in study.corpus.items])
    before = np.array([item.share == 0.0 and item.elapsed < 110 for item in study.corpus.items])
    assert rate[stressed].mean() > rate[before].mean() + 0.5
    assert waves[stressed, -1, 2].mean() > waves[before, -1, 2].mean() + 0.5


def test_a_folder_without_corpus_is_told(tmp_path):
    with pytest.raises(InputError, match="Stress-Predict"):
        physiology.evaluate(tmp_path, Work(tmp_path / "work"))
    with pytest.raises(InputError, match="int8"):
        physiology.train(tmp_path, tmp_path, Work(tmp_path / "work"), precision="int8")


def test_evaluation_of_trials_from_the_body(deap_folder, tmp_path):
    results = physiology.evaluate(deap_folder, Work(tmp_path), leaky=True)
    assert {(r.task.split(",")[0], r.leaky) for r in results} == {
        ("valence", False), ("valence", True), ("arousal", False), ("arousal", True),
    }  # fmt: skip
    ours = next(r for r in results if r.task.startswith("arousal") and not r.leaky)
    assert ours.corpus == "DEAP, body"
    assert ours.people == 3
    assert ours.items == 48  # two segments of 10 s in each of 24 trials
    assert ours.measures["UAR"]["value"] > 0.9  # the heart follows arousal in these recordings
    assert ours.measures["UAR"]["trivial"] == 0.5
    json.dumps(ours.plain())


def test_features_of_the_body_are_against_the_rest(deap_folder):
    item = deap.load(deap_folder, trials.body).items[1]  # the heart goes from 65 to 95
    assert item.shape == (20, 8)
    assert item[5:, 0].mean() == pytest.approx(10 * np.log(95 / 65), abs=1.0)
