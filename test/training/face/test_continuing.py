from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from emo_music_ros.training.corpora.base import Corpus  # noqa: E402
from emo_music_ros.training.face import continuing  # noqa: E402
from emo_music_ros.training.face.continuing import Continuation, ContinuedTrainings  # noqa: E402
from emo_music_ros.training.face.network import FaceNetwork  # noqa: E402
from emo_music_ros.training.face.settings import FaceSettings  # noqa: E402
from emo_music_ros.training.shared.work import Work  # noqa: E402


def faces(count):
    draw = np.random.default_rng(0)
    return draw.integers(0, 256, (count, 48, 48), np.uint8), np.arange(count) % 7


def begun(images, labels):
    torch.manual_seed(0)
    return Continuation(FaceNetwork((4, 4, 4), (1, 1, 1)), images, labels, 3)


def test_a_stopped_training_goes_on_as_if_it_had_not(monkeypatch):
    monkeypatch.setattr(continuing, "BATCH", 16)
    images, labels = faces(40)
    whole, first, second = (begun(images, labels) for _ in range(3))
    for _ in range(2):
        whole.one_pass(2, 1)
    first.one_pass(2, 1)
    second.resume(first.state())
    second.one_pass(2, 1)
    for name, value in whole.averaged.module.state_dict().items():
        torch.testing.assert_close(second.averaged.module.state_dict()[name], value)


def test_the_finest_stage_stays_and_the_others_learn(monkeypatch):
    monkeypatch.setattr(continuing, "BATCH", 16)
    training = begun(*faces(40))
    before = {name: value.clone() for name, value in training.network.state_dict().items()}
    training.one_pass(1, 1)
    for name, value in training.network.state_dict().items():
        if name.startswith(("stem", "body.0")):
            torch.testing.assert_close(value, before[name])
    assert not torch.equal(training.network.answer.weight, before["answer.weight"])


def test_continued_networks_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(continuing, "BATCH", 16)
    monkeypatch.setattr(continuing, "ROUNDS", ((1, 1), (1, 1)))
    images, labels = faces(200)
    corpus = Corpus("made up", "none", "none", images, labels, tuple("abcdefg"), np.arange(200))
    settings = FaceSettings(lambda: FaceNetwork((4, 4, 4), (1, 1, 1)), 1)
    tables = []
    for _ in range(2):
        trained = ContinuedTrainings(corpus, Work(tmp_path))(settings, np.arange(190), 0)
        tables.append([value.numpy() for value in trained.network.state_dict().values()])
        monkeypatch.setattr(Continuation, "one_pass", None)  # not asked the second time
    for one, other in zip(*tables):
        np.testing.assert_array_equal(one, other)
