# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Training of the models of music, on a small corpus of made-up features or notes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("sklearn")
pytest.importorskip("onnx")

from emo_music_ros import emotion  # noqa: E402
from emo_music_ros.encoding.music.model import FEATURE_SETS, tempered  # noqa: E402
from emo_music_ros.errors import InputError  # noqa: E402
from emo_music_ros.io.model import Model  # noqa: E402
from emo_music_ros.training.corpora import emotify  # noqa: E402
from emo_music_ros.training.corpora.base import Corpus  # noqa: E402
from emo_music_ros.training.corpora.emotify import GENRES, Tracks  # noqa: E402
from emo_music_ros.training.corpora.vgmidi import Pieces  # noqa: E402
from emo_music_ros.training.evaluation import metrics  # noqa: E402
from emo_music_ros.training.evaluation.cost import Cost  # noqa: E402
from emo_music_ros.training.music import (  # noqa: E402
    candidates,  # noqa: E402
    lessons,
    listeners,
)
from emo_music_ros.training.music import deam as music_deam  # noqa: E402
from emo_music_ros.training.music import run as music  # noqa: E402
from emo_music_ros.training.music.candidates import answers_of  # noqa: E402
from emo_music_ros.training.music.learners import (  # noqa: E402
    CNN,
    FOREST,
    LINEAR,
    OURS,
    TEMPO_AND_MODE,
)
from emo_music_ros.training.music.lessons import Material, choose, columns, deal  # noqa: E402
from emo_music_ros.training.music.models import ASKED, Learner  # noqa: E402
from emo_music_ros.training.music.recordings import RELEASES  # noqa: E402
from emo_music_ros.training.music.renderings import Windows  # noqa: E402
from emo_music_ros.training.music.tasks import correlation  # noqa: E402
from emo_music_ros.training.shared.work import Work  # noqa: E402

RNG = np.random.default_rng(0)
SERIES = np.array(["A", "B", "C", "D", "E"])


def windows(quadrants: np.ndarray, each: int = 3, noise: float = 0.5) -> Windows:
    """Windows whose first twenty features tell valence and arousal of their item."""
    item = np.repeat(np.arange(len(quadrants)), each)
    sign = np.stack([quadrants < 2, quadrants % 2 == 0], axis=1)[item] * 2.0 - 1
    features = {}
    for name, kind in FEATURE_SETS.items():
        table = RNG.standard_normal((len(item), len(kind.names)))
        table[:, :20] = np.tile(sign, 10) + noise * RNG.standard_normal((len(item), 20))
        features[name] = table.astype(np.float32)
    count = len(item)
    start = np.tile(np.arange(each) * 10.0, len(quadrants))
    variant = np.arange(count) % each == each - 1  # the last window of each is another performance
    return Windows(item, start, variant.astype(int), np.ones(count), features)


@pytest.fixture(scope="module")
def material() -> Material:
    labels = np.tile(np.arange(4), 10)
    people = np.repeat(SERIES, 8)
    corpus = Corpus("small", "", "", list(labels), labels, emotion.QUADRANTS, people, "series")
    whole = np.tile(np.arange(4), 5)
    pieces = Pieces([], np.repeat(SERIES, 4), [30.0] * 20, [], {}, 9)
    of_pieces = windows(whole)
    rated = np.stack([whole < 2, whole % 2 == 0], axis=1)[of_pieces.item] - 0.5
    older = np.where(of_pieces.item[:, None] < 10, rated, np.nan)
    groups = {"listeners from 55 years": older, "women": rated}
    tracks = recorded(40)
    return Material(
        corpus,
        pieces,
        windows(labels),
        of_pieces,
        rated,
        groups,
        tracks,
        released(tracks),
        deal(tracks.genres, SERIES, 0),
    )


