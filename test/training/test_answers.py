# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")
pytest.importorskip("sklearn")

from emo_music_ros.emotion import FER2013, RAVDESS  # noqa: E402
from emo_music_ros.encoding.speech.audio_features import RATE  # noqa: E402
from emo_music_ros.encoding.speech.encoder import SpeechModel  # noqa: E402
from emo_music_ros.encoding.speech.functionals import COUNT  # noqa: E402
from emo_music_ros.encoding.speech.voice_activity import Segment  # noqa: E402
from emo_music_ros.errors import InputError  # noqa: E402
from emo_music_ros.simulation.answers import Answers  # noqa: E402
from emo_music_ros.training import answers as recording  # noqa: E402
from emo_music_ros.training.corpora import goemotions  # noqa: E402
from emo_music_ros.training.evaluation import metrics  # noqa: E402
from emo_music_ros.training.face import settings as face_settings  # noqa: E402
from emo_music_ros.training.face.candidates import PARTS  # noqa: E402
from emo_music_ros.training.face.training import Trainings  # noqa: E402
from emo_music_ros.training.physiology import fitting, study  # noqa: E402
from emo_music_ros.training.shared.work import Work  # noqa: E402
from emo_music_ros.training.speech import network as networks  # noqa: E402

FOLDER = "EMO_MUSIC_DATA"  # environment variable: the folder with all corpora


def part(people, classes=3, seed=0, **features):
    draw = np.random.default_rng(seed)
    count = len(people)
    return recording.Part(
        "made up",
        "none",
        "Nobody was.",
        np.arange(count) % classes,
        draw.dirichlet(np.ones(classes), count),
        draw.random(count),
        draw.random(count),
        np.asarray(people),
        features,
    )


def recorded(*parts, timed=False, known=True):
    return recording.Recorded(("neutral", "happiness", "sadness"), 0.1, known, timed, parts)


def test_people_get_numbers_that_are_not_their_names_and_keep_their_answers():
    names = np.repeat([f"S{number:02d}" for number in range(30)], 3)
    one, two = part(names), part(["x", "x", "y"], seed=1)
    (first, second), (groups, others) = recording.arranged(recorded(one, two), 0)
    assert sorted(set(groups)) == list(range(30))
    assert sorted(set(others)) == [30, 31]
    assert np.all(np.diff(groups) >= 0)
    order = [int(name[1:]) for name in first.people[::3]]
    assert order != sorted(order)
    for number in range(30):
        (name,) = set(first.people[groups == number])
        mine = one.probabilities[one.people == name]
        found = first.probabilities[groups == number]
        assert sorted(map(tuple, mine)) == sorted(map(tuple, found))
    assert len(second.truth) == 3


def test_timed_rows_stay_in_their_order():
    elapsed = np.tile(np.arange(5.0), 4)
    made = part(np.repeat(list("abcd"), 5), elapsed=elapsed)
    (first,), (groups,) = recording.arranged(recorded(made, timed=True), 0)
    for number in range(4):
        np.testing.assert_array_equal(first.features["elapsed"][groups == number], np.arange(5.0))


def test_what_is_stored_is_read_again_and_the_same_every_time(tmp_path):
    made = part(np.repeat([4, 7], 20), elapsed=np.arange(40.0))
    content = []
    for folder in (tmp_path / "one", tmp_path / "two"):
        path = recording.store({"speech": recorded(made)}, folder)
        content.append(
            [(folder / f"answers.{kind}").read_bytes() for kind in ("npz", "json", "md")]
        )
        assert path == folder / "answers.npz"
    assert content[0] == content[1]
    table = Answers(tmp_path / "one").table("speech")
    assert table.conformal == 0.1
    np.testing.assert_array_equal(table.listeners(*table.labels), [0, 1])
    (sorted_part,), _ = recording.arranged(recorded(made), 0)
    np.testing.assert_allclose(table.probabilities, sorted_part.probabilities, atol=1e-3)
    np.testing.assert_allclose(table.confidence, sorted_part.confidence, atol=1e-3)
    np.testing.assert_array_equal(table.features["elapsed"], sorted_part.features["elapsed"])


def test_the_card_shows_how_often_each_label_is_met(tmp_path):
    made = part(np.arange(4))
    table = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.6, 0.2, 0.2], [0.2, 0.7, 0.1]])
    made = replace(made, probabilities=table)
    recording.store({"speech": recorded(made)}, tmp_path)
    card = (tmp_path / "answers.md").read_text()
    assert "| neutral | 2 | 0.50 | 0.40 | 0.10 |" in card  # mean probability
    assert "| neutral | 2 | 0.50 | 0.50 | 0.00 |" in card  # share of the most probable
    assert "accuracy 0.500" in card
    assert "made up (none), 4 answers, groups 0 to 3. Nobody was." in card


def test_balanced_draws_at_most_so_many_of_every_label():
    labels = np.repeat([0, 1, 2], [50, 5, 20])
    rows = recording.balanced(labels, 10, np.random.default_rng(0))
    assert np.bincount(labels[rows]).tolist() == [10, 5, 10]
    assert len(set(rows)) == len(rows)


