# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What is saved and lost by dynamic sampling, on corpora made up."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")

from emo_music_ros.emotion import RAVDESS  # noqa: E402
from emo_music_ros.errors import InputError  # noqa: E402
from emo_music_ros.fusion.sampling import Range  # noqa: E402
from emo_music_ros.training.corpora import stress_predict  # noqa: E402
from emo_music_ros.training.corpora.base import Corpus  # noqa: E402
from emo_music_ros.training.evaluation import metrics  # noqa: E402
from emo_music_ros.training.evaluation.protocol import Protocol, leave_one_out  # noqa: E402
from emo_music_ros.training.sampling import body, faces, run  # noqa: E402
from emo_music_ros.training.sampling.course import (  # noqa: E402
    FULL,
    METRICS,
    OURS,
    POLICIES,
    columns,
)
from emo_music_ros.training.shared.work import Work  # noqa: E402

FLOOR = POLICIES[3]


@pytest.fixture(autouse=True)
def few_draws(monkeypatch):
    monkeypatch.setattr(metrics, "DRAWS", 10)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return Work(tmp_path_factory.mktemp("work"))


@pytest.fixture(scope="module")
def actors():
    """Two actors, each emotion once, the answers right and sure but for one face in four."""
    labels = np.tile(np.arange(len(RAVDESS)), 2)
    people = np.repeat([3, 4], len(RAVDESS))
    said = np.full((len(labels), 2, len(RAVDESS)), 0.02)
    said[np.arange(len(labels)), :, labels] = 0.86
    said[::4, 0] = np.roll(said[::4, 0], 1, axis=1)
    corpus = Corpus("made up", "", "", np.arange(len(labels)), labels, RAVDESS, people, "actors")
    protocol = Protocol("each in turn", leave_one_out(people))
    return SimpleNamespace(corpus=corpus, protocol=protocol, read=lambda train, test: said[test])


@pytest.fixture(scope="module")
def face(actors, folder, module_patch):
    module_patch.setattr(faces, "REST", 10.0)
    module_patch.setattr(faces, "pairs", lambda *arguments: (actors, "made up"))
    return faces.FaceStudy("nowhere", folder, 0)


@pytest.fixture(scope="module")
def module_patch():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


class Network:
    """Takes the heart rate against its slowest baseline for stress; nobody trains it."""

    smoothing = 10.0

    def __call__(self, seen):
        stress = torch.sigmoid(2 * seen[:, :1])
        return torch.cat([1 - stress, stress], dim=1)


@pytest.fixture(scope="module")
def two_people(stress_predict_folder, tmp_path_factory):
    some = tmp_path_factory.mktemp("two")
    for name in ("S02", "S03", "hr_rsp_binary.csv"):
        (some / name).symlink_to(stress_predict_folder / name)
    return some


@pytest.fixture(scope="module")
def stressed(two_people, folder, module_patch):
    corpus = stress_predict.load(two_people)
    stub = SimpleNamespace(corpus=corpus, inputs=np.zeros(1), network=lambda train, seed: Network())
    module_patch.setattr(body, "SPAN", 20.0)
    module_patch.setattr(body, "StressStudy", lambda *arguments: stub)
    return body.BodyStudy(two_people, folder, 0)


def test_measures_are_those_of_the_own_answers_and_of_what_the_full_rate_gives():
    truth, right = np.array([0, 1, 0, 1]), np.array([[1, 0], [0, 1], [1, 0], [0, 1.0]])
    full = {"answers": right, "calls": np.array([4.0, 4, 4, 4])}
    own = {"answers": right[::-1].copy(), "calls": np.array([1.0, 3, 0, 0])}
    own["answers"][:2] = right[:2]
    table = columns(own, full)
    found = {name: measure(truth, table, np.arange(4)) for name, measure in METRICS.items()}
    assert found == {"UAR": 0.5, "UAR lost": 0.5, "calls saved": 0.75}
    nothing = np.tile([0.5, 0.5, 0, 0, 0], (4, 1))  # whoever answers without looking
    assert np.isnan(METRICS["UAR lost"](truth, nothing, np.arange(4)))
    assert METRICS["calls saved"](truth, nothing, np.arange(4)) == 1.0


