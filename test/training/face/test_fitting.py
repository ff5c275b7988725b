# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Trainings of face networks that stop and go on."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from emo_music_ros.training.face import fitting  # noqa: E402
from emo_music_ros.training.face.fitting import Fitting, Lessons, answers, fit  # noqa: E402
from emo_music_ros.training.face.network import FaceNetwork  # noqa: E402


def lessons(count=40, **more):
    draw = np.random.default_rng(0)
    images = draw.integers(0, 256, (count, 48, 48), np.uint8)
    return Lessons(images, np.arange(count) % 7, **more)


def begun(taught, epochs=2):
    torch.manual_seed(0)
    return Fitting(FaceNetwork((4, 4, 4), (1, 1, 1)), taught, 3, epochs)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(fitting, "BATCH", 16)


def test_a_stopped_training_goes_on_as_if_it_had_not(tmp_path):
    whole = fit(begun(lessons()))

    class Stop(Exception):
        pass

    def stop(_):
        raise Stop

    kept = tmp_path / "work" / "state"
    with pytest.raises(Stop):
        fit(begun(lessons()), kept, stop)
    assert kept.is_file()
    seen = []
    resumed = fit(begun(lessons()), kept, lambda one: seen.append(one.done))
    assert seen == [2]  # the first pass was not made again
    assert not kept.exists()
    for name, value in whole.state_dict().items():
        torch.testing.assert_close(resumed.state_dict()[name], value)


def test_targets_weigh_rare_classes_and_pass_over_who_was_not_voted_for():
    votes = np.zeros((40, 10), np.float32)
    votes[0, 3] = 1.0
    taught = lessons(votes=votes)
    taught.labels[1:] = 2
    label, voted = taught.targets()
    assert label[0].sum() > label[1].sum()  # the only one of its class
    assert label[1].argmax() == 2
    assert voted[0].sum() == pytest.approx(fitting.VOTED)
    assert voted[1:].abs().sum() == 0


def test_a_teacher_tempers_the_targets():
    beliefs = np.full((40, 17), 0.1, np.float32)
    plain, _ = lessons().targets()
    tempered, _ = lessons(beliefs=beliefs).targets()
    assert (tempered.amax(1) < plain.amax(1)).all()
    assert (tempered.argmax(1) == plain.argmax(1)).all()


def test_answers_do_not_change_with_the_mirror():
    torch.manual_seed(0)
    network = FaceNetwork((4, 4, 4), (1, 1, 1)).eval()
    images = lessons().images
    found, mirrored = answers(network, images), answers(network, images[:, :, ::-1].copy())
    assert found.shape == (40, 17)
    np.testing.assert_allclose(found, mirrored, atol=1e-4)
