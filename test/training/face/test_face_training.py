# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnxscript")

from emo_music_ros.emotion import FER2013  # noqa: E402
from emo_music_ros.encoding.face.model import FaceModel  # noqa: E402
from emo_music_ros.errors import InputError  # noqa: E402
from emo_music_ros.training.corpora import fer2013, ferplus  # noqa: E402
from emo_music_ros.training.corpora.base import Corpus  # noqa: E402
from emo_music_ros.training.evaluation import metrics  # noqa: E402
from emo_music_ros.training.face import (  # noqa: E402
    fitting,
    network,
    settings,
    training,
)
from emo_music_ros.training.face import run as face  # noqa: E402
from emo_music_ros.training.face.corruptions import CORRUPTIONS  # noqa: E402
from emo_music_ros.training.face.cross_corpus import cropped  # noqa: E402
from emo_music_ros.training.face.settings import PRECISION, FaceSettings  # noqa: E402
from emo_music_ros.training.shared.work import Work  # noqa: E402

PORTRAIT = Path(__file__).resolve().parents[2] / "encoding" / "face" / "portrait.jpg"


def small_corpus(folder, count=500):
    """Write faces whose class is the direction of a wave: nothing else tells them apart."""
    draw = np.random.default_rng(0)
    labels = draw.integers(0, 7, count)
    angle = (np.pi * labels / 7)[:, None, None]
    place = np.arange(48) / 48
    along = place[:, None] * np.sin(angle) + place * np.cos(angle)
    phase = draw.uniform(0, 2 * np.pi, (count, 1, 1))
    waves = np.sin(2 * np.pi * 3 * along + phase)
    images = 128 + 60 * waves + draw.normal(0, 5, (count, 48, 48))
    images = np.clip(images, 0, 255).astype(np.uint8)
    np.savez(folder / "fer2013_train.npz", images=images, labels=labels, names=np.array(FER2013))


class SmallNetwork(network.FaceNetwork):
    def __init__(self):
        super().__init__((8, 8, 16), (1, 1, 1))


class SmallVgg(network.Vgg19):
    def __init__(self):
        super().__init__((4, 8, 8, 8, 8))


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(fitting, "BATCH", 16)
    monkeypatch.setattr(fitting, "AVERAGING", 0.8)
    monkeypatch.setattr(training, "CALIBRATION", 0.2)
    monkeypatch.setattr(fitting, "augment", lambda faces, draw: faces)
    monkeypatch.setattr(settings, "LARGE", FaceSettings(SmallNetwork, 4))
    monkeypatch.setattr(settings, "SHIPPED", FaceSettings(SmallNetwork, 4))
    monkeypatch.setattr(settings, "VGG", FaceSettings(SmallVgg, 4))


def test_training_learns_and_leaves_a_usable_model(tmp_path, quick):
    small_corpus(tmp_path)
    work = Work(tmp_path / "work")
    figures = face.train(tmp_path, tmp_path / "models", work, seed=0)
    assert figures["accuracy"] > 0.5
    assert figures["precision"] == PRECISION
    description = json.loads((tmp_path / "models" / "face.json").read_text())
    assert description["temperature"] == figures["temperature"]
    assert 0 < description["conformal"] < 1
    # What the encoder answers is what was measured, whichever precision.
    corpus = fer2013.load(tmp_path)
    logits, embedding = FaceModel(tmp_path / "models")(list(corpus.items[:64]))
    assert logits.shape == (64, 7)
    assert embedding.shape == (64, network.EMBEDDING)
    assert metrics.accuracy(corpus.labels[:64], logits.argmax(axis=1)) > 0.5
    card = (tmp_path / "models" / "face.md").read_text()
    assert "no person-independent claim is possible" in card
    assert "| accuracy |" in card
    # A second run recalls, and export needs no training.
    again = face.train(
        tmp_path, tmp_path / "float", Work(tmp_path / "work", frozen=True), precision="float32"
    )
    assert abs(again["accuracy"] - figures["accuracy"]) < 0.15
    with pytest.raises(InputError, match="float16"):
        face.train(tmp_path, tmp_path, work, precision="float16")