def test_rest_is_that_of_the_person():
    rate = np.array([60.0, np.nan, 64.0, 90.0, 70.0, 80.0, 75.0])
    rest = np.array([True, True, True, False, True, False, False])
    people = np.array(list("aaaabbc"))
    found = recording.resting(rate, rest, people)
    np.testing.assert_allclose(found, [62.0] * 4 + [70.0] * 2 + [np.nan])


def test_the_judge_of_speech_answers_with_the_weights_it_is_given():
    torch.manual_seed(0)
    nothing = np.zeros(COUNT, np.float32)
    network = networks.SpeechNetwork(
        [networks.SequenceNetwork()], [networks.WholeNetwork(nothing, nothing + 1)]
    ).eval()
    with torch.no_grad():
        for layer in (network.sequences[0].answer, network.wholes[0].layers[-1]):
            layer.weight.zero_()
            layer.bias.copy_(torch.arange(8.0))
    draw = np.random.default_rng(0)
    segment = Segment(0.1 * draw.normal(size=2 * RATE).astype(np.float32), 0, 0.01, 1e-6)
    mine, shipped = recording._Exchanged(network)(segment)[0], SpeechModel()(segment)[0]
    assert mine.labels == RAVDESS
    assert np.all(np.diff(mine.probabilities) > 0)
    assert mine.quality == shipped.quality
    assert not np.allclose(mine.probabilities, shipped.probabilities)


def test_text_is_answered_by_the_encoder(tmp_path):
    folder = tmp_path / "text" / "goemotions" / "ekman"
    folder.mkdir(parents=True)
    classes = {"happiness": 3, "sadness": 5}
    assert goemotions.emotion.EKMAN[3] == "happiness"
    lines = [
        f"I love this so much, thank you!\t{classes['happiness']}\ta",
        f"I am so sad that I could cry.\t{classes['sadness']}\tb",
        f"Both.\t{classes['happiness']},{classes['sadness']}\tc",
    ]
    (folder / "dev.tsv").write_text("\n".join(lines) + "\n")
    found = recording.text(tmp_path, Work(tmp_path), 0)
    (only,) = found.parts
    assert only.truth.tolist() == [3, 5]
    assert only.probabilities.argmax(axis=1).tolist() == [3, 5]
    assert not found.known


def test_faces_are_answered_by_a_network_that_did_not_learn_from_them(tmp_path, monkeypatch):
    (tmp_path / "face").mkdir()
    draw = np.random.default_rng(0)
    images = draw.integers(0, 256, (400, 48, 48), np.uint8)
    names = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
    path = tmp_path / "face" / "fer2013_train.npz"
    np.savez(path, images=images, labels=np.arange(400) % 7, names=np.array(names))
    quick = replace(face_settings.LARGE, epochs=1)
    monkeypatch.setattr(face_settings, "SHIPPED", quick)
    learnt = []
    train = Trainings.__call__

    def spy(trainings, settings, rows, seed):
        learnt.extend(trainings.corpus.people[rows])
        return train(trainings, settings, rows, seed)

    monkeypatch.setattr(Trainings, "__call__", spy)
    found = recording.face(tmp_path, Work(tmp_path / "work"), 0)
    (only,) = found.parts
    assert found.labels == FER2013
    assert len(only.truth) == 400 // PARTS
    assert not set(only.people) & set(learnt)
    np.testing.assert_allclose(only.probabilities.sum(axis=1), 1.0, atol=1e-6)


def test_bodies_are_answered_by_networks_trained_without_them(
    tmp_path, stress_predict_folder, monkeypatch
):
    (tmp_path / "physio").mkdir()
    (tmp_path / "physio" / "stress_predict").symlink_to(stress_predict_folder)
    monkeypatch.setattr(fitting, "MEMBERS", 1)
    monkeypatch.setattr(fitting, "UPDATES", 30)
    monkeypatch.setattr(metrics, "DRAWS", 10)
    trained = []
    fit = fitting.choose_and_fit

    def spy(inputs, share, people, seed):
        trained.append(set(people))
        return fit(inputs, share, people, seed)

    monkeypatch.setattr(study, "choose_and_fit", spy)
    found = recording.physiology(tmp_path, Work(tmp_path / "work"), 0)
    everybody = {"S02", "S03", "S04", "S05"}
    assert {frozenset(everybody - one) for one in trained} == {frozenset({n}) for n in everybody}
    (only,) = found.parts
    change = only.features["heart_rate_change"]
    assert np.nanmean(change[only.truth == 1]) > np.nanmean(change[only.truth == 0]) + 5
    assert np.all((only.confidence >= 0) & (only.confidence <= 1))
    assert found.timed


def test_a_missing_corpus_is_told(tmp_path):
    with pytest.raises(InputError):
        recording.main(
            ["--data", str(tmp_path), "--out", str(tmp_path), "--work", str(tmp_path)]
            + ["--modalities", "text"]
        )


@pytest.mark.skipif(not os.environ.get(FOLDER), reason=f"{FOLDER} names no folder with corpora")
def test_real_comments_give_the_answers_that_come_with_the_package(tmp_path):
    data = Path(os.environ[FOLDER])
    path = recording.store({"text": recording.text(data, Work(tmp_path), 0)}, tmp_path)
    found, wanted = Answers(path.parent).table("text"), Answers().table("text")
    np.testing.assert_array_equal(found.truth, wanted.truth)
    np.testing.assert_allclose(found.probabilities, wanted.probabilities, atol=0.01)