def recorded(count: int) -> Tracks:
    """Tracks in turn of every genre and quadrant; ten older listeners to each of the first five."""
    quadrants = np.arange(count) // len(GENRES) % 4
    pleasant, active = quadrants < 2, quadrants % 2 == 0
    shares = {name: np.full(count, 0.2) for name in emotify.ANSWERS}
    shares |= {
        "joyful_activation": 0.1 + 0.6 * (pleasant & active),
        "sadness": 0.1 + 0.6 * ~pleasant,
        "calmness": 0.1 + 0.6 * ~active,
        "tension": 0.1 + 0.6 * active,
    }
    answers = np.stack([shares[name] for name in emotify.ANSWERS], axis=1)
    older = np.where(np.arange(count)[:, None] < 5, answers, np.nan)
    people = np.where(np.arange(count) < 5, 10, 0)
    genres = np.tile(GENRES, count)[:count]
    return Tracks(
        [Path(f"{track}.opus") for track in range(count)],
        np.arange(count),
        genres,
        answers,
        np.full(count, 20),
        older,
        people,
        0,
        answers + RNG.normal(0, 0.1, answers.shape),
    )


def released(tracks: Tracks) -> Windows:
    """Windows of every release whose first twenty features tell the axes of their track."""
    found = windows(np.repeat(0, len(tracks)), len(RELEASES))
    axes = emotify.derived_axes(tracks.answers)
    for table in found.features.values():
        noise = 0.5 * RNG.standard_normal((len(table), 20))
        table[:, :20] = np.tile(np.sign(axes), 10)[found.item] + noise
    variant = np.tile(np.arange(len(RELEASES)), len(tracks))
    return replace(found, variant=variant, start=np.zeros(len(variant)))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small models that are trained in no time, and rough intervals and costs."""
    monkeypatch.setattr(metrics, "DRAWS", 10)
    monkeypatch.setattr(listeners, "PENALTIES", (1.0,))
    monkeypatch.setattr(candidates, "_cost", lambda *of: Cost(7, float("nan"), lambda: None))
    for name, change in (
        ("OURS", {"epochs": 3}),
        ("FOREST", {"trees": 10}),
        ("CNN", {"epochs": 1}),
        ("LINEAR", {"epochs": 3}),
        ("TEMPO_AND_MODE", {"epochs": 3}),
    ):
        learner = getattr(music, name)
        small = replace(learner, settings=({**learner.settings[0], **change},))
        monkeypatch.setattr(music, name, small)
        for model, kind in music.SHIPPED.items():
            if kind.name == learner.name:
                monkeypatch.setitem(music.SHIPPED, model, small)


@pytest.mark.parametrize("learner", [OURS, FOREST, CNN, LINEAR], ids=lambda each: each.features)
def test_every_model_learns(learner: Learner, material: Material) -> None:
    train = np.flatnonzero(material.corpus.people != "E")
    lesson = material.lesson(learner, train, ["E"])
    model = learner.fit(lesson, {**learner.settings[0], "epochs": 40}, 0)
    answers = model(columns(learner, material.phrase_windows)).quadrants
    np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-5)
    asked = np.isin(material.phrase_windows.item, np.flatnonzero(material.corpus.people == "E"))
    truth = material.corpus.labels[material.phrase_windows.item]
    assert np.mean(answers[asked].argmax(axis=1) == truth[asked]) > 0.5
    assert model.parameters > 0


def test_a_lesson_leaves_out_who_is_not_to_be_heard(material: Material) -> None:
    train = np.flatnonzero(material.corpus.people == "A")
    lesson = material.lesson(OURS, train, ["B", "C", "D", "E"])
    heard = np.flatnonzero(material.parts == "A")
    assert len(lesson.features) == 8 * 3 + 4 * 3 + len(heard) * len(RELEASES)
    np.testing.assert_array_equal(
        lesson.features[:24], material.phrase_windows.features["music"][:24]
    )
    # The classes of the phrases weigh the same, and a rating above the middle is positive.
    positive = lesson.wanted[:24, 0] > 0.5
    assert lesson.weights[:24, 0][positive].sum() == pytest.approx(
        lesson.weights[:24, 0][~positive].sum()
    )
    np.testing.assert_array_equal(lesson.wanted[24:36, :2] > 0.5, material.rated[:12] > 0)
    # A rendering says nothing of what listeners feel; the recordings weigh as much as they all.
    assert (lesson.weights[:36, 3:] == 0).all()
    of_tracks = lesson.weights[36:, 0].sum()
    assert of_tracks == pytest.approx(lessons.SHARE * lesson.weights[:36, 0].sum())
    np.testing.assert_allclose(lesson.wanted[36, 3:13], material.tracks.answers[heard[0]])
    assert (lesson.weights[36:, 13:] < lesson.weights[36:, 12:13]).all()  # the genre only helps


def test_tracks_are_dealt_evenly_by_genre() -> None:
    genres = np.repeat(GENRES, [23, 10, 31, 16])
    parts = deal(genres, SERIES, 0)
    for genre in GENRES:
        _, counts = np.unique(parts[genres == genre], return_counts=True)
        assert len(counts) == len(SERIES)
        assert counts.max() - counts.min() <= 1
    _, whole = np.unique(parts, return_counts=True)
    assert whole.max() - whole.min() <= 1
    np.testing.assert_array_equal(parts, deal(genres, SERIES, 0))
    assert (parts != deal(genres, SERIES, 1)).any()


def test_targets_of_tracks_have_the_shape_of_the_answers() -> None:
    answers = np.random.default_rng(1).uniform(0, 1, (400, 10))
    targets = lessons.track_targets(answers)
    assert targets.shape == (400, len(ASKED))
    assert (targets >= 0).all()
    assert (targets <= 1).all()
    axes = 2 * targets[:, :2] - 1
    assert np.abs(axes.mean(axis=0)).max() < 0.02
    np.testing.assert_allclose(axes.std(axis=0), 1 / lessons.REACH, rtol=0.1)
    np.testing.assert_array_equal(targets[:, 3:], answers)


def test_dominance_is_that_of_the_words_listeners_chose() -> None:
    answers = np.zeros((3, 10))
    answers[0, emotion.GEMS.index("joyful_activation")] = 0.5
    answers[1, emotion.GEMS.index("sadness")] = 0.2
    answers[1, emotion.GEMS.index("calmness")] = 0.2
    found = lessons.word_dominance(answers)
    expected = [
        emotion.PAD["happiness"][2],
        (emotion.PAD["sadness"][2] + emotion.PAD["calm"][2]) / 2,
        0.0,  # nobody chose a word that has one
    ]
    np.testing.assert_allclose(found, expected)


def test_a_choice_does_not_depend_on_the_tested(material: Material) -> None:
    train = np.flatnonzero(material.corpus.people != "E")
    first = choose(LINEAR, material, train, 0)
    labels = material.corpus.labels.copy()
    labels[material.corpus.people == "E"] = 0
    changed = replace(material, corpus=replace(material.corpus, labels=labels))
    assert choose(LINEAR, changed, train, 0) == first
    assert first.score > 0.6
    assert 0.05 <= first.temperature <= 20
    assert 0.05 <= first.piece_temperature <= 20


def test_answers_are_kept_and_only_of_the_unheard(
    material: Material, tmp_path: Path, quick: None
) -> None:
    train = np.flatnonzero(material.corpus.people != "B")
    work = Work(tmp_path)
    found = answers_of(music.LINEAR, material, train, 0, work)
    again = answers_of(music.LINEAR, material, train, 0, Work(tmp_path, frozen=True))
    np.testing.assert_array_equal(found["phrases"], again["phrases"])
    with pytest.raises(InputError, match="was not trained"):
        answers_of(music.LINEAR, material, train[1:], 0, Work(tmp_path, frozen=True))


def test_the_whole_training(
    material: Material, tmp_path: Path, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(music, "prepare", lambda data, seed, work: material)
    work, out = Work(tmp_path / "work"), tmp_path / "models"
    metrics = music.train(tmp_path, out, work)
    assert set(metrics) == {"music", "music_forest", "music_cnn"}
    assert metrics["music"]["arousal sign, UAR"] > 0.6
    assert metrics["music"]["mood of recordings, arousal correlation"] > 0.5
    assert "felt, and liked, calmness" in metrics["music"]
    assert "felt, and liked, calmness" not in metrics["music_cnn"]
    assert "dominance from words, correlation" in metrics["music_cnn"]
    for name in metrics:
        model = Model(name, out)
        assert model.version == music.VERSION
        assert model.labels == emotion.QUADRANTS
        assert 0 <= model.description["conformal"] <= 1
        names = FEATURE_SETS[model.description["feature_set"]].names
        assert model.description["features"] == list(names)
        table = tempered(
            model(np.zeros((1, len(names)), np.float32))[0], model.description["temperature"]
        )
        assert table.sum() == pytest.approx(1)
        card = (out / f"{name}.md").read_text("utf-8")
        assert "5 series" in card
        assert "50 of them of listeners over 60" in card
        assert "CC BY-NC-SA" in card
        assert "mastered 12 dB louder" in card
        assert "listeners from 55 years" in card
        assert "women" in card
    results = music.evaluate(tmp_path, work, leaky=True, baselines=True)
    assert results[0].candidate == "emo_music_ros"
    assert {result.candidate for result in results} == {
        *(learner.name for learner in (OURS, FOREST, CNN, LINEAR, TEMPO_AND_MODE)),
        "ridge, the features of this project",
        "ridge, the features of the corpus, of 60 s",
    }
    assert "mood, 50 answers of listeners over 60 to 5 tracks" in {r.task for r in results}
    assert {result.task for result in results if result.leaky} == {
        "valence sign",
        "arousal sign",
        "4 classes",
    }
    content = (out / "music.onnx").read_bytes()
    music.train(tmp_path, out, Work(tmp_path / "work", frozen=True))
    assert (out / "music.onnx").read_bytes() == content
    with pytest.raises(InputError, match="int8"):
        music.train(tmp_path, out, work, precision="int8")


def test_correlation_determination_and_concordance() -> None:
    truth, answers = np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 6.0])
    assert correlation(truth, answers, truth) == pytest.approx(1)
    assert correlation(truth, np.ones(3), truth) == 0
    assert music_deam.determination(truth, truth) == 1
    assert music_deam.determination(truth, np.full(3, 2.0)) == 0
    # 2 * 4/3 / (2/3 + 8/3 + 4)
    assert music_deam.concordance(truth, answers) == pytest.approx(
        2 * (4 / 3) / (2 / 3 + 8 / 3 + 4)
    )


def test_deam_is_measured_where_it_is(
    material: Material, tmp_path: Path, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    songs = 30
    rating = RNG.uniform(-0.8, 0.8, (songs, 2))
    features = RNG.standard_normal((songs, len(FEATURE_SETS["music"].names))).astype(np.float32)
    features[:, :40] = np.tile(4 * rating, 20)
    files = [tmp_path / f"{song}.mp3" for song in range(songs)]
    for file in files:
        file.write_bytes(b"")
    corpus = Corpus(
        "DEAM", "", "", files, rating, ("valence", "arousal"), np.arange(songs), "songs"
    )
    longer = replace(OURS, settings=({**OURS.settings[0], "epochs": 60, "members": 1},))
    monkeypatch.setattr(music, "OURS", longer)
    monkeypatch.setattr(music, "evaluate_learners", lambda *of: [])
    monkeypatch.setattr(music, "evaluate_tracks", lambda *of, **more: [])
    monkeypatch.setattr(music, "prepare", lambda data, seed, work: material)
    monkeypatch.setattr(music_deam, "_songs", lambda items: features)
    monkeypatch.setattr(music.deam, "load", lambda folder: corpus)
    work = Work(tmp_path / "work")
    without: list[Any] = music.evaluate(tmp_path, work)
    assert "DEAM" not in {result.corpus for result in without}
    (tmp_path / "deam").mkdir()
    (found,) = [result for result in music.evaluate(tmp_path, work) if result.corpus == "DEAM"]
    assert found.protocol == "10-fold by song"
    assert set(found.measures) == {"R2 valence", "CCC valence", "R2 arousal", "CCC arousal"}
    assert found.measures["CCC arousal"]["value"] > 0.1
    assert found.measures["R2 arousal"]["trivial"] == pytest.approx(0, abs=0.01)