def test_evaluation_without_ck_plus_says_nothing_of_it(tmp_path, quick):
    small_corpus(tmp_path)
    results = face.evaluate(tmp_path, Work(tmp_path / "work"))
    assert results[0].candidate == "emo_music_ros"
    assert results[0].cost["parameters"] > 1000
    assert {result.corpus for result in results} == {"FER2013"}
    names = {result.candidate for result in results}
    assert {f"emo_music_ros, {change}" for change in CORRUPTIONS} <= names


def test_evaluation_measures_ck_plus_where_it_is(tmp_path, quick):
    small_corpus(tmp_path)
    for number, (folder, shade) in enumerate((("happy", 90), ("anger", 140), ("contempt", 10))):
        path = tmp_path / "CK+48" / folder / f"S{number:03d}_001_00000009.png"
        path.parent.mkdir(parents=True)
        ramp = np.linspace(0, shade, 48)[:, None].repeat(48, axis=1)
        assert cv2.imwrite(str(path), ramp.astype(np.uint8))
    *_, result, larger = face.evaluate(tmp_path, Work(tmp_path / "work"))
    assert (result.candidate, larger.candidate) == ("emo_music_ros", "emo_music_ros large")
    assert result.corpus == larger.corpus == "CK+"
    assert result.people == 2
    assert "Contempt" in result.note


def test_votes_are_learnt_where_they_are_and_both_networks_written(tmp_path, quick):
    small_corpus(tmp_path)
    with np.load(tmp_path / "fer2013_train.npz") as content:
        images, labels = content["images"], content["labels"]
    folder = tmp_path / "ferplus" / "FER2013Train"
    folder.mkdir(parents=True)
    lines = []
    for number, (image, label) in enumerate(zip(images, labels)):
        cv2.imwrite(str(folder / f"{number}.png"), image)
        votes = [10 * (FER2013[label] == name) for name in ferplus._COLUMNS]
        lines.append(f'{number}.png,"(0, 0, 48, 48)",{",".join(map(str, votes))}')
    (folder / "label.csv").write_text("\n".join(lines))
    figures = face.train(tmp_path, tmp_path / "models", Work(tmp_path / "work"))
    assert figures["accuracy"] > 0.5
    for name in ("face", "face_large"):
        assert "how ten raters voted" in (tmp_path / "models" / f"{name}.md").read_text()
        model = FaceModel(tmp_path / "models", name)
        logits, _ = model(list(images[:64]))
        assert metrics.accuracy(labels[:64], logits.argmax(axis=1)) > 0.4


def test_faces_of_another_corpus_are_cut_as_at_run_time_and_learnt(tmp_path, quick, monkeypatch):
    small_corpus(tmp_path)
    portrait = cv2.imread(str(PORTRAIT))
    pictures = [portrait, np.full((100, 100, 3), 90, np.uint8)]
    more = Corpus(
        *(
            "RAF-DB",
            "made up",
            "none",
            pictures,
            np.array([3, 6]),
            FER2013,
            np.arange(2),
            "pictures",
        )
    )
    asked = []

    def load(data, part):
        asked.append(part)
        return more if part == "train" else None

    monkeypatch.setattr(face.rafdb, "load", load)
    trainings = face.trainings_on(tmp_path, Work(tmp_path / "work"))
    assert trainings.more.items.shape == (2, 48, 48)
    (found,) = cropped([portrait])
    np.testing.assert_array_equal(trainings.more.items[0], found)
    assert (trainings.more.items[1] == 90).all()  # no face: the whole picture
    face.train(tmp_path, tmp_path / "models", Work(tmp_path / "work"))
    assert "VGG-19" in (tmp_path / "models" / "face_vgg19.md").read_text()
    assert "all 2 training faces of RAF-DB" in (tmp_path / "models" / "face.md").read_text()
    assert set(asked) == {"train"}
