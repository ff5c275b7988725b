# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import numpy as np
import pytest

from emo_music_ros import emotion
from emo_music_ros import states as state_evidence
from emo_music_ros.errors import InputError
from emo_music_ros.io.model import describe
from emo_music_ros.resources import share
from emo_music_ros.simulation.answers import COLUMNS, Answers

VOICES = ("neutral", "happiness", "sadness")


def arrays():
    """Two people whose voices are read well and badly; one body; two texts of nobody known."""
    voice = [[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.6, 0.2, 0.2], [0.1, 0.2, 0.7]]
    return {
        "speech_truth": np.array([0, 1, 1, 2], np.uint8),
        "speech_probabilities": np.array(voice, np.float16),
        "speech_confidence": np.array([0.5, 0.5, 0.2, 0.4], np.float16),
        "speech_quality": np.array([1.0, 0.9, 0.5, 0.7], np.float16),
        "speech_group": np.array([0, 0, 1, 1], np.uint16),
        "text_truth": np.array([0, 1], np.uint8),
        "text_probabilities": np.array([[0.9, 0.1], [0.4, 0.6]], np.float16),
        "text_confidence": np.array([0.5, 0.03], np.float16),
        "text_quality": np.ones(2, np.float16),
        "text_group": np.array([0, 1], np.uint16),
        "physiology_truth": np.array([0, 1], np.uint8),
        "physiology_probabilities": np.array([[0.9, 0.1], [0.3, 0.7]], np.float16),
        "physiology_confidence": np.array([0.1, 0.12], np.float16),
        "physiology_quality": np.ones(2, np.float16),
        "physiology_group": np.zeros(2, np.uint16),
        "physiology_heart_rate_change": np.array([-1.5, 12.0], np.float32),
    }


def about():
    def entry(labels, people, features=()):
        return {"labels": labels, "conformal": 0.15, "people": people, "features": features}

    return {
        "speech": entry(VOICES, True),
        "text": entry(("anger", "neutral"), False),
        "physiology": entry(("calm", "stress"), True, ["heart_rate_change"]),
    }


def write(folder, content, description):
    np.savez_compressed(folder / "answers.npz", **content)
    describe(folder / "answers.npz", version="1.2.3", modalities=description)


@pytest.fixture
def answers(tmp_path):
    write(tmp_path, arrays(), about())
    return Answers(tmp_path)


def test_tables(answers):
    assert answers.version == "1.2.3"
    assert set(answers.modalities) == {"speech", "text", "physiology"}
    table = answers.table("speech")
    assert len(table) == 4
    assert table.labels == VOICES
    assert table.probabilities.dtype == np.float32
    np.testing.assert_allclose(table.probabilities.sum(axis=1), 1.0, atol=1e-6)
    np.testing.assert_array_equal(table.rows("happiness"), [1, 2])
    np.testing.assert_array_equal(table.rows("happiness", person=1), [2])
    np.testing.assert_array_equal(table.listeners(), [0, 1])
    np.testing.assert_array_equal(table.listeners("happiness", "sadness"), [1])
    assert len(answers.table("text").listeners()) == 0
    np.testing.assert_allclose(
        answers.table("physiology").features["heart_rate_change"], [-1.5, 12.0]
    )


def test_a_drawn_answer_is_as_the_encoder_publishes_it(answers):
    found = answers.draw("speech", "sadness", np.random.default_rng(0))
    wanted = emotion.from_labels(VOICES, answers.table("speech").probabilities[3], 0.7, 0.15)
    np.testing.assert_array_equal(found.probabilities, wanted.probabilities)
    assert (found.valence, found.arousal, found.dominance) == (
        wanted.valence,
        wanted.arousal,
        wanted.dominance,
    )
    assert found.credible == wanted.credible == ("happiness", "sadness")
    assert found.confidence == pytest.approx(0.4, abs=1e-3)
    assert found.quality == pytest.approx(0.7, abs=1e-3)


def test_the_body_says_nothing_of_valence(answers):
    found = answers.draw("physiology", "stress", np.random.default_rng(0))
    assert math.isnan(found.valence)
    assert math.isnan(found.dominance)
    assert found.arousal > 0
    assert found.confidence == pytest.approx(0.12, abs=1e-3)


