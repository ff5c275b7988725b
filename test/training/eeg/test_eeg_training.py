# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")
pytest.importorskip("sklearn")

from emo_music_ros.encoding.eeg.encoder import LABELS, MEASURES  # noqa: E402
from emo_music_ros.errors import InputError  # noqa: E402
from emo_music_ros.io.model import Model  # noqa: E402
from emo_music_ros.training.eeg import eegnet  # noqa: E402
from emo_music_ros.training.eeg import run as eeg  # noqa: E402
from emo_music_ros.training.eeg import study as eeg_study  # noqa: E402
from emo_music_ros.training.eeg.band_powers import fit  # noqa: E402
from emo_music_ros.training.eeg.study import MentalStateStudy  # noqa: E402
from emo_music_ros.training.evaluation import metrics  # noqa: E402
from emo_music_ros.training.shared.work import Work  # noqa: E402


@pytest.fixture(scope="module")
def takes(tmp_path_factory):
    """Three people whose states are rhythms of 20, 14 and 10 Hz, 14 s each."""
    root = tmp_path_factory.mktemp("muse")
    for person in "abc":
        for tone, state in zip((20, 14, 10), LABELS):
            generator = np.random.default_rng(ord(person) + tone)
            time = np.arange(14 * 256) / 256
            samples = 8 * generator.normal(size=(len(time), 4))
            samples += 20 * np.sin(2 * np.pi * tone * time + generator.uniform(0, 6))[:, None]
            lines = ["timestamps,TP9,AF7,AF8,TP10,Right AUX"]
            lines += [
                f"{1533222559 + at:.4f}," + ",".join(f"{value:.2f}" for value in row) + ",0"
                for at, row in zip(time, samples)
            ]
            (root / f"subject{person}-{state}-1.csv").write_text("\n".join(lines) + "\n")
    return root


@pytest.fixture(autouse=True)
def few_draws(monkeypatch):
    monkeypatch.setattr(metrics, "DRAWS", 10)


def test_training_learns_and_leaves_two_usable_models(takes, tmp_path, monkeypatch):
    monkeypatch.setattr(eegnet, "EPOCHS", 4)
    work = Work(tmp_path / "work")
    figures = eeg.train(takes, tmp_path / "models", work)
    assert figures["emo_music_ros"]["UAR"]["value"] > 0.9
    assert figures["EEGNet"]["UAR"]["trivial"] == pytest.approx(1 / 3)
    for name, kind, shape in (("eeg", "measures", (10,)), ("eeg_eegnet", "waves", (4, 512))):
        model = Model(name, tmp_path / "models")
        assert model.labels == LABELS
        assert model.description["measures"] == list(MEASURES)
        assert model.description["input"] == kind
        assert 0 <= model.conformal <= 1
        table = model(np.zeros((3, *shape), np.float32))[0]
        np.testing.assert_allclose(table.sum(axis=1), 1.0, atol=1e-5)
        assert "three states" in (tmp_path / "models" / f"{name}.md").read_text()
    study = MentalStateStudy(
        takes, Work(tmp_path / "work", frozen=True), 0
    )  # export trains nothing
    for name, network, inputs in (
        ("eeg", study.linear, study.measures),
        ("eeg_eegnet", study.eegnet, study.waves),
    ):
        with torch.no_grad():
            kept = network(study.everybody, 0)(torch.from_numpy(inputs[:3])).numpy()
        found = Model(name, tmp_path / "models")(inputs[:3])[0]
        np.testing.assert_allclose(kept, found, atol=1e-4)


def test_the_temperature_never_sees_the_person_left_out(takes, tmp_path, monkeypatch):
    study = MentalStateStudy(takes, Work(tmp_path), 0)
    seen = []

    def spy(measures, labels, people):
        seen.append(set(people))
        return fit(measures, labels, people)

    monkeypatch.setattr(eeg_study, "fit", spy)
    train = np.flatnonzero(study.corpus.people != "subjectc")
    study.linear(train, 0)
    assert seen == [{"subjecta", "subjectb"}, {"subjectb"}, {"subjecta"}]


def test_what_is_compared_with(takes, tmp_path):
    study = MentalStateStudy(takes, Work(tmp_path), 0)
    test = np.flatnonzero(study.corpus.people == "subjecta")
    train = np.setdiff1d(study.everybody, test)
    for candidate in (study.forest(), study.paper("CNN")):
        table = candidate.predict(train, test, 0)
        assert table.shape == (len(test), 3)
        assert (table.argmax(axis=1) == study.corpus.labels[test]).mean() > 0.6


def test_evaluation_of_trials_from_the_brain(deap_folder, tmp_path):
    results = eeg.evaluate(deap_folder, Work(tmp_path), baselines=True)
    names = [result.candidate for result in results if result.task.startswith("arousal")]
    assert names[0] == "emo_music_ros"
    assert {"CNN", "LSTM", "BiGRU", "conv + Bi-LSTM + attention", "Random Forest"} <= set(names)
    ours = next(result for result in results if result.task.startswith("arousal"))
    assert ours.corpus == "DEAP, brain"
    assert ours.measures["UAR"]["value"] > 0.9  # alpha falls with arousal in these recordings


def test_a_folder_without_corpus_is_told(tmp_path):
    with pytest.raises(InputError, match="Muse"):
        eeg.evaluate(tmp_path, Work(tmp_path / "work"))