def test_scenes_hold_every_take_once_with_rests_and_nothing_that_speaks_for_no_state(face, actors):
    for actor, scenes in face._scenes.items():
        assert all(one.end == two.begin for one, two in zip(scenes, scenes[1:]))
        spoken = [scene.take for scene in scenes if scene.speaks]
        assert len(set(spoken)) == len(spoken) == 6
        said = {RAVDESS[actors.corpus.labels[take]] for take in spoken}
        assert said == set(RAVDESS) - {"neutral", "surprise"}
        assert (actors.corpus.people[spoken] == actor).all()
        rests = [scene for scene in scenes if not scene.speaks]
        assert len(rests) == 6
        assert {RAVDESS[actors.corpus.labels[scene.take]] for scene in rests} == {"neutral"}


def test_fixed_rates_of_a_face_call_as_often_as_they_say(face):
    calls = {one.name: face.run(3, one)["calls"].sum() for one in POLICIES}
    seconds = face._scenes[3][-1].end
    assert calls["full rate"] == pytest.approx(15 * seconds, rel=0.02)
    assert calls["half rate"] == pytest.approx(7.5 * seconds, rel=0.02)
    assert calls["floor rate"] == pytest.approx(3 * seconds, rel=0.02)
    assert calls["floor rate"] < calls["emo_music_ros"] < 0.6 * calls["full rate"]


def test_what_is_answered_follows_what_is_shown(face):
    answers = face.run(3, FULL)["answers"]
    truth = face.corpus.labels[face.corpus.people == 3]
    assert answers.shape == (len(truth), 4)
    np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-5)
    assert (answers.argmax(axis=1) == truth).mean() > 0.5


def test_rates_of_the_body(stressed):
    person = stressed.corpus.people[0]
    calls = {one.name: stressed.run(person, one)["calls"].sum() for one in (OURS, FULL, FLOOR)}
    times = stressed.corpus.items[stressed.corpus.people == person]
    assert stressed.limits == Range(1 / 6, 1 / 2)
    # from the tenth second of the recording on, which begins a minute before the first moment
    assert calls["full rate"] == pytest.approx((times[-1] - times[0] + 50) / 2, abs=2)
    assert calls["floor rate"] == pytest.approx(calls["full rate"] / 3, abs=2)
    assert calls["floor rate"] <= calls["emo_music_ros"] <= calls["full rate"]


def test_what_blocks_cost_is_told(stressed):
    assert "every 2 s and" in stressed.note
    assert "every 6 s" in stressed.note


def test_evaluate_measures_what_is_there_and_names_what_is_not(
    face, stressed, folder, tmp_path, monkeypatch
):
    monkeypatch.setattr(run.stress_predict, "find", lambda place: True)
    monkeypatch.setattr(run.ravdess_faces, "find", lambda place: True)
    monkeypatch.setattr(run, "BodyStudy", lambda *arguments: stressed)
    monkeypatch.setattr(run, "FaceStudy", lambda *arguments: face)
    monkeypatch.setattr(run, "POLICIES", (OURS, FULL))
    results = run.evaluate(tmp_path, folder)
    assert [one.candidate for one in results] == 2 * ["emo_music_ros", "full rate"]
    for one in results:
        assert set(one.measures) == set(METRICS)
        full = one.candidate == "full rate"
        assert (abs(one.measures["calls saved"]["value"]) < 1e-3) is full
        assert one.measures["UAR lost"]["value"] == 0 or not full
    monkeypatch.undo()
    with pytest.raises(InputError, match="holds none of"):
        run.evaluate(tmp_path, folder)