def test_draws_are_of_the_label_and_the_person(answers):
    rng = np.random.default_rng(0)
    assert {answers.pick("speech", "happiness", rng) for _ in range(50)} == {1, 2}
    assert {answers.pick("speech", "happiness", rng, person=1) for _ in range(20)} == {2}
    one, two = (
        [answers.pick("speech", "happiness", np.random.default_rng(5)) for _ in range(3)]
        for _ in range(2)
    )
    assert one == two


@pytest.mark.parametrize(
    ("modality", "label", "person"),
    [
        ("smell", "calm", None),
        ("speech", "boredom", None),
        ("speech", "sadness", 0),  # never recorded of this person
        ("text", "anger", 0),  # nobody is known
    ],
)
def test_what_was_not_recorded_is_refused(answers, modality, label, person):
    with pytest.raises(InputError):
        answers.draw(modality, label, np.random.default_rng(0), person)


@pytest.mark.parametrize("name", ["answers.npz", "answers.json"])
def test_a_missing_file_is_told(answers, tmp_path, name):
    (tmp_path / name).unlink()
    with pytest.raises(InputError, match="missing"):
        Answers(tmp_path)


def test_a_changed_file_is_told(answers, tmp_path):
    content = bytearray((tmp_path / "answers.npz").read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "answers.npz").write_bytes(bytes(content))
    with pytest.raises(InputError, match="corrupt"):
        Answers(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": "1", "sha256": "0"}', "\xff"])
def test_a_damaged_description_is_told(answers, tmp_path, text):
    (tmp_path / "answers.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError):
        Answers(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"speech_truth": None},
        {"speech_truth": np.array([0, 1, 1, 3], np.uint8)},
        {"speech_quality": np.ones(3, np.float16)},
        {"speech_probabilities": np.full((4, 3), 0.5, np.float16)},
        {"speech_probabilities": np.full((4, 2), 0.5, np.float16)},
        {"speech_probabilities": np.full((4, 3), np.nan, np.float16)},
        {"physiology_heart_rate_change": None},
        {f"speech_{column}": np.empty((0, 3)) for column in COLUMNS},
    ],
    ids=repr,
)
def test_arrays_that_are_not_as_described_are_told(tmp_path, change):
    content = {k: v for k, v in (arrays() | change).items() if v is not None}
    write(tmp_path, content, about())
    with pytest.raises(InputError, match="not as described"):
        Answers(tmp_path)


def test_no_archive_is_told(tmp_path):
    (tmp_path / "answers.npz").write_bytes(b"no archive")
    describe(tmp_path / "answers.npz", version="1", modalities=about())
    with pytest.raises(InputError):
        Answers(tmp_path)


def test_the_answers_that_come_with_the_package():
    answers = Answers()
    assert set(answers.modalities) == {"face", "speech", "text", "physiology"}
    assert (share("models") / "answers.npz").stat().st_size < 2e6
    rng = np.random.default_rng(0)
    for name in answers.modalities:
        table = answers.table(name)
        right = table.probabilities.argmax(axis=1) == table.truth
        recalls = [right[table.rows(label)].mean() for label in table.labels]
        # Better than chance, and wrong now and then: the encoders never saw these people.
        assert 1.3 / len(table.labels) < np.mean(recalls) < 0.9
        for number, label in enumerate(table.labels):
            rows = table.rows(label)
            assert len(rows) > 10
            given = table.probabilities[:, number]
            assert given[rows].mean() > given[table.truth != number].mean() + 0.05
            state_evidence.states_from(answers.draw(name, label, rng))
        assert np.all((table.confidence >= 0) & (table.confidence <= 1))
        assert np.all((table.quality >= 0) & (table.quality <= 1))
    assert len(answers.table("speech").listeners(*emotion.RAVDESS)) >= 4
    body = answers.table("physiology")
    assert len(body.listeners("calm", "stress")) > 20
    for person in body.listeners():
        assert np.all(np.diff(body.features["elapsed"][body.group == person]) > 0)
    change = body.features["heart_rate_change"]
    known = np.isfinite(change)
    assert change[known & (body.truth == 1)].mean() > change[known & (body.truth == 0)].mean()
