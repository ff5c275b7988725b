# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import numpy as np
import pytest
from situnes_folder import make

pytest.importorskip("sklearn")
pytest.importorskip("torch")

from emo_music_ros.recommendation.response import model  # noqa: E402
from emo_music_ros.recommendation.response.features import (  # noqa: E402
    rows_of,
    scale,
    track_table,
)
from emo_music_ros.recommendation.response.hierarchy import learn, tastes  # noqa: E402
from emo_music_ros.training.corpora import situnes  # noqa: E402
from emo_music_ros.training.evaluation import metrics  # noqa: E402
from emo_music_ros.training.recommender import baselines, fitting, networks, run, study  # noqa: E402
from emo_music_ros.training.recommender.tuning import tune  # noqa: E402
from emo_music_ros.training.shared import report  # noqa: E402
from emo_music_ros.training.shared.work import Work  # noqa: E402


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make(tmp_path_factory.mktemp("situnes"))


@pytest.fixture(scope="module")
def data(folder):
    return situnes.load(folder)


def seen(data):
    """Return the rows as the model sees them, and what people like."""
    of = scale(data.tracks, data.listens)
    table = track_table(data.tracks, of)
    ids = {name: row for row, name in enumerate(data.tracks.ids)}
    people = {name: number for number, name in enumerate(sorted(set(data.listens.people)))}
    rows = rows_of(data.listens, ids, table, people, of)
    return rows, tastes(rows, data.listens.rating, len(people))


def test_the_published_split_is_parted_as_published():
    people = np.array(["1"] * 37 + ["2"] * 20)
    splits = situnes.published_splits(people, np.arange(57))
    train, validation, test = splits[1]  # seed 102
    # The rows of the first person in setting2-102.test.inter of JiayuLi-997/SiTunes_dataset.
    assert test[:8].tolist() == [33, 32, 13, 8, 9, 2, 14, 0]
    assert [len(part) for part in (train, validation, test)] == [25 + 14, 4 + 1, 8 + 5]
    for parts in splits:
        assert sorted(np.concatenate(parts).tolist()) == list(range(57))


def test_nothing_asked_is_known(data):
    listens = data.listens
    people, tracks = np.array(listens.people), np.array(listens.tracks)
    for name, parts in study.parts(data).items():
        for part in parts:
            assert not set(part.known) & set(part.test), name
            assert (part.test >= data.daily[0]).all()
    for part in study.parts(data)[study.NEW_PEOPLE]:
        assert not set(people[part.known]) & set(people[part.test])
    for part in study.parts(data)[study.NEW_TRACKS]:
        assert not set(tracks[part.known]) & set(tracks[part.test])
    (part,) = study.parts(data)[study.LATER]
    for person in set(people):
        mine = part.known[(people[part.known] == person) & (part.known >= data.daily[0])]
        asked = part.test[people[part.test] == person]
        assert listens.time[mine].max() <= listens.time[asked].min()


def test_answers_to_rows_left_out_are_those_without_them(data):
    rows, taste = seen(data)
    rating = data.listens.rating
    strengths = model.load().strengths["rating"]
    expected, deviation = learn(rows, rating, strengths, taste, 3.0).left_out()
    for row in (0, 150):
        others = np.delete(np.arange(len(rows)), row)
        process = learn(rows.subset(others), rating[others], strengths, taste, 3.0)
        value, spread = process.answer(rows.subset(np.array([row])))
        assert value[0] == pytest.approx(expected[row], abs=1e-6)
        assert spread[0] == pytest.approx(deviation[row], abs=1e-6)


def test_evidence_finds_which_terms_there_are(data):
    rows, taste = seen(data)
    draw = np.random.default_rng(3)
    own = draw.normal(size=12)[rows.person] + draw.normal(0, 0.3, len(rows))
    found = tune(rows, own, taste, steps=15)
    assert found["person"] > 0.3
    assert found["person"] > 5 * found["track"]
    liked = draw.normal(size=40)[rows.track] + draw.normal(0, 0.3, len(rows))
    found = tune(rows, liked, taste, steps=15)
    assert found["track"] + found["content"] + found["waves"] > 5 * found["person"]


def test_what_holds_for_everybody_is_the_process_without_people(data):
    fitted = fitting.fit(data.tracks, data.listens, steps=2)
    rows, taste = seen(data)
    rating = data.listens.rating
    strengths = fitted.strengths["rating"]
    process = learn(rows, rating, strengths, taste, float(rating.mean()))
    # Somebody never heard hears a track never heard.
    stranger = data.listens.subset(np.array([200]))
    cold = fitted.with_history(data.tracks, None)
    row = cold.rows(stranger).subset(np.array([0]))
    row.track[:] = -1
    expected, _ = process.answer(row)
    found = model.everybody(row) @ fitted.shared["rating"]
    assert found[0] == pytest.approx(expected[0], abs=1e-6)


def test_training_writes_a_model_that_answers(tmp_path, monkeypatch):
    folder = make(tmp_path, people=10, listens=10)
    monkeypatch.setattr(study, "FOLDS", 2)
    monkeypatch.setattr(metrics, "DRAWS", 10)
    monkeypatch.setattr(situnes, "published_splits", _few(situnes.published_splits))
    work = Work(tmp_path / "work")
    measured = run.train(folder, tmp_path / "models", work, steps=2)
    liking = measured[f"liked or not, rating of at least 3, {study.WITHIN}"]
    assert liking["AUC"]["value"] > 0.85
    assert liking["AUC"]["trivial"] == 0.5
    cold = measured[f"liked or not, rating of at least 3, {study.NEW_PEOPLE}"]
    assert 0.6 < cold["AUC"]["value"] < liking["AUC"]["value"]
    valence = measured[f"valence afterwards, {study.WITHIN}"]
    assert valence["correlation"]["value"] > 0.9
    fitted = model.load(tmp_path / "models" / "response.json")
    assert fitted.version == "1.0.0"
    assert "young adults" in (tmp_path / "models" / "response.md").read_text()

    results = run.evaluate(folder, work, steps=2)
    names = {one.candidate for one in results}
    assert names == {"emo_music_ros", "emotion before alone"}
    kept = [one for one in results if len(one.truth)]
    assert {one.protocol for one in kept} == {study.NEW_PEOPLE}
    report.save(tmp_path, "recommender", results, run.CORPORA)
    again = report.again(tmp_path, "recommender", run.METRICS)
    saved = json.loads((tmp_path / "results" / "recommender.json").read_text())["results"]
    assert len(again) == len(saved) == len(results)
    assert [one["measures"] for one in again] == [one["measures"] for one in saved]


def _few(published):
    return lambda people, rows: published(people, rows)[:2]


@pytest.mark.parametrize("kind", networks.KINDS)
def test_the_networks_learn(data, kind, monkeypatch):
    pytest.importorskip("deepctr_torch", reason="DeepCTR-Torch is not installed")
    monkeypatch.setattr(baselines, "EPOCHS", 12)
    part = study.parts(data)[study.WITHIN][0]
    chance = baselines.network(kind, data, part, 0)
    assert metrics.auc(data.listens.rating[part.test] >= 3, chance[:, 0]) > 0.65


def test_the_emotion_before_alone_tells_the_emotion_after(data):
    part = study.parts(data)[study.WITHIN][0]
    found = baselines.emotion_before(data, part)
    valence = data.listens.after[part.test, 0]
    assert np.corrcoef(found["valence"][:, 0], valence)[0, 1] > 0.8
    np.testing.assert_allclose(found["mood"].sum(axis=1), 1)
